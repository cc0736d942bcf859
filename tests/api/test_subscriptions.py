"""What changes while people look, over WebSocket and SSE, and what a break of the change stream does to it."""

import asyncio
import json
from datetime import timedelta

import pytest
from pymongo.errors import PyMongoError

from api.workorders import changes as module
from tests.api.serving import Api

ORDER_CHANGED = (
    "subscription($id: ID!) { workOrderChanged(id: $id) { ... on Order { status } ... on Problem { code } } }"
)
DESK_CHANGED = """subscription($status: OrderStatus, $unit: ID, $phone: PhoneStage) {
    deskChanged(status: $status, unit: $unit, phone: $phone) {
        ... on DeskChange { onDesk order { id } } ... on Problem { code fields { path } }
    }
}"""

LIGHT_CHANGED = """subscription($status: OrderStatus, $unit: ID) {
    lightChanged(status: $status, unit: $unit) {
        ... on LightChange { light order { id light } } ... on Problem { code fields { path } }
    }
}"""


async def test_an_order_is_told_anew_after_each_change(api: Api) -> None:
    order = await api.intake()
    async with api.websocket("zhang") as socket:
        await socket.subscribe(ORDER_CHANGED, id=order)
        await listening(api)
        await api.act("dispatcher", "Dispatch", order, lead="unit:water")
        await socket.hears({"status": "DISPATCHED"})
        await api.act("water", "Sign", order)
        await socket.hears({"status": "IN_PROGRESS"})


async def test_what_one_may_not_see_is_told_as_missing(api: Api) -> None:
    order = await api.intake()
    async with api.websocket("li") as socket:
        await socket.subscribe(ORDER_CHANGED, id=order)
        assert await socket.next() == {"code": "NOT_FOUND"}
        await socket.subscribe(ORDER_CHANGED, id="order:no-such-order")
        message = await socket.receive()
        while message["type"] == "complete":
            message = await socket.receive()
        assert message["payload"]["data"] == {"workOrderChanged": {"code": "NOT_FOUND"}}


async def test_nobody_signed_in_hears_nothing(api: Api) -> None:
    order = await api.intake()
    async with api.websocket(None) as socket:
        await socket.subscribe(ORDER_CHANGED, id=order)
        message = await socket.receive()
        (error,) = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_desk_hears_what_comes_and_what_goes(api: Api) -> None:
    async with api.websocket("dispatcher") as hotline, api.websocket("water") as unit:
        await hotline.subscribe(DESK_CHANGED, status="RECEIVED")
        await unit.subscribe(DESK_CHANGED, unit="unit:water")
        await listening(api, 2)
        order = await api.intake()
        await hotline.hears({"onDesk": True, "order": {"id": order}})
        await api.act("dispatcher", "Dispatch", order, lead="unit:water")
        await hotline.hears({"onDesk": False, "order": {"id": order}})
        await unit.hears({"onDesk": True, "order": {"id": order}})


async def test_lights_are_told_as_time_turns_them_and_as_a_moved_deadline_takes_them_back(api: Api) -> None:
    order = await api.intake()
    await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    async with api.websocket("dispatcher") as hotline, api.websocket("water") as unit:
        await hotline.subscribe(LIGHT_CHANGED, status="DISPATCHED")
        await unit.subscribe(LIGHT_CHANGED, unit="unit:water")
        await listening(api, 2)
        await pass_time(api, timedelta(minutes=100))  # of the 120 that signing may take
        for socket in (hotline, unit):
            await socket.hears({"light": "YELLOW", "order": {"id": order, "light": "YELLOW"}})
        await api.act("water", "Sign", order)
        await api.act("water", "Contact", order, reached=True, said="已到现场。")
        assert await yellow_desks(api, order) == set()
        await pass_time(api, timedelta(days=6))
        await unit.hears({"light": "YELLOW", "order": {"id": order, "light": "YELLOW"}})
        assert await yellow_desks(api, order) == {"hotlineDesk", "unitDesk"}
        await api.act("water", "RequestExtension", order, workingDays=3, reason="等待配件。")
        await api.act("dispatcher", "Grant", order, kind="EXTENSION")
        await unit.hears({"light": "GREEN", "order": {"id": order, "light": "GREEN"}})
        assert await yellow_desks(api, order) == set()


async def pass_time(api: Api, lapse: timedelta) -> None:
    """What a worker does so much later; the town's own clock stays, for sessions would end."""
    while await api.app.timers.sweep(api.clock.now() + lapse):
        pass


async def yellow_desks(api: Api, order: str) -> set[str]:
    """The desks of what is in progress that show this order among those under a yellow light."""
    found = await api.run(
        "dispatcher",
        """{
            hotlineDesk(status: IN_PROGRESS, light: YELLOW) { ... on OrderConnection { edges { node { id } } } }
            unitDesk(unit: "unit:water", task: HANDLE, light: YELLOW) {
                ... on AssignmentConnection { edges { node { order { id } } } }
            }
        }""",
    )
    desks = {
        name: [edge["node"].get("order", edge["node"])["id"] for edge in d["edges"]]
        for name, d in found["data"].items()
    }
    return {name for name, ids in desks.items() if order in ids}


