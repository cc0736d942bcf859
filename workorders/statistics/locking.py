"""Locking 锁定 a month: its figures as they are issued, kept beside those that go on.

Whoever locks leads the projector: nothing is counted in between, so that what is copied piece by piece is one state.
A copy counts once its month is locked, in one write; what was copied before that is replaced by the next try.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from foundation.changes import Change
from foundation.clock import Clock
from foundation.database import Database, Raw
from foundation.outbox import Consumer
from foundation.paging import EARLIEST, LATEST, instant
from workorders.statistics.correcting import MOMENT
from workorders.statistics.documents import (
    ISSUED,
    STATE,
    Correction,
    FiguresState,
    MonthLock,
    Rollup,
    cut_of,
    rollup_id,
)
from workorders.statistics.projecting import FIRST_GENERATION
from workorders.statistics.tallying import Cell, Dimension

AT_ONCE: Final = 50
"""Rollups that are copied together: some megabytes at most."""

Projecting = Callable[[], Consumer]
"""The projector."""
Keep = Callable[[Change], Awaitable[None]]
"""Saves what only the projector's leader may write, and goes on leading."""


async def state_of(database: Database) -> FiguresState:
    """Which generation is read, and what is locked."""
    return await database.get(FiguresState, STATE) or FiguresState(_id=STATE, generation=FIRST_GENERATION)


async def locks_of(database: Database, months: Sequence[str]) -> dict[str, MonthLock]:
    """Those of these months that are locked."""
    return await database.get_many(MonthLock, months)


@asynccontextmanager
async def leading(projecting: Projecting, clock: Clock) -> AsyncIterator[Keep]:
    """Lead the projector, everything projected that waited; nothing is counted until this ends.

    What is saved by it raises `StaleWrite` once another process has taken the lead.
    """
    leader = projecting()
    await leader.take_over(clock.now())
    try:
        while await leader.sweep(clock.now()):
            pass
        yield lambda change: leader.save(change, clock.now())
    finally:
        await leader.resign()


async def copy_months(database: Database, months: Sequence[str], keep: Keep) -> None:
    """Copy the rollups of months that are not locked yet, as they are. Safe to repeat. Raises what `keep` raises."""
    state = await state_of(database)
    for month in months:
        for dimension in Dimension:
            left = await database.collection(Rollup).find(_rollups(ISSUED, dimension, month), {"_id": 1}).to_list()
            for start in range(0, len(left), AT_ONCE):
                await keep(Change().discard(Rollup, [raw["_id"] for raw in left[start : start + AT_ONCE]]))
            found = await database.collection(Rollup).find(_rollups(state.generation, dimension, month)).to_list()
            for start in range(0, len(found), AT_ONCE):
                await keep(Change().put(*(_issued(raw, dimension) for raw in found[start : start + AT_ONCE])))


async def moment_of_lock(database: Database, now: datetime) -> datetime:
    """A moment after every correction that there is, though another machine's clock may be ahead."""
    latest = [now]
    for tells in (True, False):
        bounds = {"$gte": instant(now), "$lt": instant(LATEST)}
        found = await database.collection(Correction).find_one({"tells": tells, "key": bounds}, sort=[("key", -1)])
        if found is not None:
            latest.append(found["at"] + MOMENT)
    return max(latest)


async def locked(database: Database, months: Sequence[str], report: str, at: datetime) -> Change:
    """What locks the months that were copied."""
    state = await state_of(database)
    change = Change().put(state.changed(locked=tuple(sorted({*state.locked, *months})), locked_at=at))
    return change.insert(*(MonthLock(_id=month, at=at, report=report) for month in months))


async def unaccounted(database: Database, generation: int, month: str) -> dict[Cell, int]:
    """By how much a generation's cells of a locked month differ from what was issued and corrected."""
    cells = await corrected_cells(database, month)
    differ: dict[Cell, int] = {}
    for dimension in Dimension:
        left = Counter({cell: -count for cell, count in cells.items() if cell.dimension is dimension})
        for cut, sign in ((generation, 1), (ISSUED, -1)):
            for raw in await database.collection(Rollup).find(_rollups(cut, dimension, month)).to_list():
                for day, counts in raw.get("days", {}).items():
                    for counter, count in counts.items():
                        left[Cell(dimension, tuple(raw["path"]), f"{month}-{day}", counter)] += sign * count
        differ.update({cell: count for cell, count in left.items() if count})
    return differ


async def corrected_cells(database: Database, month: str) -> Counter[Cell]:
    """What all corrections of a month come to."""
    cells: Counter[Cell] = Counter()
    async for correction in corrections_of_month(database, month):
        for cell, count in correction.changes.items():
            cells[cell] += count
    return cells


async def corrections_of_month(database: Database, month: str) -> AsyncIterator[Correction]:
    """All corrections of a month, those that tell nothing too, in pieces."""
    for tells in (True, False):
        bounds = {"$gte": instant(EARLIEST), "$lt": instant(LATEST)}
        query = {"month": month, "tells": tells, "key": bounds}
        async for raw in database.collection(Correction).find(query):
            yield Correction.load(raw)


def _rollups(cut: int | str, dimension: Dimension, month: str) -> Raw:
    return {"cut": cut_of(cut, dimension), "month": month}


def _issued(raw: Raw, dimension: Dimension) -> Rollup:
    rollup = Rollup.load(raw)
    return rollup.changed(id=rollup_id(ISSUED, dimension, rollup.path, rollup.month), cut=cut_of(ISSUED, dimension))
