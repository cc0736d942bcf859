"""`figures check`: everything counted again from the events, and compared with what is kept.

Whoever checks leads the projector for as long, and goes on projecting between one piece and the next, so that desks and
figures stay fresh; it knows at each moment up to which event of each order the figures go. What is changed after the
walk has passed it is counted again, from the events too.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from foundation.changes import Change
from foundation.clock import Clock
from foundation.database import Database
from foundation.outbox import Consumer
from foundation.paging import EARLIEST, LATEST
from foundation.walking import ID_CHARACTERS, starting_with
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.projecting import Fold, OrderProjection
from workorders.statistics.definitions import OPEN
from workorders.statistics.documents import CountedOrder, Rollup, counted_id, cut_of, sums
from workorders.statistics.locking import corrections_of_month, locks_of, state_of, unaccounted
from workorders.statistics.projecting import current_generation
from workorders.statistics.recounting import recounted
from workorders.statistics.tallying import Cell, Counted, Dimension, cells_of

AT_ONCE: Final = 200

Differs = Callable[[str, object, object], None]
Projecting = Callable[[Fold], Consumer]
"""The projector, with one more fold."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is kept otherwise than the events say: of an order, or of a count."""

    what: str
    kept: Any
    recounted: Any

    def __str__(self) -> str:
        return f"{self.what}: kept {self.kept}, by the events {self.recounted}"


@dataclass(slots=True)
class Checked:
    """How far the check came, and everything that differs."""

    orders: int = 0
    counts: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(slots=True)
class _Expected:
    """What the rollups have to hold of the orders that were walked. A fold of the projector: it hears what changes."""

    database: Database
    zone: ZoneInfo
    cells: Counter[Cell] = field(default_factory=Counter)
    walked: str = ""
    """The first characters of the ids that were walked."""
    coming: list[tuple[Counted | None, Counted | None]] = field(default_factory=list)

    async def __call__(self, changed: Mapping[str, OrderDocument], now: datetime) -> Change:
        """What it will change in the walked orders; nothing is written."""
        self.coming = []
        passed = {id: document.version for id, document in changed.items() if id[0] in self.walked}
        if passed:
            old = await applied_sequences(self.database, list(passed))
            before = await recounted(self.database, self.zone, old)
            after = await recounted(self.database, self.zone, passed)
            self.coming = [(before.get(id), after.get(id)) for id in passed]
        return Change()

    def saved(self) -> None:
        """What was coming is there now."""
        for before, after in self.coming:
            self.add(after)
            self.add(before, sign=-1)
        self.coming = []

    def add(self, counted: Counted | None, sign: int = 1) -> None:
        for entry in counted[0] if counted else ():
            for cell in cells_of(entry, counted[1] if counted else {}):
                self.cells[cell] += sign


async def check(
    database: Database,
    zone: ZoneInfo,
    projecting: Projecting,
    clock: Clock,
    found: Callable[[Difference], None] = lambda difference: None,
) -> Checked:
    """Recount everything; `found` is told each difference when it is met. Changes nothing but what is due anyway.

    Raises `StaleWrite` if another process takes the lead meanwhile, `BrokenLog`.
    """
    checked, expected = Checked(), _Expected(database, zone)
    leader = projecting(expected)

    def differs(what: str, kept: object, by_events: object) -> None:
        checked.differences.append(Difference(what, kept, by_events))
        found(checked.differences[-1])

    async def keep_up() -> None:
        await leader.save(Change(), clock.now())
        while await leader.sweep(clock.now()):
            expected.saved()

    await leader.take_over(clock.now())
    try:
        await keep_up()
        generation = await current_generation(database)
        for character in ID_CHARACTERS:
            async for sequences in orders_in_pieces(database, character):
                counted = await recounted(database, zone, sequences)
                kept = await _kept(database, generation, list(sequences))
                for id in sequences:
                    expected.add(counted.get(id))
                    if kept.get(id) != counted.get(id):
                        differs(f"order {id}", _told(kept.get(id)), _told(counted.get(id)))
                checked.orders += len(sequences)
                await leader.save(Change(), clock.now())
            for id in await _strangers(database, generation, character):
                differs(f"order {id}", "something", None)
            expected.walked += character
            await keep_up()
        await _compare(database, generation, expected.cells, differs, checked)
        for month in (await state_of(database)).locked:
            await leader.save(Change(), clock.now())
            await _compare_issued(database, generation, month, differs)
    finally:
        await leader.resign()
    return checked


