"""Supervising over GraphQL: a supervisor's, a leader's instruction, the unit's answer, the closing, the desks."""

from dataclasses import replace
from typing import Annotated

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind as IdKind
from api.ids import local_id
from api.paging import Connection, connection_of, page_request
from api.problems import Problem
from api.workorders.acting import KEY, acting, told
from api.workorders.reading import Reader, reader_of
from api.workorders.supervisions import Supervision
from api.workorders.types import Order, OrderResult, OrdersResult
from foundation.paging import Page
from workorders.deadlines.values import SupervisionLevel
from workorders.lifecycle.documents import SupervisionDesk
from workorders.supervision import supervising


@strawberry.type(description="A row of a desk of supervisions: the supervision, and the order that it watches.")
class SupervisedOrder:
    supervision: Supervision
    order: Order


SupervisedOrderConnection = Connection[SupervisedOrder]
SupervisedOrdersResult = Annotated[
    SupervisedOrderConnection | Problem,
    strawberry.union("SupervisedOrdersResult", description="A page of supervisions, or why there is none."),
]

REQUIRES_ANSWER = strawberry.field(default=True, description="The unit has to answer by the level's limit.")
SHORTENS = strawberry.field(
    default=False, description="Brings the units' replies within the supervised limit; it never postpones any."
)


@strawberry.input
class OrderSuperviseInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    level: SupervisionLevel
    reason: str
    requires_answer: bool = REQUIRES_ANSWER
    shortens: bool = SHORTENS


@strawberry.input
class OrderInstructInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    level: SupervisionLevel
    instruction: str
    requires_answer: bool = REQUIRES_ANSWER
    shortens: bool = SHORTENS


@strawberry.input
class OrderAnswerSupervisionInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    supervision: strawberry.ID
    answer: str


@strawberry.input
class OrderCloseSupervisionInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    supervision: strawberry.ID
    conclusion: str
    not_waiting_because: str | None = strawberry.field(
        default=None, description="Why it does not wait for an answer that is required and did not come."
    )


@strawberry.type
class SupervisingMutations:
    @resolved("督办 by a supervisor: level, reason, a deadline of its own.")
    async def order_supervise(self, info: Info, input: OrderSuperviseInput) -> OrderResult:
        to = acting(info, input)
        document = await supervising.supervise(
            to.office,
            to.actor,
            to.order,
            level=input.level,
            reason=input.reason,
            requires_answer=input.requires_answer,
            shortens=input.shortens,
            once=to.once,
        )
        return await told(info, document)

    @resolved("批示 by a leader, which opens a supervision.")
    async def order_instruct(self, info: Info, input: OrderInstructInput) -> OrderResult:
        to = acting(info, input)
        document = await supervising.instruct(
            to.office,
            to.actor,
            to.order,
            level=input.level,
            instruction=input.instruction,
            requires_answer=input.requires_answer,
            shortens=input.shortens,
            once=to.once,
        )
        return await told(info, document)

    @resolved("督办回复 by the lead unit.")
    async def order_answer_supervision(self, info: Info, input: OrderAnswerSupervisionInput) -> OrderResult:
        to = acting(info, input)
        supervision = local_id(IdKind.SUPERVISION, input.supervision, "supervision")
        document = await supervising.answer(
            to.office, to.actor, to.order, supervision=supervision, answer=input.answer, once=to.once
        )
        return await told(info, document)

    @resolved("督办办结 by a supervisor.")
    async def order_close_supervision(self, info: Info, input: OrderCloseSupervisionInput) -> OrderResult:
        to = acting(info, input)
        document = await supervising.close(
            to.office,
            to.actor,
            to.order,
            supervision=local_id(IdKind.SUPERVISION, input.supervision, "supervision"),
            conclusion=input.conclusion,
            not_waiting_because=input.not_waiting_because,
            once=to.once,
        )
        return await told(info, document)


@strawberry.type
class SupervisingQueries:
    @resolved("The supervisors' desk: open supervisions, soonest due first.")
    async def supervision_desk(
        self,
        info: Info,
        level: SupervisionLevel | None = None,
        unanswered: bool | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> SupervisedOrdersResult:
        reader, request = await reader_of(info.context), page_request(first, after)
        page = await reader.services.supervisions.desk(
            reader.actor, request, reader.now, level=level, unanswered=unanswered
        )
        return connection_of(await _with_orders(page, reader), lambda node: node)

    @resolved("Leadership's desk of supervised orders, each once, by what is due first.")
    async def supervised_orders(self, info: Info, first: int = 20, after: str | None = None) -> SupervisedOrdersResult:
        reader, request = await reader_of(info.context), page_request(first, after)
        page = await reader.services.supervisions.supervised(reader.actor, request, reader.now)
        return connection_of(await _with_orders(page, reader), lambda node: node)

    @resolved("Leadership's desk of orders that are overdue where they lie, for the longest first.")
    async def overdue_orders(self, info: Info, first: int = 20, after: str | None = None) -> OrdersResult:
        reader, request = await reader_of(info.context), page_request(first, after)
        page = await reader.services.supervisions.overdue(reader.actor, request, reader.now)
        return connection_of(page, lambda document: Order.of(document, reader))


async def _with_orders(page: Page[SupervisionDesk], reader: Reader) -> Page[SupervisedOrder]:
    """The rows with their orders; one that was closed since is left out."""
    documents = await reader.services.office.orders.many(reader.actor, [row.order for row in page.items])
    found: list[tuple[str, SupervisedOrder]] = []
    for key, row in zip(page.keys, page.items, strict=True):
        document = documents.get(row.order)
        value = document.order.supervision(row.id) if document else None
        if document is not None and value is not None and value.open:
            node = SupervisedOrder(supervision=Supervision.of(value, reader.zone), order=Order.of(document, reader))
            found.append((key, node))
    return replace(page.map([node for _, node in found]), keys=tuple(key for key, _ in found))
