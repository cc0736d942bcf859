"""What lies on the desks, by light."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind as IdKind
from api.ids import local_id
from api.problems import Problem
from workorders.lifecycle import totals
from workorders.lifecycle.documents import UnitTask
from workorders.lifecycle.states import Status


@strawberry.type(description="What lies on one desk, as of when that last changed.")
class DeskTotal:
    status: Status | None = strawberry.field(description="Of a hotline desk.")
    task: UnitTask | None = strawberry.field(description="Of a unit's desk.")
    total: int
    yellow: int
    red: int
    as_of: datetime | None

    @classmethod
    def of(cls, total: totals.Total, *, status: Status | None = None, task: UnitTask | None = None) -> Self:
        return cls(status=status, task=task, total=total.total, yellow=total.yellow, red=total.red, as_of=total.as_of)


@strawberry.type
class DeskTotals:
    totals: list[DeskTotal]


DeskTotalsResult = Annotated[
    DeskTotals | Problem, strawberry.union("DeskTotalsResult", description="Totals, or why they are not told.")
]


@strawberry.type
class TotalsQueries:
    @resolved("How much lies on each desk of the hotline, and how much of it is yellow or red.")
    async def hotline_totals(self, info: Info) -> DeskTotalsResult:
        context = info.context
        found = await totals.hotline_totals(context.services.office.database, context.actor)
        return DeskTotals(totals=[DeskTotal.of(total, status=status) for status, total in found.items()])

    @resolved("The same for a unit's desk, with everything below it.")
    async def unit_totals(self, info: Info, unit: strawberry.ID) -> DeskTotalsResult:
        context, id = info.context, local_id(IdKind.UNIT, unit, "unit")
        found = await totals.unit_totals(context.services.office.database, context.actor, id)
        return DeskTotals(totals=[DeskTotal.of(total, task=task) for task, total in found.items()])
