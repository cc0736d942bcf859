"""A calendar as a value and as a file."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.data_files import DataFileInvalid
from foundation.working_time import BeyondCalendar, Calendar, CalendarDefinition, shipped_calendar
from foundation.working_time.timeline import Table

SHANGHAI = ZoneInfo("Asia/Shanghai")
CITY = shipped_calendar("cn")
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
)
SPANS = st.integers(1, 200_000_000_000).map(lambda ms: timedelta(milliseconds=ms))


def at(text: str) -> datetime:
    """A moment of the city's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def calendar(**definition: Any) -> Calendar:
    return Calendar(CalendarDefinition.model_validate({"tz": "Asia/Shanghai", **definition}))


@given(MOMENTS, SPANS)
@settings(max_examples=300)
def test_what_is_added_lies_between(start: datetime, span: timedelta) -> None:
    """To the millisecond, forward and backward, in an office's week and around the clock."""
    for each in (CITY, shipped_calendar("24x7")):
        later, sooner = each.add(start, span), each.add(start, -span)
        assert each.between(start, later) == span == each.between(sooner, start)
        assert not each.is_open(later) or later == each.next_open(later)
        assert each.prev_open(later) == later
        assert each.next_open(sooner) == sooner


@given(MOMENTS, SPANS, SPANS)
@settings(max_examples=200)
def test_adding_in_two_steps_is_adding_at_once(start: datetime, one: timedelta, other: timedelta) -> None:
    assert CITY.add(CITY.add(start, one), other) == CITY.add(start, one + other)
    assert CITY.between(start, start + one) + CITY.between(start + one, start) == timedelta(0)


@given(MOMENTS, st.integers(1, 600))
@settings(max_examples=200)
def test_working_days_count_and_close(start: datetime, n: int) -> None:
    due = CITY.add_days(start, n)
    first, last = CITY.local_date(start), CITY.local_date(due)
    assert CITY.working_days_between(first, last) == n
    assert CITY.working_day(first, n) == last
    assert due.astimezone(SHANGHAI).strftime("%H:%M") == "17:00"
    assert not CITY.is_open(due)
    assert CITY.working_days_between(CITY.working_day(first, -n), first) in (n, n - 1)


def test_the_day_itself_does_not_count_and_the_last_closes() -> None:
    # Thursday before National Day 2026: the holidays end on the 7th, Saturday the 10th is worked.
    assert CITY.add_days(at("2026-09-30T08:00"), 1) == at("2026-10-08T17:00")
    assert CITY.add_days(at("2026-09-30T23:59"), 3) == at("2026-10-10T17:00")
    assert CITY.add_days(at("2026-10-08T08:00"), -1) == at("2026-09-30T17:00")
    with pytest.raises(ValueError, match="closing time"):
        CITY.add_days(at("2026-09-30T08:00"), 0)


@pytest.mark.parametrize(
    ("moment", "days", "moved"),
    [
        ("2026-11-20T10:00", -1, "2026-11-19T10:00"),
        ("2026-11-23T17:00", -1, "2026-11-20T17:00"),
        ("2026-11-23T20:00", -1, "2026-11-20T17:00"),
        ("2026-11-23T00:00", -1, "2026-11-19T17:00"),
        ("2026-11-20T12:30", 1, "2026-11-23T13:00"),
        ("2026-11-21T10:00", 1, "2026-11-23T10:00"),
        ("2026-11-21T10:00", 0, "2026-11-23T08:30"),
    ],
)
def test_a_moment_moved_by_working_days_keeps_its_time_of_day(moment: str, days: int, moved: str) -> None:
    assert CITY.shift_days(at(moment), days) == at(moved)


def test_holidays_go_before_overrides_and_overrides_before_make_up_days() -> None:
    each = calendar(
        weekly={"fri": [["09:00", "17:00"]]},
        make_up=[["10:00", "12:00"]],
        working_days=["2026-11-21", "2026-11-22"],
        overrides={"2026-11-20": [["09:00", "10:00"]], "2026-11-22": [["20:00", "24:00"]], "2026-11-27": []},
        holidays=["2026-11-20", "2026-12-04/2026-12-11"],
        breaks={"2026-11-21": [["11:00", "11:30"]]},
    )
    days = {day: each.hours_on(day) for day in (date(2026, 11, 20) + timedelta(days=n) for n in range(29))}
    assert {day.day: hours for day, hours in days.items() if hours} == {
        21: ((600, 660), (690, 720)),
        22: ((1200, 1440),),
        18: ((540, 1020),),
    }


