"""Merging duplicates: its mutations, and the candidates that are offered."""

from typing import Annotated, Self

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind, local_id
from api.problems import Problem
from api.workorders.acting import KEY, OrderReasonInput, acting, told
from api.workorders.reading import Reader, reader_of
from api.workorders.types import Order, OrderResult
from workorders.supervision import merging
from workorders.supervision.candidates import REASON_NAMES, Candidate, Reason, candidates

strawberry.enum(Reason, name="MergeReason", description="Why two orders may be one matter 疑似重复的理由.")
for value in Reason.__strawberry_definition__.values:  # type: ignore[attr-defined]
    value.description = REASON_NAMES[Reason[value.name]]


@strawberry.type(description="An order that may be the same matter 疑似重复件.")
class MergeCandidate:
    order: Order
    reasons: list[Reason]
    score: float = strawberry.field(description="From 0 to 1, the higher the likelier.")

    @classmethod
    def of(cls, candidate: Candidate, reader: Reader) -> Self:
        order = Order.of(candidate.document, reader)
        return cls(order=order, reasons=list(candidate.reasons), score=candidate.score)


@strawberry.type(description="The likeliest first, at most 10.")
class MergeCandidates:
    candidates: list[MergeCandidate]


MergeCandidatesResult = Annotated[
    MergeCandidates | Problem,
    strawberry.union("MergeCandidatesResult", description="What may be the same matter, or why it is not told."),
]


@strawberry.input
class OrderMergeInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    into: strawberry.ID = strawberry.field(description="The main order 主单.")
    note: str | None = None


@strawberry.type
class MergingQueries:
    @resolved("Orders that may be the same matter as this one, for those who merge; none once it was answered.")
    async def merge_candidates(self, info: Info, order: strawberry.ID) -> MergeCandidatesResult:
        reader = await reader_of(info.context)
        found = await candidates(reader.services.office, reader.actor, local_id(Kind.ORDER, order, "order"))
        return MergeCandidates(candidates=[MergeCandidate.of(each, reader) for each in found])


@strawberry.type
class MergingMutations:
    @resolved("合并 into the main order: it waits for that one's answer, with all that was merged into itself.")
    async def order_merge(self, info: Info, input: OrderMergeInput) -> OrderResult:
        to = acting(info, input)
        into = local_id(Kind.ORDER, input.into, "into")
        return await told(
            info, await merging.merge(to.office, to.actor, to.order, into=into, note=input.note, once=to.once)
        )

    @resolved("取消合并: it goes its own way again, its clocks as time stands.")
    async def order_unmerge(self, info: Info, input: OrderReasonInput) -> OrderResult:
        to = acting(info, input)
        return await told(info, await merging.unmerge(to.office, to.actor, to.order, reason=input.reason, once=to.once))
