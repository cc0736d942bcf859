"""How often something may be done 频率限制: counters in the database, so that all processes count together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pymongo import IndexModel

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import kept_until
from foundation.database import Database
from foundation.documents import Stored
from foundation.errors import RateLimited

TRIES = 20
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` times in each window of `per`; windows start at fixed times, so that over a window's border up to
    twice as many can fall together."""

    name: str
    most: int
    per: timedelta

    def window(self, now: datetime) -> datetime:
        """The start of the window that `now` falls into."""
        return now - (now - EPOCH) % self.per

    def id(self, subject: str, now: datetime) -> str:
        return f"{self.name}|{subject}|{self.window(now):%Y%m%dT%H%M%S}"


class RateWindow(Stored):
    """How often one limit was used by one subject in one window. `_id` is limit, subject and window's start; a
    subject that is personal data stands there as its keyed hash."""

    used: int
    until: datetime

    class Settings:
        name = "rate_windows"
        indexes = [IndexModel([("until", 1)], name="until", expireAfterSeconds=0)]


class RateLimiter:
    """Counts uses; exact, whatever runs beside it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def use(self, uses: Iterable[tuple[Limit, str]], now: datetime) -> None:
        """Count one use of each limit by its subject; stops at the first that is exhausted.

        Raises RateLimited, whose message says when the window ends.
        """
        for limit, subject in uses:
            if not await self._use(limit, subject, now):
                wait = limit.window(now) + limit.per - now
                raise RateLimited(f"操作过于频繁，请在{wait_in_words(wait)}后再试。")

    async def exhausted(self, limit: Limit, subject: str, now: datetime) -> bool:
        """Whether no use is left, without counting one."""
        window = await self._database.get(RateWindow, limit.id(subject, now))
        return window is not None and window.used >= limit.most

    async def _use(self, limit: Limit, subject: str, now: datetime) -> bool:
        id = limit.id(subject, now)
        for _ in range(TRIES):
            try:
                counted = Change().update(
                    RateWindow, id, {"$inc": {"used": 1}}, expecting={"used": {"$lt": limit.most}}
                )
                await self._database.save(counted)
                return True
            except StaleWrite:
                window = await self._database.get(RateWindow, id)
                if window is not None and window.used >= limit.most:
                    return False
                if window is not None:
                    continue  # it was made meanwhile, and there is room
            try:
                until = kept_until(limit.window(now), limit.per * 2)
                await self._database.save(Change().insert(RateWindow(_id=id, used=1, until=until)))
                return True
            except AlreadyClaimed:
                continue
        return False


def wait_in_words(wait: timedelta) -> str:
    """A span as people say it, rounded up: 40秒, 5分钟, 3小时."""
    seconds = max(int(wait.total_seconds()), 0) + 1
    if seconds <= 90:
        return f"{seconds}秒"
    return f"{-(-seconds // 60)}分钟" if seconds <= 5_400 else f"{-(-seconds // 3_600)}小时"