def test_dates_beyond_what_is_published_are_answered_and_marked() -> None:
    new_year = at("2027-01-04T09:00")
    assert CITY.is_open(new_year)
    assert CITY.is_provisional(new_year)
    assert not CITY.is_provisional(at("2026-12-31T23:59:59"))
    assert not CITY.is_provisional(CITY.end_of_day(date(2026, 12, 31)))
    assert CITY.is_provisional(at("2027-01-01T00:00:01"))
    assert CITY.is_provisional(at("2010-12-31T23:59"))
    start = at("2026-12-30T10:00")
    assert not CITY.is_provisional(start, CITY.add_days(start, 1))
    assert CITY.is_provisional(start, CITY.add_days(start, 2))
    assert CITY.is_provisional(CITY.add_days(start, 2), start)
    assert not shipped_calendar("24x7").is_provisional(at("1950-01-01T00:00"), at("2150-01-01T00:00"))


def test_new_years_day_is_known_before_its_notice() -> None:
    """By law: what is fixed in the calendar needs no yearly notice."""
    assert not CITY.is_working_day(date(2027, 1, 1))
    assert not CITY.is_working_day(date(2031, 10, 2))


def test_equal_content_makes_equal_calendars_and_any_difference_another() -> None:
    week = {"weekly": {"mon": [["08:30", "12:00"], ["13:00", "17:00"]], "tue": [["09:00", "10:00"]]}}
    one = calendar(**week, holidays=["2026-01-01", "2026-01-02"], title="甲")
    same = calendar(
        title="乙",
        holidays=["2026-01-01/2026-01-02"],
        weekly={"tue": [["09:00", "10:00"]], "mon": [["13:00", "17:00"], ["08:30", "12:00"]]},
    )
    assert (one, one.id, hash(one)) == (same, same.id, hash(same))
    others = [
        calendar(**week),
        calendar(**week, holidays=["2026-01-01", "2026-01-02"], published_through="2026-12-31"),
        calendar(**week, holidays=["2026-01-01", "2026-01-02"], annual_holidays=["05-01"]),
        calendar(**week, holidays=["2026-01-01", "2026-01-02"], breaks={"2026-01-05": [["09:00", "10:00"]]}),
        Calendar(CalendarDefinition.model_validate({**week, "tz": "Asia/Urumqi", "holidays": ["2026-01-01"]})),
    ]
    assert len({one.id, *(other.id for other in others)}) == 6
    assert one != others[0]


def test_the_name_of_a_calendar_is_the_same_in_every_release() -> None:
    """A stored order names its calendar: another way of hashing would orphan every deadline."""
    assert shipped_calendar("24x7").id == "6d519ea2c235b315"


def test_a_calendar_stored_whole_is_the_same_when_it_is_read_again() -> None:
    stored = CITY.definition.model_dump(mode="json")
    assert Calendar(CalendarDefinition.model_validate(stored)) == CITY
    assert Calendar(CalendarDefinition.model_validate(CITY.definition.model_dump())) == CITY


