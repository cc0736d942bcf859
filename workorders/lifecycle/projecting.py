"""The projector: folds the outbox into what desks and checkpoints read, so that no action writes what many share.

It keeps, per order, the sequence that it has applied, the head of the chain and the desks that the order lies on; a
desk's total is the sum of those, counted by differences.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Protocol

from pymongo import IndexModel

from foundation.changes import Change
from foundation.database import Database
from foundation.documents import Stored
from foundation.outbox import Applied, Consumer, OutboxRow
from foundation.paging import time_key
from workorders.deadlines.lights import Light
from workorders.deadlines.values import Urgency
from workorders.lifecycle.documents import OrderDocument, UnitDesk, request_desk
from workorders.lifecycle.lines import stage_light
from workorders.lifecycle.recording import PROJECTOR
from workorders.lifecycle.values import Order


class OrderProjection(Stored):
    """What the projector has applied of one order (`_id`)."""

    sequence: int
    head: str
    changed_key: str
    """When the projector did it: an order with a past, brought by an import, is new to whoever reads what changed."""
    desks: tuple[str, ...]

    class Settings:
        name = "order_projections"
        indexes = [IndexModel([("changed_key", 1)], name="changed")]


class Tally(Stored):
    """How many lie on one desk (`_id`), as of a moment."""

    total: int
    as_of: datetime

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "tallies"


def hotline_desk(status: str) -> str:
    return f"hotline:{status}"


def unit_desk(unit: str, task: str) -> str:
    """A unit's desk, with everything below it."""
    return f"unit:{unit}:{task}"


def request_tally(desk: str) -> str:
    return f"request:{desk}"


SUPERVISION_DESK = "supervision:open"
"""Open supervisions, counted once each."""
EMERGENCIES = "emergencies"
"""Open emergencies 特急, wherever they lie."""


def unit_emergencies(unit: str) -> str:
    """Those with an open assignment at a unit or below it, counted once each."""
    return f"{EMERGENCIES}:{unit}"


def desks_of(order: Order) -> tuple[str, ...]:
    """Every desk that an order lies on, a unit's once per assignment; once more by its light, if that is not green.

    A muted one is on no desk of the hotline.
    """
    desks = [] if order.muted else _lit(hotline_desk(order.status), stage_light(order, order.changed_at))
    for assignment in order.assignments:
        row = UnitDesk.of(order, assignment)
        for unit in assignment.ancestors:
            desks += _lit(unit_desk(unit, row.desk), row.light)
    if order.request is not None and not order.muted:
        consent_asked = order.request.consent_asked_at is not None
        desks.append(request_tally(request_desk(order.request.kind, consent_asked=consent_asked)))
    desks += [SUPERVISION_DESK for each in order.supervisions if each.open]
    if order.urgency is Urgency.EMERGENCY and not order.ended and not order.muted:
        units = {unit for each in order.assignments if each.open for unit in each.ancestors}
        desks += [EMERGENCIES, *map(unit_emergencies, sorted(units))]
    return tuple(desks)


def lit_desk(desk: str, light: Light) -> str:
    """What lies on a desk under a yellow or a red light."""
    return f"{desk}:{light}"


def _lit(desk: str, light: Light | None) -> list[str]:
    return [desk] if light in (None, Light.GREEN) else [desk, lit_desk(desk, light)]


ANEW = "anew"
"""In the data of a row: fold its order again, though nothing happened to it."""


class Fold(Protocol):
    """What else is made of orders that have changed, in the transaction that takes their rows from the outbox."""

    async def __call__(self, changed: Mapping[str, OrderDocument], now: datetime) -> Change: ...


def projector(database: Database, *folds: Fold) -> Consumer:
    """The consumer that keeps `order_projections` and `tallies`, and whatever the `folds` keep."""

    async def apply(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        wanted = {row.subject: row.sequence for row in rows}
        applied = await database.get_many(OrderProjection, list(wanted))
        anew = {row.subject for row in rows if row.data.get(ANEW)}
        behind = [
            id for id, sequence in wanted.items() if id in anew or id not in applied or applied[id].sequence < sequence
        ]
        orders = await database.get_many(OrderDocument, behind)
        change, moved = Change(), Counter[str]()
        for id, document in orders.items():
            desks = desks_of(document.order)
            moved.update(desks)
            if id in applied:
                moved.subtract(applied[id].desks)
            change.put(
                OrderProjection(
                    _id=id,
                    sequence=document.version,
                    head=document.head,
                    changed_key=time_key(now, id),
                    desks=desks,
                )
            )
        moved = Counter({desk: count for desk, count in moved.items() if count})
        tallies = await database.get_many(Tally, list(moved))
        for desk, count in moved.items():
            before = tallies[desk].total if desk in tallies else 0
            change.put(Tally(_id=desk, total=before + count, as_of=now))
        for fold in folds:
            change.include(await fold(orders, now))
        return Applied(change)

    return Consumer(database, PROJECTOR, apply)


async def tallies(database: Database, desks: Sequence[str]) -> dict[str, int]:
    """How many lie on each of these desks, as the projector last counted; 0 for one it never saw."""
    known = await database.get_many(Tally, desks)
    return {desk: known[desk].total if desk in known else 0 for desk in desks}
