"""Rivals in real processes: on one order, under one key, for one number, for one hand-down."""

from collections import Counter

from foundation.idempotency import IdempotencyKey
from tests.races.racing import Outcomes, Race
from tests.workorders.lifecycle.builders import a_work_order, order_of
from tests.workorders.lifecycle.invariants import check, log_of
from tests.workorders.lifecycle.town import Town
from workorders.lifecycle.documents import NumberClaim, OrderDocument, UpstreamClaim
from workorders.lifecycle.states import Action, RequestKind, Status

ROUNDS = 8


def ids(outcomes: Outcomes) -> set[str]:
    return {outcome["ok"]["id"] for outcome in outcomes}


def told(outcomes: Outcomes) -> Counter[str]:
    return Counter(outcome.get("error", "ok") for outcome in outcomes)


async def actions_of(town: Town, id: str) -> list[Action]:
    document = await town.office.orders.by_id(id)
    assert document is not None
    return [action for action, _, _ in await log_of(town, document)]


async def test_of_two_dispatchers_one_dispatches(town: Town, race: Race) -> None:
    leads = set()
    for _ in range(ROUNDS):
        order = (await a_work_order().made_in(town)).id
        outcomes = await race.run(
            {"do": "dispatch", "who": "one", "lead": "water"},
            {"do": "dispatch", "who": "other", "lead": "heating"},
            order=order,
        )
        assert told(outcomes) == {"ok": 1, "WRONG_STATE": 1}
        after = await check(town, order)
        assert after.status is Status.DISPATCHED
        assert after.lead is not None
        leads.add(after.lead.unit)
        assert len(after.assignments) == 1
    assert leads <= {"water", "heating"}


