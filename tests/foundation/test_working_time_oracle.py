"""The calendar against an oracle that looks at every single minute on the wall clock, over ≥ 20,000 random questions.

The oracle knows nothing of tables and bisections: a minute is open if the wall clock then shows a time within the hours
of the wall clock's date. (On the days when the clocks change, an interval that begins or ends inside the skipped or the
repeated hour is a matter of convention; it has tests of its own, and random hours begin and end outside 23:00–04:00.)
"""

import random
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from foundation.working_time import Calendar, CalendarDefinition

CALENDARS = 54
DAYS = 30
QUESTIONS = 250
MINUTE = timedelta(minutes=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A zone and the days around which something happens there: clocks forward, clocks back, half an hour, at midnight.
PLACES = [
    ("Asia/Shanghai", ["2026-02-15", "2025-10-01"]),
    ("UTC", ["2024-02-28"]),
    ("Europe/Berlin", ["2026-03-29", "2026-10-25"]),
    ("America/New_York", ["2025-03-09", "2025-11-02"]),
    ("America/Sao_Paulo", ["2015-02-22", "2015-10-18"]),
    ("Asia/Tehran", ["2015-09-22", "2016-03-21"]),
    ("Australia/Lord_Howe", ["2024-04-07", "2024-10-06"]),
    ("America/Havana", ["2024-03-10", "2024-11-03"]),
    ("Asia/Kathmandu", ["2023-12-31"]),
]


def random_hours(rng: random.Random) -> list[list[str]]:
    at = sorted(rng.sample([0, 1440, *range(240, 1381)], 2 * rng.randint(1, 3)))
    return [[clock_time(a), clock_time(b)] for a, b in zip(at[::2], at[1::2], strict=True)]


def clock_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def random_definition(rng: random.Random, zone: str, days: list[date]) -> CalendarDefinition:
    open_weekdays = rng.sample(WEEKDAYS, rng.randint(1, 7))
    holidays = rng.sample(days, rng.randint(0, 8))
    return CalendarDefinition.model_validate(
        {
            "tz": zone,
            "weekly": {day: random_hours(rng) for day in open_weekdays},
            "make_up": random_hours(rng),
            "holidays": holidays,
            "working_days": [day for day in rng.sample(days, rng.randint(0, 4)) if day not in holidays],
            "annual_holidays": [f"{day:%m-%d}" for day in rng.sample(days, rng.randint(0, 2))],
            "overrides": {day: random_hours(rng) for day in rng.sample(days, rng.randint(0, 4))},
            "breaks": {day: random_hours(rng) for day in rng.sample(days, rng.randint(0, 6))},
        }
    )


class Minutes:
    """Every minute of a stretch of time, open or not, and its date."""

    def __init__(self, definition: CalendarDefinition, first: date, days: int) -> None:
        zone = ZoneInfo(definition.tz)
        self.start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        self.size = days * 1440
        self.dates: list[date] = []
        self.open = bytearray(self.size)
        wall_minutes: dict[date, frozenset[int]] = {}
        for at in range(self.size):
            local = (self.start + at * MINUTE).astimezone(zone)
            day = local.date()
            if day not in wall_minutes:
                wall_minutes[day] = self._wall_minutes(definition, day)
            self.dates.append(day)
            self.open[at] = local.hour * 60 + local.minute in wall_minutes[day]
        self.open_minutes = [at for at in range(self.size) if self.open[at]]
        last_minutes = {self.dates[at]: at for at in self.open_minutes}
        self.working_days = sorted(last_minutes)
        self.closings = [last_minutes[day] + 1 for day in self.working_days]

    @staticmethod
    def _wall_minutes(definition: CalendarDefinition, day: date) -> frozenset[int]:
        if day in definition.holidays or day.strftime("%m-%d") in definition.annual_holidays:
            return frozenset()
        hours = definition.weekly.get(WEEKDAYS[day.weekday()], ())  # type: ignore[call-overload]
        if day in definition.working_days:
            hours = definition.make_up
        if day in definition.overrides:
            hours = definition.overrides[day]
        minutes = {minute for start, end in hours for minute in range(start, end)}
        for start, end in definition.breaks.get(day, ()):
            minutes -= set(range(start, end))
        return frozenset(minutes)

    def moment(self, at: int) -> datetime:
        return self.start + at * MINUTE


def questions(
    rng: random.Random, calendar: Calendar, minutes: Minutes
) -> Iterator[tuple[str, object, object, tuple[object, ...]]]:
    """Name of the question, the oracle's answer, ours, and what was asked. Leaves out what leads out of the stretch."""
    opens = minutes.open_minutes
    if not opens:
        return
    for _ in range(QUESTIONS):
        at, to = rng.randrange(2880, minutes.size - 2880), rng.randrange(2880, minutes.size - 2880)
        when = minutes.moment(at)
        yield "is_open", bool(minutes.open[at]), calendar.is_open(when), (when,)
        span = sum(minutes.open[min(at, to) : max(at, to)]) * (1 if to >= at else -1)
        yield "between", span * MINUTE, calendar.between(when, minutes.moment(to)), (when, minutes.moment(to))
        before, after = bisect_left(opens, at), len(opens) - bisect_left(opens, at)
        if after:
            n = rng.randint(1, after)
            yield "add", minutes.moment(opens[before + n - 1] + 1), calendar.add(when, n * MINUTE), (when, n)
            expected = minutes.moment(opens[before])
            yield "next_open", expected, calendar.next_open(when), (when,)
            yield "add 0", expected, calendar.add(when, 0 * MINUTE), (when,)
        if before:
            n = rng.randint(1, before)
            yield "add backwards", minutes.moment(opens[before - n]), calendar.add(when, -n * MINUTE), (when, n)
            yield "prev_open", minutes.moment(opens[before - 1] + 1), calendar.prev_open(when), (when,)
        today, days = minutes.dates[at], minutes.working_days
        later = len(days) - bisect_right(days, today)
        # The last date is cut off by the end of the stretch, and so may be its closing.
        if later > 1:
            n = rng.randint(1, later - 1)
            place = bisect_right(days, today) + n - 1
            yield "add_days", minutes.moment(minutes.closings[place]), calendar.add_days(when, n), (when, n)
            yield "working_day", days[place], calendar.working_day(today, n), (today, n)
        count = sum(today < day <= minutes.dates[to] for day in days) - sum(
            minutes.dates[to] < day <= today for day in days
        )
        got = calendar.working_days_between(today, minutes.dates[to])
        yield "working_days_between", count, got, (today, minutes.dates[to])


def test_every_answer_is_that_of_the_minute_by_minute_oracle() -> None:
    rng = random.Random(20261122)
    asked: Counter[str] = Counter()
    for number in range(CALENDARS):
        zone, events = PLACES[number % len(PLACES)]
        first = date.fromisoformat(rng.choice(events)) - timedelta(days=rng.randint(3, DAYS - 4))
        definition = random_definition(rng, zone, [first + timedelta(days=n) for n in range(DAYS)])
        calendar = Calendar(definition)
        minutes = Minutes(definition, first, DAYS)
        for name, expected, got, given in questions(rng, calendar, minutes):
            assert got == expected, f"{name}{given}: {got}, not {expected}, by {definition!r}"
            asked[name] += 1
    assert sum(asked.values()) >= 20_000
    assert min(asked.values()) >= 2_000, asked


@pytest.mark.parametrize(
    ("zone", "hours", "day", "opens", "closes"),
    [
        # Clocks go from 02:00 to 03:00: a skipped time is read with the offset before the jump.
        ("Europe/Berlin", ["01:00", "02:30"], "2026-03-29", "00:00", "01:30"),
        ("Europe/Berlin", ["02:30", "05:00"], "2026-03-29", "01:30", "03:00"),
        # Clocks go from 03:00 back to 02:00: a time that comes twice is the first of the two.
        ("Europe/Berlin", ["01:00", "02:30"], "2026-10-25", "23:00", "00:30"),
        ("Europe/Berlin", ["02:30", "05:00"], "2026-10-25", "00:30", "04:00"),
    ],
)
def test_hours_that_meet_a_clock_change(zone: str, hours: list[str], day: str, opens: str, closes: str) -> None:
    calendar = Calendar(CalendarDefinition.model_validate({"tz": zone, "weekly": {"sun": [hours]}}))
    opening = calendar.next_open(datetime.fromisoformat(f"{day}T00:00+00:00") - timedelta(hours=6))
    closing = calendar.prev_open(datetime.fromisoformat(f"{day}T12:00+00:00"))
    assert (f"{opening:%H:%M}", f"{closing:%H:%M}") == (opens, closes)


def test_hours_wholly_skipped_by_a_clock_change_do_not_happen() -> None:
    calendar = Calendar(
        CalendarDefinition.model_validate({"tz": "Europe/Berlin", "weekly": {"sun": [["02:30", "03:15"]]}})
    )
    assert not calendar.is_working_day(date(2026, 3, 29))
    assert calendar.is_working_day(date(2026, 3, 22))
