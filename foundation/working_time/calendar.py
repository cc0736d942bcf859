"""A working calendar 工作日历: an immutable value that answers questions about working time."""

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from foundation.data_files import read_data_file
from foundation.working_time.definition import CalendarDefinition, shipped_definition
from foundation.working_time.timeline import (
    EPOCH,
    MICROSECOND,
    BeyondCalendar,
    Hours,
    Table,
    Timeline,
    to_instant,
    to_moment,
)


class Calendar:
    """Working time by one definition. Equal definitions make equal calendars, named by `id`, their content hash.

    Moments are aware datetimes in any zone; answers are in UTC. A day is a local date of the calendar's zone, and a
    working day is one with working time on it. Every question costs a few bisections, however far it reaches; the first
    one into a year lays that year out (about 2 ms). Answers outside the years 1900–2199 raise BeyondCalendar.
    """

    __slots__ = ("_hash", "_published", "_timeline", "definition", "id", "zone")

    definition: CalendarDefinition
    id: str
    zone: ZoneInfo

    def __init__(self, definition: CalendarDefinition) -> None:
        self.definition = definition
        self.id = definition.content_hash()
        self.zone = ZoneInfo(definition.tz)
        self._timeline = Timeline(self.zone, definition.hours_on)
        first, last = definition.published_from, definition.published_through
        self._published = (
            self.end_of_day(first - timedelta(days=1)) if first else EPOCH.min.replace(tzinfo=UTC),
            self.end_of_day(last) if last else EPOCH.max.replace(tzinfo=UTC),
        )

    @classmethod
    def from_toml(cls, text: str, *, name: str = "calendar.toml") -> "Calendar":
        """Read a city's own calendar file; raises DataFileInvalid naming the line."""
        return cls(read_data_file(text, CalendarDefinition, name=name))

    def __repr__(self) -> str:
        return f"<Calendar {self.id} {self.definition.title or self.definition.tz}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calendar) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    # Working time

    def add(self, start: datetime, working: timedelta) -> datetime:
        """The moment when `working` time has passed since `start`; a negative one counts backwards.

        Forward it may be a closing instant, backward an opening one; no time at all leads to `next_open(start)`.
        """
        if not working:
            return self.next_open(start)
        begin, span = to_instant(start), working // MICROSECOND
        table = self._around(begin)
        while True:
            target = _worked_before(table, begin) + span
            if span > 0:
                # Reached in the last stretch that begins with less than the target worked: at its closing, if need be.
                at = bisect_left(table.worked, target) - 1
                if at >= 0 and (end := table.opens[at] + target - table.worked[at]) <= table.closes[at]:
                    return to_moment(end)
                table = self._timeline.later(table)
            else:
                at = bisect_right(table.worked, target) - 1
                if at >= 0:
                    return to_moment(table.opens[at] + target - table.worked[at])
                table = self._timeline.earlier(table)

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from `start` to `end`; negative if `end` is the earlier."""
        first, last = to_instant(start), to_instant(end)
        self._around(min(first, last))
        self._around(max(first, last))
        table = self._timeline.table
        return timedelta(microseconds=_worked_before(table, last) - _worked_before(table, first))

    def is_open(self, moment: datetime) -> bool:
        """Whether `moment` is working time; the closing instant is not."""
        instant = to_instant(moment)
        table = self._around(instant)
        at = bisect_right(table.opens, instant) - 1
        return at >= 0 and instant < table.closes[at]

    def next_open(self, moment: datetime) -> datetime:
        """`moment` itself if it is working time, else the next opening."""
        instant = to_instant(moment)
        table = self._around(instant)
        at = bisect_right(table.opens, instant)
        if at and instant < table.closes[at - 1]:
            return to_moment(instant)
        while at >= len(table.opens):
            table = self._timeline.later(table)
            at = bisect_right(table.opens, instant)
        return to_moment(table.opens[at])

    def prev_open(self, moment: datetime) -> datetime:
        """The latest moment up to `moment` that ends working time: itself inside it or at closing, else a closing."""
        instant = to_instant(moment)
        table = self._around(instant)
        while not (at := bisect_left(table.opens, instant)):
            table = self._timeline.earlier(table)
        return to_moment(min(instant, table.closes[at - 1]))

    # Working days

    def local_date(self, moment: datetime) -> date:
        """The calendar's date at that moment."""
        return self._local(moment).date()

    def end_of_day(self, day: date) -> datetime:
        """24:00 of that date."""
        following = day + timedelta(days=1)
        return datetime(following.year, following.month, following.day, tzinfo=self.zone).astimezone(UTC)

    def hours_on(self, day: date) -> Hours:
        """The working intervals of a date in minutes after midnight, for display."""
        return self.definition.hours_on(day)

    def is_working_day(self, day: date) -> bool:
        """Whether there is working time on that date."""
        table = self._timeline.covering(day.year)
        at = bisect_left(table.days, day.toordinal())
        return at < len(table.days) and table.days[at] == day.toordinal()

    def working_day(self, day: date, n: int) -> date:
        """The n-th working day after `day`, for a negative `n` before it; 0 is `day` itself, working or not."""
        if not n:
            return day
        table, at = self._nth(day, n)
        return date.fromordinal(table.days[at])

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days d there are with start < d ≤ end; if `end` is earlier, minus those end < d ≤ start."""
        self._timeline.covering(min(start, end).year)
        self._timeline.covering(max(start, end).year)
        days = self._timeline.table.days
        return bisect_right(days, end.toordinal()) - bisect_right(days, start.toordinal())

    def add_days(self, start: datetime, n: int) -> datetime:
        """The closing instant of the n-th working day after the date of `start`, which does not count itself.

        A negative `n` leads to the closing of the n-th working day before that date. Raises ValueError for 0.
        """
        if not n:
            raise ValueError("a limit of no working days has no closing time")
        table, at = self._nth(self._local(start), n)
        return to_moment(table.day_closes[at])

    def shift_days(self, moment: datetime, n: int) -> datetime:
        """`moment` moved by n working days at the same time of day, then into working time in the direction moved."""
        local = self._local(moment)
        moved = datetime.combine(self.working_day(local.date(), n), local.timetz())
        return self.prev_open(moved) if n < 0 else self.next_open(moved)

    # How far to believe it

    def is_provisional(self, start: datetime, end: datetime | None = None) -> bool:
        """Whether an answer that rests on the time from `start` to `end`, or on `start` alone, may yet change.

        True if any of it lies outside the years whose holidays are published: the answer is by the weekly hours alone.
        24:00 belongs to the day that it ends.
        """
        first, last = self._published
        end = end or start
        return min(start, end) < first or max(start, end) > last

    def _local(self, moment: datetime) -> datetime:
        try:
            return moment.astimezone(self.zone)
        except OverflowError:
            raise BeyondCalendar from None

    def _around(self, instant: int) -> Table:
        return self._timeline.covering(to_moment(instant).year)

    def _nth(self, day: date, n: int) -> tuple[Table, int]:
        """The table and the place in its days of the n-th working day after or before `day`; n is not 0."""
        ordinal = day.toordinal()
        table = self._timeline.covering(day.year)
        if n > 0:
            while (at := bisect_right(table.days, ordinal) + n - 1) >= len(table.days):
                table = self._timeline.later(table)
        else:
            while (at := bisect_left(table.days, ordinal) + n) < 0:
                table = self._timeline.earlier(table)
        return table, at


def _worked_before(table: Table, instant: int) -> int:
    """The working time up to an instant that the table covers, counted from the table's zero."""
    at = bisect_right(table.opens, instant) - 1
    if at < 0:
        return table.worked[0] if table.worked else 0
    return table.worked[at] + min(instant, table.closes[at]) - table.opens[at]


@cache
def shipped_calendar(name: str) -> Calendar:
    """A calendar that comes with the program: "cn", a city's office hours, or "24x7". Raises ValueError for another."""
    return Calendar(shipped_definition(name))
