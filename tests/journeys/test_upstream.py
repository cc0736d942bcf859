"""The province hands an order down, decides on an extension, takes the answer, calls back; it may be away for a while.

All of it over HTTP: the city's API on one side, the platform's own server on the other, the city's worker between.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from foundation.ids import new_id
from identity.actors import system_actor
from tests.journeys.people import People, complaint
from tests.platform_above import PlatformAbove, a_hand_down

ADMIN = system_actor("terminal")
Connect = Callable[[], Awaitable[PlatformAbove]]


@pytest.fixture
async def connect(people: People) -> AsyncIterator[Connect]:
    """Connects a platform that listens, under a name of its own."""
    platforms, connected = people.api.app.exchange.platforms, list[str]()
    async with AsyncExitStack() as listening:

        async def connect() -> PlatformAbove:
            id = f"p-{new_id().lower().translate(str.maketrans('_', '-'))}"
            issued = await platforms.connect(ADMIN, id, name="省平台", url=None, channel="upstream")
            above = PlatformAbove(id, issued.key, base64.b64decode(issued.secret))
            await listening.enter_async_context(above.listening())
            await platforms.move(ADMIN, id, url=above.url)
            connected.append(id)
            return above

        yield connect
        for id in connected:
            await platforms.revoke(ADMIN, id)


async def order_of(people: People, number: str) -> str:
    query = "query($n: String!) { order(number: $n) { ... on Order { id } } }"
    return str((await (await people.staff("dispatcher")).ask(query, n=number))["id"])


async def test_the_same_hand_down_five_times_at_once_is_one_order(people: People, connect: Connect) -> None:
    above, http = await connect(), people.api.http
    due = (people.api.app.clock.now() + timedelta(days=3)).isoformat()
    handed = a_hand_down(due=due)
    orders = await asyncio.gather(*(above.does(http, "/orders", handed) for _ in range(5)))
    assert len({order["orderNumber"] for order in orders}) == 1
    order = await order_of(people, orders[0]["orderNumber"])
    seen = await (await people.staff("dispatcher")).see(order)
    assert seen["upstream"] == {"source": above.id, "number": handed["number"]}
    assert seen["citizenDeadline"]["due"] < due, "the city answers before it is due above"


async def test_from_the_hand_down_to_the_second_callback(people: People, connect: Connect) -> None:
    above, http = await connect(), people.api.http
    done = await above.does(http, "/orders", a_hand_down())
    number, order = done["number"], await order_of(people, done["orderNumber"])
    dispatcher, reviewer, clerk = [await people.staff(who) for who in ("dispatcher", "reviewer", "water")]
    await dispatcher.do("Dispatch", order, lead="unit:water")
    await clerk.do("Sign", order)
    before = (await clerk.see(order))["citizenDeadline"]["due"]

    await clerk.do("RequestExtension", order, reason="等待配件到货。", workingDays=2)
    await dispatcher.do("AskConsent", order, kind="EXTENSION", note="请予支持。")
    question = await above.hears(number, "consent_asked", kind="extension", workingDays=2)
    assert (question["reason"], question["note"]) == ("等待配件到货。", "请予支持。")
    await above.does(http, f"/orders/{number}/consent", {"request": question["request"], "consents": True})
    assert (await clerk.see(order))["citizenDeadline"]["due"] > before

    await people.replied(order)
    await reviewer.do("AnswerUp", order, answer="已修复，群众满意。")
    answer = await above.hears(number, "answer", round=0)
    assert (answer["answer"], answer["outcome"]) == ("已修复，群众满意。", "solved")
    await above.does(http, f"/orders/{number}/acknowledgement", {"round": 0})
    bad = {"round": 0, "reached": True, "solved": False, "grade": 5, "said": "还在漏。"}
    await above.does(http, f"/orders/{number}/callback", bad)
    redone = await dispatcher.see(order)
    assert (redone["status"], redone["round"]) == ("IN_PROGRESS", 1)
    assert "还在漏。" in str(redone["timeline"])

    await people.replied(order, reply="换了整段水管。")
    await reviewer.do("AnswerUp", order, answer="换了整段水管，已回访确认。")
    await above.hears(number, "answer", round=1)
    await above.does(http, f"/orders/{number}/acknowledgement", {"round": 1})
    good = {"round": 1, "reached": True, "solved": True, "grade": 2}
    await above.does(http, f"/orders/{number}/callback", good)
    closed = await dispatcher.see(order)
    assert (closed["status"], closed["closing"]) == ("CLOSED", "CALLED_BACK")
    await above.hears(number, "status", status="closed", closing="called_back")
    told = above.told(number)
    assert set(above.deliveries.values()) == {1}
    assert above.refused == 0
    seen = (await above.look(http, number)).json()
    assert seen["messages"] == told, "who asks is told the same as who listens"


async def test_a_platform_that_is_away_is_told_later_and_once(people: People, connect: Connect) -> None:
    above, http = await connect(), people.api.http
    above.away = True
    done = await above.does(http, "/orders", a_hand_down())
    number, order = done["number"], await order_of(people, done["orderNumber"])
    await people.handled(order)
    await (await people.staff("reviewer")).do("AnswerUp", order, answer="已修复。")
    await asyncio.sleep(2)
    assert above.messages == {}
    above.away = False
    await above.hears(number, "answer", round=0)
    assert [each["type"] for each in above.told(number)][-1] == "answer"
    assert set(above.deliveries.values()) == {1}


async def test_nobody_but_a_platform_hands_down_and_it_sees_its_own_only(people: People, connect: Connect) -> None:
    above, http = await connect(), people.api.http
    operator = await people.staff("operator")
    query = "mutation($i: OrderIntakeInput!) { orderIntake(input: $i) { __typename ... on Problem { code } } }"
    upstream = {"source": above.id, "number": f"SZ-{new_id()}"}
    given = {"idempotencyKey": new_id(), **complaint(channel="channel:upstream", upstream=upstream)}
    assert (await operator.ask(query, i=given))["code"] == "NOT_ALLOWED"
    rival = await connect()
    number = (await above.does(http, "/orders", a_hand_down()))["number"]
    assert (await above.look(http, number)).status_code == 200
    assert (await rival.look(http, number)).status_code == 404


async def test_keys_are_rotated_under_way(people: People, connect: Connect) -> None:
    """The platform signs with the new key before the old one is revoked; the city does when it is."""
    above, http, platforms = await connect(), people.api.http, people.api.app.exchange.platforms
    old, new = above.key, await platforms.new_key(ADMIN, above.id)
    number = (await above.does(http, "/orders", a_hand_down()))["number"]
    above.key, above.secret = new.key, base64.b64decode(new.secret)
    assert (await above.look(http, number)).status_code == 200
    await platforms.revoke_key(ADMIN, above.id, old)
    done = await above.does(http, "/orders", a_hand_down())
    order = await order_of(people, done["orderNumber"])
    await (await people.staff("dispatcher")).do("Dispatch", order, lead="unit:water")
    await above.hears(done["number"], "status", status="dispatched")
