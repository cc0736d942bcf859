"""Green, yellow, red."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.working_time import shipped_calendar
from workorders.deadlines import (
    Deadline,
    Kind,
    Light,
    Urgency,
    contact_due,
    dispatch_due,
    extended,
    light,
    reply_due,
    shipped_pack,
    sign_due,
    within_upstream,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = shipped_pack()
CITY = shipped_calendar("cn")
TICK = timedelta(milliseconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def reply(kind: Kind = Kind.HELP, urgency: Urgency = Urgency.NORMAL, start: str = "2026-11-20T16:00") -> Deadline:
    return reply_due(RULES, CITY, kind=kind, urgency=urgency, start=at(start))


@pytest.mark.parametrize(
    ("deadline", "yellow"),
    [
        # Days: a working day before the end.
        (reply(), "2026-11-26T17:00"),
        (reply(start="2026-09-23T10:00"), "2026-09-30T17:00"),
        (reply(Kind.CONSULT), "2026-11-20T17:00"),
        # One working day that begins after hours is the shorter limit: a fifth of 450 minutes.
        (reply(Kind.CONSULT, start="2026-11-20T18:00"), "2026-11-23T15:30"),
        # Minutes and hours: the last fifth, of working time or of the clock's.
        (sign_due(RULES, CITY, urgency=Urgency.NORMAL, start=at("2026-11-20T16:00")), "2026-11-23T09:06"),
        (dispatch_due(RULES, CITY, urgency=Urgency.NORMAL, start=at("2026-11-20T16:00")), "2026-11-23T10:30"),
        (reply(urgency=Urgency.URGENT), "2026-11-21T11:12"),
        (reply(urgency=Urgency.EMERGENCY), "2026-11-20T17:36"),
        (
            contact_due(RULES, CITY, kind=Kind.HELP, urgency=Urgency.NORMAL, start=at("2026-11-19T10:00")),
            "2026-11-20T05:12",
        ),
    ],
)
def test_yellow_begins_a_working_day_before_or_with_the_last_fifth(deadline: Deadline, yellow: str) -> None:
    begins = deadline.yellow_at
    assert begins == at(yellow)
    assert light(deadline, at=begins - TICK) is Light.GREEN
    assert light(deadline, at=begins) is Light.YELLOW
    assert light(deadline, at=deadline.due) is Light.YELLOW
    assert light(deadline, at=deadline.due + TICK) is Light.RED


def test_what_is_done_shows_how_it_ended() -> None:
    deadline = reply()
    later = deadline.due + timedelta(days=30)
    assert light(deadline, at=later, done_at=deadline.due) is Light.GREEN
    assert light(deadline, at=later, done_at=deadline.due + TICK) is Light.RED
    assert light(deadline, at=deadline.due, done_at=later) is Light.YELLOW


def test_an_extension_takes_the_light_back() -> None:
    deadline = reply()
    overdue = deadline.due + TICK
    assert light(deadline, at=overdue) is Light.RED
    assert light(extended(RULES, CITY, deadline, working_days=3), at=overdue) is Light.GREEN


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 6, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)


@given(
    start=MOMENTS,
    kind=st.sampled_from(Kind),
    urgency=st.sampled_from(Urgency),
    left=st.integers(-10_000_000, 10_000_000_000),
    looks=st.lists(st.integers(0, 2_000_000_000), min_size=2, max_size=6),
)
@settings(max_examples=300)
def test_a_light_only_ever_goes_from_green_by_yellow_to_red(
    start: datetime, kind: Kind, urgency: Urgency, left: int, looks: list[int]
) -> None:
    own = reply_due(RULES, CITY, kind=kind, urgency=urgency, start=start)
    theirs = start + timedelta(milliseconds=left)
    for deadline in (
        own,
        within_upstream(RULES, CITY, own, theirs),
        sign_due(RULES, CITY, urgency=urgency, start=start),
    ):
        yellow = deadline.yellow_at
        assert yellow is not None
        assert start <= yellow <= deadline.due
        order = [Light.GREEN, Light.YELLOW, Light.RED]
        seen = [light(deadline, at=start + timedelta(milliseconds=ms)) for ms in sorted(looks)]
        assert seen == sorted(seen, key=order.index)
