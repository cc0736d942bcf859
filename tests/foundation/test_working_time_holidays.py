"""The shipped days against everyone else who keeps them."""

import json
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest

from foundation.working_time import Calendar, shipped_calendar

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "holidays"
FIRST, LAST = date(2011, 1, 1), date(2026, 12, 31)


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return shipped_calendar("cn")


@pytest.fixture(scope="module")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the folder of shared test data is not there")
    return SHARED


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def test_every_day_of_2024_to_2026_is_what_the_shared_table_says(calendar: Calendar, shared: Path) -> None:
    table = json.loads((shared / "workdays_2024_2026.json").read_text(encoding="utf-8"))
    assert len(table) == 1096
    for day, entry in table.items():
        assert calendar.is_working_day(date.fromisoformat(day)) == entry["workday"], day
    counts = [calendar.working_days_between(date(y - 1, 12, 31), date(y, 12, 31)) for y in (2024, 2025, 2026)]
    assert counts == [251, 248, 248]


def test_every_day_off_and_make_up_day_of_the_notices_2023_to_2026(calendar: Calendar, shared: Path) -> None:
    for year in range(2023, 2027):
        notice = json.loads((shared / f"holiday-cn-{year}.json").read_text(encoding="utf-8"))
        listed = {date.fromisoformat(day["date"]): day["isOffDay"] for day in notice["days"]}
        for day in days(date(year, 1, 1), date(year, 12, 31)):
            expected = not listed[day] if day in listed else day.weekday() < 5
            assert calendar.is_working_day(day) == expected, day


def test_every_day_agrees_with_chinesecalendar_and_with_holidays(calendar: Calendar) -> None:
    known = holidays.country_holidays("CN", years=range(FIRST.year, LAST.year + 1))
    for day in days(FIRST, LAST):
        working = calendar.is_working_day(day)
        assert working == chinese_calendar.is_workday(day), day
        by_holidays = day in known.weekend_workdays or (day.weekday() < 5 and day not in known)
        assert working == by_holidays, day


def test_a_working_day_has_450_minutes_on_make_up_days_too(calendar: Calendar) -> None:
    lengths = {sum(close - opening for opening, close in calendar.hours_on(day)) for day in days(FIRST, LAST)}
    assert lengths == {0, 450}
