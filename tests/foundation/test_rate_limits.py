import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from foundation.database import Database
from foundation.errors import RateLimited
from foundation.rate_limits import Limit, RateLimiter, RateWindow, wait_in_words

NOW = datetime(2027, 3, 1, 1, 30, tzinfo=UTC)
LIMIT = Limit("urge", 3, timedelta(hours=1))


@pytest.fixture
async def limiter(database: Database) -> RateLimiter:
    await database.prepare([RateWindow])
    return RateLimiter(database)


async def test_exactly_so_many_uses_pass_however_many_come_at_once(limiter: RateLimiter):
    answers = await asyncio.gather(*(limiter.use([(LIMIT, "a")], NOW) for _ in range(20)), return_exceptions=True)
    assert answers.count(None) == 3
    assert all(isinstance(a, RateLimited) for a in answers if a is not None)
    assert await limiter.exhausted(LIMIT, "a", NOW)


async def test_none_is_refused_while_there_is_room(limiter: RateLimiter):
    roomy = Limit("roomy", 20, timedelta(hours=1))
    for subject in map(str, range(10)):
        await asyncio.gather(*(limiter.use([(roomy, subject)], NOW) for _ in range(20)))
        assert await limiter.exhausted(roomy, subject, NOW)


async def test_subjects_limits_and_windows_are_counted_apart(limiter: RateLimiter):
    for _ in range(3):
        await limiter.use([(LIMIT, "a")], NOW)
    await limiter.use([(LIMIT, "b"), (Limit("other", 3, timedelta(hours=1)), "a")], NOW)
    assert not await limiter.exhausted(LIMIT, "b", NOW)
    with pytest.raises(RateLimited, match="30分钟"):
        await limiter.use([(LIMIT, "a")], NOW + timedelta(seconds=1))
    await limiter.use([(LIMIT, "a")], NOW + timedelta(minutes=30))


async def test_a_refused_use_counts_none_of_the_limits_after_it(limiter: RateLimiter):
    once = Limit("once", 1, timedelta(hours=1))
    await limiter.use([(once, "a")], NOW)
    for _ in range(5):
        with pytest.raises(RateLimited):
            await limiter.use([(once, "a"), (LIMIT, "a")], NOW)
    assert not await limiter.exhausted(LIMIT, "a", NOW)


def test_waits_are_told_as_people_say_them():
    words = [wait_in_words(timedelta(seconds=s)) for s in (-5, 0, 39, 120, 3_599, 86_399)]
    assert words == ["1秒", "1秒", "40秒", "3分钟", "60分钟", "24小时"]
