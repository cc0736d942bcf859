"""Locked months: what was issued stays, what changes is a dated correction, and both sum to what is counted now."""

import asyncio
import random
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from foundation.changes import StaleWrite
from foundation.database import Database
from foundation.outbox import OutboxRow
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.town import CITIZEN, COMPLAINT, OPERATOR
from tests.workorders.statistics.bureau import ZONE, Bureau
from tests.workorders.statistics.test_projecting import flow
from workorders.lifecycle import intake
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.recording import PROJECTOR
from workorders.statistics.correcting import Shift, shifts
from workorders.statistics.definitions import Figure
from workorders.statistics.documents import Correction, MonthLock, Rollup
from workorders.statistics.errors import NotIssued
from workorders.statistics.locking import copy_months, leading, moment_of_lock
from workorders.statistics.rebuilding import rebuild
from workorders.statistics.tallying import Dimension
from workorders.statistics.windows import Window

MONTH = "2026-11"


async def corrections(database: Database, **which: Any) -> list[Correction]:
    found = await database.collection(Correction).find(which).sort("key", 1).to_list()
    return [Correction.load(raw) for raw in found]


async def test_an_order_that_is_withdrawn_after_the_lock_is_a_correction(bureau: Bureau) -> None:
    town = bureau.town
    document = await a_work_order().dispatched_to("water").signed().made_in(town)
    await bureau.project()
    town.clock.advance(timedelta(days=20))
    await bureau.lock(MONTH)
    issued = (await bureau.table(issued=True, by=Dimension.UNIT)).periods
    assert await bureau.told(Figure.SIGNED_ON_TIME, issued=True) == (1, 1)
    await intake.withdraw(town.office, OPERATOR, document.id, reason="已自行解决。")
    await bureau.project()
    assert (await bureau.table(issued=True, by=Dimension.UNIT)).periods == issued
    assert await bureau.told(Figure.SIGNED_ON_TIME) == (0, 0)
    (correction,) = await corrections(town.database, tells=True)
    assert (correction.month, correction.number) == (MONTH, document.order.number)
    assert correction.happened_at == town.clock.now()
    told = {each.figure: each for each in shifts(correction.changes)}
    assert told[Figure.SIGNED_ON_TIME] == Shift(Figure.SIGNED_ON_TIME, -1, -1)
    assert Figure.RECEIVED not in told
    assert shifts(correction.changes, "water") == shifts(correction.changes)
    assert shifts(correction.changes, "heating") == ()
    assert correction.units == ("city", "water")
    assert (await bureau.locks(MONTH))[MONTH].corrections == 1
    assert (await bureau.check()).differences == []


async def test_what_was_late_and_open_and_is_late_and_done_changes_no_rate_of_lateness(bureau: Bureau) -> None:
    town = bureau.town
    order = a_work_order().dispatched_to("water").signed().contacted()
    document = await order.made_in(town)
    town.clock.advance(timedelta(days=40))
    await bureau.lock(MONTH)
    before = await bureau.told(Figure.ON_TIME)
    await replace(order, steps=()).replied().approved().goes_on(town, document.id)
    await bureau.project()
    assert before == await bureau.told(Figure.ON_TIME) == (0, 1)
    (correction,) = await corrections(town.database)
    assert {entry[0] for entry in correction.removed} == {"reply:open", "yellow:open"}
    assert {entry[0] for entry in correction.added} == {"reply:late", "yellow:late"}
    assert (correction.tells, shifts(correction.changes)) == (False, ())
    assert (await bureau.locks(MONTH))[MONTH].corrections == 0
    assert (await bureau.check()).differences == []


async def test_an_order_of_another_category_moves_counts_though_the_sum_stays(bureau: Bureau) -> None:
    town = bureau.town
    order = a_work_order()
    document = await order.made_in(town)
    town.clock.advance(timedelta(days=20))
    await bureau.lock(MONTH)
    await replace(order, steps=()).reclassified(category="water").goes_on(town, document.id)
    await bureau.project()
    (correction,) = await corrections(town.database)
    assert (correction.tells, shifts(correction.changes)) == (True, ())
    assert (await bureau.check()).differences == []


async def test_only_locked_months_are_corrected(bureau: Bureau) -> None:
    town = bureau.town
    await flow(town, 4)
    await bureau.project()
    assert await corrections(town.database) == []
    with pytest.raises(NotIssued):
        await bureau.table(issued=True)
    town.clock.advance(timedelta(days=20))
    await bureau.lock(MONTH)
    await bureau.table(issued=True)
    for window in (Window(date(2026, 11, 1), date(2026, 12, 31)), Window(date(2026, 11, 2), date(2026, 11, 30))):
        with pytest.raises(NotIssued):
            await bureau.table(window=window, issued=True)
    await intake.take_in(town.office, CITIZEN, COMPLAINT)
    await bureau.project()
    assert await corrections(town.database) == []


async def test_a_row_that_comes_again_corrects_nothing_twice(bureau: Bureau) -> None:
    town = bureau.town
    await bureau.lock(MONTH)
    await flow(town, 4)
    rows = await town.database.collection(OutboxRow).find({"consumer": PROJECTOR}).to_list()
    await bureau.project()
    known = len(await corrections(town.database))
    assert known >= 4
    for row in rows:
        row["data"] = {"anew": True}
    await town.database.collection(OutboxRow).insert_many(rows)
    await bureau.project()
    assert len(await corrections(town.database)) == known
    assert (await bureau.check()).differences == []


