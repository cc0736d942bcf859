"""Windows of local days: checked, split into periods, and the windows that one is compared with. Pure."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from foundation.paging import EARLIEST, LATEST
from workorders.statistics.errors import BadWindow

DAY = timedelta(days=1)
MOST_DAYS = 5 * 366
MOST_PERIODS = 400


class Per(StrEnum):
    """How a window is split 统计周期."""

    WHOLE = "whole"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Window:
    """The local days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def each_day(self) -> Iterator[date]:
        for number in range(self.days):
            yield self.first + number * DAY

    def months(self) -> Iterator["Window"]:
        """The parts of the window that lie in one month each, in order."""
        start = self.first
        while start <= self.last:
            end = min(last_of_month(start), self.last)
            yield Window(start, end)
            start = end + DAY

    @property
    def whole_months(self) -> bool:
        return self.first.day == 1 and self.last == last_of_month(self.last)


def window_of(first: date, last: date) -> Window:
    """Raises `BadWindow` for days that no figures can be of, in the wrong order, or too many."""
    window = Window(first, last)
    if not 1 <= window.days <= MOST_DAYS or not EARLIEST.date() <= first <= last < LATEST.date():
        raise BadWindow
    return window


def last_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def periods(window: Window, per: Per) -> tuple[Window, ...]:
    """The window's days, weeks (from Monday) or months, the first and the last cut off where the window ends.

    Raises `BadWindow` where those are more than anybody reads.
    """
    found: list[Window] = []
    start = window.first
    while start <= window.last:
        match per:
            case Per.WHOLE:
                end = window.last
            case Per.DAY:
                end = start
            case Per.WEEK:
                end = start + (6 - start.weekday()) * DAY
            case Per.MONTH:
                end = last_of_month(start)
        found.append(Window(start, min(end, window.last)))
        start = found[-1].last + DAY
    if len(found) > MOST_PERIODS:
        raise BadWindow(f"最多统计 {MOST_PERIODS} 个周期，请缩短时间范围或改用更长的周期。")
    return tuple(found)


def previous(window: Window) -> Window:
    """What 环比 compares with: as many whole months before whole months, else as many days before."""
    if not window.whole_months:
        return Window(window.first - window.days * DAY, window.first - DAY)
    months = (window.last.year - window.first.year) * 12 + window.last.month - window.first.month + 1
    return Window(_months_before(window.first, months), window.first - DAY)


def year_before(window: Window) -> Window:
    """What 同比 compares with: the same days of the year before; whole months stay whole."""
    first, last = _months_before(window.first, 12), _months_before(window.last, 12)
    return Window(first, last_of_month(last) if window.whole_months else last)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def growth(now: float | None, before: float | None) -> float | None:
    """How much more there is than before, as a share of what was; None where there was nothing."""
    return None if now is None or not before else (now - before) / before
