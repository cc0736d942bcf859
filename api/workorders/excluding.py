"""Exclusion over GraphQL: a unit's appeal, a supervisor's decision, the lists of appeals."""

from typing import Annotated

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind as IdKind
from api.ids import local_id, optional_id
from api.paging import Connection, connection_of, page_request, present
from api.problems import Problem
from api.workorders.acting import KEY, OrderReasonInput, acting, told
from api.workorders.appeals import Appeal
from api.workorders.reading import reader_of
from api.workorders.types import Order, OrderResult
from workorders.lifecycle.documents import AppealDesk
from workorders.lifecycle.states import ExclusionGround
from workorders.supervision import excluding


@strawberry.type(description="A row of a list of appeals: the appeal, and the order that it is about.")
class AppealedOrder:
    appeal: Appeal
    order: Order


AppealedOrderConnection = Connection[AppealedOrder]
AppealedOrdersResult = Annotated[
    AppealedOrderConnection | Problem,
    strawberry.union("AppealedOrdersResult", description="A page of appeals, or why there is none."),
]


@strawberry.input(description="An appeal or an exclusion, with its ground and its reason.")
class OrderGroundInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    ground: ExclusionGround
    reason: str


@strawberry.input
class OrderWithdrawAppealInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    appeal: strawberry.ID


@strawberry.input
class OrderDecideAppealInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    appeal: strawberry.ID
    upheld: bool = strawberry.field(description="成立: the order is excluded with it.")
    reason: str


@strawberry.type
class ExcludingMutations:
    @resolved("申诉 by the head of a unit that has or had the order, for it to be left out of the rates.")
    async def order_file_appeal(self, info: Info, input: OrderGroundInput) -> OrderResult:
        to = acting(info, input)
        document = await excluding.file_appeal(
            to.office, to.actor, to.order, ground=input.ground, reason=input.reason, once=to.once
        )
        return await told(info, document)

    @resolved("撤回申诉 by the unit that filed it.")
    async def order_withdraw_appeal(self, info: Info, input: OrderWithdrawAppealInput) -> OrderResult:
        to = acting(info, input)
        appeal = local_id(IdKind.APPEAL, input.appeal, "appeal")
        return await told(
            info, await excluding.withdraw_appeal(to.office, to.actor, to.order, appeal=appeal, once=to.once)
        )

    @resolved("审核申诉 by a supervisor: upheld, the order is excluded with it.")
    async def order_decide_appeal(self, info: Info, input: OrderDecideAppealInput) -> OrderResult:
        to = acting(info, input)
        document = await excluding.decide_appeal(
            to.office,
            to.actor,
            to.order,
            appeal=local_id(IdKind.APPEAL, input.appeal, "appeal"),
            upheld=input.upheld,
            reason=input.reason,
            once=to.once,
        )
        return await told(info, document)

    @resolved("剔除 by a supervisor: left out of every rate; nothing else about the order changes.")
    async def order_exclude(self, info: Info, input: OrderGroundInput) -> OrderResult:
        to = acting(info, input)
        document = await excluding.exclude(
            to.office, to.actor, to.order, ground=input.ground, reason=input.reason, once=to.once
        )
        return await told(info, document)

    @resolved("恢复计入 by a supervisor: it counts as if it had never been excluded.")
    async def order_readmit(self, info: Info, input: OrderReasonInput) -> OrderResult:
        to = acting(info, input)
        return await told(
            info, await excluding.readmit(to.office, to.actor, to.order, reason=input.reason, once=to.once)
        )


@strawberry.type
class ExcludingQueries:
    @resolved("Appeals 申诉: the pending ones, longest waiting first; or those that are settled, the latest first.")
    async def appeals(
        self,
        info: Info,
        unit: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Those of this unit and of what is below it; without it, all."),
        ] = None,
        pending: bool = True,
        first: int = 20,
        after: str | None = None,
    ) -> AppealedOrdersResult:
        reader, request = await reader_of(info.context), page_request(first, after)
        id = optional_id(IdKind.UNIT, unit, "unit")
        page = await reader.services.supervisions.appeals(reader.actor, request, reader.now, unit=id, pending=pending)
        documents = await reader.services.office.orders.many(reader.actor, [row.order for row in page.items])

        def appealed(row: AppealDesk) -> AppealedOrder | None:
            document = documents.get(row.order)
            appeal = document.order.appeal(row.id) if document else None
            if document is None or appeal is None or appeal.pending is not pending:
                return None  # it was settled since the page was read
            return AppealedOrder(appeal=Appeal.of(appeal, reader), order=Order.of(document, reader))

        return connection_of(present(page, appealed), lambda node: node)
