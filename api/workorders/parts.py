"""Parts of an order as clients see it: its reporter, where it came from, its rating, what it is named by elsewhere."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry

import api.workorders.enums  # noqa: F401 - makes the domain's enums GraphQL enums
from api.ids import Kind as IdKind
from api.ids import global_id
from api.workorders.reading import Reader
from identity.actors import Actor
from workorders.lifecycle import values
from workorders.lifecycle.access import SEES_ALL
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.redaction import Reported
from workorders.lifecycle.states import Status


@strawberry.type(description="Who reported, masked 脱敏. `revealReporter` shows it whole, with a reason, audited.")
class MaskedReporter:
    name: str | None
    phone: str | None
    address: str | None

    @classmethod
    def of(cls, known: Reported) -> Self:
        return cls(name=known.name, phone=known.phone, address=known.address)


@strawberry.type(description="Where an order was handed down from 上级工单.")
class Upstream:
    source: str
    number: str
    due: datetime | None = strawberry.field(description="The platform's own limit for this round's answer.")
    answered_up_at: datetime | None = strawberry.field(
        description="上报答复: when this round's answer went up. Null for those who do not work on all orders."
    )
    acknowledged_at: datetime | None = strawberry.field(description="上级签收, likewise.")

    @classmethod
    def of(cls, order: values.Order, actor: Actor) -> Self | None:
        handed, above = order.upstream, actor.has(*SEES_ALL)
        if handed is None:
            return None
        return cls(
            source=handed.source,
            number=handed.number,
            due=handed.due,
            answered_up_at=order.answered_up_at if above else None,
            acknowledged_at=order.acknowledged_at if above else None,
        )


@strawberry.type(description="A citizen's verdict 评价.")
class Rating:
    grade: int = strawberry.field(description="1 非常满意 to 5 非常不满意; 1 to 3 are good.")
    solved: bool
    at: datetime
    round: int
    through: str = strawberry.field(description="`app`, `callback`, or `upstream` for the platform above.")

    @classmethod
    def of(cls, rating: values.Rating) -> Self:
        return cls(grade=rating.grade, solved=rating.solved, at=rating.at, round=rating.round, through=rating.through)


@strawberry.type(description="Another order, as far as it is named: read it by its id.")
class NamedOrder:
    id: strawberry.ID
    number: str
    status: Status

    @classmethod
    def of(cls, document: OrderDocument) -> Self:
        order = document.order
        return cls(id=global_id(IdKind.ORDER, order.id), number=order.number, status=order.status)


async def named(ids: Sequence[str], reader: Reader) -> list[NamedOrder]:
    """Those of these orders that the reader may see, in that order."""
    found = await reader.services.office.orders.many(reader.actor, ids) if ids else {}
    return [NamedOrder.of(found[id]) for id in ids if id in found]
