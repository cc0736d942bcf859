"""The windows that a page walks: none empty, all adjoining, from the start of the list to its end."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from foundation.densities import NOTHING_KNOWN, Density
from foundation.paging import EARLIEST, LATEST, Span, _windows, time_key

moments = st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
MILLISECOND = timedelta(milliseconds=1)


densities = st.builds(
    Density, st.one_of(st.none(), moments), st.timedeltas(timedelta(seconds=1), timedelta(days=40 * 366))
)


@given(moments, st.one_of(st.none(), moments), st.tuples(moments, moments), st.booleans(), densities)
def test_windows_adjoin_and_cover_the_rest_of_the_list(
    around: datetime, after: datetime | None, ends: tuple[datetime, datetime], descending: bool, density: Density
) -> None:
    span = Span(min(ends), max(ends) + MILLISECOND)
    windows = _windows(span, time_key(after, "x") if after else None, around, descending, density)
    ascending = windows[::-1] if descending else windows
    assert all(low < high for low, high in windows)
    assert all(one[1] == other[0] for one, other in itertools.pairwise(ascending))
    start = span.start if after is None or descending else max(span.start, after)
    end = span.end if after is None or not descending else min(span.end, after + MILLISECOND)
    if start < end:
        assert (ascending[0][0], ascending[-1][1]) == (start, end)
    else:
        assert windows == []


def test_a_first_page_asks_one_window_before_it_widens() -> None:
    now = datetime(2026, 11, 16, tzinfo=UTC)
    assert _windows(Span(), None, now, False, NOTHING_KNOWN)[0] == (EARLIEST, now + timedelta(hours=6))
    assert _windows(Span(), None, now, True, NOTHING_KNOWN)[0] == (now - timedelta(hours=6), LATEST)
