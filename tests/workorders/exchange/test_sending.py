"""Telling platforms: signed, until they take it, in order, each message the same whenever it comes."""

from datetime import timedelta

import httpx
import orjson
import pytest

from foundation.changes import Change
from foundation.outbox import LEASE
from foundation.outbox import Lease as LeaseDocument
from tests.platform_above import signature as as_the_manual_says
from tests.workorders.exchange.city import ADMIN, City, url_of
from tests.workorders.lifecycle.builders import WorkOrder, a_work_order
from tests.workorders.lifecycle.town import UPSTREAM
from workorders.exchange.messages import messages
from workorders.exchange.sending import PATIENCE, HttpCourier, NotTaken, sender
from workorders.lifecycle import upstream
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.recording import EXCHANGE
from workorders.lifecycle.states import RequestKind
from workorders.lifecycle.values import Upstream

BAD = {"solved": False, "grade": 5}
HANDED = a_work_order().handed_down()
SIGNED = HANDED.dispatched_to("water").signed()
WHOLE_LIFE = (
    SIGNED.asking_for(RequestKind.EXTENSION, days=2).with_consent_asked().consented_to().handled().answered_up()
    .acknowledged().called_back_above(**BAD).handled().answered_up().called_back_above()
)  # fmt: skip


def from_the_nation(road: WorkOrder) -> WorkOrder:
    return road.reported(upstream=Upstream(source="nation", number=""))


def types(city: City) -> list[str]:
    return [f"{message['type']} {message.get('status', '')}".strip() for message in city.bag.messages]


async def test_a_whole_life_is_told_in_order_and_signed(city: City) -> None:
    order = await WHOLE_LIFE.made_in(city.town)
    assert await city.sweep() == 13
    assert types(city) == [
        "status dispatched", "status in_progress", "consent_asked", "status unit_review", "status hotline_review",
        "status callback", "answer", "status in_progress", "status unit_review", "status hotline_review",
        "status callback", "answer", "status closed",
    ]  # fmt: skip
    assert await city.waiting() == []
    assert order.order.upstream is not None
    for url, message, headers in city.bag.brought:
        assert url == url_of("province")
        assert (message["number"], message["orderNumber"]) == (order.order.upstream.number, order.order.number)
        assert headers["X-Exchange-Request-Id"] == message["id"]
        theirs = as_the_manual_says(city.secret("province"), "POST", "/city", orjson.dumps(message), headers)
        assert headers["X-Exchange-Signature"] == theirs
    (asked,) = [message for message in city.bag.messages if message["type"] == "consent_asked"]
    assert (asked["kind"], asked["workingDays"]) == ("extension", 2)
    assert (asked["reason"], asked["note"]) == ("情况复杂，需要协调。", "请予支持。")
    first, second = [message for message in city.bag.messages if message["type"] == "answer"]
    assert (first["round"], second["round"], first["outcome"]) == (0, 1, "solved")
    assert first["answer"] == "已修复，群众满意。"
    assert len({message["id"] for message in city.bag.messages}) == len(city.bag.messages)
    assert [m["sequence"] for m in city.bag.messages] == sorted(m["sequence"] for m in city.bag.messages)


async def test_nothing_of_the_citys_own_house_is_told(city: City) -> None:
    await SIGNED.replied().sent_back_by_the_head().replied().approved().sent_back_by_the_hotline().made_in(city.town)
    await city.sweep()
    told = str(city.bag.messages)
    for inner in ("换了阀门。", "不够具体。", "答非所问。", "已修复。", "张三", "13800138000", "staff:", "water"):
        assert inner not in told


async def test_a_refusal_here_takes_the_question_back_and_one_that_was_never_asked_is_not_told(city: City) -> None:
    order = await SIGNED.asking_for(RequestKind.EXTENSION).with_consent_asked().refused().made_in(city.town)
    await SIGNED.asking_for(RequestKind.EXTENSION).refused().made_in(city.town)
    await SIGNED.asking_for(RequestKind.EXTENSION).with_consent_asked().refused_above().made_in(city.town)
    await city.sweep()
    (withdrawn,) = [message for message in city.bag.messages if message["type"] == "consent_withdrawn"]
    assert withdrawn["orderNumber"] == order.order.number
    assert withdrawn["reason"] == "理由不充分，请继续办理。"
    assert await city.waiting() == []


@pytest.mark.parametrize(
    ("road", "told"),
    [
        (HANDED.rejected(), {"status": "rejected", "channel": "court", "reason": "已进入诉讼程序。"}),
        (HANDED.answered_at_once(), {"status": "closed", "closing": "answered", "answer": "每日八点开门。"}),
        (HANDED.withdrawn(), {"status": "withdrawn", "reason": "已自行解决。"}),
    ],
)
async def test_an_end_says_why(city: City, road: WorkOrder, told: dict[str, str]) -> None:
    await road.made_in(city.town)
    await city.sweep()
    (message,) = city.bag.messages
    assert told.items() <= message.items()


# Platforms that are away


async def test_what_is_not_taken_comes_later_once_and_in_order(city: City) -> None:
    order = await SIGNED.handled().answered_up().made_in(city.town)
    city.bag.closed.add(url_of("province"))
    for _ in range(20):
        await city.sweep(seconds=30)
    assert city.bag.brought == []
    await upstream.acknowledge(city.town.office, UPSTREAM, order.id, round=0)
    await upstream.call_back(city.town.office, UPSTREAM, order.id, round=0, reached=True, solved=True, grade=1)
    city.bag.closed.clear()
    await city.sweep()  # the newest is due at once, and waits for those before it
    for _ in range(40):
        await city.sweep(minutes=2)
    sequences = [message["sequence"] for message in city.bag.messages]
    assert sequences == sorted(set(sequences))
    assert types(city)[-2:] == ["answer", "status closed"]
    assert await city.waiting() == []


