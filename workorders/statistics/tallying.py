"""From entries to rollups: which cells an entry is added to, and what changes when orders are counted anew. Pure.

A rollup holds the counts of one value of one dimension in one local month, by day and in sum. An entry stands in the
rollups of every value on its path, so that a unit's rollup is that of its subtree.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

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


class Cell(NamedTuple):
    """One count: of a dimension's value (the last of `path`), on a local day, under a counter."""

    dimension: Dimension
    path: Path
    day: str
    counter: str


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
"""What is counted of one order."""
NOTHING: Counted = ((), {})


def moved(steps: Iterable[tuple[Counted, Counted]]) -> dict[Cell, int]:
    """What changes in the cells when orders are counted anew; cells that stay as they are left out."""
    change: Counter[Cell] = Counter()
    for (old, old_traits), (new, new_traits) in steps:
        same = set(old).intersection(new) if old_traits == new_traits else frozenset()
        for entry in new:
            if entry not in same:
                change.update(cells_of(entry, new_traits))
        for entry in old:
            if entry not in same:
                change.subtract(cells_of(entry, old_traits))
    return {cell: count for cell, count in change.items() if count}
