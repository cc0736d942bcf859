"""Queries of orders and desks."""

from collections.abc import Callable
from typing import Annotated

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind as IdKind
from api.ids import local_id, optional_id
from api.paging import connection_of, page_request, present
from api.problems import Problem
from api.workorders.narrowing import OrderFilterInput, filter_of
from api.workorders.reading import Reader, reader_of
from api.workorders.routing import RoutingSuggestion
from api.workorders.spans import SpanInput, span_of
from api.workorders.types import (
    Assignment,
    AssignmentsResult,
    Order,
    OrderResult,
    OrdersResult,
    Request,
    RequestsResult,
)
from foundation.errors import InvalidInput
from foundation.paging import Page
from workorders.deadlines.lights import Light
from workorders.lifecycle.documents import OrderDocument, UnitTask, UpstreamTask, upstream_task
from workorders.lifecycle.states import RequestKind, Status

LONGEST_NUMBER = 20

RoutingResult = Annotated[
    RoutingSuggestion | Problem,
    strawberry.union("RoutingResult", description="What the dispatch catalogue says, or why it cannot be asked."),
]


Excluded = Annotated[
    bool | None,
    strawberry.argument(description="Only what is left out of the rates 剔除, or only what is not."),
]
OfLight = Annotated[
    Light | None, strawberry.argument(description="Only those under this light, as the latest event of each has it.")
]


@strawberry.type
class OrderQueries:
    @resolved("One order, by its id or its number.")
    async def order(self, info: Info, id: strawberry.ID | None = None, number: str | None = None) -> OrderResult:
        reader = await reader_of(info.context)
        orders = reader.services.office.orders
        if id is not None and number is None:
            document = await orders.visible_to(reader.actor, local_id(IdKind.ORDER, id, "id"))
        elif number is not None and id is None:
            document = await orders.by_number(reader.actor, number[:LONGEST_NUMBER])
        else:
            raise InvalidInput.field("id", "请提供工单标识或工单编号中的一项。")
        return Order.of(document, reader)

    @resolved("The citizen's, or the anonymous device's, own orders, newest first.")
    async def my_orders(self, info: Info, first: int = 20, after: str | None = None) -> OrdersResult:
        reader = await reader_of(info.context)
        page = await reader.services.office.orders.own(reader.actor, page_request(first, after), reader.now)
        return connection_of(page, _order(reader))

    @resolved("Orders by time received, newest first, for those who work on all of them.")
    async def orders(
        self, info: Info, filter: OrderFilterInput | None = None, first: int = 20, after: str | None = None
    ) -> OrdersResult:
        reader = await reader_of(info.context)
        where, request = filter or OrderFilterInput(), page_request(first, after)
        if where.number is not None:
            return connection_of(await _numbered(reader, where.number), _order(reader))
        narrowed = filter_of(where, reader.services.office.keyring)
        page = await reader.services.office.orders.search(reader.actor, narrowed, request, reader.now)
        return connection_of(page, _order(reader))

    @resolved("A hotline desk: the orders in one state, soonest due first.")
    async def hotline_desk(
        self,
        info: Info,
        status: Status,
        due: SpanInput | None = None,
        light: OfLight = None,
        excluded: Excluded = None,
        first: int = 20,
        after: str | None = None,
    ) -> OrdersResult:
        reader = await reader_of(info.context)
        span = span_of(due, "due") if due else None
        orders, request = reader.services.office.orders, page_request(first, after)
        page = await orders.desk(reader.actor, status, request, reader.now, span, light, excluded)
        return connection_of(page, _order(reader))

    @resolved("The desk of what platforms above handed down 上级工单, soonest due first.")
    async def upstream_desk(
        self, info: Info, task: UpstreamTask, first: int = 20, after: str | None = None
    ) -> OrdersResult:
        reader = await reader_of(info.context)
        orders, request = reader.services.office.orders, page_request(first, after)
        rows = await orders.upstream_desk(reader.actor, task, request, reader.now)
        documents = await orders.many(reader.actor, [row.id for row in rows.items])

        def order(id: str) -> Order | None:
            document = documents.get(id)
            return Order.of(document, reader) if document and upstream_task(document.order) is task else None

        return connection_of(present(rows, lambda row: order(row.id)), lambda node: node)

    @resolved("A unit's desk, its subtree's too: the assignments with one task, soonest due first.")
    async def unit_desk(
        self,
        info: Info,
        unit: strawberry.ID,
        task: UnitTask,
        due: SpanInput | None = None,
        light: OfLight = None,
        excluded: Excluded = None,
        first: int = 20,
        after: str | None = None,
    ) -> AssignmentsResult:
        reader = await reader_of(info.context)
        orders, span = reader.services.office.orders, span_of(due, "due") if due else None
        id, request = local_id(IdKind.UNIT, unit, "unit"), page_request(first, after)
        rows = await orders.unit_desk(reader.actor, id, task, request, reader.now, span, light, excluded)
        documents = await orders.many(reader.actor, [row.order for row in rows.items])

        def assignment(id: str, order: str) -> Assignment | None:
            document = documents.get(order)
            held = document.order.assignment(id) if document else None
            return Assignment.of(held, document, reader) if document and held else None

        return connection_of(present(rows, lambda row: assignment(row.id, row.order)), lambda node: node)

    @resolved("The dispatchers' desk of one kind of request, longest waiting first.")
    async def request_desk(
        self,
        info: Info,
        kind: RequestKind,
        consent_asked: Annotated[
            bool, strawberry.argument(description="Those that the platform above is asked about, instead.")
        ] = False,
        first: int = 20,
        after: str | None = None,
    ) -> RequestsResult:
        reader = await reader_of(info.context)
        orders, request = reader.services.office.orders, page_request(first, after)
        rows = await orders.requests(reader.actor, kind, request, reader.now, consent_asked=consent_asked)
        documents = await orders.many(reader.actor, [row.order for row in rows.items])

        def asked(id: str, order: str) -> Request | None:
            document = documents.get(order)
            value = document.order.request if document else None
            return Request.of(value, document, reader) if document and value and value.id == id else None

        return connection_of(present(rows, lambda row: asked(row.id, row.order)), lambda node: node)

    @resolved("Where the dispatch catalogue sends a category at a place today, with its reason and the runners-up.")
    async def routing(
        self,
        info: Info,
        category: strawberry.ID,
        place: strawberry.ID,
        complained_of: strawberry.ID | None = None,
    ) -> RoutingResult:
        reader = await reader_of(info.context)
        categories = reader.city.categories.path(local_id(IdKind.CATEGORY, category, "category"))
        places = reader.city.places.path(local_id(IdKind.PLACE, place, "place"))
        excluded = optional_id(IdKind.UNIT, complained_of, "complainedOf")
        today = reader.now.astimezone(reader.zone).date()
        found = await reader.services.router.explain(
            reader.actor, categories, places, today, frozenset({excluded} if excluded else ())
        )
        return RoutingSuggestion.of(found, reader.city)


def _order(reader: Reader) -> Callable[[OrderDocument], Order]:
    return lambda document: Order.of(document, reader)


async def _numbered(reader: Reader, number: str) -> Page[OrderDocument]:
    """The page of the one order with this number. Raises `NotFound`."""
    document = await reader.services.office.orders.by_number(reader.actor, number[:LONGEST_NUMBER])
    return Page((document,), (document.received_key,), has_next=False)
