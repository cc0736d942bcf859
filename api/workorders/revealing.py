"""Who reported, in clear."""

from typing import Annotated

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind, local_id
from api.problems import Problem
from workorders.lifecycle import revealing


@strawberry.input
class RevealReporterInput:
    order: strawberry.ID
    reason: str = strawberry.field(description="4 to 200 characters; audited.")


@strawberry.type(description="Who reported, in clear 查看原文; the reading is audited. Null for what is not known.")
class RevealedReporter:
    name: str | None
    phone: str | None
    address: str | None


RevealReporterResult = Annotated[
    RevealedReporter | Problem, strawberry.union("RevealReporterResult", description="Who reported, or why not.")
]


@strawberry.type
class RevealingMutations:
    @resolved("查看原文: name, phone and address of who reported, for staff who may know, with a reason, audited.")
    async def reveal_reporter(self, info: Info, input: RevealReporterInput) -> RevealReporterResult:
        context = info.context
        known = await revealing.reveal_reporter(
            context.services.office, context.actor, local_id(Kind.ORDER, input.order, "order"), reason=input.reason
        )
        return RevealedReporter(name=known.name, phone=known.phone, address=known.address)
