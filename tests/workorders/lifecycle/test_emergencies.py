"""Emergencies 特急: up the duty roster, each person once, at any hour and after any downtime; then the supervisors."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.errors import DomainError
from foundation.outbox import OutboxRow
from identity.documents import Contact, DutyShift
from identity.duty import on_duty, reference
from tests.workorders.lifecycle.builders import MOMENT, WorkOrder, a_work_order, order_of
from tests.workorders.lifecycle.invariants import check, log_of
from tests.workorders.lifecycle.test_timing import sweep
from tests.workorders.lifecycle.test_walk import WALKS
from tests.workorders.lifecycle.town import MONDAY, QIAN, SUN, UNITS, ZHAO, Town
from workorders.deadlines.values import Urgency
from workorders.lifecycle.documents import PhoneDesk, PhoneStage
from workorders.lifecycle.facts import DutyCalled
from workorders.lifecycle.recording import PHONE_TASKS
from workorders.lifecycle.states import Action, AssignmentState, Status
from workorders.lifecycle.terms import Routing
from workorders.lifecycle.values import Order, PhoneTask

TEN = timedelta(minutes=10)
EMERGENCY = a_work_order().emergency()
DISPATCHED = EMERGENCY.dispatched_to("water")

Steps = list[tuple[Contact | None, datetime]]
"""Who is to be called, and since when; None for the supervisors."""


def names(*contacts: Contact) -> list[str]:
    return [reference(each) for each in contacts]


def steps_of(task: PhoneTask) -> list[tuple[str | None, datetime]]:
    steps: list[tuple[str | None, datetime]] = [(call.who, call.at) for call in task.calls]
    return steps if task.escalated_at is None else [*steps, (None, task.escalated_at)]


async def task_of(town: Town, id: str) -> PhoneTask:
    task = (await check(town, id)).phone_task
    assert task is not None
    return task


async def calls_of(town: Town, id: str) -> list[DutyCalled]:
    document = await town.office.orders.by_id(id)
    assert document is not None
    return [fact for _, fact, _ in await log_of(town, document) if isinstance(fact, DutyCalled)]


async def told(town: Town) -> int:
    """How often supervisors are to be told."""
    return await town.database.collection(OutboxRow).count_documents({"consumer": PHONE_TASKS})


async def test_an_emergency_is_called_in_with_its_dispatch_and_moves_up_every_ten_minutes(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    task = await task_of(town, order.id)
    assert steps_of(task) == [(reference(ZHAO), MONDAY)]
    assert (task.assignment, task.unit, task.due) == (f"{order.id}:a1", "water", MONDAY + TEN)
    for n, expected in enumerate((names(ZHAO), names(ZHAO, QIAN), names(ZHAO, QIAN, SUN)), start=1):
        town.clock.set(MONDAY + n * TEN)
        await sweep(town)  # the last instant is in time
        assert [call.who for call in (await task_of(town, order.id)).calls] == expected
        town.clock.advance(MOMENT)
        await sweep(town)
    task = await task_of(town, order.id)
    assert (task.due, task.escalated_at, task.open) == (None, MONDAY + 3 * TEN, True)
    row = await town.database.get(PhoneDesk, order.id)
    assert row is not None
    assert (row.desk, row.unit) == (PhoneStage.SUPERVISOR, "water")
    assert await told(town) == 1
    town.clock.advance(timedelta(days=1))
    await sweep(town)
    assert await task_of(town, order.id) == task  # it stays with them
    assert len(await calls_of(town, order.id)) == 4


@pytest.mark.parametrize("urgency", [Urgency.NORMAL, Urgency.URGENT])
async def test_what_is_less_urgent_is_called_in_by_nobody(town: Town, urgency: Urgency) -> None:
    order = await a_work_order().reported(urgency=urgency).dispatched_to("water").made_in(town)
    assert (await check(town, order.id)).phone_task is None


async def test_a_unit_with_nobody_on_duty_is_the_supervisors_matter_at_once(town: Town) -> None:
    order = await EMERGENCY.dispatched_to("police").made_in(town)
    task = await task_of(town, order.id)
    assert steps_of(task) == [(None, MONDAY)]
    assert await told(town) == 1


async def test_a_dispatch_by_the_catalogue_at_night_calls_the_night_shift(town: Town) -> None:
    town.routing = Routing("water", (), "rule", "规则", auto_dispatch=True)

    async def at_night(town: Town, order: Order) -> None:
        assert order.phone_task is not None  # in the transaction of the intake

    order = await EMERGENCY.then(at_night).made_in(town)
    assert order.order.status is Status.DISPATCHED
    town.routing = None
    night = await EMERGENCY.later(hours=12).dispatched_to("water").made_in(town)
    assert [call.who for call in (await task_of(town, night.id)).calls] == names(QIAN)


async def test_at_the_change_of_shifts_the_new_one_is_called_from_its_first(town: Town) -> None:
    order = await EMERGENCY.later(hours=22, minutes=55).dispatched_to("water").made_in(town)  # Tuesday, 07:55
    for _ in range(5):
        town.clock.advance(TEN + MOMENT)
        await sweep(town)
    called = [call.who for call in (await task_of(town, order.id)).calls]
    assert called == names(QIAN, ZHAO, SUN)  # whoever was called by night is not called again by day


async def test_the_roster_is_that_of_the_moment(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    stand_in = Contact(name="李四", phone="13900000004")
    town.units = {**UNITS, "water": replace(UNITS["water"], duty=(DutyShift(members=(stand_in, ZHAO)),))}
    town.clock.advance(TEN + MOMENT)
    await sweep(town)
    assert [call.who for call in (await task_of(town, order.id)).calls] == names(ZHAO, stand_in)


async def test_an_hour_of_downtime_is_one_event_that_stands_where_it_should(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    town.clock.advance(timedelta(minutes=25))
    await sweep(town)
    task = await task_of(town, order.id)
    assert steps_of(task) == [(w, MONDAY + n * TEN) for n, w in enumerate(names(ZHAO, QIAN, SUN))]
    assert task.due == MONDAY + 3 * TEN
    late = await DISPATCHED.made_in(town)
    town.clock.advance(timedelta(hours=1))
    await sweep(town)
    assert (await task_of(town, late.id)).escalated_at == MONDAY + 3 * TEN
    assert [len(await calls_of(town, each.id)) for each in (order, late)] == [3, 2]


KNOWN: list[WorkOrder] = [
    DISPATCHED.phoned(),
    DISPATCHED.confirmed_by_its_unit(),
    DISPATCHED.signed(),
    DISPATCHED.contacted(reached=False),
    DISPATCHED.phoned(reached=False).phoned(call=1),  # who was tried in vain calls back
]


@pytest.mark.parametrize("known", KNOWN)
async def test_once_the_unit_knows_nobody_is_called_any_more(town: Town, known: WorkOrder) -> None:
    order = await known.made_in(town)
    task = await task_of(town, order.id)
    assert (task.confirmed_at, task.open) == (town.clock.now(), False)
    assert await town.database.get(PhoneDesk, order.id) is None
    town.clock.advance(timedelta(hours=1))
    await sweep(town)
    assert await task_of(town, order.id) == task


async def test_a_signature_by_the_system_reaches_nobody(town: Town) -> None:
    """It signs at half an hour, when three of the roster did not confirm."""
    order = await DISPATCHED.made_in(town)
    town.clock.advance(timedelta(minutes=30) + MOMENT)
    await sweep(town)
    signed = await check(town, order.id)
    assert signed.lead is not None
    assert (signed.lead.state, signed.lead.signed_by_rule) == (AssignmentState.SIGNED, True)
    assert (await task_of(town, order.id)).open
    town.switch(auto_sign=True)
    at_once = await DISPATCHED.made_in(town)
    assert at_once.order.status is Status.IN_PROGRESS
    assert (await task_of(town, at_once.id)).open


async def test_not_reached_the_next_is_on_turn_at_once_and_at_the_end_the_supervisors(town: Town) -> None:
    order = await DISPATCHED.later(minutes=3).phoned(reached=False).made_in(town)
    task = await task_of(town, order.id)
    assert [call.who for call in task.calls] == names(ZHAO, QIAN)
    assert task.due == MONDAY + timedelta(minutes=13)
    for call in (2, 3):
        await EMERGENCY.phoned(call=call, reached=False).steps[-1](town, await order_of(town, order.id))
    assert (await task_of(town, order.id)).escalated_at == town.clock.now()
    before = len(await calls_of(town, order.id))
    await EMERGENCY.phoned(call=4, reached=False).steps[-1](town, await order_of(town, order.id))
    task = await task_of(town, order.id)
    assert task.open
    assert len(await calls_of(town, order.id)) == before
    assert await told(town) == 1


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (DISPATCHED.phoned().phoned(), "NO_PHONE_TASK"),
        (DISPATCHED.confirmed_by_its_unit().confirmed_by_its_unit(), "NO_PHONE_TASK"),
        (a_work_order().dispatched_to("water").phoned(), "NO_PHONE_TASK"),
        (DISPATCHED.phoned(reached=False).phoned(reached=False), "CALL_MOVED_ON"),
        (DISPATCHED.phoned(call=2), "INVALID_INPUT"),
        (DISPATCHED.phoned(call=0), "INVALID_INPUT"),
        (EMERGENCY.phoned(), "WRONG_STATE"),
    ],
)
async def test_what_is_refused(town: Town, made: WorkOrder, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        await made.made_in(town)
    assert refused.value.code == code
    assert refused.value.message.endswith("。")


async def test_each_stay_has_a_phone_task_of_its_own(town: Town) -> None:
    returned = await DISPATCHED.phoned().returned().made_in(town)
    assert not (await task_of(town, returned.id)).open
    again = await DISPATCHED.phoned().returned().dispatched_to("heating").made_in(town)
    task = await task_of(town, again.id)
    assert (task.unit, task.assignment, task.open) == ("heating", f"{again.id}:a2", True)
    replaced = await DISPATCHED.signed().with_its_unit_abolished().handed_to().made_in(town)
    town.units = None
    assert (await task_of(town, replaced.id)).unit == "heating"
    handled = DISPATCHED.signed().handled().called_back(grade=5, solved=False, wants_redo=True)
    redone = await handled.redone().made_in(town)
    task = await task_of(town, redone.id)
    assert (task.assignment, task.open) == (redone.order.assignments[-1].id, True)


async def test_whoever_is_not_called_any_more(town: Town) -> None:
    for made in (DISPATCHED.withdrawn(), DISPATCHED.returned(), DISPATCHED.reclassified(urgency=Urgency.URGENT)):
        order = await made.made_in(town)
        assert await town.database.get(PhoneDesk, order.id) is None
        town.clock.advance(timedelta(hours=1))
        await sweep(town)
        assert len(await calls_of(town, order.id)) == 1
        await check(town, order.id)


async def test_a_new_classification_may_make_it_an_emergency(town: Town) -> None:
    made = a_work_order().dispatched_to("water").signed().reclassified(urgency=Urgency.EMERGENCY)
    order = await made.made_in(town)
    assert steps_of(await task_of(town, order.id)) == [(reference(ZHAO), MONDAY)]


async def test_while_it_is_merged_nobody_is_called(town: Town) -> None:
    order = await DISPATCHED.merged().made_in(town)
    assert await town.database.get(PhoneDesk, order.id) is None
    town.clock.advance(timedelta(minutes=15))
    await sweep(town)
    assert len(await calls_of(town, order.id)) == 1
    await EMERGENCY.unmerged().steps[-1](town, await order_of(town, order.id))
    await sweep(town)
    assert [call.who for call in (await task_of(town, order.id)).calls] == names(ZHAO, QIAN)


def derived(roster: tuple[DutyShift, ...], opened: datetime, now: datetime) -> Steps:
    """Every step by the roster and the clock alone."""
    steps: Steps = []
    at, called = opened, set[Contact]()
    while True:
        free = [each for each in on_duty(roster, at + timedelta(hours=8)) if each not in called]
        if not free:
            return [*steps, (None, at)]
        steps.append((free[0], at))
        called.add(free[0])
        if now <= at + TEN:
            return steps
        at += TEN


people = [Contact(name=f"值班员{n}", phone=f"1390000000{n}") for n in range(5)]
times = st.sampled_from(["00:00", "09:05", "09:15", "09:30", "10:00", "12:00"])
shifts = st.builds(
    DutyShift,
    start=times,
    end=times,
    members=st.lists(st.sampled_from(people), min_size=1, max_size=3, unique=True).map(tuple),
)


@settings(max_examples=2 * WALKS, suppress_health_check=list(HealthCheck))
@given(
    roster=st.lists(shifts, max_size=3).map(tuple),
    waits=st.lists(st.integers(0, 25), max_size=8),
    confirmed_after=st.integers(0, 12),
)
async def test_the_steps_are_those_of_roster_and_clock_each_once_and_confirmed_they_stop(
    town: Town, roster: tuple[DutyShift, ...], waits: list[int], confirmed_after: int
) -> None:
    town.units = {**UNITS, "water": replace(UNITS["water"], duty=roster)}
    order = await DISPATCHED.made_in(town)
    stopped: datetime | None = None
    for n, minutes in enumerate(waits):
        town.clock.advance(timedelta(minutes=minutes))
        await sweep(town)
        if n == confirmed_after:
            stopped = town.clock.now()
            await EMERGENCY.phoned().steps[-1](town, await order_of(town, order.id))
    task = await task_of(town, order.id)
    expected = derived(roster, MONDAY, stopped or town.clock.now())
    assert steps_of(task) == [(reference(who) if who else None, at) for who, at in expected]
    assert task.open is (stopped is None)
    calls = [call for fact in await calls_of(town, order.id) for call in fact.calls]
    assert calls == list(task.calls)
    assert len({call.who for call in calls}) == len(calls)


async def test_an_order_of_an_earlier_release_has_no_phone_task(town: Town) -> None:
    order = await a_work_order().made_in(town)
    raw = order.order.model_dump(mode="json")
    del raw["phone_task"]
    assert Order.model_validate(raw) == order.order


async def test_the_log_says_who_was_called_and_names_nobody_in_the_open(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    document = await town.office.orders.by_id(order.id)
    assert document is not None
    (event,) = [each for each in await town.office.orders.events(document) if each.type == Action.CALL_DUTY]
    assert event.text("on_duty", town.office.data_key(document)) == "赵一（值班科长）"
    raw = event.model_dump_json(exclude={"sealed"})
    assert not any(secret in raw for secret in (ZHAO.name, ZHAO.phone, ZHAO.post))
