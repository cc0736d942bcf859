"""From counts to points. Pure, and exact: rates are fractions, points decimals of two places, halves rounded up.

An item earns its weight times how far its rate is on the way from the zero to the full line. What an item earns and
what it loses are its weight; what all items earn and the events add is the total that is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction

from workorders.statistics.assessment.schemes import CENT, WHOLE, Event, Item, Mark, Scheme
from workorders.statistics.definitions import DEFINITIONS, Figure, Measured, measured

MILLIONTH = Decimal("0.000001")
NONE = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Marked:
    """What was recorded: `kept` of `due`."""

    kept: int
    due: int


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """An item's points. `weight` is what it weighs in this score: none where it is not judged, and then its `points`
    and `rate` (both of 100) are None; `number` is how many entries miss the figure, and share what is lost."""

    item: Item
    numerator: int
    denominator: int
    weight: Decimal
    rate: Decimal | None
    points: Decimal | None
    earned: Decimal
    number: int
    why: str

    @property
    def lost(self) -> Decimal:
        return self.weight - self.earned

    @property
    def judged(self) -> bool:
        return self.points is not None


@dataclass(frozen=True, slots=True)
class ScoredEvent:
    """加分 or 扣分 for so many events, capped."""

    event: Event
    number: int
    earned: Decimal
    why: str

    @property
    def lost(self) -> Decimal:
        return -self.earned


@dataclass(frozen=True, slots=True)
class Score:
    """A unit's score in a month. `total` is None where no item is judged; `sample` is how many orders count by their
    intake."""

    scheme: Scheme
    items: tuple[ScoredItem, ...]
    events: tuple[ScoredEvent, ...]
    sample: int

    @property
    def total(self) -> Decimal | None:
        if not any(each.judged for each in self.items):
            return None
        items = sum((item.earned for item in self.items), NONE)
        return sum((event.earned for event in self.events), items)

    @property
    def ranked(self) -> bool:
        """Whether the sample is large enough for a rank, and there is a score."""
        return self.total is not None and self.sample >= self.scheme.minimum

    def named(self, name: str) -> ScoredItem | ScoredEvent | None:
        items = (each for each in self.items if each.item.name == name)
        return next(items, None) or next((each for each in self.events if each.event.name == name), None)


def score(scheme: Scheme, counts: Mapping[str, int], marks: Mapping[Mark, Marked]) -> Score:
    """What these counts are worth by a scheme."""
    figures = measured(counts)
    numbers = [_numbers(item, figures, marks) for item in scheme.items]
    judged = [denominator >= item.minimum for item, (_, denominator) in zip(scheme.items, numbers, strict=True)]
    weights = spread([item.weight if yes else NONE for item, yes in zip(scheme.items, judged, strict=True)])
    return Score(
        scheme=scheme,
        items=tuple(
            _item(item, *each, weight if yes else None, figures)
            for item, each, weight, yes in zip(scheme.items, numbers, weights, judged, strict=True)
        ),
        events=tuple(_event(event, figures[event.figure]) for event in scheme.events),
        sample=figures[Figure.COMPLETED].denominator,
    )


def spread(weights: Sequence[Decimal]) -> list[Decimal]:
    """Weights in their proportion, so that they come to exactly 100; nought stays nought.

    Rounded down to two places first; the largest remainders, the first of equals, get the hundredths that are left.
    """
    together = sum(weights, NONE)
    if not together:
        return list(weights)
    exact = [Fraction(weight) * 100 / Fraction(together) for weight in weights]
    found = [_down(each) for each in exact]
    left = int((WHOLE - sum(found, NONE)) / CENT)
    by_remainder = sorted(range(len(found)), key=lambda number: Fraction(found[number]) - exact[number])
    for number in by_remainder[:left]:
        found[number] += CENT
    return found


def share(points: Decimal, among: int) -> tuple[Decimal, Decimal]:
    """Points that several entries cost, evenly to a millionth: the first one's part, which bears what is left over, and
    that of each other. They sum to the points exactly."""
    each = (points / among).quantize(MILLIONTH, ROUND_DOWN)
    return points - each * (among - 1), each


def _rounded(number: Fraction) -> Decimal:
    """A fraction to two decimal places, halves up."""
    return (Decimal(number.numerator) / Decimal(number.denominator)).quantize(CENT, ROUND_HALF_UP)


def _down(number: Fraction) -> Decimal:
    return (Decimal(number.numerator) / Decimal(number.denominator)).quantize(CENT, ROUND_DOWN)


def _numbers(item: Item, figures: Mapping[Figure, Measured], marks: Mapping[Mark, Marked]) -> tuple[int, int]:
    if item.figure is not None:
        found = figures[item.figure]
        return found.numerator, found.denominator
    marked = marks.get(item.mark) if item.mark is not None else None
    return (0, 0) if marked is None else (marked.kept, marked.due)


def _item(
    item: Item, numerator: int, denominator: int, weight: Decimal | None, figures: Mapping[Figure, Measured]
) -> ScoredItem:
    told = f"{item.rated} {numerator}/{denominator}"
    missed = 0 if item.figure is None else figures[item.figure].missed
    if weight is None:
        small = f"{told}，少于最小样本 {item.minimum}" if denominator else "没有可计的数据"
        why = f"{small}，不计分；权重 {_plain(item.weight)} 由其他项按比例分担。"
        return ScoredItem(item, numerator, denominator, NONE, None, None, NONE, missed, why)
    rate = Fraction(numerator * 100, denominator)
    way = (rate - Fraction(item.zero)) / (Fraction(item.full) - Fraction(item.zero))
    reached = min(max(way, Fraction(0)), Fraction(1))
    points, earned = _rounded(reached * 100), _rounded(reached * Fraction(weight))
    lines = f"满分线 {_plain(item.full)}%，零分线 {_plain(item.zero)}%"
    why = f"{told}，即 {_rounded(rate)}%；{lines}，得 {points} 分；权重 {_plain(weight)}，计 {earned} 分。"
    return ScoredItem(item, numerator, denominator, weight, _rounded(rate), points, earned, missed, why)


def _event(event: Event, found: Measured) -> ScoredEvent:
    number = getattr(found, event.part.value)
    plain = event.points * number
    earned = max(-event.most, min(plain, event.most))
    capped = f"，以 {_plain(event.most)} 分为限" if earned != plain else ""
    why = f"{DEFINITIONS[event.figure].name}所计 {number} 件，每件 {_plain(event.points)} 分{capped}，计 {earned} 分。"
    return ScoredEvent(event, number, earned, why)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
