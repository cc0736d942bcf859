"""Orders under supervision: by a supervisor, by a leader, by a meeting."""

from datetime import timedelta
from typing import Any

from tests.journeys.people import People, Person, a_mobile, complaint

SUPERVISIONS = """supervisions { id level cause openedAt answeredAt closedAt due { due explanation } }
  lead { replyDeadline { due explanation } } citizenDeadline { due }"""
BAD = {"reached": True, "solved": False, "grade": 5, "said": "还在漏。"}


async def supervised(person: Person, order: str) -> Any:
    """The order's supervisions and what they move, as this person sees them."""
    return await person.ask(f"query($id: ID!) {{ order(id: $id) {{ ... on Order {{ {SUPERVISIONS} }} }} }}", id=order)


async def desk(person: Person, query: str) -> list[str]:
    """The ids of the orders on a desk."""
    page = "__typename ... on SupervisedOrderConnection { edges { node { order { id } supervision { id } } } }"
    answer = await person.ask(f"{{ {query} {{ {page} }} }}")
    assert answer["__typename"] == "SupervisedOrderConnection", answer
    return [edge["node"]["order"]["id"] for edge in answer["edges"]]


async def test_a_supervised_order_is_due_sooner_answered_and_closed(people: People) -> None:
    citizen = await people.citizen(a_mobile())
    order = (await citizen.do("Intake", **complaint()))["id"]
    dispatcher, water = await people.staff("dispatcher"), await people.staff("water")
    await dispatcher.do("Dispatch", order, lead="unit:water")
    await water.do("Sign", order)
    supervisor, leader = await people.staff("supervisor"), await people.staff("leader")
    before = await supervised(supervisor, order)
    await supervisor.do("Supervise", order, level="KEY", reason="市民多次来电。", shortens=True)
    await leader.do("Instruct", order, level="LISTED", instruction="请限期解决。")
    after = await supervised(water, order)
    assert [each["cause"] for each in after["supervisions"]] == ["BY_HAND", "INSTRUCTION"]
    assert after["lead"]["replyDeadline"]["due"] < before["lead"]["replyDeadline"]["due"]
    assert "督办后不超过" in after["lead"]["replyDeadline"]["explanation"]
    assert after["citizenDeadline"] == before["citizenDeadline"]

    assert (await desk(supervisor, "supervisionDesk(first: 50)")).count(order) == 2
    assert (await desk(leader, "supervisedOrders(first: 50)")).count(order) == 1
    for each in after["supervisions"]:
        await water.do("AnswerSupervision", order, supervision=each["id"], answer="已安排专人，明日完工。")
        await supervisor.do("CloseSupervision", order, supervision=each["id"], conclusion="已落实。")
    assert order not in await desk(supervisor, "supervisionDesk(first: 50)")
    told = str((await water.see(order))["timeline"])
    assert "督办：重点督办，督办员督办" in told
    assert "请限期解决。" in told
    assert "督办" not in str((await citizen.see(order))["timeline"]), "the city's own business"
    assert (await supervised(citizen, order))["supervisions"] == []


async def test_a_bad_callback_comes_before_the_supervisor_by_itself(people: People) -> None:
    citizen = await people.citizen(a_mobile())
    order = (await citizen.do("Intake", **complaint()))["id"]
    await people.handled(order)
    caller, supervisor = await people.staff("caller"), await people.staff("supervisor")
    await caller.do("CallbackAttempt", order, **BAD)
    (found,) = (await supervised(supervisor, order))["supervisions"]
    assert found["cause"] == "BAD_CALLBACK"
    assert order in await desk(supervisor, "supervisionDesk(first: 50, unanswered: true)")
    await (await people.staff("water-head")).do("AnswerSupervision", order, supervision=found["id"], answer="已上门。")
    assert order in await desk(supervisor, "supervisionDesk(first: 50, unanswered: false)")
    closed = await caller.do("CallbackClose", order)
    assert closed["status"] == "CLOSED"
    assert order not in await desk(supervisor, "supervisionDesk(first: 50)"), "with the order it ends"
    query = """mutation($o: ID!) {
      orderSupervise(input: {order: $o, idempotencyKey: "late", level: KEY, reason: "催。"}) {
        ... on Problem { code message } } }"""
    refused = await supervisor.ask(query, o=order)
    assert refused == {"code": "WRONG_STATE", "message": "工单当前为“已归档”，不能督办。"}


async def test_a_meeting_decides_about_three_orders(people: People) -> None:
    citizen, supervisor = await people.citizen(a_mobile()), await people.staff("supervisor")
    orders = [(await citizen.do("Intake", **complaint()))["id"] for _ in range(3)]
    dispatcher = await people.staff("dispatcher")
    for order in orders:
        await dispatcher.do("Dispatch", order, lead="unit:water")
    fields = "... on Meeting { id state present orders { recorded order { id } } } ... on Problem { code message }"
    at = (people.api.app.clock.now() + timedelta(days=1)).isoformat()
    called = await supervisor.ask(
        f"mutation($i: MeetingCallInput!) {{ meetingCall(input: $i) {{ {fields} }} }}",
        i={"idempotencyKey": "m", "kind": "SUPERVISION", "at": at, "agenda": "研究东街漏水。", "orders": orders},
    )
    assert (called["state"], [each["order"]["id"] for each in called["orders"]]) == ("CALLED", orders)
    meeting = called["id"]
    held = await supervisor.ask(
        f"mutation($i: MeetingHoldInput!) {{ meetingHold(input: $i) {{ {fields} }} }}",
        i={"meeting": meeting, "idempotencyKey": "h", "present": ["水务局 王某", "供热办 李某"]},
    )
    assert held["state"] == "HELD"
    for n, order in enumerate(orders):
        await supervisor.do("Meet", order, meeting=meeting, outcome=f"结果{n}：由水务局牵头。")
    leader, water = await people.staff("leader"), await people.staff("water")
    seen = await leader.ask(f"query($id: ID!) {{ meeting(id: $id) {{ {fields} }} }}", id=meeting)
    assert [each["recorded"] for each in seen["orders"]] == [True] * 3
    for n, order in enumerate(orders):
        assert f"结果{n}：由水务局牵头。" in str((await water.see(order))["timeline"])
        assert "牵头" not in str((await citizen.see(order))["timeline"])
    listed = await leader.ask("{ meetings { ... on MeetingConnection { edges { node { id } } } } }")
    assert meeting in [edge["node"]["id"] for edge in listed["edges"]]
    assert (await water.ask("query($id: ID!) { meeting(id: $id) { ... on Problem { code } } }", id=meeting)) == {
        "code": "NOT_FOUND"
    }
