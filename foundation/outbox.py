"""The outbox: what is still to be done about an event, one row per consumer.

A row is written with its event, in one transaction, and deleted in the transaction that applies its effect. A consumer
has one leader at a time; its lease token fences that transaction, so that a leader which lost its lease while it slept
can apply nothing. Nobody reads "everything since": late commits would be missed, deleted rows cannot be.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import structlog
from pymongo import IndexModel

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.database import Database
from foundation.documents import Stored
from foundation.events import event_id
from foundation.ids import new_id
from foundation.paging import EARLIEST, instant, time_key

log = structlog.get_logger()

LEASE = timedelta(seconds=20)
BATCH = 200


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a row that failed is tried, with doubling delays; then it stays under `<consumer>:failed`."""

    first: timedelta = timedelta(seconds=10)
    longest: timedelta = timedelta(hours=6)
    tries: int = 12

    def delay(self, tries: int) -> timedelta:
        """How long to wait after so many tries before."""
        return min(self.first * (1 << min(tries, 30)), self.longest)


PATIENCE = Patience()
"""This gives up after some eleven hours."""


def outbox_id(event: str, consumer: str) -> str:
    """The `_id` of a consumer's row about an event: the key of its own that what is sent bears."""
    return f"{event}:{consumer}"


class OutboxRow(Stored):
    """Something that one consumer still has to do about one event; `data` is what it needs to know."""

    consumer: str
    subject: str
    sequence: int
    key: str
    data: dict[str, Any] = {}
    tries: int = 0

    shard_key: ClassVar[str] = "subject"

    class Settings:
        name = "outbox"
        indexes = [IndexModel([("consumer", 1), ("key", 1)], name="consumer_key")]

    @classmethod
    def of(cls, consumer: str, subject: str, sequence: int, at: datetime, data: Mapping[str, Any]) -> "OutboxRow":
        id = event_id(subject, sequence)
        return cls(
            _id=outbox_id(id, consumer),
            consumer=consumer,
            subject=subject,
            sequence=sequence,
            key=time_key(at, id),
            data=dict(data),
        )


class Lease(Stored):
    """Who leads a consumer, and until when.

    What the leader saves counts up `saved`: rivals then always write the same document, and one of them fails. Setting
    `until` alone to what it is already would be no write, and no conflict.
    """

    token: str
    until: datetime
    saved: int = 0

    class Settings:
        name = "leases"


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch of rows comes to: the change that applies them, the rows that are to be tried again later, and
    those that it did not come to."""

    change: Change
    failed: frozenset[str] = frozenset()
    untouched: frozenset[str] = frozenset()


Effect = Callable[[Sequence[OutboxRow], datetime], Awaitable[Applied]]
"""Works through rows, oldest first and each subject's in sequence.

What goes to the outside is sent inside, at least once, under a key of its own (the row's `_id`)."""


class Consumer:
    """One kind of work on events, done in the order of each subject, its effects applied exactly once."""

    def __init__(self, database: Database, name: str, effect: Effect, patience: Patience = PATIENCE) -> None:
        self._database, self.name, self._effect, self._patience = database, name, effect, patience
        self._token = new_id()

    async def sweep(self, now: datetime) -> int:
        """Apply up to one batch of rows and answer how many were worked through, in vain included; 0 when there are
        none, or another process leads.

        Safe to run twice and in several processes at once.
        """
        rows = await self._rows(now)
        if not rows or not await self._lead(now):
            return 0
        applied = await self._effect(rows, now)
        change = applied.change.discard(
            OutboxRow, [row.id for row in rows if row.id not in applied.failed | applied.untouched]
        )
        for row in rows:
            if row.id in applied.failed:
                change.update(OutboxRow, row.id, {"$set": _later(row, now, self._patience)})
        try:
            await self.save(change, now)
        except StaleWrite:
            log.info("outbox_lease_lost", consumer=self.name)
            return 0
        return len(rows) - len(applied.untouched)

    async def take_over(self, now: datetime) -> None:
        """Lead from here on, whoever led: what that one has begun can no longer be saved."""
        await self._database.save(Change().put(Lease(_id=self.name, token=self._token, until=now + LEASE)))

    async def save(self, change: Change, now: datetime) -> None:
        """Save what only the leader may write, and go on leading. Raises `StaleWrite` if another leads by now."""
        longer = {"$set": {"until": now + LEASE}, "$inc": {"saved": 1}}
        await self._database.save(change.update(Lease, self.name, longer, expecting={"token": self._token}))

    async def resign(self) -> None:
        """Let another lead at once."""
        await self._database.collection(Lease).delete_one({"_id": self.name, "token": self._token})

    async def _rows(self, now: datetime) -> list[OutboxRow]:
        bounds = {"$gte": instant(EARLIEST), "$lt": instant(now + timedelta(milliseconds=1))}
        found = (
            self._database.collection(OutboxRow)
            .find({"consumer": self.name, "key": bounds})
            .sort("key", 1)
            .limit(BATCH)
        )
        return [OutboxRow.load(raw) for raw in await found.to_list()]

    async def _lead(self, now: datetime) -> bool:
        """Whether this process leads now: it did, or the leader's lease has run out."""
        lease = await self._database.get(Lease, self.name)
        try:
            if lease is None:
                await self._database.save(Change().insert(Lease(_id=self.name, token=self._token, until=now + LEASE)))
            elif lease.token != self._token:
                if lease.until > now:
                    return False
                await self._database.save(
                    Change().update(
                        Lease,
                        self.name,
                        {"$set": {"token": self._token, "until": now + LEASE}},
                        expecting={"token": lease.token, "until": lease.until},
                    )
                )
        except (StaleWrite, AlreadyClaimed):
            return False
        return True


def _later(row: OutboxRow, now: datetime, patience: Patience) -> dict[str, Any]:
    """When a row that failed is tried again, or where it rests for a person to look at."""
    tries = row.tries + 1
    if tries >= patience.tries:
        log.error("outbox_gave_up", consumer=row.consumer, row=row.id, tries=tries)
        return {"tries": tries, "consumer": f"{row.consumer}:failed"}
    return {"tries": tries, "key": time_key(now + patience.delay(row.tries), row.id)}
