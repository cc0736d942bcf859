"""The time of day, as something that is handed over and never reached for."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time: aware, in UTC, to the millisecond (what the database keeps)."""

    def now(self) -> datetime: ...


def to_millisecond(moment: datetime) -> datetime:
    """The same moment in UTC, cut to the millisecond, so that a stored time equals the one that was judged."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return to_millisecond(datetime.now(UTC))


def kept_until(now: datetime, kept: timedelta) -> datetime:
    """Until when the server keeps what it deletes by itself: it goes by the machine's time, where that is the later.

    A replay, or a test, acts in the past.
    """
    return max(now, SystemClock().now()) + kept


class SettableClock:
    """A clock that stands still until it is moved: for replays, the demo city and tests."""

    def __init__(self, start: datetime) -> None:
        self._now = to_millisecond(start)

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        """Stand at `moment`; going back is allowed, as a real clock may."""
        self._now = to_millisecond(moment)

    def advance(self, delta: timedelta) -> None:
        self.set(self._now + delta)
