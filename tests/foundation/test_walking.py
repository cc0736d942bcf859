"""A walk meets everything once and in order, wherever in time it lies and however densely."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import IndexModel

from foundation import walking
from foundation.database import Database
from foundation.documents import Stored
from foundation.paging import EARLIEST, LATEST, time_key
from foundation.walking import MILLISECOND, in_windows

AT_ONCE = 8
NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)


class Thing(Stored):
    at_key: str

    class Settings:
        name = "things"
        indexes = [IndexModel([("at_key", 1)], name="at")]


@pytest.fixture(autouse=True)
async def _few_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await database.prepare([Thing])
    monkeypatch.setattr(walking, "AT_ONCE", AT_ONCE)


async def store(database: Database, moments: list[datetime]) -> list[str]:
    """The ids in the order of their keys."""
    things = [{"_id": f"{n:03d}", "at_key": time_key(moment, f"{n:03d}")} for n, moment in enumerate(moments)]
    await database.mongo["things"].delete_many({})
    if things:
        await database.mongo["things"].insert_many(things)
    return [thing["_id"] for thing in sorted(things, key=lambda thing: thing["at_key"])]


async def walked(database: Database, since: datetime, until: datetime) -> list[str]:
    return [raw["_id"] async for raw in in_windows(database, Thing, "at_key", since, until)]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.sampled_from([timedelta(), MILLISECOND, timedelta(seconds=1), timedelta(hours=3)]),
            st.timedeltas(timedelta(days=-400), timedelta(days=400)),
        ),
        max_size=60,
    )
)
async def test_everything_is_met_once_and_in_order(database: Database, shifts: list[timedelta]) -> None:
    expected = await store(database, [NOON + shift for shift in shifts])
    year = timedelta(days=401)
    assert await walked(database, NOON - year, NOON + year) == expected


async def test_more_than_is_taken_at_once_at_one_moment(database: Database) -> None:
    assert await walked(database, EARLIEST, LATEST) == []
    expected = await store(database, [NOON] * (3 * AT_ONCE))
    assert await walked(database, EARLIEST, LATEST) == expected
    assert await walked(database, NOON, NOON + MILLISECOND) == expected


async def test_the_start_belongs_to_a_walk_and_the_end_does_not(database: Database) -> None:
    await store(database, [NOON - MILLISECOND, NOON, NOON + timedelta(hours=1)])
    assert await walked(database, NOON, NOON + timedelta(hours=1)) == ["001"]
