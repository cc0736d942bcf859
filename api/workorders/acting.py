"""What every mutation on an order has in common."""

from dataclasses import dataclass
from typing import Protocol

import strawberry

from api.context import Info
from api.fields import KEY as KEY  # noqa: PLC0414 - the inputs of this package take it from here
from api.ids import Kind, local_id
from api.workorders.reading import reader_of
from api.workorders.types import Order
from foundation.idempotency import Once
from identity.actors import Actor
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Office


@strawberry.input(description="An action on an order that needs nothing but the order.")
class OrderActionInput:
    order: strawberry.ID
    idempotency_key: str = KEY


@strawberry.input(description="An action on an order, with a remark.")
class OrderNoteInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    note: str | None = None


@strawberry.input(description="An action on an order, with its reason.")
class OrderReasonInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    reason: str


class OrderInput(Protocol):
    """What every input of an action has."""

    order: strawberry.ID
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, on which order, under which key."""

    office: Office
    actor: Actor
    order: str
    once: Once


def acting(info: Info, input: OrderInput) -> Acting:
    """Raises `SignInNeeded`, `InvalidInput` for a bad id or key."""
    context = info.context
    actor = context.actor
    once = context.once(info.field_name, input.idempotency_key, input)
    return Acting(context.services.office, actor, local_id(Kind.ORDER, input.order, "order"), once)


async def told(info: Info, document: OrderDocument) -> Order:
    """The order after the action."""
    return Order.of(document, await reader_of(info.context))
