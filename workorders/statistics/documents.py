"""What the figures are kept in: what is counted of each order, and the rollups. Whoever leads the projector alone
writes them.

Both stand under a generation, so that they can be made anew beside those that are read. The rollups of a month that is
locked stand once more as they were issued, and what changed since in corrections 更正.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, Self

from pymongo import IndexModel

from foundation.changes import Change
from foundation.documents import Stored
from workorders.lifecycle.values import Order
from workorders.statistics.counting import Entry
from workorders.statistics.definitions import OPEN
from workorders.statistics.tallying import Cell, Counted, Dimension, Path, moved, traits_of

STATE = "figures"
ISSUED: Final = "issued"
"""In the place of a generation: the rollups of locked months, as they were issued."""


class FiguresState(Stored):
    """Which generation is read (`_id` is `STATE`), which others may have documents still, and which months are locked:
    the projector reads it with every batch."""

    generation: int
    others: tuple[int, ...] = ()
    locked: tuple[str, ...] = ()
    locked_at: datetime | None = None
    """When the last of them was."""

    class Settings:
        name = "figures_state"


class CountedOrder(Stored):
    """What is counted of one order, as of its event `version`; unchanged events leave it as it was."""

    generation: int
    order: str
    version: int
    traits: dict[str, Path]
    entries: list[list[Any]]
    """The fields of each `Entry`."""
    marks: tuple[str, ...]
    """`mark_of` each entry: lists find it by these."""

    shard_key: ClassVar[str] = "order"

    class Settings:
        name = "counted_orders"
        indexes = [IndexModel([("marks", 1)], name="marks")]

    @classmethod
    def of(cls, generation: int, order: Order, entries: tuple[Entry, ...]) -> Self:
        return cls(
            _id=counted_id(generation, order.id),
            generation=generation,
            order=order.id,
            version=order.version,
            traits=traits_of(order),
            entries=[list(entry) for entry in entries],
            marks=tuple(sorted({mark_of(generation, entry.counter, entry.day) for entry in entries})),
        )

    @property
    def counted(self) -> Counted:
        return counted_in({"entries": self.entries, "traits": self.traits})


def counted_in(raw: Mapping[str, Any]) -> Counted:
    """What the stored document says is counted of its order."""
    entries = tuple(
        Entry(counter, subject, at, day, tuple(units), rules)
        for counter, subject, at, day, units, rules in raw["entries"]
    )
    return entries, {name: tuple(path) for name, path in raw["traits"].items()}


def counted_id(generation: int, order: str) -> str:
    return f"{generation}|{order}"


def mark_of(generation: int | str, counter: str, day: str) -> str:
    return f"{generation}|{counter}|{day}"


class Rollup(Stored):
    """The counts of one value of one dimension in one local month: `total`, and each of its `days`.

    What is `open` stands there once more by its due day, so that a whole month is read without its days.
    """

    cut: str
    path: Path
    month: str
    total: dict[str, int] = {}
    days: dict[str, dict[str, int]] = {}
    open: dict[str, dict[str, int]] = {}

    shard_key: ClassVar[str] = "cut"

    class Settings:
        name = "figure_rollups"
        indexes = [IndexModel([("cut", 1), ("month", 1)], name="cut_month")]


def cut_of(generation: int | str, dimension: Dimension) -> str:
    return f"{generation}|{dimension}"


def rollup_id(generation: int | str, dimension: Dimension, path: Path, month: str) -> str:
    return f"{cut_of(generation, dimension)}|{'/'.join(path)}|{month}"


def add_cells(change: Change, generation: int, cells: Mapping[Cell, int]) -> None:
    """Add to the rollups, which are made where they are missing."""
    by_rollup: dict[tuple[Dimension, Path, str], Counter[str]] = {}
    for cell, count in cells.items():
        month, day = cell.day[:7], cell.day[8:]
        amounts = by_rollup.setdefault((cell.dimension, cell.path, month), Counter())
        amounts[f"days.{day}.{cell.counter}"] += count
        amounts[f"total.{cell.counter}"] += count
        if cell.counter in OPEN:
            amounts[f"open.{day}.{cell.counter}"] += count
    for (dimension, path, month), amounts in by_rollup.items():
        change.add(
            Rollup,
            rollup_id(generation, dimension, path, month),
            {name: count for name, count in amounts.items() if count},
            first={"cut": cut_of(generation, dimension), "path": list(path), "month": month, "v": 1},
        )


def sums(rollups: Iterable[Mapping[str, int]]) -> Counter[str]:
    """Counts added up."""
    total: Counter[str] = Counter()
    for counts in rollups:
        total.update(counts)
    return total


class MonthLock(Stored):
    """A month (`_id`, 2026-10) whose figures were issued: when, with which report, and how many corrections that tell
    something there are since."""

    at: datetime
    report: str
    corrections: int = 0

    class Settings:
        name = "month_locks"


class Correction(Stored):
    """更正: what one batch of the projector changed in a locked month about one order, or a rebuild about none.

    `at` is when the figures changed, `happened_at` when the order did. Only a correction that `tells` changes what a
    figure has above or below its line; one that does not keeps the sum right: what was late and open is late and done.
    """

    month: str
    order: str | None = None
    number: str | None = None
    at: datetime
    happened_at: datetime
    key: str
    tells: bool
    units: tuple[str, ...] = ()
    """Every unit whose figures change."""
    removed: list[list[Any]] = []
    added: list[list[Any]] = []
    """The fields of each `Entry` of that month."""
    traits_before: dict[str, Path] = {}
    traits_after: dict[str, Path] = {}
    cells: list[tuple[Dimension, Path, str, str, int]] = []
    """What a rebuild changes, and no order accounts for: the fields of each `Cell`, and by how much."""

    shard_key: ClassVar[str] = "month"

    class Settings:
        name = "figure_corrections"
        indexes = [
            IndexModel([("month", 1), ("tells", 1), ("key", 1)], name="month_key"),
            IndexModel([("tells", 1), ("key", 1)], name="key"),
        ]

    @property
    def changes(self) -> dict[Cell, int]:
        """By how much each cell changes."""
        before, after = (
            counted_in({"entries": entries, "traits": traits})
            for entries, traits in ((self.removed, self.traits_before), (self.added, self.traits_after))
        )
        changes = Counter(moved([(before, after)]))
        for dimension, path, day, counter, count in self.cells:
            changes[Cell(dimension, path, day, counter)] += count
        return changes


MODELS: tuple[type[Stored], ...] = (Correction, CountedOrder, FiguresState, MonthLock, Rollup)
