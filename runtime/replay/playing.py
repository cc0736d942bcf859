"""All messages and replies in one order of time, timers swept as the clock moves.

Where a run stands is kept in the database: broken off at any point, by hand or by force, the same command goes on there
and comes to the same figures. What was broken off in the middle is taken up where the order itself says
(`runtime/replay/stage.py`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from time import monotonic
from typing import ClassVar, Final, TypeVar

from pymongo.errors import PyMongoError

from foundation.changes import Change
from foundation.clock import SettableClock
from foundation.database import Database
from foundation.documents import Stored
from foundation.errors import Busy, DomainError
from foundation.faults import DatabaseUnreachable, ExitCode, OperatorFault
from foundation.outbox import LEASE
from foundation.timers import LONG_AGO, Timer
from runtime.composition import App
from runtime.replay import town
from runtime.replay.reading import MessageFile, Row
from runtime.replay.stage import ReplayedRow, Stage
from workorders.deadlines.packs import RulePack

TOGETHER: Final = 8
"""How many orders' events run beside each other; more gains nothing, for one process is then busy."""
EVENTS_PER_SWEEP: Final = 100
"""After how many events the outbox's consumers work."""
PATIENCE: Final = 20.0
"""For how many seconds a database that does not answer is asked again."""
PAUSE: Final = 0.2
TIMERS_AT_ONCE: Final = 100
MARK: Final = "replay"

R = TypeVar("R")

Progress = Callable[[int, int], None]
"""Told how many events of how many are done."""


class ReplayMark(Stored):
    """Which file this database is a replay of, and how many of its events are done, in their order of time."""

    file: str
    done: int = 0

    class Settings:
        name = "replay"


class RefusedRow(Stored):
    """A row that a use case refused (`_id` is its line)."""

    line: int
    reason: str

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "replay_refused"


STORED: Final = (RefusedRow, ReplayMark, ReplayedRow)


class OtherDatabase(OperatorFault):
    """The database holds something else than a replay of this file."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True, slots=True)
class Event:
    """A message or its reply, at its moment."""

    at: datetime
    is_reply: bool
    row: Row


def in_order_of_time(rows: Sequence[Row]) -> list[Event]:
    """Every row's message and reply; at the same moment messages first, then as in the file."""
    events = [Event(row.sent_at, False, row) for row in rows] + [Event(row.replied_at, True, row) for row in rows]
    return sorted(events, key=lambda event: (event.at, event.is_reply, event.row.line))


async def play(
    app: App,
    file: MessageFile,
    *,
    progress: Progress = lambda done, of: None,
    rules: RulePack | None = None,
    database_ended: Callable[[], bool] = lambda: False,
) -> None:
    """Play the file into the app's database, from where the last run stopped.

    A lost connection is waited for, unless `database_ended`. Raises `OtherDatabase`, `DatabaseUnreachable`.
    """
    events = in_order_of_time(file.rows)
    mark = await _begin(app, file, rules)
    player = _Player(app, mark, database_ended)
    progress(mark.done, len(events))
    while batch := _batch(events, player.mark.done):
        await player.play(batch)
        progress(player.mark.done, len(events))
    if events:
        await player.settle(events[-1].at)


async def _begin(app: App, file: MessageFile, rules: RulePack | None) -> ReplayMark:
    """The mark of this replay, in a database with its town."""
    await app.database.prepare(STORED)
    mark = await app.database.get(ReplayMark, MARK)
    if mark is None:
        await _require_empty(app.database)
        mark = ReplayMark(_id=MARK, file=file.digest)
        await app.database.save(Change().insert(mark))
    if mark.file != file.digest:
        raise OtherDatabase(f"The database {app.settings.database} holds the replay of another file: name another.")
    await town.found(app, rules=rules)
    await app.database.bind(STORED)
    return mark


async def _require_empty(database: Database) -> None:
    for name in await database.mongo.list_collection_names():
        if await database.mongo[name].find_one({}, {"_id": 1}) is not None:
            raise OtherDatabase(
                f"The database {database.mongo.name} holds other data ({name}): a replay needs one of its own."
            )


