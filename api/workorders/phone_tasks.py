"""Phone tasks of emergencies as clients see them."""

from datetime import datetime
from typing import Self

import strawberry

from api.fields import resolved
from api.identity.trees import Unit
from api.identity.units import UnitContact
from api.workorders.reading import Reader
from identity.access import may_read_staff
from workorders.lifecycle import values
from workorders.lifecycle.policy.phoning import turn
from workorders.supervision import phoning


@strawberry.type(description="The phone task 电话通知任务 of an emergency, open until its unit knows or its stay ends.")
class PhoneTask:
    opened_at: datetime
    call: int = strawberry.field(description="Which call is to be made now, counted from 1; for `orderPhoneDuty`.")
    due: datetime | None = strawberry.field(
        description="When the next is on turn, unless it is confirmed. Null for the supervisors, and once it is over."
    )
    escalated_at: datetime | None = strawberry.field(description="Since when it is the supervisors' matter.")
    confirmed_at: datetime | None = strawberry.field(description="When the unit was found to know.")
    ended_at: datetime | None = strawberry.field(description="When its stay ended, or the order, and nobody had.")
    value: strawberry.Private[values.PhoneTask]
    reader: strawberry.Private[Reader]

    @classmethod
    def of(cls, task: values.PhoneTask, reader: Reader) -> Self:
        return cls(
            opened_at=task.opened_at,
            call=turn(task),
            due=task.due if task.open else None,
            escalated_at=task.escalated_at,
            confirmed_at=task.confirmed_at,
            ended_at=task.ended_at,
            value=task,
            reader=reader,
        )

    @resolved("Whose duty roster it is.")
    def unit(self) -> Unit:
        return Unit.of(self.reader.city, self.value.unit)

    @resolved("Whom to call now, in this order; empty once it is over, and for whoever may not know the unit's people.")
    def to_call(self) -> list[UnitContact]:
        reader, unit = self.reader, self.reader.city.units.get(self.value.unit)
        if unit is None or not may_read_staff(reader.actor, unit.path):
            return []
        local = reader.now.astimezone(reader.zone)
        return [UnitContact.of(each) for each in phoning.to_call(self.value, unit, local)]
