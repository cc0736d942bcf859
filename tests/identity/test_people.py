"""Who holds a role: active staff, of one unit or of all, as it stood a few seconds ago."""

from datetime import UTC, datetime

import pytest

from foundation.changes import Change
from foundation.clock import SettableClock
from foundation.database import Database
from identity.actors import Role
from identity.directory import KEPT
from identity.documents import Staff
from identity.people import People
from identity.repository import Repository

NOW = datetime(2026, 11, 16, 1, tzinfo=UTC)


def account(name: str, *roles: Role, unit: str | None = None, active: bool = True) -> Staff:
    return Staff(
        _id=f"staff:{name}", login=name, name=name, roles=roles, unit=unit, password="", active=active, created_at=NOW
    )


@pytest.fixture
async def stored(database: Database) -> Database:
    await database.prepare([Staff])
    await database.save(
        Change().insert(
            account("a", Role.DISPATCHER, Role.REVIEWER),
            account("b", Role.DISPATCHER),
            account("c", Role.DISPATCHER, active=False),
            account("d", Role.UNIT_CLERK, Role.UNIT_HEAD, unit="water"),
            account("e", Role.UNIT_CLERK, unit="water"),
            account("f", Role.UNIT_CLERK, unit="water", active=False),
            account("g", Role.UNIT_CLERK, unit="water-east"),
        )
    )
    return database


async def test_the_active_of_a_unit_or_of_all(stored: Database) -> None:
    people = People(Repository(stored), SettableClock(NOW))
    assert await people.of(Role.DISPATCHER, None) == ("staff:a", "staff:b")
    assert await people.of(Role.REVIEWER, None) == ("staff:a",)
    assert await people.of(Role.UNIT_CLERK, "water") == ("staff:d", "staff:e")
    assert await people.of(Role.UNIT_HEAD, "water-east") == ()
    assert await people.of(Role.LEADERSHIP, None) == ()


async def test_a_change_is_seen_within_seconds(stored: Database) -> None:
    clock = SettableClock(NOW)
    people = People(Repository(stored), clock)
    assert await people.of(Role.UNIT_HEAD, "water") == ("staff:d",)
    await stored.save(Change().update(Staff, "staff:d", {"$set": {"roles": [Role.UNIT_CLERK], "unit": "heating"}}))
    assert await people.of(Role.UNIT_HEAD, "water") == ("staff:d",)
    clock.advance(KEPT)
    assert await people.of(Role.UNIT_HEAD, "water") == ()
    assert await people.of(Role.UNIT_CLERK, "heating") == ("staff:d",)
