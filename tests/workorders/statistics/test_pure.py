"""What needs no database: definitions that fit each other, windows, rankings."""

import itertools
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorders.statistics.definitions import (
    BY_CLOCK,
    DEFINITIONS,
    EXCLUDED,
    OUTCOME_NAMES,
    Family,
    Figure,
    Measured,
    Outcome,
    counter,
    measured,
)
from workorders.statistics.errors import BadRanking, BadWindow
from workorders.statistics.ranking import ranking
from workorders.statistics.windows import DAY, Per, Window, periods, previous, window_of, year_before

RATES = [figure for figure in Figure if DEFINITIONS[figure].numerator is not None]
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    first = draw(st.dates(date(2001, 1, 1), date(2097, 12, 31)))
    return Window(first, first + timedelta(days=draw(st.integers(0, 399))))


@pytest.mark.parametrize("figure", Figure)
def test_a_figure_counts_part_of_what_is_below_the_line_and_names_what_is_not(figure: Figure) -> None:
    definition = DEFINITIONS[figure]
    assert (definition.numerator or frozenset()) <= definition.denominator
    assert not definition.denominator & definition.left_out
    if figure in RATES:
        assert definition.left_out >= EXCLUDED
    told = {late_or_not for pair in BY_CLOCK.values() for late_or_not in pair}
    assert not (definition.denominator | definition.left_out) & BY_CLOCK.keys()
    assert set(OUTCOME_NAMES) == set(Outcome)
    assert told <= set(OUTCOME_NAMES)


@given(counts=st.dictionaries(st.sampled_from([counter(f, o) for f in Family for o in Outcome]), st.integers(0, 99)))
def test_no_rate_is_more_than_a_whole(counts: dict[str, int]) -> None:
    for figure, found in measured(counts).items():
        assert 0 <= found.numerator <= found.denominator
        assert found.rate is None or 0 <= found.rate <= 1
        family = DEFINITIONS[figure].family
        listed = DEFINITIONS[figure].denominator | DEFINITIONS[figure].left_out
        everything = sum(counts.get(counter(family, outcome), 0) for outcome in listed)
        assert found.denominator + sum(found.left_out.values()) == everything


@given(window=windows(), per=st.sampled_from(Per))
def test_periods_cover_the_window_without_gap_or_overlap(window: Window, per: Per) -> None:
    found = periods(window, per)
    assert (found[0].first, found[-1].last) == (window.first, window.last)
    assert all(one.last + DAY == other.first for one, other in itertools.pairwise(found))
    if per is Per.WEEK:
        assert all(each.first.weekday() == 0 for each in found[1:])
    if per is Per.MONTH:
        assert all(each.first.day == 1 for each in found[1:])
    assert [day for each in found for day in each.each_day()] == list(window.each_day())


@given(window=windows())
def test_what_is_compared_with_is_as_long_and_adjoins_or_lies_a_year_before(window: Window) -> None:
    before, year = previous(window), year_before(window)
    assert before.last + DAY == window.first
    assert before.days == window.days or window.whole_months
    assert (before.whole_months, year.whole_months) == (True, True) or not window.whole_months
    assert 364 <= (window.first - year.first).days <= 366
    assert (year.first.month, year.last.month) == (window.first.month, window.last.month)


def test_a_month_is_compared_with_whole_months() -> None:
    march, february = Window(date(2024, 3, 1), date(2024, 3, 31)), Window(date(2024, 2, 1), date(2024, 2, 29))
    assert previous(march) == february
    assert year_before(february) == Window(date(2023, 2, 1), date(2023, 2, 28))
    assert year_before(Window(date(2024, 2, 29), date(2024, 2, 29))) == Window(date(2023, 2, 28), date(2023, 2, 28))
    half = Window(date(2019, 1, 1), date(2019, 6, 30))
    assert previous(half) == Window(date(2018, 7, 1), date(2018, 12, 31))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(1900, 1, 1), date(1900, 1, 31)),
        (date(1999, 12, 31), date(2000, 1, 1)),
        (date(2026, 2, 1), date(2026, 1, 31)),
        (date(2020, 1, 1), date(2025, 1, 5)),
        (date(2099, 12, 31), date(2100, 1, 1)),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(first: date, last: date) -> None:
    with pytest.raises(BadWindow):
        window_of(first, last)


def rows_of(parts: list[tuple[int, int]]) -> list[tuple[str, Measured]]:
    return [(f"u{number}", Measured(Figure.ON_TIME, min(pair), max(pair), {})) for number, pair in enumerate(parts)]


@given(parts=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=12), minimum=st.integers(1, 9))
def test_ranks_follow_the_rates_and_equals_share_one(parts: list[tuple[int, int]], minimum: int) -> None:
    found = ranking(Figure.ON_TIME, rows_of(parts), minimum=minimum)
    assert sorted(each.value for each in found) == sorted(value for value, _ in rows_of(parts))
    ranked = [each for each in found if each.rank is not None]
    assert {each.value for each in ranked} == {v for v, m in rows_of(parts) if m.denominator >= minimum}
    for each in ranked:
        better = sum(
            Fraction(other.measured.numerator, other.measured.denominator)
            > Fraction(each.measured.numerator, each.measured.denominator)
            for other in ranked
        )
        assert each.rank == better + 1
    assert found == tuple(sorted(found, key=lambda each: (each.rank or 99, each.value)))


def test_where_less_is_better_the_least_comes_first() -> None:
    rows = [("a", Measured(Figure.RETURNED, 1, 10, {})), ("b", Measured(Figure.RETURNED, 0, 10, {}))]
    assert [(each.value, each.rank) for each in ranking(Figure.RETURNED, rows)] == [("b", 1), ("a", 2)]
    assert [each.tier for each in ranking(Figure.RETURNED, rows, tiers=(0.05, 0.2))] == [1, 2]
    with pytest.raises(BadRanking):
        ranking(Figure.RETURNED, rows, tiers=(0.2, 0.05))


def test_tiers_stand_for_ranks() -> None:
    found = ranking(Figure.ON_TIME, rows_of([(19, 20), (18, 20), (10, 20), (0, 0)]), tiers=(0.95, 0.9))
    assert [(each.rank, each.tier) for each in found] == [(None, 1), (None, 2), (None, 3), (None, None)]
