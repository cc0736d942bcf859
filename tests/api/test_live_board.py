"""The wall screen 大屏: what it shows is what a count of the stored orders says, soon after anything happened."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api.workorders import screens as module
from api.workorders.changes import Changes
from api.workorders.screens import Screens
from foundation.clock import SettableClock
from tests.api.serving import CITIZENS, MONDAY, STAFF, Api, Json, Socket
from workorders.deadlines.lights import Light
from workorders.deadlines.values import Urgency
from workorders.lifecycle.documents import OrderDocument, UnitTask
from workorders.lifecycle.lines import stage_light
from workorders.lifecycle.states import Status
from workorders.lifecycle.values import Order
from workorders.statistics.board import Board, read_board
from workorders.statistics.definitions import Figure

BOARD = """subscription { liveBoard {
    ... on LiveBoard {
        asOf day received answeredAtOnce archived due dueOpen overdue emergencies
        onTime { numerator denominator rate } satisfied { numerator denominator }
        desks { status task total yellow red } lights { green yellow red }
        firstUnits { value name received } firstCategories { value name received }
        latest { id number status category { id name } place { id name } }
    }
    ... on Problem { code }
} }"""
LAG_SECONDS = 2.0


@asynccontextmanager
async def working(api: Api) -> AsyncIterator[None]:
    """A worker beside, at its own pace."""

    async def work() -> None:
        while True:
            done = [await consumer.sweep(api.clock.now()) for consumer in api.app.consumers]
            await asyncio.sleep(0.05 if any(done) else 0.5)

    working = asyncio.create_task(work())
    try:
        yield
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def counted(api: Api) -> None:
    for consumer in api.app.consumers:
        while await consumer.sweep(api.clock.now()):
            pass


async def orders(api: Api) -> list[Order]:
    return [OrderDocument.load(raw).order async for raw in api.app.database.collection(OrderDocument).find({})]


async def board(api: Api, unit: str | None = None, later: timedelta = timedelta()) -> Board:
    """As it would be read so much later, with what time does to orders until then."""
    now = api.clock.now() + later
    while await api.app.timers.sweep(now):
        pass
    for consumer in api.app.consumers:
        while await consumer.sweep(now):
            pass
    city = await api.app.identity.directory.snapshot()
    return await read_board(api.app.figures, api.app.office.orders, city, unit, now)


async def heard(socket: Socket, wanted: Any) -> Json:
    """The first board for which this holds."""
    while True:
        told: Json = await socket.next()
        if wanted(told):
            return told


@pytest.fixture
async def town(api: Api) -> Api:
    """Orders in most states; one an emergency, one in confidence."""
    if not await orders(api):
        await api.intake()
        await api.intake("zhang", reporting="CONFIDENTIAL", name="李保密", phone="13911112222")
        at_once = await api.intake("operator", channel="channel:phone")
        await api.act("operator", "AnswerNow", at_once, answer="已当场答复。")
        emergency = await api.intake(urgency="EMERGENCY")
        await api.act("dispatcher", "Dispatch", emergency, lead="unit:water")
        for unit, clerk in (("water", "water"), ("water-east", "east"), ("heating", "heating")):
            order = await api.intake()
            await api.act("dispatcher", "Dispatch", order, lead=f"unit:{unit}")
            await api.act(clerk, "Sign", order)
        done = await api.intake()
        await api.act("dispatcher", "Dispatch", done, lead="unit:water")
        await api.act("water", "Sign", done)
        await api.act("water", "SubmitReply", done, outcome="SOLVED", answer="已修复。")
        await api.act("water-head", "UnitApprove", done)
        await api.act("reviewer", "HotlineAccept", done)
        await api.act("zhang", "Rate", done, grade=1, solved=True)
    await counted(api)
    return api


async def test_the_first_board_comes_at_once_and_is_what_the_orders_say(town: Api) -> None:
    stored = await orders(town)
    async with town.websocket("leader") as socket:
        await socket.subscribe(BOARD)
        told = await socket.next()
    assert told["day"] == "2026-11-16"
    assert told["received"] == len(stored)
    assert told["answeredAtOnce"] == 1
    assert told["archived"] == sum(order.closed_at is not None for order in stored) == 2
    assert told["satisfied"] == {"numerator": 1, "denominator": 1}
    assert told["emergencies"] == sum(o.urgency is Urgency.EMERGENCY and not o.ended for o in stored) == 1
    states = Counter(order.status.name for order in stored)
    open_states = [status for status in Status if status not in (Status.CLOSED, Status.REJECTED, Status.WITHDRAWN)]
    assert {desk["status"]: desk["total"] for desk in told["desks"]} == {
        status.name: states[status.name] for status in open_states
    }
    lights = Counter(stage_light(order, town.clock.now()) for order in stored if not order.ended)
    assert told["lights"] == {light.value: lights[light] for light in Light}
    assert {each["value"]: each["received"] for each in told["firstUnits"]} == {"unit:water": 4, "unit:heating": 1}
    assert told["firstCategories"] == [{"value": "category:leak", "name": "管道漏水", "received": len(stored)}]
    newest = sorted(stored, key=lambda order: (order.received_at, order.id), reverse=True)[:10]
    assert [each["number"] for each in told["latest"]] == [order.number for order in newest]
    assert {each["category"]["name"] for each in told["latest"]} == {"管道漏水"}


async def test_a_board_tells_nothing_that_is_a_citizen_s(town: Api) -> None:
    async with town.websocket("leader") as socket:
        await socket.subscribe(BOARD)
        told = str(await socket.next())
    assert not [text for text in ("李保密", "1391111", "张三丰", "水管", "502") if text in told]


async def test_a_change_is_shown_within_two_seconds_and_so_is_one_right_after_it(town: Api) -> None:
    async with working(town), town.websocket("leader") as city, town.websocket("water-head") as unit:
        await city.subscribe(BOARD)
        await unit.subscribe(BOARD)
        before, ours, lags = await city.next(), await unit.next(), list[float]()
        for n in (1, 2, 3, 4, 5):
            town.clock.advance(timedelta(seconds=1))
            order = await town.intake("operator", channel="channel:phone")
            await town.act("dispatcher", "Dispatch", order, lead="unit:water-east")
            begin = time.monotonic()
            _, told = await asyncio.gather(
                heard(city, lambda told, n=n: told["received"] == before["received"] + n),
                heard(unit, lambda told, n=n: told["received"] == ours["received"] + n),
            )
            lags.append(time.monotonic() - begin)
            assert told["latest"][0]["id"] == order
    assert statistics.median(lags) <= LAG_SECONDS, "whatever else the machine does now and then"


async def test_a_head_sees_what_is_the_own_unit_s_and_below_it(town: Api) -> None:
    stored = await orders(town)
    ours = [o for o in stored if any("water" in a.ancestors for a in o.assignments)]
    async with town.websocket("water-head") as socket:
        await socket.subscribe(BOARD)
        told = await socket.next()
    assert told["received"] == len(ours)
    assert {each["id"].removeprefix("order:") for each in told["latest"]} == {order.id for order in ours}
    assert told["emergencies"] == 1
    assert told["firstCategories"] == []
    assert {each["value"] for each in told["firstUnits"]} == {"unit:water-east"}
    tasks = {desk["task"]: desk["total"] for desk in told["desks"]}
    assert tasks["SIGN"] + tasks["HANDLE"] == sum(a.open for o in ours for a in o.assignments)


async def test_days_begin_and_deadlines_pass_by_themselves(town: Api) -> None:
    now = await board(town)
    tomorrow = await board(town, later=timedelta(days=1))
    assert (now.today.received, tomorrow.today.received) == (len(await orders(town)), 0)
    assert tomorrow.today.satisfied_this_month == now.today.satisfied_this_month
    due_days = {a.reply.due.date() for o in await orders(town) for a in o.assignments if a.open}
    last = max(due_days)
    at_the_end = await board(town, later=timedelta(days=(last - MONDAY.date()).days, hours=14))
    assert at_the_end.day == last
    open_then = [
        a
        for o in await orders(town)
        for a in o.assignments
        if a.reply.due.date() == last and a.replied_at is None and o.urgency is not Urgency.EMERGENCY
    ]
    today = at_the_end.today
    assert today.due_open == len(open_then) > 0
    assert (today.due, today.on_time.denominator - today.on_time.numerator) == (len(open_then) + 1, len(open_then))
    assert today.on_time.figure is Figure.ON_TIME
    assert at_the_end.overdue >= len(open_then)
    ours = await board(town, "water", later=timedelta(days=(last - MONDAY.date()).days, hours=14))
    assert 0 < ours.overdue <= at_the_end.overdue
    assert {*ours.desks} == {task for task in UnitTask if task is not UnitTask.ENDED}


async def test_a_screen_is_read_once_for_all_who_watch_and_again_when_a_day_begins(
    town: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEAST_SECONDS", 0.1)
    monkeypatch.setattr(module, "MOST_SECONDS", 0.3)
    readings: list[None] = []

    async def counted_reading(*given: Any) -> Board:
        readings.append(None)
        if len(readings) == 2:
            raise RuntimeError("the database is away for a moment")
        return await read_board(*given)

    monkeypatch.setattr(module, "read_board", counted_reading)
    clock = SettableClock(town.clock.now())
    changes = Changes(town.app.database)
    screens = Screens(replace(town.app, clock=clock), changes)
    async with screens.watched(None) as one, screens.watched(None) as other:
        assert one is other
        first, seen = await one.next(0, 10)
        assert first is not None
        assert await other.next(0, 10) == (first, seen)
        assert len(readings) == 1
        clock.advance(timedelta(days=1))
        second, seen = await one.next(seen, 10)
        assert second is not None
        assert second.day == first.day + timedelta(days=1)
        assert await one.next(seen, 0.5) == (None, seen), "what shows the same is not told again"
        assert len(readings) > 3
        assert await other.next(seen, 0.0) == (None, seen)
    after = len(readings)
    await asyncio.sleep(0.5)
    assert len(readings) == after, "nobody watches any more"
    await screens.close()
    await changes.close()


@pytest.mark.parametrize("who", sorted({*STAFF, *CITIZENS} - {"supervisor", "leader", "water-head"}))
async def test_whoever_leads_nothing_watches_nothing(town: Api, who: str) -> None:
    async with town.websocket(who) as socket:
        await socket.subscribe(BOARD)
        assert await socket.next() == {"code": "NOT_ALLOWED"}


async def test_signing_out_ends_the_board(town: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.workorders.board.LOOKED_AT_SECONDS", 0.2)
    async with town.websocket("leader") as socket:
        await socket.subscribe(BOARD)
        await socket.next()
        await town.data("leader", "mutation { signOut { __typename } }")
        message = await socket.receive()
        while message["payload"]["data"] is not None:
            message = await socket.receive()
        assert message["payload"]["errors"][0]["extensions"]["code"] == "SESSION_ENDED"
