"""A holiday table that is corrected after the fact: open deadlines move with it, both ways, and their lights too."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.workorders.lifecycle.builders import MOMENT, WorkOrder, a_work_order, order_of
from tests.workorders.lifecycle.invariants import check, log_of
from tests.workorders.lifecycle.test_lines import desk_light, lines_of
from tests.workorders.lifecycle.test_requests import local
from tests.workorders.lifecycle.test_timing import sweep
from tests.workorders.lifecycle.test_walk import WALKS, Walk
from tests.workorders.lifecycle.town import Town, correct_the_calendar
from workorders.deadlines.lights import Light
from workorders.deadlines.values import Term
from workorders.lifecycle.correcting import CALENDAR, correct, correct_open
from workorders.lifecycle.facts import Corrected
from workorders.lifecycle.policy import correcting
from workorders.lifecycle.policy.case import Case
from workorders.lifecycle.states import RequestKind, SupervisionCause

SIGNED = a_work_order().dispatched_to("water").signed()
THURSDAY, FRIDAY = date(2026, 11, 19), date(2026, 11, 20)


async def test_a_day_off_that_was_forgotten_moves_what_still_runs_and_nothing_that_was_judged(town: Town) -> None:
    order = await SIGNED.contacted().made_in(town)
    before = order.order.assignments[0]
    correct_the_calendar(town, THURSDAY, FRIDAY)
    assert await correct_open(town.office) == 1
    after = (await check(town, order.id)).assignments[0]
    assert (before.reply.due, after.reply.due) == (local(23), local(25))
    assert (after.sign, after.contact) == (before.sign, before.contact)
    assert (await order_of(town, order.id)).citizen.due == local(25)


async def test_what_is_granted_afterwards_goes_by_the_corrected_calendar(town: Town) -> None:
    order = await SIGNED.contacted().made_in(town)
    correct_the_calendar(town, date(2026, 11, 24))
    await correct(town.office, CALENDAR, order.id)
    for step in a_work_order().asking_for(RequestKind.EXTENSION, days=1).granted().steps:
        await step(town, await order_of(town, order.id))
    assert (await check(town, order.id)).assignments[0].reply.due == local(25)


async def test_a_red_light_that_the_calendar_was_wrong_about_is_taken_back_and_told_anew(town: Town) -> None:
    order = await SIGNED.contacted().overdue().made_in(town)
    await sweep(town)
    assert await desk_light(town, order.id) == (Light.RED, Light.RED)
    correct_the_calendar(town, FRIDAY)
    await correct_open(town.office)
    assert await desk_light(town, order.id) == (Light.YELLOW, Light.YELLOW)
    await sweep(town)
    town.clock.set(local(24) + MOMENT)
    await sweep(town)
    replies = [line for line in await lines_of(town, order.id) if line[0] is Term.REPLY]
    assert replies == [(Term.REPLY, Light.YELLOW, 0), (Term.REPLY, Light.RED, 0)] * 2
    causes = [each.cause for each in (await check(town, order.id)).supervisions]
    assert causes == [SupervisionCause.RED_LIGHT], "the supervision of the round stays with who opened it"


async def test_a_working_day_that_was_thought_a_holiday_brings_deadlines_forward_at_once(town: Town) -> None:
    correct_the_calendar(town, THURSDAY, FRIDAY)
    order = await SIGNED.contacted().made_in(town)
    town.clock.set(local(24))
    await sweep(town)
    assert await desk_light(town, order.id) == (Light.YELLOW, Light.YELLOW)
    correct_the_calendar(town)
    await correct(town.office, CALENDAR, order.id)
    assert await desk_light(town, order.id) == (Light.RED, Light.RED)
    assert (Term.REPLY, Light.RED, 1) in await lines_of(town, order.id)
    await check(town, order.id)


@pytest.mark.parametrize("rests", [SIGNED.handled().called_back().closed(), a_work_order().withdrawn()])
async def test_what_rests_is_left_alone(town: Town, rests: WorkOrder) -> None:
    order = await rests.made_in(town)
    before = await town.office.orders.by_id(order.id)
    correct_the_calendar(town, THURSDAY)
    assert await correct_open(town.office) == 0
    assert await town.office.orders.by_id(order.id) == before


async def test_an_order_in_every_open_state_is_corrected_once(town: Town) -> None:
    made: list[WorkOrder] = [
        a_work_order(),
        a_work_order().dispatched_to("water", "heating"),
        SIGNED,
        SIGNED.replied(),
        SIGNED.replied().approved(),
        SIGNED.handled(),
    ]
    orders = [await each.made_in(town) for each in made]
    correct_the_calendar(town, THURSDAY, FRIDAY)
    told: list[int] = []
    assert await correct_open(town.office, told.append) == len(orders)
    assert told[-1] == len(orders)
    assert await correct_open(town.office) == 0
    for order in orders:
        await check(town, order.id)
        document = await town.office.orders.by_id(order.id)
        assert document is not None
        facts = [fact for _, fact, _ in await log_of(town, document) if isinstance(fact, Corrected)]
        assert [fact.calendar for fact in facts] == [town.calendars[-1].id]


@settings(
    max_examples=WALKS,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(data=st.data())
async def test_by_the_calendar_that_it_has_no_history_needs_a_correction(town: Town, data: st.DataObject) -> None:
    walk = Walk(town, data)
    document = await walk.start()
    for _ in range(16):
        document = await walk.step(document)
        town.clock.advance(timedelta(minutes=data.draw(st.sampled_from([1, 30, 240, 24 * 60]))))
        terms = await town.recorded(document.order.rules, document.order.calendar)
        if not document.order.ended:
            case = Case(document.order, CALENDAR, town.clock.now(), terms)
            assert correcting.correct(case) is None
