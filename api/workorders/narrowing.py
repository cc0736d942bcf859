"""What lists of orders are narrowed to, as clients give it."""

import strawberry

import api.workorders.enums  # noqa: F401 - makes the domain's enums GraphQL enums
from api.ids import Kind as IdKind
from api.ids import optional_id
from api.workorders.spans import SpanInput, span_of
from foundation.crypto import Keyring
from foundation.phones import e164
from workorders.deadlines.lights import Light
from workorders.lifecycle.repository import OrderFilter
from workorders.lifecycle.states import Status


@strawberry.input(description="What a list of orders is narrowed to; all that is given must hold.")
class OrderFilterInput:
    number: str | None = None
    statuses: list[Status] = strawberry.field(default_factory=list)
    received: SpanInput | None = strawberry.field(
        default=None,
        description="At most 31 days, the last 31 without it; any span where a person, or one open state, is named.",
    )
    category: strawberry.ID | None = strawberry.field(default=None, description="It, or one below it.")
    place: strawberry.ID | None = strawberry.field(default=None, description="It, or one within it.")
    channel: strawberry.ID | None = None
    unit: strawberry.ID | None = strawberry.field(
        default=None, description="Orders that are, or once were, at this unit or below it."
    )
    due: SpanInput | None = strawberry.field(default=None, description="When the desk that it lies on is due.")
    excluded: bool | None = strawberry.field(
        default=None, description="Only those that are left out of the rates 剔除, or only those that are not."
    )
    phone: str | None = strawberry.field(default=None, description="The reporter's exact number.")
    name: str | None = strawberry.field(default=None, description="The reporter's exact name.")


def filter_of(
    where: OrderFilterInput, keyring: Keyring, path: str = "filter.", light: Light | None = None
) -> OrderFilter:
    """All of it but the number, which names one order. Raises `InvalidInput`, naming fields under `path`."""
    return OrderFilter(
        statuses=tuple(where.statuses),
        received=span_of(where.received, f"{path}received") if where.received else None,
        category=optional_id(IdKind.CATEGORY, where.category, f"{path}category"),
        place=optional_id(IdKind.PLACE, where.place, f"{path}place"),
        channel=optional_id(IdKind.CHANNEL, where.channel, f"{path}channel"),
        unit=optional_id(IdKind.UNIT, where.unit, f"{path}unit"),
        due=span_of(where.due, f"{path}due") if where.due else None,
        light=light,
        excluded=where.excluded,
        phone_hash=keyring.keyed_hash("phone", e164(where.phone, f"{path}phone")) if where.phone else None,
        name_hash=keyring.keyed_hash("name", where.name) if where.name else None,
    )
