"""The outbox: one leader per consumer, fenced by its lease; each subject's rows in sequence, each effect once."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from foundation.changes import Change, StaleWrite
from foundation.database import Database
from foundation.documents import Stored
from foundation.ids import new_id
from foundation.outbox import BATCH, LEASE, PATIENCE, Applied, Consumer, Effect, Lease, OutboxRow

NOW = datetime(2026, 11, 16, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Done(Stored):
    """One row worked through: its id is new each time, so that a doubled effect is seen."""

    row: str
    place: int

    class Settings:
        name = "done"


@pytest.fixture
async def outbox(database: Database) -> Database:
    await database.prepare([OutboxRow, Lease, Done])
    return database


async def post(database: Database, *rows: tuple[str, int], consumer: str = "c", at: datetime = NOW) -> None:
    await database.save(Change().insert(*(OutboxRow.of(consumer, subject, n, at, {}) for subject, n in rows)))


def applied(rows: Sequence[OutboxRow]) -> Change:
    return Change().insert(*(Done(_id=new_id(), row=row.id, place=n) for n, row in enumerate(rows)))


def consumer(database: Database, effect: Effect | None = None, name: str = "c") -> Consumer:
    async def work(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        return Applied(applied(rows))

    return Consumer(database, name, effect or work)


async def done(database: Database) -> list[str]:
    return sorted(raw["row"] for raw in await database.collection(Done).find({}).to_list())


async def left(database: Database) -> list[str]:
    return sorted(raw["_id"] for raw in await database.collection(OutboxRow).find({}).to_list())


async def test_rows_are_worked_through_in_sequence_and_deleted_with_their_effect(outbox: Database) -> None:
    seen: list[tuple[str, int]] = []

    async def note(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        seen.extend((row.subject, row.sequence) for row in rows)
        return Applied(Change())

    await post(outbox, ("b", 10), ("a", 2), ("a", 10), ("a", 9))
    await post(outbox, ("z", 1), at=NOW - SECOND)
    await post(outbox, ("a", 2), consumer="other")
    await post(outbox, ("later", 1), at=NOW + SECOND)
    assert await consumer(outbox, note).sweep(NOW) == 5
    assert seen == [("z", 1), ("a", 2), ("a", 9), ("a", 10), ("b", 10)]
    assert await left(outbox) == ["a:000002:other", "later:000001:c"]


async def test_of_two_consumers_one_leads_and_the_other_takes_over_when_it_is_gone(outbox: Database) -> None:
    first, second = consumer(outbox), consumer(outbox)
    await post(outbox, ("a", 1))
    assert await first.sweep(NOW) == 1
    await post(outbox, ("a", 2))
    assert await second.sweep(NOW + LEASE - SECOND) == 0
    assert await second.sweep(NOW + LEASE) == 1
    await post(outbox, ("a", 3))
    assert await first.sweep(NOW + LEASE + SECOND) == 0
    assert await done(outbox) == ["a:000001:c", "a:000002:c"]


async def test_a_leader_that_slept_past_its_lease_applies_nothing(outbox: Database) -> None:
    woken, reading = asyncio.Event(), asyncio.Event()

    async def sleep(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        reading.set()
        await woken.wait()
        return Applied(applied(rows))

    await post(outbox, ("a", 1), ("a", 2))
    sleeper = asyncio.create_task(consumer(outbox, sleep).sweep(NOW))
    await reading.wait()
    assert await consumer(outbox).sweep(NOW + LEASE) == 2
    woken.set()
    assert await sleeper == 0
    assert await done(outbox) == ["a:000001:c", "a:000002:c"]
    assert await left(outbox) == []


async def test_whoever_takes_the_lead_has_it_until_it_resigns(outbox: Database) -> None:
    old, new = consumer(outbox), consumer(outbox)
    await post(outbox, ("a", 1))
    assert await old.sweep(NOW) == 1
    await new.take_over(NOW)
    await post(outbox, ("a", 2))
    assert await old.sweep(NOW) == 0
    with pytest.raises(StaleWrite):
        await old.save(Change().insert(Done(_id="x", row="x", place=0)), NOW)
    await new.save(Change().insert(Done(_id="y", row="y", place=0)), NOW)
    assert await new.sweep(NOW) == 1
    await post(outbox, ("a", 3))
    await old.resign()  # it has nothing to resign
    assert await old.sweep(NOW) == 0
    await new.resign()
    assert await old.sweep(NOW) == 1
    assert await done(outbox) == ["a:000001:c", "a:000002:c", "a:000003:c", "y"]


async def test_many_sweep_at_once_and_each_row_is_applied_once(outbox: Database) -> None:
    rows = [(f"s{n}", 1) for n in range(BATCH + 30)]
    await post(outbox, *rows)
    consumers = [consumer(outbox) for _ in range(4)]
    swept = 0
    for turn in range(4):
        swept += sum(await asyncio.gather(*(each.sweep(NOW + SECOND * turn) for each in consumers)))
    assert swept == len(rows)
    assert await done(outbox) == sorted(f"{subject}:000001:c" for subject, _ in rows)


async def test_an_effect_that_fails_whole_leaves_every_row(outbox: Database) -> None:
    async def fail(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        raise RuntimeError("no luck")

    await post(outbox, ("a", 1), ("b", 1))
    with pytest.raises(RuntimeError):
        await consumer(outbox, fail).sweep(NOW)
    assert len(await left(outbox)) == 2


async def test_a_row_that_fails_is_tried_again_later_and_at_last_rests_for_a_person(outbox: Database) -> None:
    async def fail(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        return Applied(Change(), frozenset(row.id for row in rows if row.subject == "bad"))

    await post(outbox, ("bad", 1), ("good", 1))
    each, now = consumer(outbox, fail), NOW
    assert await each.sweep(now) == 2
    assert await left(outbox) == ["bad:000001:c"]
    assert await each.sweep(now + PATIENCE.first - SECOND) == 0
    for tries in range(1, PATIENCE.tries):
        now += PATIENCE.first * 2 ** (tries - 1)
        assert await each.sweep(now) == 1
    assert await each.sweep(now + timedelta(days=365)) == 0
    row = await outbox.get(OutboxRow, "bad:000001:c")
    assert row is not None
    assert (row.consumer, row.tries) == ("c:failed", PATIENCE.tries)