@pytest.mark.parametrize(
    ("toml", "line", "says"),
    [
        ('tz = "Asia/Shanghai"\n[weekly]\nmon = [["08:30", "25:00"]]\n', 3, "25:00"),
        ('tz = "Asia/Shanghai"\n[weekly]\nmon = [["09:00", "12:00"], ["11:00", "13:00"]]\n', 3, "重叠"),
        ('tz = "Asia/Shanghai"\n[weekly]\nmon = [["22:00", "06:00"]]\n', 3, "分为两段"),
        ('tz = "Asia/Shanghai"\n\n[weekly]\nmonday = []\n', 4, "mon"),
        ('tz = "Asia/Shanghei"\n', 1, "Asia/Shanghei"),
        ('tz = "Asia/Shanghai"\nholidays = [\n"2026-02-30",\n]\n', 2, "holidays"),
        ('tz = "Asia/Shanghai"\nannual_holidays = ["02-30"]\n', 2, "02-30"),
        ('tz = "Asia/Shanghai"\nannual_holidays = ["1-1"]\n', 2, "1-1"),
        ('tz = "Asia/Shanghai"\nholidays = ["2026-10-07/2026-10-01"]\n', 2, "早于起日"),
        ('tz = "Asia/Shanghai"\nholidays = ["2026-10-01/today"]\n', 2, "日期区间"),
        ('tz = "Asia/Shanghai"\n[overrides]\n2026-12-31 = [["08:30"]]\n', 3, "时段"),
        ('tz = "Asia/Shanghai"\nweekly = 3 3\n', 2, "TOML"),
    ],
)
def test_a_faulty_calendar_file_is_refused_naming_its_line(toml: str, line: int, says: str) -> None:
    with pytest.raises(DataFileInvalid) as refused:
        Calendar.from_toml(toml, name="city.toml")
    assert refused.value.message.startswith(f"city.toml:{line}：")
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("", "tz"),
        ('tz = "UTC"\nstatutory = "atlantis"\n', "atlantis"),
        ('tz = "UTC"\nstatutory = "../calendars/cn"\n', "calendars/cn"),
        ('tz = "UTC"\nstatutory = "cn"\n', "make_up"),
        (
            'tz = "UTC"\nmake_up=[["09:00","10:00"]]\nholidays=["2026-01-04"]\nworking_days=["2026-01-04"]\n',
            "2026-01-04",
        ),
    ],
)
def test_a_calendar_file_that_does_not_fit_together_is_refused(toml: str, says: str) -> None:
    with pytest.raises(DataFileInvalid) as refused:
        Calendar.from_toml(toml, name="city.toml")
    assert says in refused.value.message


def test_a_calendar_that_never_opens_again_says_so() -> None:
    closed = calendar(overrides={"2026-11-20": [["09:00", "10:00"]]})
    assert closed.next_open(at("2026-11-01T00:00")) == at("2026-11-20T09:00")
    for ask in (
        lambda: closed.next_open(at("2026-11-20T10:00")),
        lambda: closed.add(at("2026-11-20T09:00"), timedelta(minutes=61)),
        lambda: closed.add_days(at("2026-11-20T09:00"), 1),
        lambda: closed.prev_open(at("2026-11-20T09:00")),
        lambda: closed.add(at("2026-11-20T10:00"), -timedelta(minutes=61)),
        lambda: closed.working_day(date(2026, 11, 20), -1),
        lambda: CITY.is_open(datetime(1, 1, 2, tzinfo=UTC)),
        lambda: CITY.add(at("2026-11-20T10:00"), timedelta(days=900_000_000)),
        lambda: CITY.add_days(datetime.max.replace(tzinfo=UTC), 1),
        lambda: CITY.shift_days(datetime.max.replace(tzinfo=UTC), -1),
    ):
        with pytest.raises(BeyondCalendar):
            ask()


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        CITY.is_open(datetime(2026, 11, 20, 9))  # noqa: DTZ001


def test_threads_that_ask_a_new_calendar_about_many_years_at_once_get_the_same_answers() -> None:
    """Its table grows under them, in both directions."""
    week = {"weekly": {"mon": [["09:00", "17:00"]], "thu": [["00:00", "24:00"]]}}
    starts = [datetime(year, 5, 5, tzinfo=UTC) for year in (2026, 1990, 2100, 1950, 2150, 2010)]
    steady = calendar(**week)

    def answers(of: Calendar) -> list[object]:
        spans = [of.between(start, other) for start in starts for other in starts]
        return [*spans, *(of.add(start, sign * timedelta(days=900)) for start in starts for sign in (1, -1))]

    expected = answers(steady)
    for _ in range(2):
        fresh = calendar(**week)
        got: list[list[object]] = []
        threads = [threading.Thread(target=lambda each=fresh, into=got: into.append(answers(each))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == [expected] * 6


def test_a_table_is_whole_however_it_grew() -> None:
    def grown(*years: int) -> Table:
        each = calendar(weekly={"wed": [["00:00", "24:00"]], "thu": [["00:00", "08:00"]]})
        for year in years:
            each.is_open(datetime(year, 6, 1, tzinfo=UTC))
        return each._timeline.table

    once, piecewise = grown(2010, 2030), grown(2030, 2020, 2010)
    assert (once.opens, once.closes, once.days) == (piecewise.opens, piecewise.closes, piecewise.days)
    assert [w - once.worked[0] for w in once.worked] == [w - piecewise.worked[0] for w in piecewise.worked]