async def test_of_two_clerks_one_signs(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        order = (await a_work_order().dispatched_to("water").made_in(town)).id
        outcomes = await race.run({"do": "sign", "who": "one"}, {"do": "sign", "who": "other"}, order=order)
        assert told(outcomes) == {"ok": 1, "WRONG_STATE": 1}
        assert (await actions_of(town, order)).count(Action.SIGN) == 1
        await check(town, order)


async def test_the_same_mutation_fifty_times_under_one_key_is_done_once(town: Town, race: Race) -> None:
    order = (await a_work_order().made_in(town)).id
    same = {"do": "supplement", "order": order, "key": "k", "text": "水更大了。", "input": {"text": "水更大了。"}}
    outcomes = await race.run(*([{**same, "times": 12}] * 3), {**same, "times": 14})
    assert told(outcomes) == {"ok": 50}
    assert ids(outcomes) == {order}
    assert await actions_of(town, order) == [Action.INTAKE, Action.SUPPLEMENT]
    assert await town.database.collection(IdempotencyKey).count_documents({}) == 1
    other = await race.run({**same, "text": "别的。", "input": {"text": "别的。"}})
    assert told(other) == {"IDEMPOTENCY_KEY_REUSED": 1}
    assert (await check(town, order)).version == 2


async def test_an_action_that_is_legal_once_is_answered_fifty_times_under_its_key(town: Town, race: Race) -> None:
    """The losers find the order moved on, and their key: they are told what was done, not that they came too late."""
    order = (await a_work_order().dispatched_to("water").made_in(town)).id
    outcomes = await race.everywhere("sign", order=order, key="k", times=13)
    assert told(outcomes) == {"ok": 52}
    assert (await check(town, order)).version == 3


async def test_other_input_under_the_key_at_the_same_moment_is_told_so(town: Town, race: Race) -> None:
    order = (await a_work_order().made_in(town)).id
    one = {"do": "supplement", "order": order, "key": "k", "text": "一。", "input": {"text": "一。"}, "times": 5}
    other = {**one, "text": "二。", "input": {"text": "二。"}}
    outcomes = await race.run(one, other)
    assert told(outcomes) == {"ok": 5, "IDEMPOTENCY_KEY_REUSED": 5}
    assert (await check(town, order)).version == 2


async def test_two_hundred_intakes_at_once_have_two_hundred_numbers(town: Town, race: Race) -> None:
    outcomes = await race.everywhere("take_in", times=50)
    assert told(outcomes) == {"ok": 200}
    numbers = {outcome["ok"]["number"] for outcome in outcomes}
    assert len(numbers) == len(ids(outcomes)) == 200
    stored = await town.database.collection(OrderDocument).find({}, {"order.number": 1}).to_list()
    assert {raw["_id"]: raw["order"]["number"] for raw in stored} == {
        outcome["ok"]["id"]: outcome["ok"]["number"] for outcome in outcomes
    }
    claims = await town.database.collection(NumberClaim).find({}).to_list()
    assert {raw["_id"]: raw["order"] for raw in claims} == {
        outcome["ok"]["number"]: outcome["ok"]["id"] for outcome in outcomes
    }
    for id in sorted(ids(outcomes))[:10]:
        await check(town, id)


async def test_one_intake_fifty_times_under_one_key_is_one_order(town: Town, race: Race) -> None:
    outcomes = await race.everywhere("take_in", key="k", times=13)
    assert told(outcomes) == {"ok": 52}
    assert len(ids(outcomes)) == 1
    assert await town.database.collection(OrderDocument).count_documents({}) == 1


async def test_the_same_hand_down_twice_at_once_is_one_order(town: Town, race: Race) -> None:
    for n in range(ROUNDS):
        outcomes = await race.run(
            {"do": "hand_down", "key": f"a{n}"}, {"do": "hand_down", "key": f"b{n}"}, number=f"SN{n}"
        )
        assert told(outcomes) == {"ok": 2}
        (order,) = ids(outcomes)
        await check(town, order)
    assert await town.database.collection(OrderDocument).count_documents({}) == ROUNDS
    assert await town.database.collection(UpstreamClaim).count_documents({}) == ROUNDS


async def test_of_the_platforms_consent_and_our_refusal_one_decides(town: Town, race: Race) -> None:
    road = a_work_order().handed_down().dispatched_to("water").signed().asking_for(RequestKind.EXTENSION, days=2)
    for _ in range(ROUNDS):
        before = (await road.with_consent_asked().made_in(town)).order
        assert before.request is not None
        outcomes = await race.run(
            {"do": "consent", "request": before.request.id},
            {"do": "refuse", "kind": "extension"},
            order=before.id,
        )
        assert told(outcomes) == {"ok": 1, "NO_OPEN_REQUEST": 1}
        after = await check(town, before.id)
        consented = (await actions_of(town, before.id))[-1] is Action.GRANT_EXTENSION
        assert (after.citizen.due > before.citizen.due) is consented


async def test_a_bad_callback_from_above_sent_from_everywhere_at_once_is_one_redo(town: Town, race: Race) -> None:
    order = (
        await a_work_order().handed_down().dispatched_to("water").signed().handled().answered_up().made_in(town)
    ).id
    outcomes = await race.everywhere("call_back", order=order, key="k", times=5)
    assert told(outcomes) == {"ok": 20}
    actions = await actions_of(town, order)
    assert (actions.count(Action.CALLBACK_ATTEMPT), actions.count(Action.CALLBACK_REDO)) == (1, 1)
    others = await race.everywhere("call_back", order=order)
    assert told(others) == {"WRONG_STATE": 4}
    assert (await check(town, order)).round == 1


async def test_a_bad_rating_sent_from_everywhere_at_once_opens_one_order(town: Town, race: Race) -> None:
    order = (await a_work_order().answered_at_once().made_in(town)).id
    outcomes = await race.everywhere("rate", order=order, times=3)
    assert told(outcomes) == {"ok": 1, "ALREADY_RATED": 11}
    opened = await town.database.collection(OrderDocument).find({"order.linked_to": order}).to_list()
    assert [raw["_id"] for raw in opened] == [(await order_of(town, order)).followed_by]
    assert await town.database.collection(NumberClaim).count_documents({}) == 2
