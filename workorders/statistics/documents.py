"""What the figures are kept in: what is counted of each order, and the rollups. A projector alone writes them.

Both stand under a generation, so that they can be made anew beside those that are read.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from pymongo import IndexModel

from foundation.changes import Change
from foundation.documents import Stored
from workorders.lifecycle.values import Order
from workorders.statistics.counting import Entry
from workorders.statistics.definitions import OPEN
from workorders.statistics.tallying import Cell, Counted, Dimension, Path, traits_of

STATE = "figures"


class FiguresState(Stored):
    """Which generation is read (`_id` is `STATE`), and which others may have documents still."""

    generation: int
    others: tuple[int, ...] = ()

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


def mark_of(generation: int, counter: str, day: str) -> str:
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


def cut_of(generation: int, dimension: Dimension) -> str:
    return f"{generation}|{dimension}"


def rollup_id(generation: int, dimension: Dimension, path: Path, month: str) -> str:
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


MODELS: tuple[type[Stored], ...] = (CountedOrder, FiguresState, Rollup)
