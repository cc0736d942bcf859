"""Corrections 更正: what changes in a month after its figures were issued. Pure.

The issued counts of a month and its corrections always sum to what is counted now.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from foundation.changes import Change
from foundation.ids import new_id
from foundation.paging import time_key
from workorders.lifecycle.values import Order
from workorders.statistics.counting import Entry
from workorders.statistics.definitions import OPEN, Figure, measured
from workorders.statistics.documents import Correction, FiguresState, MonthLock
from workorders.statistics.tallying import Cell, Counted, Dimension, Path

MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Locks:
    """The locked months, and when what changes in them now is dated: after everything that was issued."""

    months: frozenset[str]
    at: datetime

    @classmethod
    def of(cls, state: FiguresState | None, now: datetime) -> Self | None:
        """None where no month is locked."""
        if state is None or state.locked_at is None:
            return None
        return cls(frozenset(state.locked), max(now, state.locked_at + MOMENT))


def corrections_of(order: Order, before: Counted, after: Counted, locks: Locks) -> Iterator[Correction]:
    """What changes about an order in each of the locked months."""
    (old, old_traits), (new, new_traits) = before, after
    same = set(old).intersection(new) if old_traits == new_traits else frozenset()
    by_month: dict[str, tuple[list[Entry], list[Entry]]] = {}
    for which, entries in enumerate((old, new)):
        for entry in entries:
            month = entry.day[:7]
            if entry not in same and month in locks.months:
                by_month.setdefault(month, ([], []))[which].append(entry)
    for month, (removed, added) in sorted(by_month.items()):
        id = new_id()
        correction = Correction(
            _id=id,
            month=month,
            order=order.id,
            number=order.number,
            at=locks.at,
            happened_at=order.changed_at,
            key=time_key(locks.at, id),
            tells=False,
            removed=[list(entry) for entry in removed],
            added=[list(entry) for entry in added],
            traits_before=dict(old_traits),
            traits_after=dict(new_traits),
        )
        yield _told(correction)


def rebuilt(month: str, cells: Mapping[Cell, int], at: datetime) -> Correction:
    """What a rebuild changes in a locked month."""
    id = new_id()
    listed = [(*cell, count) for cell, count in cells.items()]
    return _told(
        Correction(_id=id, month=month, at=at, happened_at=at, key=time_key(at, id), tells=False, cells=listed)
    )


def noted(change: Change, corrections: Iterable[Correction]) -> Change:
    """The change with these corrections in it."""
    told: Counter[str] = Counter()
    for correction in corrections:
        change.insert(correction)
        told[correction.month] += correction.tells
    for month, number in told.items():
        if number:
            change.add(MonthLock, month, {"corrections": number}, first={"v": 1})
    return change


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much a figure has more above and below its line."""

    figure: Figure
    numerator: int
    denominator: int


def shifts(changes: Mapping[Cell, int], unit: str | None = None) -> tuple[Shift, ...]:
    """What changes in the figures of all, or of a unit and what lies below it."""
    dimension, value = (Dimension.ALL, "") if unit is None else (Dimension.UNIT, unit)
    found: Counter[str] = Counter()
    for cell, count in changes.items():
        if cell.dimension is dimension and cell.path[-1] == value:
            found[cell.counter] += count
    return _shifts(found)


def _shifts(counts: Mapping[str, int]) -> tuple[Shift, ...]:
    settled: Counter[str] = Counter()
    for counter, number in counts.items():
        settled[OPEN[counter][0] if counter in OPEN else counter] += number  # a month that is over: past due
    return tuple(
        Shift(each.figure, each.numerator, each.denominator)
        for each in measured(settled).values()
        if each.numerator or each.denominator
    )


def _told(correction: Correction) -> Correction:
    """The correction with what its cells say of it."""
    by_value: dict[tuple[Dimension, Path], Counter[str]] = {}
    for cell, count in correction.changes.items():
        by_value.setdefault((cell.dimension, cell.path), Counter())[cell.counter] += count
    units = sorted({path[-1] for dimension, path in by_value if dimension is Dimension.UNIT})
    return correction.changed(units=tuple(units), tells=any(_shifts(counts) for counts in by_value.values()))
