"""Taking in: numbers, hand-downs, linked orders, what a report may not say; and what the rules do by themselves."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.errors import InvalidInput, NotAllowed, NotFound
from foundation.idempotency import KeyReused, Once
from foundation.ids import new_id
from foundation.paging import PageRequest
from identity.actors import Actor, Role
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.invariants import check, log_of, picture
from tests.workorders.lifecycle.town import (
    CITIZEN,
    COMPLAINT,
    DEVICE,
    OPERATOR,
    STRANGER,
    UPSTREAM,
    Town,
)
from workorders.lifecycle import intake
from workorders.lifecycle.errors import AlreadyHandedDown, UrgedEnough
from workorders.lifecycle.intake import Report
from workorders.lifecycle.repository import OrderFilter
from workorders.lifecycle.states import Action, Status
from workorders.lifecycle.terms import Routing
from workorders.lifecycle.values import Closing, Reporter, Upstream

A = Action
WATER_MAIN = Routing("water", ("heating",), "rule-1", "分类“漏水”", auto_dispatch=True)
HANDED_DOWN = replace(COMPLAINT, upstream=Upstream(source="province", number="SN1"), channel="upstream")


async def actions_of(town: Town, id: str) -> list[Action]:
    document = await town.office.orders.by_id(id)
    assert document is not None
    return [action for action, _, _ in await log_of(town, document)]


# What the rules do by themselves


async def test_the_catalogue_dispatches_at_once_where_it_says_so(town: Town) -> None:
    town.routing = WATER_MAIN
    order = (await a_work_order().made_in(town)).order
    assert order.status is Status.DISPATCHED
    assert [a.unit for a in order.assignments] == ["water", "heating"]
    assert await actions_of(town, order.id) == [A.INTAKE, A.DISPATCH]
    await check(town, order.id)


async def test_after_a_return_a_person_dispatches(town: Town) -> None:
    town.routing = WATER_MAIN
    order = (await a_work_order().returned().reclassified().made_in(town)).order
    assert order.status is Status.RECEIVED
    assert order.returns == 1


@pytest.mark.parametrize(
    "routing",
    [
        replace(WATER_MAIN, auto_dispatch=False),
        replace(WATER_MAIN, lead="police"),
        replace(WATER_MAIN, co=("police",)),
        replace(WATER_MAIN, lead="gone"),
        replace(WATER_MAIN, lead="nowhere"),
    ],
    ids=["no auto-dispatch", "complained of", "help from the one complained of", "abolished", "unknown"],
)
async def test_a_rule_that_names_a_forbidden_unit_leaves_the_order_to_a_person(town: Town, routing: Routing) -> None:
    town.routing = routing
    order = (await a_work_order().against("police").made_in(town)).order
    assert order.status is Status.RECEIVED
    assert await check(town, order.id) == order


async def test_every_switch_skips_an_action_and_the_rules_still_take_it(town: Town) -> None:
    town.routing = WATER_MAIN
    town.switch(auto_sign=True, unit_review=False, hotline_review=False)
    taken = await a_work_order().made_in(town)
    assert taken.order.status is Status.IN_PROGRESS
    assert await actions_of(town, taken.id) == [A.INTAKE, A.DISPATCH, A.SIGN, A.CO_SIGN]
    rated = (
        await a_work_order().delegated_to("water-east").replied(not_waiting_because="不影响。").rated(1).made_in(town)
    )
    assert await actions_of(town, rated.id) == [
        A.INTAKE, A.DISPATCH, A.SIGN, A.CO_SIGN, A.DELEGATE, A.CO_SIGN, A.SUBMIT_REPLY, A.UNIT_APPROVE,
        A.HOTLINE_ACCEPT, A.RATE, A.CALLBACK_CLOSE,
    ]  # fmt: skip
    assert rated.order.closing is Closing.RATED
    events = await town.office.orders.events(rated)
    assert {event.actor for event in events if event.type in ("sign", "unit_approve", "hotline_accept")} == {
        "system:rules"
    }
    assert all(event.at == events[0].at for event in events)
    await check(town, rated.id)


@pytest.mark.parametrize(
    ("switches", "state"),
    [
        ({"unit_review": False}, Status.HOTLINE_REVIEW),
        ({"hotline_review": False}, Status.UNIT_REVIEW),
        ({"unit_review": False, "hotline_review": False}, Status.CALLBACK),
    ],
)
async def test_each_switch_skips_its_own_action_only(town: Town, switches: dict[str, bool], state: Status) -> None:
    town.switch(**switches)
    order = (await a_work_order().dispatched_to("water").signed().replied().made_in(town)).order
    assert order.status is state


async def test_the_anonymous_are_archived_in_the_transaction_of_the_acceptance(town: Town) -> None:
    town.switch(unit_review=False, hotline_review=False)
    order = (await a_work_order().anonymous().dispatched_to("water").signed().replied().made_in(town)).order
    assert order.closing is Closing.WITHOUT_CALLBACK


# Hand-downs 下派 and keys


async def test_the_same_hand_down_twice_is_one_order(town: Town) -> None:
    first, *others = await asyncio.gather(*(intake.take_in(town.office, UPSTREAM, HANDED_DOWN) for _ in range(5)))
    assert {other.id for other in others} == {first.id}
    elsewhere = replace(HANDED_DOWN, upstream=Upstream(source="nation", number="SN1"))
    assert (await intake.take_in(town.office, UPSTREAM, elsewhere)).id != first.id
    rival = Actor(id="upstream:rival", roles=frozenset({Role.UPSTREAM}))
    seen = await picture(town)
    with pytest.raises(AlreadyHandedDown):
        await intake.take_in(town.office, rival, HANDED_DOWN)
    assert await picture(town) == seen


async def test_a_platform_reads_what_it_handed_down_and_repeats_itself_safely(town: Town) -> None:
    once = Once.of(UPSTREAM.id, "k", "hand_down", {"n": 1})
    first = await intake.take_in(town.office, UPSTREAM, HANDED_DOWN, once=once)
    assert (await intake.take_in(town.office, UPSTREAM, HANDED_DOWN, once=once)).id == first.id
    assert (await town.office.orders.visible_to(UPSTREAM, first.id)).id == first.id
    other = Once.of(UPSTREAM.id, "k", "hand_down", {"n": 2})
    with pytest.raises(KeyReused):
        await intake.take_in(town.office, UPSTREAM, HANDED_DOWN, once=other)
    with pytest.raises(NotAllowed):
        await intake.withdraw(town.office, UPSTREAM, first.id, reason="撤回。")


async def test_only_platforms_hand_down_and_they_name_their_number(town: Town) -> None:
    with pytest.raises(NotAllowed):
        await intake.take_in(town.office, CITIZEN, HANDED_DOWN)
    with pytest.raises(NotAllowed):
        await intake.take_in(town.office, UPSTREAM, COMPLAINT)


async def test_one_key_is_one_order_and_numbers_are_unique(town: Town) -> None:
    key = Once.of(CITIZEN.id, "key", "intake", {"title": "x"})
    many = await asyncio.gather(*(intake.take_in(town.office, CITIZEN, COMPLAINT, once=key) for _ in range(20)))
    assert len({order.id for order in many}) == 1
    others = await asyncio.gather(*(intake.take_in(town.office, CITIZEN, COMPLAINT) for _ in range(40)))
    assert len({order.order.number for order in others} | {many[0].order.number}) == 41
    with pytest.raises(KeyReused):
        await intake.take_in(town.office, CITIZEN, COMPLAINT, once=Once.of(CITIZEN.id, "key", "intake", {"title": "y"}))
    somebody_else = Once.of(STRANGER.id, "key", "intake", {"title": "x"})
    assert (await intake.take_in(town.office, STRANGER, COMPLAINT, once=somebody_else)).id != many[0].id


# What a report may not say


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"category": "nothing"}, "category"),
        ({"place": "nowhere"}, "place"),
        ({"channel": "pigeon"}, "channel"),
        ({"complained_of": "nobody"}, "complainedOf"),
        ({"title": ""}, "title"),
        ({"title": "二行\n标题"}, "title"),
        ({"title": "长" * 101}, "title"),
        ({"detail": "  \n "}, "detail"),
        ({"detail": "坏\x00字符"}, "detail"),
        ({"detail": "坏\x1b[31m字符"}, "detail"),
        ({"detail": "半个\ud800代理"}, "detail"),
        ({"detail": "长" * 3_500_000}, "detail"),
        ({"name": "名" * 201}, "name"),
        ({"phone": "12345"}, "phone"),
        ({"phone": "一三八零零一三八零零零"}, "phone"),
    ],
)
async def test_a_bad_field_is_named_and_nothing_is_written(town: Town, fields: dict[str, str], path: str) -> None:
    seen = await picture(town)
    with pytest.raises(InvalidInput) as refused:
        await intake.take_in(town.office, CITIZEN, replace(COMPLAINT, **fields))  # type: ignore[arg-type]
    assert [fault.path for fault in refused.value.fields] == [path]
    assert await picture(town) == seen


@pytest.mark.parametrize("actor", [CITIZEN, OPERATOR, UPSTREAM], ids=lambda actor: actor.id)
async def test_one_phone_is_found_however_it_was_written_and_whoever_took_it_down(town: Town, actor: Actor) -> None:
    report = HANDED_DOWN if actor is UPSTREAM else COMPLAINT
    taken = []
    for n, phone in enumerate(("13912345678", "+86 139-1234-5678", "0086１３９１２３４５６７８", " 139 1234 5678 ")):
        upstream = Upstream(source="province", number=f"P{n}") if actor is UPSTREAM else None
        document = await intake.take_in(town.office, actor, replace(report, phone=phone, upstream=upstream))
        key = town.office.data_key(document)
        assert key is not None and key.open(document.sealed["phone"], f"{document.id}:phone") == "+8613912345678"
        taken.append(document.id)
    where = OrderFilter(phone_hash=town.keyring.keyed_hash("phone", "+8613912345678"))
    page = await town.office.orders.search(OPERATOR, where, PageRequest(), town.clock.now())
    assert {document.id for document in page.items} == set(taken)


ANONYMOUS = replace(COMPLAINT, reporter=Reporter.ANONYMOUS, name=None, phone=None)


@pytest.mark.parametrize(
    ("actor", "report", "error"),
    [
        (DEVICE, COMPLAINT, NotAllowed),
        (DEVICE, replace(ANONYMOUS, name="张三"), InvalidInput),
        (DEVICE, replace(ANONYMOUS, phone="13800138000"), InvalidInput),
        (OPERATOR, replace(ANONYMOUS, reporter_id="resident:zhang"), InvalidInput),
    ],
    ids=["a device gives no name", "anonymous has no name", "nor a phone", "nor a known caller"],
)
async def test_the_anonymous_stay_so(town: Town, actor: Actor, report: Report, error: type[Exception]) -> None:
    with pytest.raises(error):
        await intake.take_in(town.office, actor, report)


async def test_an_operator_names_the_caller_who_then_sees_the_order(town: Town) -> None:
    order = await intake.take_in(town.office, OPERATOR, replace(COMPLAINT, channel="phone", reporter_id=CITIZEN.id))
    assert (await town.office.orders.visible_to(CITIZEN, order.id)).id == order.id
    with pytest.raises(NotFound):
        await town.office.orders.visible_to(STRANGER, order.id)


async def test_a_link_leads_only_to_what_the_reporter_may_see(town: Town) -> None:
    old = await a_work_order().withdrawn().made_in(town)
    linked = await intake.take_in(town.office, CITIZEN, replace(COMPLAINT, linked_to=old.id))
    assert linked.order.linked_to == old.id
    for hidden in (old.id, new_id()):
        with pytest.raises(NotFound):
            await intake.take_in(town.office, STRANGER, replace(COMPLAINT, linked_to=hidden))


async def test_urging_is_counted_and_limited_per_local_day(town: Town) -> None:
    order = await a_work_order().later(hours=14, minutes=59).made_in(town)  # 23:59
    for count in (1, 2, 3):
        assert (await intake.urge(town.office, CITIZEN, order.id, text="请快一点。")).order.urged == count
    with pytest.raises(UrgedEnough):
        await intake.urge(town.office, CITIZEN, order.id)
    town.clock.advance(timedelta(minutes=1))
    tomorrow = await intake.urge(town.office, CITIZEN, order.id)
    assert (tomorrow.order.urged, tomorrow.order.urged_on) == (1, "2026-11-17")
    await check(town, order.id)
