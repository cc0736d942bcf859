"""Timers 定时: due things in a collection, each done once however many workers sweep.

An action inserts a timer, and may delete one that it knows; none has to: one that fires too late to matter finds, when
its deadline is checked once more, that there is nothing to do, and is dropped. The cost of a sweep follows what is due,
not what is open.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import structlog
from pymongo import IndexModel
from pymongo.errors import ConnectionFailure

from foundation.changes import Change, StaleWrite
from foundation.database import Database
from foundation.documents import Stored
from foundation.ids import new_id

log = structlog.get_logger()

LEASE = timedelta(seconds=30)
BATCH = 100
TOGETHER = 8
"""Fired beside each other: while the database works on one, the next is judged."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Timer(Stored):
    """`due` is when it is to be looked at next: a worker that takes it moves `due` to the end of its lease."""

    kind: str
    subject: str
    deadline: datetime
    due: datetime
    lease: str | None = None
    tries: int = 0

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "timers"
        indexes = [IndexModel([("due", 1)], name="due")]

    @classmethod
    def at(cls, deadline: datetime, kind: str, subject: str, *, sequence: int) -> "Timer":
        """A timer for one deadline of one thing, set by its event of that sequence.

        A deadline that comes back to where it was gets a second timer: the first may still be waiting, unread.
        """
        return cls(
            _id=f"{subject}~{kind}~{sequence}",
            kind=kind,
            subject=subject,
            deadline=deadline,
            due=deadline,
        )

    def done(self, change: Change) -> Change:
        """Delete the timer in the change that applies its effect: `StaleWrite` if another worker holds it by now."""
        return change.delete(Timer, self.id, expecting={"lease": self.lease})

    def put_off(self, change: Change, deadline: datetime) -> Change:
        """Let the timer wait for another deadline of the same thing, instead of deleting it."""
        waits = {"$set": {"deadline": deadline, "due": deadline, "lease": None, "tries": 0}}
        return change.update(Timer, self.id, waits, expecting={"lease": self.lease})


Handler = Callable[[Timer, datetime], Awaitable[None]]
"""Applies a timer's effect and deletes the timer (`Timer.done`) in one transaction; `StaleWrite` may pass through."""


class Timers:
    """Sweeps what is due."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler]) -> None:
        self._database, self._handlers = database, dict(handlers)

    async def sweep(self, now: datetime) -> int:
        """Fire what is due, oldest first and some beside each other, one of a subject at a time; answers how many were
        fired.

        Safe to run twice and in several processes at once. A handler that fails leaves its timer, due again after the
        lease and then with growing delay; the others go on. Raises `ConnectionFailure` once the database is away.
        """
        collection = self._database.collection(Timer)
        due = collection.find({"due": {"$gte": LONG_AGO, "$lte": now}}).sort("due", 1).limit(BATCH)
        return await self.fire_all([Timer.load(raw) for raw in await due.to_list()], lambda timer: now)

    async def fire_all(self, due: Sequence[Timer], at: Callable[[Timer], datetime]) -> int:
        """Fire these at the moments that `at` says, but of each subject only the first; answers how many were fired."""
        first = list({timer.subject: timer for timer in reversed(due)}.values())[::-1]
        fired = 0
        for start in range(0, len(first), TOGETHER):
            together = first[start : start + TOGETHER]
            done = await asyncio.gather(*(self._taken(each, at(each)) for each in together), return_exceptions=True)
            for result in done:
                if isinstance(result, BaseException):
                    raise result
                fired += result
        return fired

    async def _taken(self, timer: Timer, now: datetime) -> int:
        leased = await self._lease(timer, now)
        return await self._fire(leased, now) if leased is not None else 0

    async def _lease(self, timer: Timer, now: datetime) -> Timer | None:
        lease = new_id()
        until = now + LEASE * 2 ** min(timer.tries, 8)
        taken = Change().update(
            Timer,
            timer.id,
            {"$set": {"lease": lease, "due": until}, "$inc": {"tries": 1}},
            expecting={"due": timer.due, "lease": timer.lease},
        )
        try:
            await self._database.save(taken)
        except StaleWrite:
            return None
        return timer.changed(lease=lease, due=until)

    async def _fire(self, timer: Timer, now: datetime) -> int:
        try:
            await self._handlers[timer.kind](timer, now)
        except StaleWrite:
            return 0  # the lease ran out and another worker has it
        except ConnectionFailure:
            raise  # the database is away: nothing else would fare better
        except Exception:
            log.exception("timer_failed", kind=timer.kind, subject=timer.subject, tries=timer.tries + 1)
            return 0
        return 1
