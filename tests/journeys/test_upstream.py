"""The province hands an order down: once, with its own deadline, and the city's people handle it."""

import asyncio
from datetime import timedelta

from foundation.changes import Change
from foundation.ids import new_id
from identity.actors import Actor, Role
from identity.documents import Session
from tests.journeys.people import People, Person, complaint


async def province(people: People) -> Person:
    """The platform above, with a session: it gets its own way to sign in with the exchange API."""
    identity, now = people.api.app.identity, people.api.app.clock.now()
    session = Session(
        _id=new_id(), subject="upstream:province", started_at=now, refreshed_at=now, expires=now + timedelta(hours=1)
    )
    await people.api.app.database.save(Change().insert(session))
    actor = Actor("upstream:province", frozenset({Role.UPSTREAM}), session_id=session.id, label="省平台")
    return Person(people.api, "province", identity.sessions.grant(actor, session, now).access_token)


async def test_the_same_hand_down_five_times_at_once_is_one_order(people: People) -> None:
    above = await province(people)
    due = (people.api.app.clock.now() + timedelta(days=3)).isoformat()
    upstream = {"source": "province", "number": f"SZ-{new_id()}", "due": due}
    handed = complaint(channel="channel:upstream", upstream=upstream, name=None, phone=None)
    orders = await asyncio.gather(*(above.do("Intake", **handed) for _ in range(5)))
    assert len({order["id"] for order in orders}) == 1
    order = orders[0]
    assert order["upstream"] == {"source": "province", "number": upstream["number"]}
    assert order["citizenDeadline"]["due"] < due, "the city answers before it is due above"
    await people.handled(order["id"])
    seen = await above.see(order["id"])
    assert seen["status"] == "CALLBACK"
    assert seen["assignments"] == []


async def test_nobody_else_hands_down_and_the_platform_sees_its_own_only(people: People) -> None:
    above = await province(people)
    operator = await people.staff("operator")
    query = "mutation($i: OrderIntakeInput!) { orderIntake(input: $i) { __typename ... on Problem { code } } }"
    upstream = {"source": "province", "number": f"SZ-{new_id()}"}
    given = {"idempotencyKey": new_id(), **complaint(channel="channel:upstream", upstream=upstream)}
    assert (await operator.ask(query, i=given))["code"] == "NOT_ALLOWED"
    assert (await above.ask(query, i={"idempotencyKey": new_id(), **complaint()}))["code"] == "NOT_ALLOWED"
    own = await operator.do("Intake", **complaint(channel="channel:phone"))
    assert (await above.see(own["id"]))["code"] == "NOT_FOUND"
