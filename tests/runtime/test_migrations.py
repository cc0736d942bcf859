"""Migrations run once, in order, by one process at a time, and go on where they were broken off."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from foundation.clock import SettableClock
from foundation.database import Database
from runtime.migrations import LEASE, Keep, Migration, MigrationLocked, MigrationRecord, known_migrations, migrate
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.town import DISPATCHER, MODELS, new_town
from workorders.lifecycle import dispatching
from workorders.lifecycle.documents import OrderDocument

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class BrokenOff(Exception):
    pass


def counting(seen: list[int], *, breaks_at: int | None = None) -> Migration:
    """A step over ten documents in batches of one."""

    async def run(database: Database, done: str | None, keep: Keep) -> None:
        for number in range(int(done) + 1 if done else 0, 10):
            if number == breaks_at:
                raise BrokenOff
            seen.append(number)
            await keep(str(number))

    return Migration("step_0001_counting", "counting", run)


def silent(sentence: str) -> None:
    return None


async def test_a_step_runs_once(database: Database) -> None:
    await database.prepare([MigrationRecord])
    seen: list[int] = []
    clock = SettableClock(NOON)
    assert await migrate(database, clock, silent, [counting(seen)]) == ["step_0001_counting"]
    assert await migrate(database, clock, silent, [counting(seen)]) == []
    assert seen == list(range(10))


async def test_a_step_that_was_broken_off_goes_on(database: Database) -> None:
    await database.prepare([MigrationRecord])
    seen: list[int] = []
    clock = SettableClock(NOON)
    with pytest.raises(BrokenOff):
        await migrate(database, clock, silent, [counting(seen, breaks_at=4)])
    await migrate(database, clock, silent, [counting(seen)])
    assert seen == list(range(10))


async def test_two_processes_never_migrate_at_once(database: Database) -> None:
    await database.prepare([MigrationRecord])
    clock = SettableClock(NOON)
    first, second = list[int](), list[int]()

    async def intruded(within: Database, done: str | None, keep: Keep) -> None:
        await keep("4")
        with pytest.raises(MigrationLocked):
            await migrate(database, clock, silent, [counting(second)])
        first.append(1)
        clock.advance(LEASE * 2)  # it sleeps so long that its lease runs out
        await migrate(database, clock, silent, [counting(second)])
        with pytest.raises(MigrationLocked):
            await keep("5")
        raise BrokenOff

    step = Migration("step_0001_counting", "counting", intruded)
    with pytest.raises(BrokenOff):
        await migrate(database, clock, silent, [step])
    assert (first, second) == ([1], [5, 6, 7, 8, 9])
    record = await database.get(MigrationRecord, step.name)
    assert record is not None
    assert record.position == "9"
    assert record.ended is not None


async def test_the_steps_of_this_release_are_in_order() -> None:
    names = [step.name for step in known_migrations()]
    assert names == sorted(set(names))


async def test_orders_of_the_first_release_get_their_topic(database: Database) -> None:
    await database.prepare([MigrationRecord, *MODELS])
    town = new_town(database)
    made = [await a_work_order().made_in(town) for _ in range(12)]
    orders = database.collection(OrderDocument)
    await orders.update_many({}, {"$unset": {"topic": ""}})
    old = await town.office.orders.by_id(made[0].id)
    assert old is not None, "an order of the release before is read"
    acted = await dispatching.dispatch(town.office, DISPATCHER, made[0].id, lead="water")
    assert acted.topic == "leak@street"
    (step,) = [each for each in known_migrations() if each.name == "step_0001_topics"]
    kept: list[str] = []

    async def keep(position: str) -> None:
        kept.append(position)
        if len(kept) == 20:
            raise BrokenOff

    with pytest.raises(BrokenOff):
        await step.run(database, None, keep)
    await migrate(database, town.clock, silent, [replace(step, run=lambda at, _, keep: step.run(at, kept[-1], keep))])
    for document in made[1:]:
        assert await town.office.orders.by_id(document.id) == document
