"""Times as exports write them: read rightly, or refused."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.importing.moments import BadMoment, read_moment

BOSTON, SHANGHAI = ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai")
LOCAL = st.datetimes(datetime.fromisoformat("2014-01-01"), datetime.fromisoformat("2016-01-01"))
AROUND_A_CHANGE = st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds),
    st.sampled_from([datetime.fromisoformat("2015-03-08"), datetime.fromisoformat("2015-11-01")]),
    st.integers(0, 4 * 3_600),
)


def read(value: object, zone: ZoneInfo = SHANGHAI, *formats: str) -> datetime:
    moment = read_moment(value, zone, formats)
    assert moment is not None
    return moment.at


@pytest.mark.parametrize(
    "written",
    [
        "2019-04-25T09:32:00",
        "2019-04-25 09:32",
        "2019/4/25 9:32",
        "2019/04/25 09:32:00",
        "2019年4月25日 9:32",
        "2019年04月25日09时32分",
        "2019.4.25 9:32",
        "2019-04-25T01:32:00Z",
        " 2019-04-25 09:32:00+08:00 ",
        datetime.fromisoformat("2019-04-25T09:32"),
        datetime(2019, 4, 25, 1, 32, tzinfo=UTC),
    ],
)
def test_whatever_begins_with_the_year_is_read_as_it_is(written: object) -> None:
    assert read(written) == datetime(2019, 4, 25, 1, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    "written", ["25/04/2019", "4/25/2019 9:32", "昨天", "2019-02-30", "0019-04-25", "1999-01-01", 43_580]
)
def test_what_could_be_read_in_two_ways_or_in_none_is_refused(written: object) -> None:
    with pytest.raises(BadMoment):
        read(written)


def test_three_formats_in_one_column_are_read_where_only_one_of_them_fits() -> None:
    formats = ("iso", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M %p")
    for written in ("2019-04-25 09:32", "25.04.2019 09:32", "04/25/2019 09:32 AM"):
        assert read(written, SHANGHAI, *formats) == datetime(2019, 4, 25, 1, 32, tzinfo=UTC)


def test_a_time_that_two_of_the_formats_read_differently_is_refused() -> None:
    formats = ("%d/%m/%Y", "%m/%d/%Y")
    with pytest.raises(BadMoment, match="不止一种读法"):
        read("04/05/2019", SHANGHAI, *formats)
    assert read("25/04/2019", SHANGHAI, *formats) == read("04/25/2019", SHANGHAI, *formats)
    assert read("05/05/2019", SHANGHAI, *formats) == datetime(2019, 5, 4, 16, tzinfo=UTC)


@pytest.mark.parametrize("day", ["2019-04-25", "2019/4/25", date(2019, 4, 25)])
def test_a_day_without_a_time_ends_when_it_ends(day: object) -> None:
    moment = read_moment(day, SHANGHAI, ())
    assert moment is not None
    assert (moment.at, moment.end(SHANGHAI)) == (
        datetime(2019, 4, 24, 16, tzinfo=UTC),
        datetime(2019, 4, 25, 16, tzinfo=UTC),
    )


@given(st.one_of(LOCAL, AROUND_A_CHANGE), st.one_of(LOCAL, AROUND_A_CHANGE))
def test_later_by_the_citys_clocks_is_never_earlier_by_ours(one: datetime, other: datetime) -> None:
    first, last = sorted([one, other])
    assert read(first.isoformat(), BOSTON) <= read(last.isoformat(), BOSTON)


def test_where_clocks_are_put_forward_an_hour_is_one_moment() -> None:
    change = datetime(2015, 3, 8, 7, tzinfo=UTC)
    for written in ("2015-03-08T02:00:00", "2015-03-08T02:59:59", "2015-03-08T03:00:00"):
        assert read(written, BOSTON) == change


@given(st.text(max_size=30))
def test_any_text_is_a_moment_a_blank_or_refused(written: str) -> None:
    try:
        moment = read_moment(written, SHANGHAI, ())
    except BadMoment:
        return
    assert moment is None or 2000 <= moment.at.year <= 2099