def _batch(events: Sequence[Event], start: int) -> Sequence[Event]:
    """Events that follow each other, no row twice: those of different orders may run beside each other."""
    seen: set[str] = set()
    end = start
    while end < min(start + TOGETHER, len(events)) and events[end].row.id not in seen:
        seen.add(events[end].row.id)
        end += 1
    return events[start:end]


@dataclass(slots=True)
class _Player:
    app: App
    mark: ReplayMark
    database_ended: Callable[[], bool]
    since_sweep: int = 0

    async def play(self, batch: Sequence[Event]) -> int:
        """Play the first of these events, at least one; answers how many. Raises `DatabaseUnreachable`."""
        orders = await self._patiently(lambda: self._orders(batch))
        await self._patiently(lambda: self._fire_timers(batch[0].at))
        waiting = await self._patiently(lambda: self._timers(batch[-1].at))
        # A reply whose order has a timer due before it waits until that has fired.
        held = {timer.subject.partition(":")[0] for timer in waiting}
        playable = list(takewhile(lambda event: event.at <= batch[0].at or orders.get(event.row.id) not in held, batch))
        await asyncio.gather(*(self._patiently(partial(self._act, event)) for event in playable))
        await self._patiently(lambda: self._keep(playable))
        return len(playable)

    async def settle(self, last: datetime) -> None:
        """Let the consumers finish, also what a run that was broken off still leads."""
        await self._patiently(lambda: self._consume(last + LEASE + timedelta(milliseconds=1)))

    async def _act(self, event: Event) -> None:
        stage = Stage(replace(self.app.office, clock=SettableClock(event.at)))
        try:
            await (stage.reply(event.row) if event.is_reply else stage.message(event.row))
        except Busy:
            raise
        except DomainError as refusal:
            line = event.row.line
            await self.app.database.save(Change().put(RefusedRow(_id=str(line), line=line, reason=refusal.message)))

    async def _orders(self, batch: Sequence[Event]) -> dict[str, str]:
        replied = [event.row.id for event in batch if event.is_reply]
        rows = await self.app.database.get_many(ReplayedRow, replied)
        return {id: row.order for id, row in rows.items()}

    async def _timers(self, until: datetime) -> list[Timer]:
        due = {"due": {"$gte": LONG_AGO, "$lte": until}}
        found = self.app.database.collection(Timer).find(due).sort("due", 1).limit(TIMERS_AT_ONCE)
        return [Timer.load(raw) for raw in await found.to_list()]

    async def _fire_timers(self, until: datetime) -> None:
        """Fire what is due, each at its own time."""
        while waiting := await self._timers(until):
            await self.app.timers.fire_all(waiting, lambda timer: timer.due)

    async def _keep(self, played: Sequence[Event]) -> None:
        """Note down how far it came; now and then let the consumers of the outbox work."""
        self.mark = self.mark.changed(done=self.mark.done + len(played))
        await self.app.database.save(Change().put(self.mark))
        self.since_sweep += len(played)
        if self.since_sweep >= EVENTS_PER_SWEEP:
            self.since_sweep = 0
            await self._consume(played[-1].at)

    async def _consume(self, now: datetime) -> None:
        for consumer in self.app.consumers:
            while await consumer.sweep(now):
                pass

    async def _patiently(self, step: Callable[[], Awaitable[R]]) -> R:
        """Do it; again, after a pause, when the connection is lost. Every step may be done twice."""
        ends = monotonic() + PATIENCE
        while True:
            try:
                return await step()
            except (PyMongoError, Busy) as fault:
                if monotonic() > ends or self.database_ended():
                    raise DatabaseUnreachable(
                        f"The database does not answer any more ({type(fault).__name__}). Once it does, the same "
                        "command goes on where this one stopped."
                    ) from None
                await asyncio.sleep(PAUSE)