@pytest.mark.races
async def test_a_month_is_locked_while_orders_flow_and_projectors_race(bureau: Bureau) -> None:
    town, locked, stopping = bureau.town, asyncio.Event(), asyncio.Event()
    chance = random.Random(11)

    async def work() -> None:
        """A worker that grabs the lead now and then, as one whose clock is ahead."""
        while not stopping.is_set():
            projector = bureau.projector()
            if chance.random() < 0.02:
                await projector.take_over(town.clock.now())
            await projector.sweep(town.clock.now())
            await asyncio.sleep(chance.random() * 0.02)

    async def stream() -> None:
        """Orders before the lock, while it is tried, and after it."""
        while not locked.is_set():
            await flow(town, 4)
        await flow(town, 4)

    tasks = [asyncio.create_task(work()) for _ in range(2)]
    streaming = asyncio.create_task(stream())
    while not locked.is_set():
        await asyncio.sleep(0.1)
        with suppress(StaleWrite):
            await bureau.lock(MONTH)
            locked.set()
    await streaming
    stopping.set()
    await asyncio.gather(*tasks)
    issued = await bureau.told(Figure.RECEIVED, issued=True)
    await bureau.project()
    made = await town.database.collection(OrderDocument).count_documents({})
    assert await bureau.told(Figure.RECEIVED) == (made, made)
    assert issued[0] < made
    assert (await bureau.check()).differences == []


async def test_a_lock_that_is_broken_off_issues_nothing_and_the_next_one_all(bureau: Bureau) -> None:
    town = bureau.town
    await flow(town, 4)
    async with leading(bureau.projector, town.clock) as keep:
        await copy_months(town.database, [MONTH], keep)
    with pytest.raises(NotIssued):
        await bureau.table(issued=True)
    await flow(town, 4)
    assert (await bureau.check()).differences == []
    await bureau.lock(MONTH)
    assert (await bureau.table(issued=True)).periods[0].total == (await bureau.table()).periods[0].total
    assert (await bureau.check()).differences == []


async def test_whoever_lost_the_lead_copies_and_locks_nothing(bureau: Bureau) -> None:
    town = bureau.town
    await flow(town, 4)
    with pytest.raises(StaleWrite):
        async with leading(bureau.projector, town.clock) as keep:
            await bureau.lock(MONTH)
            await flow(town, 4)
            await copy_months(town.database, [MONTH], keep)
    assert await bureau.told(Figure.RECEIVED, issued=True) == (4, 4)
    await bureau.project()
    assert (await bureau.check()).differences == []


async def test_what_was_altered_in_what_was_issued_is_named(bureau: Bureau) -> None:
    town = bureau.town
    await flow(town, 4)
    await bureau.lock(MONTH)
    rollup = await town.database.collection(Rollup).find_one({"cut": "issued|all"})
    assert rollup is not None
    alter = {"$inc": {"days.16.intake:withdrawn": 1}}
    await town.database.collection(Rollup).update_one({"_id": rollup["_id"]}, alter)
    await town.database.collection(MonthLock).update_one({"_id": MONTH}, {"$inc": {"corrections": 1}})
    named = [each.what for each in (await bureau.check()).differences]
    assert named == [
        "issued and corrected, less than counted now: all  2026-11-16 intake:withdrawn",
        "corrections of 2026-11",
    ]


async def test_a_rebuild_keeps_what_was_issued_and_accounts_for_what_it_finds_otherwise(bureau: Bureau) -> None:
    town = bureau.town
    await flow(town, 4)
    await bureau.project()
    good = await bureau.told(Figure.COMPLETED)
    wrong = {"days.16.intake:pending": 3, "total.intake:pending": 3}
    for cut in ("1|all", "1|unit"):
        rollup = await town.database.collection(Rollup).find_one({"cut": cut})
        assert rollup is not None
        await town.database.collection(Rollup).update_one({"_id": rollup["_id"]}, {"$inc": wrong})
    await bureau.lock(MONTH)
    issued = await bureau.told(Figure.COMPLETED, issued=True)
    assert issued == (good[0], good[1] + 3)
    await rebuild(town.database, ZONE, bureau.projector, town.clock)
    assert await bureau.told(Figure.COMPLETED) == good
    assert await bureau.told(Figure.COMPLETED, issued=True) == issued
    (correction,) = await corrections(town.database)
    assert (correction.order, correction.tells) == (None, True)
    assert Shift(Figure.COMPLETED, 0, -3) in shifts(correction.changes)
    assert (await bureau.check()).differences == []
    await rebuild(town.database, ZONE, bureau.projector, town.clock)
    assert len(await corrections(town.database)) == 1
    assert (await bureau.check()).differences == []


async def test_corrections_are_dated_after_what_was_issued_whatever_the_clocks_say(bureau: Bureau) -> None:
    town = bureau.town
    await bureau.lock(MONTH)
    lock = (await bureau.locks(MONTH))[MONTH]
    town.clock.advance(timedelta(hours=-1))
    await a_work_order().made_in(town)
    await bureau.project()
    (correction,) = await corrections(town.database)
    assert correction.at > lock.at
    assert await moment_of_lock(town.database, town.clock.now()) > correction.at
