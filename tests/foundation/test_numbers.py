"""Numbers of the day: unique whoever draws them at once; a gap is allowed."""

import asyncio
from datetime import date, timedelta

import pytest

from foundation.database import Database
from foundation.numbers import NumberCounter, Numbers

DAY = date(2026, 11, 16)


@pytest.fixture
async def counters(database: Database) -> Database:
    await database.prepare([NumberCounter])
    return database


async def test_they_read_as_day_and_six_digits_and_begin_anew_each_day(counters: Database) -> None:
    numbers = Numbers(counters, "orders")
    assert [await numbers.draw(DAY) for _ in range(12)] == [f"261116{n:06d}" for n in range(1, 13)]
    assert await numbers.draw(DAY + timedelta(days=1)) == "261117000001"
    assert await Numbers(counters, "contacts").draw(DAY) == "261116000001"


async def test_four_hundred_at_once_from_eight_offices_are_four_hundred_numbers(counters: Database) -> None:
    offices = [Numbers(counters, "orders") for _ in range(8)]
    drawn = await asyncio.gather(*(offices[n % 8].draw(DAY) for n in range(400)))
    assert len(set(drawn)) == 400


async def test_callers_of_one_process_share_a_block(counters: Database) -> None:
    numbers = Numbers(counters, "orders")
    drawn = await asyncio.gather(*(numbers.draw(DAY) for _ in range(200)))
    assert sorted(drawn) == [f"261116{n:06d}" for n in range(1, 201)]


async def test_midnight_between_two_callers_gives_each_the_number_of_its_day(counters: Database) -> None:
    numbers = Numbers(counters, "orders")
    days = [DAY + timedelta(days=n % 2) for n in range(40)]
    drawn = await asyncio.gather(*(numbers.draw(day) for day in days))
    assert len(set(drawn)) == 40
    assert [number[:6] for number in drawn] == [f"{day:%y%m%d}" for day in days]
