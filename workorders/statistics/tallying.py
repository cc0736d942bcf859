"""From entries to rollups: which cells an entry is added to, and what changes when orders are counted anew. Pure.

A rollup holds the counts of one value of one dimension in one local month, by day and in sum. An entry stands in the
rollups of every value on its path, so that a unit's rollup is that of its subtree.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from workorders.lifecycle.values import Order
from workorders.statistics.counting import Entry


class Dimension(StrEnum):
    """What figures can be told apart by."""

    ALL = "all"
    UNIT = "unit"
    CATEGORY = "category"
    PLACE = "place"
    CHANNEL = "channel"
    KIND = "kind"
    SOURCE = "source"
    RULES = "rules"


NOWHERE = "-"
"""The unit of what no unit answers for, and the source of what no platform handed down."""

Path = tuple[str, ...]
"""Of a value, root first, itself last; of one value where the dimension is no tree."""
Traits = Mapping[str, Path]
"""An order's own values: those of every dimension but `ALL`, `UNIT` and `RULES`."""


def traits_of(order: Order) -> dict[str, Path]:
    """The values that all entries of an order share, as they are now."""
    return {
        Dimension.CATEGORY.value: order.category,
        Dimension.PLACE.value: order.place,
        Dimension.CHANNEL.value: (order.channel,),
        Dimension.KIND.value: (order.kind.value,),
        Dimension.SOURCE.value: (order.upstream.source if order.upstream else NOWHERE,),
    }


@dataclass(frozen=True, slots=True)
class Cell:
    """One count: of a dimension's value (the last of `path`), on a local day, under a counter."""

    dimension: Dimension
    path: Path
    day: str
    counter: str

    @property
    def month(self) -> str:
        return self.day[:7]


def path_in(dimension: Dimension, entry: Entry, traits: Traits) -> Path:
    """The whole path that an entry lies on in a dimension."""
    match dimension:
        case Dimension.ALL:
            return ("",)
        case Dimension.UNIT:
            return entry.units or (NOWHERE,)
        case Dimension.RULES:
            return (entry.rules,)
        case _:
            return traits[dimension]


def cells_of(entry: Entry, traits: Traits) -> Iterator[Cell]:
    """Every cell that an entry is counted in, each once."""
    for dimension in Dimension:
        path = path_in(dimension, entry, traits)
        for depth in range(1, len(path) + 1):
            yield Cell(dimension, path[:depth], entry.day, entry.counter)


Counted = tuple[Sequence[Entry], Traits]


def moved(steps: Iterable[tuple[Counted | None, Counted]]) -> Counter[Cell]:
    """What changes in the cells when orders are counted anew; cells that stay as they are left out."""
    change: Counter[Cell] = Counter()
    for before, (entries, traits) in steps:
        for entry in entries:
            change.update(cells_of(entry, traits))
        if before is not None:
            for entry in before[0]:
                change.subtract(cells_of(entry, before[1]))
    return Counter({cell: count for cell, count in change.items() if count})
