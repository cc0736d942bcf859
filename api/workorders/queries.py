"""Queries of orders and desks."""

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind as IdKind
from api.ids import local_id
from api.paging import connection_of, page_request
from api.workorders.reading import reader_of
from api.workorders.types import Order, OrderResult, OrdersResult
from foundation.errors import InvalidInput
from workorders.lifecycle.states import Status


@strawberry.type
class OrderQueries:
    @resolved("One order, by its id or its number.")
    async def order(self, info: Info, id: strawberry.ID | None = None, number: str | None = None) -> OrderResult:
        reader = await reader_of(info.context)
        orders = reader.services.office.orders
        if id is not None and number is None:
            document = await orders.visible_to(reader.actor, local_id(IdKind.ORDER, id, "id"))
        elif number is not None and id is None:
            document = await orders.by_number(reader.actor, number[:20])
        else:
            raise InvalidInput.field("id", "请提供工单编号或工单标识中的一项。")
        return Order.of(document, reader)

    @resolved("The citizen's, or the anonymous device's, own orders, newest first.")
    async def my_orders(self, info: Info, first: int = 20, after: str | None = None) -> OrdersResult:
        reader = await reader_of(info.context)
        page = await reader.services.office.orders.own(reader.actor, page_request(first, after), reader.now)
        return connection_of(page, lambda document: Order.of(document, reader))

    @resolved("A hotline desk: the orders in one state, soonest due first.")
    async def hotline_desk(self, info: Info, status: Status, first: int = 20, after: str | None = None) -> OrdersResult:
        reader = await reader_of(info.context)
        page = await reader.services.office.orders.desk(reader.actor, status, page_request(first, after), reader.now)
        return connection_of(page, lambda document: Order.of(document, reader))
