"""Working time laid out as instants: the sorted table that turns every question into a bisection.

Instants are integers, microseconds since 1970-01-01 UTC; days are ordinals as of `date.toordinal`. The table of a year
is built when a question first needs it and kept: a deadline two years ahead costs what one in five days costs.

Wall-clock times become instants as the zone database says. A time that the clocks skip in spring is read with the
offset before the jump, a time that they pass twice in autumn is the first of the two (`fold=0`); an interval that is
empty after that is dropped, and what overlaps is counted once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

from foundation.errors import InvalidInput

FIRST_YEAR, LAST_YEAR = 1900, 2199
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_MINUTES = 24 * 60

Hours = tuple[tuple[int, int], ...]
"""The working intervals of a day, [open, close) in minutes after its midnight on the wall clock, ascending."""


class BeyondCalendar(InvalidInput):
    """The answer lies outside the years 1900–2199, or the calendar never opens again."""

    code = "BEYOND_CALENDAR"
    text = "计算结果超出工作日历的范围（1900—2199年）。"


def to_instant(moment: datetime) -> int:
    """Microseconds since the epoch; raises TypeError for a datetime without a zone."""
    return (moment - EPOCH) // MICROSECOND


def to_moment(instant: int) -> datetime:
    """The aware UTC datetime of an instant; raises BeyondCalendar where Python's datetimes end."""
    try:
        return EPOCH + timedelta(microseconds=instant)
    except OverflowError:
        raise BeyondCalendar from None


@dataclass(frozen=True, slots=True)
class Table:
    """The working time of the years `first`..`last`, without gaps.

    `opens[i]`..`closes[i]` are disjoint and ascending; `worked[i]` is the working time before `opens[i]`, counted from
    an arbitrary zero. `days` are the working days and `day_closes` their last closing instants.
    """

    first: int
    last: int
    opens: list[int]
    closes: list[int]
    worked: list[int]
    days: list[int]
    day_closes: list[int]


class Timeline:
    """The growing table of one calendar. It grows by being replaced, so that a reader beside it sees a whole one."""

    __slots__ = ("_hours_on", "_lock", "_zone", "table")

    def __init__(self, zone: ZoneInfo, hours_on: Callable[[date], Hours]) -> None:
        self._zone = zone
        self._hours_on = hours_on
        self._lock = Lock()
        self.table = Table(0, -1, [], [], [], [], [])

    def covering(self, year: int) -> Table:
        """The table, grown to hold `year` and one year on either side, so that no zone's offset falls off its edge."""
        table = self.table
        if table.first < year < table.last:
            return table
        if not FIRST_YEAR < year < LAST_YEAR:
            raise BeyondCalendar
        return self._grow(year - 1, year + 1)

    def later(self, table: Table) -> Table:
        """The table with at least one year more than `table` at its end."""
        return self._grow(table.first, table.last + 1)

    def earlier(self, table: Table) -> Table:
        """The table with at least one year more than `table` at its beginning."""
        return self._grow(table.first - 1, table.last)

    def _grow(self, first: int, last: int) -> Table:
        if first < FIRST_YEAR or last > LAST_YEAR:
            raise BeyondCalendar
        with self._lock:
            table = self.table
            if table.last < table.first:
                table = self._years(first, last)
            if last > table.last:
                table = _joined(table, self._years(table.last + 1, last))
            if first < table.first:
                table = _joined(self._years(first, table.first - 1), table)
            self.table = table
            return table

    def _years(self, first: int, last: int) -> Table:
        opened: list[tuple[int, int]] = []
        days: list[int] = []
        day_closes: list[int] = []
        for ordinal in range(date(first, 1, 1).toordinal(), date(last + 1, 1, 1).toordinal()):
            day = date.fromordinal(ordinal)
            spans = [self._resolved(day, span) for span in self._hours_on(day)]
            open_spans = [(start, end) for start, end in spans if start < end]
            if open_spans:
                opened += open_spans
                days.append(ordinal)
                day_closes.append(max(end for _, end in open_spans))
        opens: list[int] = []
        closes: list[int] = []
        worked: list[int] = []
        total = 0
        for start, end in sorted(opened):
            begin = max(start, closes[-1]) if closes else start
            if begin < end:
                opens.append(begin)
                closes.append(end)
                worked.append(total)
                total += end - begin
        return Table(first, last, opens, closes, worked, days, day_closes)

    def _resolved(self, day: date, span: tuple[int, int]) -> tuple[int, int]:
        start, end = span
        return self._instant(day, start), self._instant(day, end)

    def _instant(self, day: date, minute: int) -> int:
        if minute == DAY_MINUTES:
            day, minute = day + timedelta(days=1), 0
        wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self._zone)
        return to_instant(wall)


def _joined(before: Table, after: Table) -> Table:
    """Two neighbouring tables as one; the zero of `worked` is that of `before`."""
    opens, closes = after.opens, after.closes
    if before.closes and opens and opens[0] < before.closes[-1]:
        # A zone that skipped the turn of the year (Kiritimati 1995): what both years claim counts once.
        opens = [max(start, before.closes[-1]) for start in opens]
        closes = [max(start, end) for start, end in zip(opens, closes, strict=True)]
    total = before.worked[-1] + before.closes[-1] - before.opens[-1] if before.worked else 0
    worked = []
    for start, end in zip(opens, closes, strict=True):
        worked.append(total)
        total += end - start
    return Table(
        before.first,
        after.last,
        before.opens + opens,
        before.closes + closes,
        before.worked + worked,
        before.days + after.days,
        before.day_closes + after.day_closes,
    )
