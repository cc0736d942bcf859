"""Subscriptions: an order, a desk. Who listens is looked at again before each thing that is told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import strawberry

from api.context import Context, Info
from api.fields import subscribed
from api.ids import Kind, local_id, optional_id
from api.problems import Problem, problem_of
from api.workorders.changes import desk_topic, lights_topic, order_topic, phone_topic, unit_topic
from api.workorders.reading import reader_of
from api.workorders.types import Order, OrderResult
from foundation.errors import DomainError, InvalidInput, NotFound
from foundation.paging import PageRequest
from workorders.deadlines.lights import Light
from workorders.lifecycle.access import may_see
from workorders.lifecycle.documents import OrderDocument, PhoneDesk, PhoneStage, UnitTask, task_light
from workorders.lifecycle.lines import stage_light
from workorders.lifecycle.states import Status
from workorders.lifecycle.values import Order as WorkOrder

LOOKED_AT_SECONDS = 30.0
"""How often a listener to whom nothing happens is looked at: a session that ended ends its subscriptions."""


@strawberry.type(description="Something on a desk changed.")
class DeskChange:
    order: Order | None = strawberry.field(
        description="As it is now. Null when it is not known what changed: read the desk again."
    )
    on_desk: bool = strawberry.field(description="Whether it lies on this desk now.")


@strawberry.type(description="A light on a desk changed, or may have.")
class LightChange:
    order: Order | None = strawberry.field(
        description="As it is now. Null when it is not known what changed: read the desk again."
    )
    light: Light | None = strawberry.field(
        description="Its light on this desk now; null where it has nothing to wait for."
    )


LightChangeResult = Annotated[
    LightChange | Problem, strawberry.union("LightChangeResult", description="A light, or why nothing more is told.")
]
DeskChangeResult = Annotated[
    DeskChange | Problem, strawberry.union("DeskChangeResult", description="A change, or why nothing more is told.")
]


@strawberry.type
class OrderSubscriptions:
    @subscribed("The order anew after each change, in whichever process it was made; a `Problem` is the last.")
    async def work_order_changed(self, info: Info, id: strawberry.ID) -> AsyncIterator[OrderResult]:
        context = info.context
        try:
            order = local_id(Kind.ORDER, id, "id")
            async with context.changes.listener(order_topic(order)) as listener:
                orders = context.services.office.orders
                listener.version = (await orders.visible_to(context.actor, order)).version
                async for document in _told(context, listener.changes):
                    if document is not None:
                        if not may_see(context.actor, document.order):
                            raise NotFound
                        yield Order.of(document, await reader_of(context))
        except DomainError as error:
            yield problem_of(error)

    @subscribed(
        "What changes on a hotline desk (`status`), a unit's (`unit`, its subtree's too) or that of phone tasks "
        "(`phone`); give one of them."
    )
    async def desk_changed(
        self,
        info: Info,
        status: Status | None = None,
        unit: strawberry.ID | None = None,
        phone: PhoneStage | None = None,
    ) -> AsyncIterator[DeskChangeResult]:
        context = info.context
        try:
            desk = await _desk(context, status, optional_id(Kind.UNIT, unit, "unit"), phone)
            async with context.changes.listener(desk.topic) as listener:
                async for document in _told(context, listener.changes):
                    if document is None:
                        yield DeskChange(order=None, on_desk=False)
                    elif may_see(context.actor, document.order):
                        order = Order.of(document, await reader_of(context))
                        yield DeskChange(order=order, on_desk=desk.holds(document))
        except DomainError as error:
            yield problem_of(error)

    @subscribed(
        "What crosses a line on a hotline desk (`status`) or a unit's (`unit`), or whose deadline there is moved."
    )
    async def light_changed(
        self, info: Info, status: Status | None = None, unit: strawberry.ID | None = None
    ) -> AsyncIterator[LightChangeResult]:
        context = info.context
        try:
            desk = await _desk(context, status, optional_id(Kind.UNIT, unit, "unit"))
            async with context.changes.listener(lights_topic(desk.topic)) as listener:
                async for document in _told(context, listener.changes):
                    if document is None:
                        yield LightChange(order=None, light=None)
                    elif may_see(context.actor, document.order):
                        reader = await reader_of(context)
                        yield LightChange(
                            order=Order.of(document, reader), light=_light(document.order, desk.unit, reader.now)
                        )
        except DomainError as error:
            yield problem_of(error)


def _light(order: WorkOrder, unit: str | None, now: datetime) -> Light | None:
    """The light that it lies under on the hotline's desk; on a unit's, the most pressing of what there is to do."""
    at = max(now, order.changed_at)
    if unit is None:
        return stage_light(order, at)
    held = (each for each in order.assignments if each.open and unit in each.ancestors)
    found = {task_light(order, each, at) for each in held}
    return next((light for light in (Light.RED, Light.YELLOW, Light.GREEN) if light in found), None)


@dataclass(frozen=True, slots=True)
class _Desk:
    """A desk that the actor may read: exactly one of its three is set."""

    status: Status | None
    unit: str | None
    phone: PhoneStage | None

    @property
    def topic(self) -> str:
        if self.unit is not None:
            return unit_topic(self.unit)
        return desk_topic(self.status) if self.status is not None else phone_topic(self.phone or PhoneStage.DUTY)

    def holds(self, document: OrderDocument) -> bool:
        """Whether the order lies on it now."""
        order = document.order
        if self.phone is not None:
            row = PhoneDesk.of(order)
            return row is not None and row.desk is self.phone
        if self.unit is not None:
            return not order.muted and any(a.open and self.unit in a.ancestors for a in order.assignments)
        return not order.muted and order.status is self.status


async def _desk(context: Context, status: Status | None, unit: str | None, phone: PhoneStage | None = None) -> _Desk:
    """The desk that was named. Raises `InvalidInput`, and `NotAllowed` for one that the actor may not read."""
    services, now = context.services, context.services.clock.now()
    match status, unit, phone:
        case Status(), None, None:
            await services.office.orders.desk(context.actor, status, PageRequest(1), now)
        case None, str(), None:
            await services.office.orders.unit_desk(context.actor, unit, UnitTask.SIGN, PageRequest(1), now)
        case None, None, PhoneStage():
            await services.supervisions.phone_tasks(context.actor, phone, PageRequest(1), now)
        case _:
            raise InvalidInput.field("status", "请提供状态、单位、电话通知中的一项。")
    return _Desk(status, unit, phone)


Await = Callable[[float], Awaitable[list[OrderDocument | None] | None]]


async def _told(context: Context, changes: Await) -> AsyncIterator[OrderDocument | None]:
    """What changed, as long as the listener is who it was. Raises `SignInNeeded` once the session ended."""
    while True:
        found = await changes(LOOKED_AT_SECONDS)
        await context.authenticate()
        _ = context.actor
        for document in found or ():
            yield document