async def test_an_emergency_is_heard_of_by_those_who_call_the_duty_roster(api: Api) -> None:
    async with api.websocket("operator") as operator:
        await operator.subscribe(DESK_CHANGED, phone="SUPERVISOR")
        await listening(api)
        order = await api.intake(urgency="EMERGENCY")
        await api.act("dispatcher", "Dispatch", order, lead="unit:water")
        await operator.hears({"onDesk": True, "order": {"id": order}})
        await api.act("water", "Sign", order)
        await operator.hears({"onDesk": False, "order": {"id": order}})


@pytest.mark.parametrize(
    ("who", "desk", "code"),
    [
        ("zhang", {"status": "RECEIVED"}, "NOT_ALLOWED"),
        ("water", {"status": "RECEIVED"}, "NOT_ALLOWED"),
        ("water", {"unit": "unit:heating"}, "NOT_ALLOWED"),
        ("water", {"phone": "DUTY"}, "NOT_ALLOWED"),
        ("dispatcher", {}, "INVALID_INPUT"),
        ("dispatcher", {"status": "RECEIVED", "unit": "unit:water"}, "INVALID_INPUT"),
        ("dispatcher", {"unit": "water"}, "INVALID_INPUT"),
    ],
)
async def test_a_desk_is_told_only_to_those_whose_it_is(api: Api, who: str, desk: dict[str, str], code: str) -> None:
    async with api.websocket(who) as socket:
        await socket.subscribe(DESK_CHANGED, **desk)
        assert (await socket.next())["code"] == code


async def test_signing_out_ends_what_is_told(api: Api) -> None:
    signed_in = await api.data(
        None, "mutation { startDeviceSession { ... on SignedIn { accessToken } ... on Problem { code } } }"
    )
    api.tokens["device"] = signed_in["accessToken"]
    order = await api.intake("device", reporting="ANONYMOUS", name=None, phone=None)
    async with api.websocket("device") as socket:
        await socket.subscribe(ORDER_CHANGED, id=order)
        await listening(api)
        await api.data("device", "mutation { signOut { __typename } }")
        await api.act("dispatcher", "Dispatch", order, lead="unit:water")
        message = await socket.receive()
        assert message["payload"]["data"] is None
        assert message["payload"]["errors"][0]["extensions"]["code"] == "SESSION_ENDED"


async def test_the_same_over_sse(api: Api) -> None:
    order = await api.intake()
    headers = {**api.headers("zhang"), "accept": "text/event-stream"}
    body = {"query": ORDER_CHANGED, "variables": {"id": order}}
    async with api.http.stream("POST", "/graphql", json=body, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        await listening(api)
        await api.act("dispatcher", "Dispatch", order, lead="unit:water")
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                assert json.loads(line[6:])["data"]["workOrderChanged"] == {"status": "DISPATCHED"}
                break


async def test_polling_does_while_the_stream_is_broken(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await silence(api)

    async def broken(self: module.Changes, *, after_break: bool) -> None:
        raise PyMongoError("no stream")

    monkeypatch.setattr(module.Changes, "_stream", broken)
    monkeypatch.setattr(module, "POLL_SECONDS", 0.2)
    order = await api.intake()
    async with api.websocket("zhang") as socket, api.websocket("dispatcher") as desk:
        await socket.subscribe(ORDER_CHANGED, id=order)
        await desk.subscribe(DESK_CHANGED, status="RECEIVED")
        await desk.hears({"onDesk": False, "order": None})
        await api.act("dispatcher", "Dispatch", order, lead="unit:water")
        await socket.hears({"status": "DISPATCHED"})


async def test_a_slow_listener_is_told_the_latest_and_at_last_to_look_again(api: Api) -> None:
    document = await api.app.office.orders.by_id((await api.intake()).removeprefix("order:"))
    assert document is not None
    listener = module.Listener("desk:received")
    for _ in range(3):
        listener.tell(document)
    assert await listener.changes(1) == [document]
    for number in range(module.MOST_PENDING + 1):
        listener.tell(document.changed(id=str(number)))
    assert await listener.changes(1) == [None]
    assert await listener.changes(0.01) is None


async def listening(api: Api, many: int = 1) -> None:
    """Until so many subscriptions are open."""
    async with asyncio.timeout(10):
        while await subscribers(api) < many:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)  # the change stream opens, and what it is measured from is read


async def silence(api: Api) -> None:
    async with asyncio.timeout(20):
        while await subscribers(api) > 0:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await asyncio.sleep(module.LINGER_SECONDS + 1)


async def subscribers(api: Api) -> float:
    text = (await api.http.get("/metrics")).text
    return float(next(line for line in text.splitlines() if line.startswith("zhengtong_subscribers")).split()[-1])
