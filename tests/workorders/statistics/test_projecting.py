"""The projector of figures killed, raced, fed twice; figures made anew while everything runs; faults that are found."""

import asyncio
import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from foundation.changes import StaleWrite
from foundation.clock import SettableClock
from foundation.database import Database
from foundation.outbox import LEASE, OutboxRow
from tests.workorders.lifecycle.builders import WorkOrder, a_work_order
from tests.workorders.lifecycle.town import LEADER, MONDAY, Town
from tests.workorders.statistics.bureau import NOVEMBER, ZONE, Bureau
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.recording import PROJECTOR
from workorders.statistics.definitions import Figure
from workorders.statistics.documents import CountedOrder, Rollup
from workorders.statistics.projecting import current_generation
from workorders.statistics.rebuilding import rebuild
from workorders.statistics.recounting import BrokenLog

KILLS = 100
LIVES = (
    a_work_order().dispatched_to("water").signed().contacted().replied().approved().accepted().called_back().closed(),
    a_work_order().dispatched_to("water", "heating").signed().returned().dispatched_to("heating"),
    a_work_order().answered_at_once(),
    a_work_order().dispatched_to("police").signed().extended(days=1).withdrawn(),
)


async def flow(town: Town, lives: int) -> None:
    """Orders that live beside everything else, by a clock of their own: time stands still there."""
    for number in range(lives):
        await _lived(LIVES[number % len(LIVES)], town)


async def _lived(life: WorkOrder, town: Town) -> None:
    await life.made_in(replace(town, clock=SettableClock(MONDAY)))


@pytest.mark.races
async def test_a_projector_that_is_killed_a_hundred_times_counts_everything_once(bureau: Bureau) -> None:
    town, chance, kills = bureau.town, random.Random(7), 0
    flowing = asyncio.create_task(flow(town, 60))
    while not flowing.done() or kills < KILLS:
        projector = bureau.projector()
        await projector.take_over(town.clock.now())
        sweeping = asyncio.create_task(projector.sweep(town.clock.now()))
        await asyncio.sleep(chance.random() * 0.06)
        kills += sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping
        if flowing.done() and not await town.database.collection(OutboxRow).find_one({"consumer": PROJECTOR}):
            await _lived(LIVES[kills % len(LIVES)], town)
    await flowing
    town.clock.advance(LEASE)
    await bureau.project()
    checked = await bureau.check()
    assert checked.differences == []
    assert checked.orders == await town.database.collection(OrderDocument).count_documents({})
    assert kills >= KILLS


@pytest.mark.races
async def test_projectors_that_take_the_lead_from_each_other_count_everything_once(bureau: Bureau) -> None:
    town = bureau.town

    async def grab() -> None:
        projector = bureau.projector()
        for _ in range(20):
            await projector.take_over(town.clock.now())
            await projector.sweep(town.clock.now())

    await asyncio.gather(flow(town, 24), *(grab() for _ in range(3)))
    await bureau.project()
    assert (await bureau.check()).differences == []


async def test_a_row_that_comes_again_changes_nothing(bureau: Bureau) -> None:
    town = bureau.town
    await flow(town, 4)
    rows = await town.database.collection(OutboxRow).find({"consumer": PROJECTOR}).to_list()
    await bureau.project()
    kept = await everything(town.database)
    await town.database.collection(OutboxRow).insert_many(rows[::-1])
    await bureau.project()
    for row in rows:
        row["data"] = {"anew": True}
    await town.database.collection(OutboxRow).insert_many(rows)
    await bureau.project()
    assert await everything(town.database) == kept


async def everything(database: Database) -> list[Any]:
    return [await database.collection(model).find({}).sort("_id", 1).to_list() for model in (CountedOrder, Rollup)]


@pytest.mark.races
async def test_figures_are_made_anew_while_orders_flow_and_are_read(bureau: Bureau) -> None:
    town, stopping = bureau.town, asyncio.Event()
    await flow(town, 8)
    await bureau.project()
    seen = []

    async def work() -> None:
        """A worker, which leads whenever nobody else does."""
        projector = bureau.projector()
        while not stopping.is_set():
            await projector.sweep(town.clock.now())
            await asyncio.sleep(0.01)

    async def read() -> None:
        while not stopping.is_set():
            seen.append((await bureau.told(Figure.RECEIVED))[0])
            await asyncio.sleep(0.01)

    beside = [asyncio.create_task(each) for each in (work(), read())]
    flowing = asyncio.create_task(flow(town, 24))
    for _ in range(2):
        await rebuild(town.database, ZONE, bureau.projector, town.clock)
    await flowing
    stopping.set()
    await asyncio.gather(*beside)
    await bureau.project()
    assert await current_generation(town.database) == 3
    assert seen == sorted(seen)
    assert seen[0] >= 8
    assert await bureau.told(Figure.RECEIVED) == (32, 32)
    assert (await bureau.check()).differences == []
    assert await town.database.collection(CountedOrder).count_documents({}) == 32


