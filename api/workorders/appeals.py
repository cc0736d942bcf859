"""Appeals and exclusions as clients see them: they are for staff alone."""

from datetime import datetime
from typing import Self

import strawberry

import api.workorders.enums  # noqa: F401 - makes the domain's enums GraphQL enums
from api.fields import resolved
from api.identity.trees import Node, Unit
from api.ids import Kind as IdKind
from api.ids import global_id
from api.workorders.reading import Reader
from workorders.lifecycle import values
from workorders.lifecycle.states import AppealState, ExclusionGround


@strawberry.type(description="What a unit asked for 申诉, so that its order is left out of the rates.")
class Appeal(Node):
    ground: ExclusionGround
    state: AppealState
    filed_at: datetime
    ended_at: datetime | None = strawberry.field(description="When it was decided, withdrawn, or lapsed.")
    value: strawberry.Private[values.Appeal]
    reader: strawberry.Private[Reader]

    @classmethod
    def of(cls, appeal: values.Appeal, reader: Reader) -> Self:
        return cls(
            id=global_id(IdKind.APPEAL, appeal.id),
            ground=appeal.ground,
            state=appeal.state,
            filed_at=appeal.filed_at,
            ended_at=appeal.ended_at,
            value=appeal,
            reader=reader,
        )

    @resolved("The unit that filed it.")
    def unit(self) -> Unit:
        return Unit.of(self.reader.city, self.value.unit)


@strawberry.type(description="That an order is left out of every rate 剔除, by a supervisor's decision.")
class Exclusion:
    ground: ExclusionGround
    at: datetime
    by: strawberry.ID = strawberry.field(description="The supervisor who decided; the timeline names them.")
    appeal: strawberry.ID | None = strawberry.field(description="The appeal that it was decided upon.")

    @classmethod
    def of(cls, exclusion: values.Exclusion) -> Self:
        return cls(
            ground=exclusion.ground,
            at=exclusion.at,
            by=global_id(IdKind.STAFF, exclusion.by),
            appeal=global_id(IdKind.APPEAL, exclusion.appeal) if exclusion.appeal else None,
        )