async def test_a_platform_that_is_away_is_asked_once_a_batch_and_holds_nobody_else_up(city: City) -> None:
    for _ in range(5):
        await SIGNED.made_in(city.town)
        await from_the_nation(SIGNED).made_in(city.town)
    city.bag.closed.add(url_of("province"))
    await city.sweep()
    assert city.bag.tries[url_of("province")] == 1
    assert [url for url, _, _ in city.bag.brought] == [url_of("nation")] * 10
    assert len(await city.waiting()) == 10


async def test_it_is_tried_for_a_week_with_pauses_of_ten_minutes_at_most(city: City) -> None:
    await HANDED.dispatched_to("water").made_in(city.town)
    city.bag.closed.add(url_of("province"))
    start = city.town.clock.now()
    while await city.waiting():
        await city.sweep()
        rows = await city.waiting()
        if rows:
            due = rows[0].key.partition("~")[0]
            wait = max(timedelta(0), type(start).fromisoformat(due) - city.town.clock.now())
            assert wait <= timedelta(minutes=10)
            city.town.clock.advance(wait)
    assert city.town.clock.now() - start > timedelta(days=6)
    assert city.bag.tries[url_of("province")] == PATIENCE.tries


async def test_a_message_that_breaks_holds_up_its_own_order_only(city: City) -> None:
    broken, other = await SIGNED.made_in(city.town), await SIGNED.made_in(city.town)
    first = (await city.waiting())[0]
    broken, other = (broken, other) if first.subject == broken.id else (other, broken)
    city.bag.poison.add(first.id)
    await city.sweep()
    assert {message["orderNumber"] for message in city.bag.messages} == {other.order.number}
    assert {row.subject for row in await city.waiting()} == {broken.id}


async def test_a_batch_that_takes_too_long_leaves_the_rest_as_it_was(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await HANDED.dispatched_to("water").made_in(city.town)
    monkeypatch.setattr("workorders.exchange.sending.BATCH_SECONDS", -1.0)
    assert await city.sweep() == 1
    assert [row.tries for row in await city.waiting()] == [0, 0]
    assert [await city.sweep(), await city.sweep(), await city.sweep()] == [1, 1, 0]


async def test_a_worker_that_dies_after_sending_leaves_the_same_message_to_be_sent_again(city: City) -> None:
    """Its lease runs out, another one sends: twice on the way, once by its id."""
    await HANDED.dispatched_to("water").made_in(city.town)
    town = city.town
    rows = await city.waiting()
    doomed = sender(town.database, town.keyring, town.clock, town.office.orders, city.bag)
    lease = LeaseDocument(_id=EXCHANGE, token="of the dead", until=town.clock.now() + LEASE)
    await doomed._effect(rows, town.clock.now())  # it sends, and dies before it commits
    await town.database.save(Change().insert(lease))
    assert await city.sweep() == 0
    assert await city.sweep(seconds=21) == 1
    once, again = city.bag.messages
    assert once == again
    (_, _, first), (_, _, second) = city.bag.brought
    assert first["X-Exchange-Nonce"] != second["X-Exchange-Nonce"]
    assert await city.waiting() == []


# Platforms that cannot be told


@pytest.mark.parametrize("how", ["revoked", "without an address", "unknown"])
async def test_what_has_no_receiver_is_done(city: City, how: str) -> None:
    road = HANDED if how != "unknown" else HANDED.reported(upstream=Upstream(source="nobody", number=""))
    await road.dispatched_to("water").made_in(city.town)
    if how == "revoked":
        await city.platforms.revoke(ADMIN, "province")
    elif how == "without an address":
        await city.platforms.move(ADMIN, "province", url=None)
    assert await city.sweep() == 1
    assert (city.bag.brought, await city.waiting()) == ([], [])


async def test_what_was_erased_is_told_without_its_words(city: City) -> None:
    order = await SIGNED.handled().answered_up().made_in(city.town)
    await city.database.save(Change().update(OrderDocument, order.id, {"$set": {"data_key": None}}))
    await city.sweep()
    assert [message["answer"] for message in city.bag.messages if message["type"] == "answer"] == [None]


async def test_messages_are_the_same_whenever_they_are_made(city: City) -> None:
    order = await SIGNED.handled().answered_up().made_in(city.town)
    orders, key = city.town.office.orders, city.town.office.data_key(order)
    before = list(messages(order.order, await orders.events(order), key))
    after = await upstream.acknowledge(city.town.office, UPSTREAM, order.id, round=0)
    assert list(messages(after.order, await orders.events(after), key))[: len(before)] == before
    own = await a_work_order().dispatched_to("water").made_in(city.town)
    assert list(messages(own.order, await orders.events(own), city.town.office.data_key(own))) == []


# The courier


@pytest.mark.parametrize("status", [100, 199, 300, 302, 400, 401, 404, 409, 429, 500, 503])
async def test_only_success_is_success(status: int) -> None:
    courier = HttpCourier(transport=httpx.MockTransport(lambda _: httpx.Response(status, headers={"location": "/"})))
    with pytest.raises(NotTaken, match=str(status)):
        await courier.post("https://province.example/city", b"{}", {})
    await courier.close()


async def test_whatever_goes_wrong_on_the_way_is_not_taken() -> None:
    def breaks(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too slow", request=request)

    courier = HttpCourier(transport=httpx.MockTransport(breaks))
    with pytest.raises(NotTaken, match="ReadTimeout"):
        await courier.post("https://province.example/city", b"{}", {})
    taken = HttpCourier(transport=httpx.MockTransport(lambda _: httpx.Response(204)))
    await taken.post("https://province.example/city", b"{}", {})
    for each in (courier, taken):
        await each.close()