async def test_a_rebuild_that_is_broken_off_leaves_the_figures_as_they_are(bureau: Bureau) -> None:
    town = bureau.town
    await flow(town, 12)
    await bureau.project()
    before = (await bureau.table(LEADER)).periods
    halfway = asyncio.Event()
    making = asyncio.create_task(
        rebuild(town.database, ZONE, bureau.projector, town.clock, lambda orders: halfway.set())
    )
    await halfway.wait()
    making.cancel()
    with suppress(asyncio.CancelledError):
        await making
    assert (await bureau.table(LEADER)).periods == before
    await flow(town, 4)
    await bureau.project()
    assert (await bureau.check()).differences == []
    assert await rebuild(town.database, ZONE, bureau.projector, town.clock) == 16
    assert (await bureau.check()).differences == []
    assert await town.database.collection(CountedOrder).count_documents({}) == 16


async def test_a_rebuild_whose_lead_is_taken_says_so_and_changes_nothing(bureau: Bureau) -> None:
    town = bureau.town
    await flow(town, 8)
    await bureau.project()
    rival = bureau.projector()
    rivals: list[asyncio.Task[None]] = []
    counted = 0

    def taken(orders: int) -> None:
        nonlocal counted
        counted = orders
        if not rivals:
            rivals.append(asyncio.create_task(rival.take_over(town.clock.now())))

    with pytest.raises(StaleWrite):
        await rebuild(town.database, ZONE, bureau.projector, town.clock, taken)
    assert counted
    assert await current_generation(town.database) == 1
    await rival.resign()
    assert (await bureau.check()).differences == []


@pytest.mark.races
async def test_of_two_rebuilds_at_once_one_is_refused_and_the_figures_are_right(bureau: Bureau) -> None:
    town = bureau.town
    await flow(town, 8)
    await bureau.project()
    before = (await bureau.table(LEADER)).periods
    both = [rebuild(town.database, ZONE, bureau.projector, town.clock) for _ in range(2)]
    ended = await asyncio.gather(*both, return_exceptions=True)
    assert any(isinstance(each, StaleWrite) for each in ended)
    assert (await bureau.table(LEADER)).periods == before
    assert (await bureau.check()).differences == []
    assert await rebuild(town.database, ZONE, bureau.projector, town.clock) == 8
    assert (await bureau.check()).differences == []
    assert (await bureau.table(LEADER)).periods == before
    assert await town.database.collection(CountedOrder).count_documents({}) == 8


async def test_what_was_altered_is_named_and_made_good_by_a_rebuild(bureau: Bureau) -> None:
    town = bureau.town
    await flow(town, 4)
    await bureau.project()
    good = (await bureau.table(LEADER)).periods
    rollups, counted = town.database.collection(Rollup), town.database.collection(CountedOrder)
    (unit,) = await rollups.find({"cut": "1|unit", "path": ["city", "water"]}).to_list()
    await rollups.update_one({"_id": unit["_id"]}, {"$inc": {"total.reply:on_time": 1}})
    await rollups.delete_one({"cut": "1|kind"})
    lost = await counted.find_one({})
    assert lost is not None
    await counted.delete_one({"_id": lost["_id"]})
    await counted.insert_one({**lost, "_id": "1|AAAA", "order": "AAAA"})
    told = [each.what for each in (await bureau.check()).differences]
    assert f"order {lost['order']}" in told
    assert "order AAAA" in told
    assert "unit city/water 2026-11 reply:on_time in sum" in told
    assert any(what.startswith("kind complaint 2026-11-16 intake:") for what in told)
    await rebuild(town.database, ZONE, bureau.projector, town.clock)
    assert (await bureau.check()).differences == []
    assert (await bureau.table(LEADER)).periods == good


async def test_a_log_that_lost_an_event_is_not_counted(bureau: Bureau) -> None:
    document = await LIVES[0].made_in(bureau.town)
    await bureau.project()
    await bureau.town.database.mongo["events"].delete_one({"_id": f"{document.id}:000003"})
    with pytest.raises(BrokenLog, match=":000003 is missing"):
        await bureau.check()


async def test_figures_say_up_to_when_they_count(bureau: Bureau) -> None:
    town = bureau.town
    document = await a_work_order().dispatched_to("water").made_in(town)
    await bureau.project()
    sign = document.order.assignments[0].sign.due
    town.clock.set(sign)
    await a_work_order().made_in(replace(town, clock=SettableClock(MONDAY)))
    town.clock.set(sign + timedelta(hours=1))
    # Something of Monday at nine is still to be counted: nothing after that can be called late yet.
    table = await bureau.table(LEADER, NOVEMBER)
    assert table.as_of == MONDAY
    assert table.periods[0].total.figure(Figure.SIGNED_ON_TIME).denominator == 0
    await bureau.project()
    table = await bureau.table(LEADER, NOVEMBER)
    assert table.as_of == sign + timedelta(hours=1)
    assert table.periods[0].total.figure(Figure.SIGNED_ON_TIME).denominator == 1
