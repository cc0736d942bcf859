"""The projector: folds the outbox into what desks and checkpoints read, so that no action writes what many share.

It keeps, per order, the sequence that it has applied, the head of the chain and the desks that the order lies on; a
desk's total is the sum of those, counted by differences.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from pymongo import IndexModel

from foundation.changes import Change
from foundation.database import Database
from foundation.documents import Stored
from foundation.outbox import Applied, Consumer, OutboxRow
from foundation.paging import time_key
from workorders.lifecycle.documents import OrderDocument, desk_of
from workorders.lifecycle.recording import PROJECTOR
from workorders.lifecycle.values import Order


class OrderProjection(Stored):
    """What the projector has applied of one order (`_id`)."""

    sequence: int
    head: str
    changed_key: str
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


def request_desk(kind: str) -> str:
    return f"request:{kind}"


def desks_of(order: Order) -> tuple[str, ...]:
    """Every desk that an order lies on, a unit's once per assignment; a muted one is on no desk of the hotline."""
    desks = [] if order.muted else [hotline_desk(order.status)]
    for assignment in order.assignments:
        task = desk_of(order, assignment)
        desks += [unit_desk(unit, task) for unit in assignment.ancestors]
    if order.request is not None and not order.muted:
        desks.append(request_desk(order.request.kind))
    return tuple(desks)


def projector(database: Database) -> Consumer:
    """The consumer that keeps `order_projections` and `tallies`."""

    async def apply(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        wanted = {row.subject: row.sequence for row in rows}
        applied = await database.get_many(OrderProjection, list(wanted))
        behind = [id for id, sequence in wanted.items() if id not in applied or applied[id].sequence < sequence]
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
                    changed_key=time_key(document.order.changed_at, id),
                    desks=desks,
                )
            )
        moved = Counter({desk: count for desk, count in moved.items() if count})
        tallies = await database.get_many(Tally, list(moved))
        for desk, count in moved.items():
            before = tallies[desk].total if desk in tallies else 0
            change.put(Tally(_id=desk, total=before + count, as_of=now))
        return Applied(change)

    return Consumer(database, PROJECTOR, apply)


async def tallies(database: Database, desks: Sequence[str]) -> dict[str, int]:
    """How many lie on each of these desks, as the projector last counted; 0 for one it never saw."""
    known = await database.get_many(Tally, desks)
    return {desk: known[desk].total if desk in known else 0 for desk in desks}
