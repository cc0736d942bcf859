"""Times as exports write them. Pure.

A time without a zone is the file's local time. Where clocks are put back, the earlier of two equal times is meant;
where they are put forward, a time that never was is the moment of the change: so later local times are never earlier
ones in UTC, and a verdict by local times is one by ours.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from foundation.clock import to_millisecond

FIRST_YEAR, LAST_YEAR = 2001, 2098
"""Within what sort keys and timers are made for."""
ISO: Final = "iso"
YEAR_FIRST: Final = (
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y-%m-%d %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日%H时%M分",
    "%Y年%m月%d日",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d %H:%M",
    "%Y.%m.%d",
)
"""Beside ISO 8601 what is read where the mapping names no format: none of them can be taken for another."""
HAS_TIME: Final = ("%H", "%I", "%T", "%X", "%c", "%R")


class BadMoment(Exception):
    """Why a time cannot be read, in Chinese."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in UTC, to the millisecond; of a date without a time, the beginning of the day."""

    at: datetime
    whole_day: bool

    def end(self, zone: ZoneInfo) -> datetime:
        """The moment itself, or the end of the day: 24:00."""
        if not self.whole_day:
            return self.at
        following = self.at.astimezone(zone).date() + timedelta(days=1)
        return in_utc(datetime.combine(following, time()), zone)


def read_moment(value: object, zone: ZoneInfo, formats: tuple[str, ...]) -> Moment | None:
    """The moment that a cell holds, None if it is blank. Raises `BadMoment`."""
    match value:
        case None | "":
            return None
        case datetime():
            return _checked(value, False, zone)
        case date():
            return _checked(datetime.combine(value, time()), True, zone)
        case str():
            written = value.strip()
            return _written(written, zone, formats) if written else None
        case _:
            raise BadMoment(f"不是时间：{value!r}")


def _written(written: str, zone: ZoneInfo, formats: tuple[str, ...]) -> Moment:
    if not formats:
        first = next((read for form in (ISO, *YEAR_FIRST) if (read := _by(written, form)) is not None), None)
        found = {first} - {None}
    else:
        found = {read for form in formats if (read := _by(written, form)) is not None}
    if len(found) > 1:
        raise BadMoment(f"按映射中的格式有不止一种读法：{written[:30]!r}")
    for read in found:
        if read is not None:
            return _checked(*read, zone)
    raise BadMoment(f"无法识别：{written[:30]!r}")


def _by(written: str, form: str) -> tuple[datetime, bool] | None:
    try:
        if form == ISO:
            return datetime.fromisoformat(written), ":" not in written and "T" not in written
        return datetime.strptime(written, form), not any(part in form for part in HAS_TIME)  # noqa: DTZ007
    except ValueError:
        return None


def _checked(moment: datetime, whole_day: bool, zone: ZoneInfo) -> Moment:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise BadMoment(f"不在 {FIRST_YEAR} 至 {LAST_YEAR} 年之间：{moment:%Y-%m-%d}")
    return Moment(to_millisecond(in_utc(moment, zone)), whole_day)


def in_utc(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment in UTC; a local one by its zone."""
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    at = moment.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == moment:
        return at
    return _change(zone, moment.replace(tzinfo=zone, fold=1).astimezone(UTC), at)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """When clocks are put forward between two moments, to the second."""
    offset = before.astimezone(zone).utcoffset()
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        same = datetime.fromtimestamp(middle, UTC).astimezone(zone).utcoffset() == offset
        low, high = (middle, high) if same else (low, middle)
    return datetime.fromtimestamp(high, UTC)
