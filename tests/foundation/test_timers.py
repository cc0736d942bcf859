"""Timers: each due thing done once, whoever sweeps, whoever dies, whatever fails."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from pymongo.errors import AutoReconnect

from foundation.changes import Change
from foundation.database import Database
from foundation.documents import Stored
from foundation.ids import new_id
from foundation.timers import BATCH, LEASE, Handler, Timer, Timers

NOW = datetime(2026, 11, 16, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Effect(Stored):
    """What a handler leaves: its id is new each time, so that a doubled effect is seen."""

    subject: str
    worker: str

    class Settings:
        name = "effects"


@pytest.fixture
async def timed(database: Database) -> Database:
    await database.prepare([Timer, Effect])
    return database


def worker(database: Database, name: str = "w", handler: Handler | None = None) -> Timers:
    async def ring(timer: Timer, now: datetime) -> None:
        await database.save(timer.done(Change().insert(Effect(_id=new_id(), subject=timer.subject, worker=name))))

    return Timers(database, {"ring": handler or ring})


async def set_for(database: Database, *deadlines: datetime, kind: str = "ring") -> None:
    change = Change()
    for n, deadline in enumerate(deadlines):
        change.insert(Timer.at(deadline, kind, f"s{n}", sequence=1))
    await database.save(change)


async def effects(database: Database) -> Counter[str]:
    return Counter(raw["subject"] for raw in await database.collection(Effect).find({}).to_list())


async def waiting(database: Database) -> int:
    return await database.collection(Timer).count_documents({})


async def test_what_is_due_fires_and_nothing_else(timed: Database) -> None:
    await set_for(timed, NOW - SECOND, NOW, NOW + timedelta(milliseconds=1))
    assert await worker(timed).sweep(NOW) == 2
    assert await effects(timed) == {"s0": 1, "s1": 1}
    assert await worker(timed).sweep(NOW) == 0
    assert await worker(timed).sweep(NOW + SECOND) == 1
    assert await waiting(timed) == 0


async def test_a_deadline_set_again_is_another_timer_that_fires_after_the_first(timed: Database) -> None:
    first, second = (Timer.at(NOW, "ring", "s", sequence=n) for n in (1, 5))
    await timed.save(Change().insert(first, second))
    assert [await worker(timed).sweep(NOW) for _ in range(3)] == [1, 1, 0]


async def test_timers_of_different_things_fire_beside_each_other(timed: Database) -> None:
    meeting = asyncio.Barrier(2)

    async def meet(timer: Timer, now: datetime) -> None:
        await asyncio.wait_for(meeting.wait(), 5)
        await timed.save(timer.done(Change()))

    await set_for(timed, NOW, NOW)
    assert await worker(timed, "w", meet).sweep(NOW) == 2


async def test_many_workers_sweep_at_once_and_each_effect_comes_once(timed: Database) -> None:
    await set_for(timed, *(NOW - SECOND * n for n in range(BATCH + 20)))
    workers = [worker(timed, f"w{n}") for n in range(4)]
    for _ in range(4):
        await asyncio.gather(*(each.sweep(NOW) for each in workers))
    assert await effects(timed) == {f"s{n}": 1 for n in range(BATCH + 20)}
    assert await waiting(timed) == 0


async def test_a_worker_that_dies_holds_its_lease_until_it_runs_out(timed: Database) -> None:
    async def die(timer: Timer, now: datetime) -> None:
        raise asyncio.CancelledError

    await set_for(timed, NOW)
    with pytest.raises(asyncio.CancelledError):
        await worker(timed, "dead", die).sweep(NOW)
    assert await worker(timed).sweep(NOW + LEASE - SECOND) == 0
    assert await worker(timed).sweep(NOW + LEASE) == 1
    assert await effects(timed) == {"s0": 1}


async def test_a_worker_that_slept_past_its_lease_applies_nothing(timed: Database) -> None:
    """It wakes up when another has taken the timer, and its transaction falls."""
    await set_for(timed, NOW)
    woken = asyncio.Event()
    taken = asyncio.Event()

    async def sleep(timer: Timer, now: datetime) -> None:
        taken.set()
        await woken.wait()
        await timed.save(timer.done(Change().insert(Effect(_id=new_id(), subject="late", worker="sleeper"))))

    sleeper = asyncio.create_task(worker(timed, "sleeper", sleep).sweep(NOW))
    await taken.wait()

    async def slow(timer: Timer, now: datetime) -> None:
        woken.set()
        await sleeper
        await timed.save(timer.done(Change().insert(Effect(_id=new_id(), subject="s0", worker="heir"))))

    assert await worker(timed, "heir", slow).sweep(NOW + LEASE) == 1
    assert sleeper.result() == 0
    assert await effects(timed) == {"s0": 1}


async def test_a_handler_that_fails_leaves_its_timer_and_the_others_go_on(timed: Database) -> None:
    failures = 2

    async def fail_first(timer: Timer, now: datetime) -> None:
        nonlocal failures
        if timer.subject == "s0" and failures:
            failures -= 1
            raise RuntimeError("no luck")
        await timed.save(timer.done(Change().insert(Effect(_id=new_id(), subject=timer.subject, worker="w"))))

    await set_for(timed, NOW - SECOND, NOW)
    timers = worker(timed, "w", fail_first)
    assert await timers.sweep(NOW) == 1
    assert await effects(timed) == {"s1": 1}
    assert await timers.sweep(NOW + LEASE - SECOND) == 0
    assert await timers.sweep(NOW + LEASE) == 0  # fails again, and waits twice as long
    assert await timers.sweep(NOW + LEASE * 3 - SECOND) == 0
    assert await timers.sweep(NOW + LEASE * 3) == 1
    assert await effects(timed) == {"s0": 1, "s1": 1}


async def test_a_database_that_is_away_ends_the_sweep(timed: Database) -> None:
    async def lose_the_connection(timer: Timer, now: datetime) -> None:
        raise AutoReconnect("connection closed")

    await set_for(timed, NOW, NOW)
    with pytest.raises(AutoReconnect):
        await worker(timed, "w", lose_the_connection).sweep(NOW)


async def test_a_kind_that_nobody_handles_yet_is_kept(timed: Database) -> None:
    await set_for(timed, NOW, kind="unheard_of")
    assert await worker(timed).sweep(NOW) == 0
    assert await waiting(timed) == 1


async def test_a_clock_that_went_back_or_slept_a_month_fires_each_once(timed: Database) -> None:
    await set_for(timed, *(NOW + timedelta(days=n) for n in range(30)))
    timers = worker(timed)
    assert await timers.sweep(NOW + timedelta(days=1)) == 2
    assert await timers.sweep(NOW - timedelta(minutes=1)) == 0
    assert await timers.sweep(NOW + timedelta(days=60)) == 28
    assert await effects(timed) == {f"s{n}": 1 for n in range(30)}
