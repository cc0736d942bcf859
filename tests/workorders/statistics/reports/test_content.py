"""Periods, cells and sentences: what stands in a report, worked out from whole numbers."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workorders.statistics.reports.examples import beside, counts, example
from workorders.statistics.definitions import Figure, Measured
from workorders.statistics.reading import Row
from workorders.statistics.reports.content import growth, points, rate, rounded
from workorders.statistics.reports.errors import BadPeriod
from workorders.statistics.reports.facts import Beside
from workorders.statistics.reports.periods import read_period

NUMBERS = st.integers(0, 10**7)


@pytest.mark.parametrize(
    ("key", "name", "first", "last", "months"),
    [
        ("2026-10", "2026年10月", date(2026, 10, 1), date(2026, 10, 31), 1),
        ("2024-02", "2024年2月", date(2024, 2, 1), date(2024, 2, 29), 1),
        ("2026-Q4", "2026年第四季度", date(2026, 10, 1), date(2026, 12, 31), 3),
        ("2019-H1", "2019年上半年", date(2019, 1, 1), date(2019, 6, 30), 6),
        ("2019-H2", "2019年下半年", date(2019, 7, 1), date(2019, 12, 31), 6),
        ("2000", "2000年", date(2000, 1, 1), date(2000, 12, 31), 12),
    ],
)
def test_a_period_is_whole_months(key: str, name: str, first: date, last: date, months: int) -> None:
    period = read_period(key)
    assert (period.key, period.name, len(period.months)) == (key, name, months)
    assert (period.window.first, period.window.last, period.window.whole_months) == (first, last, True)


@pytest.mark.parametrize(
    "given", ["", "1999", "2100", "2026-00", "2026-1", "2026-Q0", "2026-H3", "26-10", "２０２６-10"]
)
def test_what_spells_no_period_is_refused(given: str) -> None:
    with pytest.raises(BadPeriod):
        read_period(given)


@given(part=st.integers(-(10**9), 10**9), whole=st.integers(1, 10**9))
def test_rounding_is_exact_and_halves_go_away_from_zero(part: int, whole: int) -> None:
    exact = Fraction(part, whole)
    assert abs(rounded(part, whole) - exact) <= Fraction(1, 2)
    assert rounded(-part, whole) == -rounded(part, whole)
    assert rounded(2 * part + 1, 2) == (part + 1 if part >= 0 else part)


@given(part=NUMBERS, whole=NUMBERS, before=NUMBERS)
def test_a_cell_reads_as_its_number(part: int, whole: int, before: int) -> None:
    for cell in (rate(min(part, whole), whole), growth(part, before)):
        if cell.number is None:
            assert cell.text == "—"
        else:
            assert cell.text.lstrip("+") == f"{cell.number * 100:.1f}%"


def test_percentages_are_those_of_a_pocket_calculator() -> None:
    assert rate(107, 111).text == "96.4%"
    assert rate(1, 16).text == "6.3%"
    assert (rate(0, 0).text, rate(0, 0).number) == ("—", None)
    assert (growth(6_421, 3_303).text, growth(111, 57).text, growth(1, 0).text) == ("+94.4%", "+94.7%", "—")
    assert growth(50, 100).text == "-50.0%"
    now, before = Measured(Figure.ON_TIME, 1, 3, {}), Measured(Figure.ON_TIME, 1, 4, {})
    assert (points(now, before).text, points(before, now).text) == ("+8.3", "-8.3")


def test_the_half_year_of_a_city_is_told_in_its_own_figures() -> None:
    """Tianning, the first half of 2019, as its hotline published it."""

    def row(received: int, satisfied: int = 0, rated: int = 0) -> Row:
        told = counts(received, on_time=received, late=0, satisfied=satisfied, discontent=rated - satisfied)
        return Row("", told)

    whole = Beside("", "全市", row(6_421), row(5_000), row(3_303))
    province = Beside("province", "省12345平台", row(111, 107, 111), row(60), row(57))
    content = example("2019-H1", all=whole, sources=[province])
    said = "".join(sentence for section in content.sections for sentence in section.sentences)
    assert "2019年上半年，全市受理工单6,421件" in said
    assert "比上年同期上升94.4%" in said
    assert "按时办结率100.0%（6,421/6,421）" in said
    assert "省12345平台转办111件，比上年同期上升94.7%；到期应办111件，按时办结111件，按时办结率100.0%" in said
    assert "评价111件，满意107件，满意率96.4%。" in said
    (upstream,) = [table for table in content.tables if table.name == "上级转办工单"]
    assert [cell.text for cell in upstream.rows[0]] == [
        "省12345平台", "111", "+94.7%", "111", "111", "100.0%", "107", "111", "96.4%",
    ]  # fmt: skip


def test_nothing_is_called_grown_that_did_not_grow_or_is_rare() -> None:
    categories = [beside("多", 50, 30), beside("少", 4, 0), beside("降", 50, 60), beside("平", 50, 50), beside("新", 9)]
    (table,) = [each for each in example(categories=categories).tables if each.name == "增长较多的诉求"]
    assert [[cell.text for cell in row][:4] for row in table.rows] == [["多", "50", "30", "20"], ["新", "9", "0", "9"]]


def test_an_empty_period_says_so_and_lists_nothing() -> None:
    content = example(all=Beside("", "全市", *[Row("", {})] * 3), corrections=None)
    (section,) = content.sections
    assert section.sentences == ("2026年10月，全市本期无工单。",)
    assert list(content.tables) == []


def test_a_units_report_has_no_section_that_the_unit_may_not_read() -> None:
    content = example(whole_city=False, scope="市水务局")
    headings = {section.heading.partition("、")[2] for section in content.sections}
    assert headings.isdisjoint({"上级转办工单", "诉求构成", "增长较多的诉求", "热点地区"})
    assert {"各单位办理情况", "逾期工单", "督办工单", "群众好评"} <= headings


def test_a_list_that_is_cut_says_how_many_there_are() -> None:
    sentences = [sentence for section in example().sections for sentence in section.sentences]
    assert "本期到期的承办任务中逾期100件，列前60件。" in sentences
