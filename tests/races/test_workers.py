"""Workers in real processes on the same timers and the same outbox rows, killed and not."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from foundation.events import Event
from foundation.outbox import LEASE as OUTBOX_LEASE
from foundation.outbox import OutboxRow
from foundation.timers import LEASE as TIMER_LEASE
from foundation.timers import Timer
from tests.races.racing import Process, Race
from tests.races.worker import Seen
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.invariants import check, log_of
from tests.workorders.lifecycle.town import Town
from tests.workorders.statistics.bureau import Bureau
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.projecting import OrderProjection, Tally, desks_of
from workorders.lifecycle.recording import LIGHTS
from workorders.lifecycle.states import Action, Status
from workorders.lifecycle.values import Order

ORDERS = 24
BOTH = [Action.INTAKE, Action.DISPATCH, Action.SIGN, Action.CO_SIGN]


async def orders_to_sign(town: Town) -> list[str]:
    """Orders that nobody signs for, past their limit; about no place, so that none of them repeats another."""
    dispatched = a_work_order().reported(place="town").dispatched_to("water", "heating")
    made = await asyncio.gather(*(dispatched.made_in(town) for _ in range(ORDERS)))
    town.clock.advance(timedelta(days=1))
    return [document.id for document in made]


async def signed_once(town: Town, ids: list[str]) -> None:
    for id in ids:
        document = await town.office.orders.by_id(id)
        assert document is not None
        actions = [action for action, _, _ in await log_of(town, document) if action is not Action.LIGHT]
        assert sorted(actions) == sorted(BOTH)
        assert (await check(town, id)).status is Status.IN_PROGRESS
    assert await town.database.collection(Timer).count_documents({"due": {"$lte": town.clock.now()}}) == 0


async def applied_once(town: Town) -> None:
    """Every message was worked through once, and the totals of the desks are what a recount gives."""
    assert await town.database.collection(OutboxRow).count_documents({"consumer": {"$ne": LIGHTS}}) == 0
    rows = Counter(raw["row"] for raw in await town.database.collection(Seen).find({}).to_list())
    orders = [OrderDocument.load(raw) for raw in await town.database.collection(OrderDocument).find({}).to_list()]
    assert rows == {f"{document.id}:000001:notices": 1 for document in orders}
    assert await recounted(town) == recount([document.order for document in orders])
    projected = await town.database.collection(OrderProjection).find({}).to_list()
    assert {raw["_id"]: (raw["sequence"], raw["head"]) for raw in projected} == {
        document.id: (document.version, document.head) for document in orders
    }
    assert (await Bureau(town).check()).differences == []


async def recounted(town: Town) -> dict[str, int]:
    tallies = await town.database.collection(Tally).find({}).to_list()
    return {raw["_id"]: raw["total"] for raw in tallies if raw["total"]}


def recount(orders: list[Order]) -> dict[str, int]:
    return dict(Counter(desk for order in orders for desk in desks_of(order)))


async def test_workers_on_the_same_timers_sign_each_order_once(town: Town, race: Race) -> None:
    ids = await orders_to_sign(town)
    outcomes = await race.everywhere("sweep_timers", sweeps=3)
    assert sum(outcome["ok"] for outcome in outcomes) >= ORDERS
    assert sum(1 for outcome in outcomes if outcome["ok"]) > 1  # they did share the work
    await signed_once(town, ids)


async def test_consumers_of_the_same_rows_apply_each_once(town: Town, race: Race) -> None:
    await orders_to_sign(town)
    for _ in range(3):  # leaders come and go; each is given up once its lease is over
        await race.everywhere("sweep_outbox", sweeps=2, times=2)
        town.clock.advance(OUTBOX_LEASE)
    await applied_once(town)


@pytest.mark.parametrize("signatures", [1, ORDERS])
async def test_a_worker_that_is_killed_leaves_its_work_to_the_others(
    mongodb_uri: str, town: Town, race: Race, signatures: int
) -> None:
    ids = await orders_to_sign(town)
    doomed = Process(mongodb_uri)
    await asyncio.to_thread(doomed.wait_ready)
    common = {"database": town.database.mongo.name, "now": town.clock.now().isoformat(), "go": 0}
    doomed.tell({**common, "do": "sweep_outbox", "sweeps": 1})
    await doomed.outcomes()  # it leads
    doomed.tell({**common, "do": "sweep_timers", "sweeps": 50})
    signed = {"type": {"$in": [Action.SIGN, Action.CO_SIGN]}}
    while await town.database.collection(Event).count_documents(signed) < signatures:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    doomed.kill()
    assert await town.database.collection(Timer).count_documents({}) > 0
    town.clock.advance(max(TIMER_LEASE, OUTBOX_LEASE))
    for _ in range(2):
        await race.everywhere("sweep_timers", sweeps=3)
        await race.everywhere("sweep_outbox", sweeps=2)
        town.clock.advance(OUTBOX_LEASE)
    await signed_once(town, ids)
    await applied_once(town)
