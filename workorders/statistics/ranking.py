"""Rankings 排名, with a stated tie rule and a minimum sample, or tiers 分档 instead of ranks. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from itertools import pairwise

from workorders.statistics.definitions import DEFINITIONS, Figure, Measured
from workorders.statistics.errors import BadRanking

MOST_TIERS = 6
LARGEST_SAMPLE = 1_000_000


@dataclass(frozen=True, slots=True)
class Ranked:
    """One value's place. `rank` and `tier` are None below the minimum sample; `tier` also where no tiers are asked for.

    Equal rates share a rank, and the next rank is as many further (1, 1, 3); rates are compared as fractions, exactly.
    """

    value: str
    measured: Measured
    rank: int | None
    tier: int | None


def ranking(
    figure: Figure, rows: Iterable[tuple[str, Measured]], *, minimum: int = 1, tiers: Sequence[float] = ()
) -> tuple[Ranked, ...]:
    """Values from best to worst, equals by their id, then those with fewer than `minimum` below the line.

    With `tiers`, thresholds from the best on, each value gets the first tier whose threshold it reaches, else the one
    after the last; and no rank. Raises `BadRanking`.
    """
    better = -1 if DEFINITIONS[figure].good_high else 1
    _check(figure, minimum, tiers, better)
    known = sorted(rows)
    large = [each for each in known if each[1].denominator >= minimum]
    small = [each for each in known if each[1].denominator < minimum]

    def compared(one: tuple[str, Measured], other: tuple[str, Measured]) -> int:
        here = one[1].numerator * other[1].denominator
        there = other[1].numerator * one[1].denominator
        return better * ((here > there) - (here < there))

    large.sort(key=cmp_to_key(compared))  # stable: equals stay by id
    found: list[Ranked] = []
    rank = 0
    for place, each in enumerate(large, start=1):
        if place == 1 or compared(large[place - 2], each):
            rank = place
        tier = _tier(each[1], tiers, better) if tiers else None
        found.append(Ranked(each[0], each[1], None if tiers else rank, tier))
    return (*found, *(Ranked(value, measured, None, None) for value, measured in small))


def _tier(measured: Measured, tiers: Sequence[float], better: int) -> int:
    rate = measured.rate
    if rate is None:
        return len(tiers) + 1
    reached = (rate >= threshold if better < 0 else rate <= threshold for threshold in tiers)
    return next((number for number, each in enumerate(reached, start=1) if each), len(tiers) + 1)


def _check(figure: Figure, minimum: int, tiers: Sequence[float], better: int) -> None:
    in_order = all((one > other) if better < 0 else (one < other) for one, other in pairwise(tiers))
    fits = len(tiers) < MOST_TIERS and all(0 <= each <= 1 for each in tiers)
    if DEFINITIONS[figure].numerator is None or not 1 <= minimum <= LARGEST_SAMPLE or not in_order or not fits:
        raise BadRanking
