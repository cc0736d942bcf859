"""Points: exact, within their bounds, monotone in each rate, and summing to what is shown."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorders.statistics.assessment.schemes import CENT, WHOLE, Event, EventPart, Item, Mark, Scheme, shipped_scheme
from workorders.statistics.assessment.scoring import NONE, Marked, Score, score, share, spread
from workorders.statistics.assessment.standing import standing
from workorders.statistics.definitions import DEFINITIONS, Figure, Outcome, Part, counter, measured

RATES = [figure for figure in Figure if DEFINITIONS[figure].numerator is not None]
MARKED = {Mark.UPKEEP: Marked(9, 10)}
cents = st.integers(0, 10_000).map(lambda number: number * CENT)


def counts_of(figure: Figure, above: int, below: int) -> dict[str, int]:
    """Counts by which a rate is this; other figures of its family are whatever they are."""
    definition = DEFINITIONS[figure]
    numerator, rest = min(definition.numerator or ()), min(definition.denominator - (definition.numerator or set()))
    return {counter(definition.family, numerator): above, counter(definition.family, rest): below - above}


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    figures = draw(st.lists(st.sampled_from(RATES), min_size=1, max_size=5, unique=True))
    cuts = sorted(draw(st.sets(st.integers(1, 9_999), min_size=len(figures) - 1, max_size=len(figures) - 1)))
    weights = [high - low for low, high in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    items = []
    for figure, weight in zip(figures, weights, strict=True):
        low, high = sorted(draw(st.sets(cents, min_size=2, max_size=2)))
        lines = {"zero": low, "full": high} if DEFINITIONS[figure].good_high else {"zero": high, "full": low}
        items.append(
            Item(name=figure.value, figure=figure, weight=weight * CENT, minimum=draw(st.integers(1, 9)), **lines)
        )
    points = st.sampled_from([Decimal("-0.33"), Decimal(2)])
    drawn = draw(st.lists(st.tuples(st.sampled_from(RATES), st.sampled_from(EventPart), points), max_size=3))
    events = [
        Event(name=f"event {number}", figure=figure, part=part, points=each, most=Decimal(5))
        for number, (figure, part, each) in enumerate(drawn)
    ]
    return Scheme(title="方案", version="1", valid_from="2026-01", minimum=3, items=tuple(items), events=tuple(events))


counted = st.dictionaries(
    st.sampled_from([counter(DEFINITIONS[f].family, o) for f in RATES for o in DEFINITIONS[f].denominator]),
    st.integers(0, 40),
)


@given(scheme=schemes(), counts=counted)
def test_parts_sum_to_the_total_and_stay_within_their_bounds(scheme: Scheme, counts: dict[str, int]) -> None:
    found = score(scheme, counts, {})
    judged = [each for each in found.items if each.judged]
    assert sum((each.weight for each in found.items), NONE) == (WHOLE if judged else NONE)
    for each in found.items:
        assert NONE <= each.earned <= each.weight
        assert each.earned + each.lost == each.weight
        assert each.judged == (each.denominator >= each.item.minimum)
        assert each.judged or (each.weight, each.earned, each.points) == (NONE, NONE, None)
    for event in found.events:
        assert abs(event.earned) <= event.event.most
        assert event.number == len_of(event.event, counts)
    if found.total is None:
        assert not judged
        return
    events = sum((each.earned for each in found.events), NONE)
    assert found.total == sum((each.earned for each in found.items), NONE) + events
    assert NONE <= found.total - events <= WHOLE
    assert all(part == part.quantize(CENT) for each in found.items for part in (each.earned, each.lost, each.weight))


def len_of(event: Event, counts: dict[str, int]) -> int:
    definition = DEFINITIONS[event.figure]
    return sum(counts.get(counter(definition.family, outcome), 0) for outcome in definition.outcomes(event.part.listed))


@given(scheme=schemes(), counts=counted)
def test_what_is_lost_is_lost_to_somebody_and_shared_exactly(scheme: Scheme, counts: dict[str, int]) -> None:
    """An item that reached its full line loses nothing; one that did not has entries which missed it."""
    found = score(scheme, counts, {})
    lost = [(each.number, each.lost) for each in found.items] + [(each.number, each.lost) for each in found.events]
    for number, points in lost:
        assert number or points == NONE
        if number:
            first, rest = share(points, number)
            assert first + rest * (number - 1) == points
            assert abs(first - rest) < Decimal("0.000001") * number


@given(
    figure=st.sampled_from(RATES),
    below=st.integers(1, 400),
    data=st.data(),
    lines=st.sets(cents, min_size=2, max_size=2).map(sorted),
)
def test_a_better_rate_never_earns_less(figure: Figure, below: int, data: st.DataObject, lines: list[Decimal]) -> None:
    good_high = DEFINITIONS[figure].good_high
    zero, full = lines if good_high else reversed(lines)
    item = Item(name="一", figure=figure, weight=Decimal(60), zero=zero, full=full)
    other = Item(name="二", mark=Mark.UPKEEP, weight=Decimal(40), zero=Decimal(0), full=Decimal(100))
    scheme = Scheme(title="方案", version="1", valid_from="2026-01", minimum=1, items=(item, other))
    one, two = sorted(data.draw(st.tuples(st.integers(0, below), st.integers(0, below))))
    less, more = (score(scheme, counts_of(figure, above, below), MARKED).items[0].earned for above in (one, two))
    assert (less <= more) if good_high else (less >= more)


@given(weights=st.lists(cents, min_size=1, max_size=12))
def test_weights_are_spread_in_proportion_to_exactly_a_hundred(weights: list[Decimal]) -> None:
    found = spread(weights)
    together = sum(weights, NONE)
    assert sum(found, NONE) == (WHOLE if together else NONE)
    for before, after in zip(weights, found, strict=True):
        assert not together or abs(after - before * 100 / together) < CENT
        assert before or not after


def test_halves_are_rounded_up() -> None:
    item = Item(name="一", figure=Figure.ON_TIME, weight=Decimal(100), zero=Decimal(0), full=Decimal(100))
    scheme = Scheme(title="方案", version="1", valid_from="2026-01", minimum=1, items=(item,))
    found = score(scheme, counts_of(Figure.ON_TIME, 1, 800), {})
    assert (found.items[0].rate, found.total) == (Decimal("0.13"), Decimal("0.13"))  # 0.125 %


def shipped(**changed: int) -> Score:
    """By the scheme that comes with the program: everything at its best but for what is said."""
    best = {
        Figure.SIGNED_ON_TIME: (50, 50), Figure.ON_TIME: (40, 40), Figure.CONTACTED_ON_TIME: (45, 45),
        Figure.RETURN_REFUSED: (0, 10),
    }  # fmt: skip
    counts = {name: number for figure, pair in best.items() for name, number in counts_of(figure, *pair).items()}
    counts |= {"rating:solved_1": 20, "intake:completed": 40}
    return score(
        shipped_scheme(), counts | {name.replace("__", ":"): number for name, number in changed.items()}, MARKED
    )


def test_two_schemes_tell_two_scores_of_one_month() -> None:
    """By hand: 46 of 50 signed in time is two thirds of the way from 80 % to 98 %."""
    found = shipped(sign__on_time=46, sign__late=4)
    signed = found.named("签收")
    assert signed is not None
    assert (signed.earned, signed.lost) == (Decimal("6.67"), Decimal("3.33"))
    upkeep = found.named("知识库维护")
    assert upkeep is not None
    assert upkeep.earned == Decimal("3.75")  # 90 %, three quarters of the way from 60 to 100, of 5
    assert found.total == Decimal("95.42")
    strict: Any = {"name": "签收", "figure": "signed_on_time", "weight": 100, "zero": 92, "full": 100}
    scheme = Scheme(title="严", version="1", valid_from="2026-01", minimum=1, items=(Item(**strict),))
    assert score(scheme, counts_of(Figure.SIGNED_ON_TIME, 46, 50), {}).total == NONE


def test_what_is_not_judged_is_said_and_its_weight_is_spread() -> None:
    found = score(shipped_scheme(), {"sign:on_time": 5, "reply:on_time": 5, "rating:solved_1": 2}, {})
    weights = {each.item.name: each.weight for each in found.items}
    assert (weights["签收"], weights["按时办结"]) == (Decimal("25.00"), Decimal("75.00"))
    assert {name for name, weight in weights.items() if weight} == {"签收", "按时办结"}
    why = {each.item.name: each.why for each in found.items}
    assert "少于最小样本 3，不计分；权重 20 由其他项按比例分担" in why["满意"]
    assert "没有可计的数据" in why["知识库维护"]
    assert (found.total, found.ranked) == (WHOLE, False)


def test_a_month_without_anything_has_no_score() -> None:
    found = score(shipped_scheme(), {}, {})
    assert (found.total, found.sample, found.ranked) == (None, 0, False)
    assert all(not each.judged for each in found.items)


def test_events_are_capped_and_excluded_orders_are_none() -> None:
    assert shipped(supervision__supervised_overdue=3).events[0].earned == Decimal("-1.50")
    assert shipped(supervision__supervised_overdue=30).events[0].earned == Decimal("-5.00")
    assert shipped(supervision__withdrawn=3, supervision__supervised=2).events[0].earned == NONE
    late = shipped(**{"supervision_answer__late": 2, "supervision_answer__on_time": 9})
    assert late.events[1].earned == Decimal("-2.00")
    assert late.total == Decimal("96.75")  # all but a quarter of the upkeep's 5, and 2


@pytest.mark.parametrize("figure", RATES)
def test_what_misses_a_figure_is_what_keeps_it_from_its_best(figure: Figure) -> None:
    definition = DEFINITIONS[figure]
    missed = definition.outcomes(Part.MISSED)
    above = definition.outcomes(Part.NUMERATOR)
    assert missed == (definition.denominator - above if definition.good_high else above)
    counts = {counter(definition.family, outcome): 2 for outcome in Outcome}
    assert measured(counts)[figure].missed == 2 * len(missed)


def test_equal_totals_share_a_rank_and_small_samples_have_none() -> None:
    small = score(shipped_scheme(), {"sign:on_time": 4, "intake:completed": 4}, {})
    good, bad = shipped(), shipped(sign__on_time=0, sign__late=50)
    found = standing({"e": small, "d": bad, "c": good, "b": good, "a": score(shipped_scheme(), {}, {})})
    assert list(found.items()) == [("b", 1), ("c", 1), ("d", 3), ("a", None), ("e", None)]