async def orders_in_pieces(database: Database, character: str) -> AsyncIterator[dict[str, int]]:
    """The projected orders whose id starts with this character, with the sequence that was projected."""
    bounds = starting_with(character)
    found = await database.collection(OrderProjection).find({"_id": bounds}, {"sequence": 1}).to_list()
    for start in range(0, len(found), AT_ONCE):
        yield {raw["_id"]: raw["sequence"] for raw in found[start : start + AT_ONCE]}


async def applied_sequences(database: Database, ids: Sequence[str]) -> dict[str, int]:
    """Up to which event the projector has applied each of these orders."""
    return {id: known.sequence for id, known in (await database.get_many(OrderProjection, ids)).items()}


async def _kept(database: Database, generation: int, ids: Sequence[str]) -> dict[str, Counted]:
    kept = await database.get_many(CountedOrder, [counted_id(generation, id) for id in ids])
    return {counted.order: counted.counted for counted in kept.values()}


async def _strangers(database: Database, generation: int, character: str) -> list[str]:
    """What is counted of orders that there are not."""
    bounds = starting_with(counted_id(generation, character))
    found = await database.collection(CountedOrder).find({"_id": bounds}, {"order": 1}).to_list()
    projected = {id async for piece in orders_in_pieces(database, character) for id in piece}
    return [raw["order"] for raw in found if raw["order"] not in projected]


async def _compare(
    database: Database, generation: int, expected: Counter[Cell], differs: Differs, checked: Checked
) -> None:
    """Every count of every rollup with what was recounted."""
    left = Counter({cell: count for cell, count in expected.items() if count})
    for dimension in Dimension:
        for year in range(EARLIEST.year, LATEST.year):
            query = {"cut": cut_of(generation, dimension), "month": {"$gte": f"{year}-01", "$lte": f"{year}-12"}}
            for raw in await database.collection(Rollup).find(query).to_list():
                rollup = Rollup.load(raw)
                for day, counts in rollup.days.items():
                    for name, count in counts.items():
                        cell = Cell(dimension, rollup.path, f"{rollup.month}-{day}", name)
                        checked.counts += 1
                        if count != (by_events := left.pop(cell, 0)):
                            differs(_named(cell), count, by_events)
                for what, kept, by_days in _sums(rollup):
                    if kept != by_days:
                        differs(f"{dimension} {'/'.join(rollup.path)} {rollup.month} {what}", kept, by_days)
    for cell, count in left.items():
        differs(_named(cell), 0, count)


async def _compare_issued(database: Database, generation: int, month: str, differs: Differs) -> None:
    """What was issued of a month with its corrections, against what is kept now."""
    for cell, count in (await unaccounted(database, generation, month)).items():
        differs(f"issued and corrected, less than counted now: {_named(cell)}", count, 0)
    lock = (await locks_of(database, [month])).get(month)
    kept = None if lock is None else lock.corrections
    told = sum([correction.tells async for correction in corrections_of_month(database, month)])
    if kept != told:
        differs(f"corrections of {month}", kept, told)


def _sums(rollup: Rollup) -> Iterator[tuple[str, int, int]]:
    """What a rollup keeps beside its days, and what that is by them."""
    total, days = sums([rollup.total]), sums(rollup.days.values())
    for name in sorted(total.keys() | days.keys()):
        yield f"{name} in sum", total[name], days[name]
    for day in sorted(rollup.days.keys() | rollup.open.keys()):
        counts, open_ones = rollup.days.get(day, {}), rollup.open.get(day, {})
        for name in OPEN:
            yield f"{day} {name} open", open_ones.get(name, 0), counts.get(name, 0)


def _named(cell: Cell) -> str:
    return f"{cell.dimension} {'/'.join(cell.path)} {cell.day} {cell.counter}"


def _told(counted: Counted | None) -> list[str] | None:
    """In a few words: what it is counted under, and on which days."""
    return None if counted is None else [f"{entry.counter} {entry.day}" for entry in counted[0]]
