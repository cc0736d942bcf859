"""Emergencies over GraphQL: calls to duty rosters recorded, the unit's own confirmation, the desk of phone tasks."""

from dataclasses import replace
from typing import Annotated

import strawberry

from api.context import Info
from api.fields import resolved
from api.paging import Connection, connection_of, page_request
from api.problems import Problem
from api.workorders.acting import KEY, OrderActionInput, acting, told
from api.workorders.phone_tasks import PhoneTask
from api.workorders.reading import reader_of
from api.workorders.types import Order, OrderResult
from workorders.lifecycle.documents import PhoneDesk, PhoneStage
from workorders.supervision import phoning


@strawberry.type(description="A row of the desk of phone tasks: the task, and the emergency that it is about.")
class PhonedOrder:
    task: PhoneTask
    order: Order


PhonedOrderConnection = Connection[PhonedOrder]
PhonedOrdersResult = Annotated[
    PhonedOrderConnection | Problem,
    strawberry.union("PhonedOrdersResult", description="A page of phone tasks, or why there is none."),
]


@strawberry.input
class OrderPhoneDutyInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    call: int = strawberry.field(description="Which call it was, as `PhoneTask.call` said.")
    reached: bool
    said: str | None = None


@strawberry.type
class PhoningMutations:
    @resolved("登记通知电话: reached, the unit knows; not reached, the next on its duty roster is on turn at once.")
    async def order_phone_duty(self, info: Info, input: OrderPhoneDutyInput) -> OrderResult:
        to = acting(info, input)
        document = await phoning.phone(
            to.office, to.actor, to.order, call=input.call, reached=input.reached, said=input.said, once=to.once
        )
        return await told(info, document)

    @resolved("值班确认 by the lead unit itself; signing says the same.")
    async def order_confirm_call(self, info: Info, input: OrderActionInput) -> OrderResult:
        to = acting(info, input)
        return await told(info, await phoning.confirm(to.office, to.actor, to.order, once=to.once))


@strawberry.type
class PhoningQueries:
    @resolved("The desk of open phone tasks 电话通知任务: those of duty rosters by due, or those of supervisors.")
    async def phone_desk(
        self, info: Info, stage: PhoneStage, first: int = 20, after: str | None = None
    ) -> PhonedOrdersResult:
        reader, request = await reader_of(info.context), page_request(first, after)
        page = await reader.services.supervisions.phone_tasks(reader.actor, stage, request, reader.now)
        documents = await reader.services.office.orders.many(reader.actor, [row.id for row in page.items])
        found: list[tuple[str, PhonedOrder]] = []
        for key, row in zip(page.keys, page.items, strict=True):
            document = documents.get(row.id)
            task = document.order.phone_task if document else None
            if document is None or task is None:
                continue
            now = PhoneDesk.of(document.order)
            if now is not None and now.desk is stage:  # it may have moved since the page was read
                found.append((key, PhonedOrder(task=PhoneTask.of(task, reader), order=Order.of(document, reader))))
        return connection_of(
            replace(page.map([node for _, node in found]), keys=tuple(key for key, _ in found)), lambda node: node
        )
