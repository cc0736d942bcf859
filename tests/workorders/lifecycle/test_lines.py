"""Crossing a line is an event exactly once; the lights of the log are those of the clock, at every instant."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from foundation.timers import Timers
from tests.workorders.lifecycle.builders import MOMENT, a_work_order, order_of
from tests.workorders.lifecycle.invariants import check, log_of
from tests.workorders.lifecycle.test_requests import local
from tests.workorders.lifecycle.test_timing import sweep
from tests.workorders.lifecycle.test_walk import WALKS, Walk
from tests.workorders.lifecycle.town import MONDAY, Town
from workorders.deadlines.lights import Light
from workorders.deadlines.values import Term
from workorders.lifecycle.documents import OrderDocument, UnitDesk
from workorders.lifecycle.facts import Lit
from workorders.lifecycle.folding import Entry, apply, receive
from workorders.lifecycle.lines import running
from workorders.lifecycle.states import RequestKind, SupervisionCause
from workorders.lifecycle.timing import timer_handlers
from workorders.lifecycle.values import Line, Order

SIGNED = a_work_order().dispatched_to("water").signed()
Crossing = tuple[Term, str | None, datetime, Light, int]


def told(log: Iterable[Entry]) -> list[Line]:
    return [line for _, fact, _ in log if isinstance(fact, Lit) for line in fact.lines]


async def lines_of(town: Town, id: str) -> list[tuple[Term, Light, int]]:
    document = await town.office.orders.by_id(id)
    assert document is not None
    return [(line.term, line.light, line.level) for line in told(await log_of(town, document))]


async def desk_light(town: Town, id: str) -> tuple[Light | None, Light | None]:
    """What the hotline's desk and the lead's desk show."""
    document = await town.database.get(OrderDocument, id)
    row = await town.database.get(UnitDesk, f"{id}:a1")
    assert document is not None
    assert row is not None
    return document.light, row.light


async def test_a_reply_goes_yellow_then_red_then_is_told_on_day_one_three_and_seven(town: Town) -> None:
    order = await SIGNED.contacted().made_in(town)
    steps = [
        (local(20) - MOMENT, Light.GREEN, []),
        (local(20), Light.YELLOW, [(Term.REPLY, Light.YELLOW, 0)]),
        (local(23), Light.YELLOW, []),
        (local(23) + MOMENT, Light.RED, [(Term.REPLY, Light.RED, 0)]),
        (local(24), Light.RED, [(Term.REPLY, Light.RED, 1)]),
        (local(26), Light.RED, [(Term.REPLY, Light.RED, 3)]),
        (local(30), Light.RED, [(Term.REPLY, Light.RED, 7)]),
        (local(30) + timedelta(days=100), Light.RED, []),
    ]
    expected: list[tuple[Term, Light, int]] = []
    for moment, light, lines in steps:
        town.clock.set(moment)
        await sweep(town)
        expected += lines
        lines_told = await lines_of(town, order.id)
        assert [line for line in lines_told if line[0] is not Term.SUPERVISION] == expected
        assert await desk_light(town, order.id) == (light, light)
        await check(town, order.id)
    assert [each.cause for each in (await order_of(town, order.id)).supervisions] == [SupervisionCause.RED_LIGHT]
    assert (Term.SUPERVISION, Light.RED, 0) in lines_told


async def test_an_extension_takes_the_light_back_and_the_new_deadline_is_told_anew(town: Town) -> None:
    order = await SIGNED.contacted().later(days=4, hours=9).asking_for(RequestKind.EXTENSION).made_in(town)
    await sweep(town)
    assert await desk_light(town, order.id) == (Light.YELLOW, Light.YELLOW)
    await a_work_order().granted().steps[-1](town, await order_of(town, order.id))
    assert await desk_light(town, order.id) == (Light.GREEN, Light.GREEN)
    town.clock.set((await order_of(town, order.id)).assignments[0].reply.due)
    await sweep(town)
    assert await lines_of(town, order.id) == [(Term.REPLY, Light.YELLOW, 0)] * 2
    await check(town, order.id)


async def test_who_is_delegated_to_after_the_deadline_is_told_of_it_once(town: Town) -> None:
    urgent = a_work_order().urgent().dispatched_to("water").signed().contacted()
    order = await urgent.later(hours=30).delegated_to("water-east").made_in(town)
    await sweep(town)
    document = await _read(town, order.id)
    lines = [line for line in told(await log_of(town, document)) if line.subject == f"{order.id}:a2"]
    replies = [(line.light, line.level) for line in lines if line.term is Term.REPLY]
    assert replies == [(Light.YELLOW, 0), (Light.RED, 0)]
    await check(town, order.id)


async def test_in_a_suspension_the_light_stands_still(town: Town) -> None:
    order = await SIGNED.contacted().suspended(days=10).made_in(town)
    town.clock.set(MONDAY + timedelta(days=8))  # past the limit as it was
    await sweep(town)
    assert await lines_of(town, order.id) == []
    assert await desk_light(town, order.id) == (Light.GREEN, Light.GREEN)
    await check(town, order.id)


async def test_who_acts_before_the_worker_finds_the_line_crossed_already(town: Town) -> None:
    order = await SIGNED.contacted().overdue().replied().made_in(town)
    assert await lines_of(town, order.id) == [(Term.REPLY, Light.YELLOW, 0), (Term.REPLY, Light.RED, 0)]
    await check(town, order.id)


async def test_after_a_month_of_downtime_every_line_is_told_once_and_in_order(town: Town) -> None:
    order = await a_work_order().dispatched_to("water", "heating").made_in(town)
    town.clock.advance(timedelta(days=31))
    await sweep(town)
    document = await town.office.orders.by_id(order.id)
    assert document is not None
    lines = told(await log_of(town, document))
    for subject in {line.subject for line in lines}:
        crossed = [line.at for line in lines if line.subject == subject]
        assert crossed == sorted(crossed)
    assert len(lines) == 2 * 2 + 5 + 2 * 5  # two signings up to red; first contact and two replies up to day seven
    await check(town, order.id)
    await sweep(town)
    assert await town.office.orders.by_id(order.id) == document


async def test_a_clock_that_goes_back_tells_nothing_twice(town: Town) -> None:
    order = await SIGNED.contacted().overdue().made_in(town)
    await sweep(town)
    before = await lines_of(town, order.id)
    for minutes in (-1, -60, 61):
        town.clock.advance(timedelta(minutes=minutes))
        await sweep(town)
    assert await lines_of(town, order.id) == before
    await check(town, order.id)


async def _read(town: Town, id: str) -> OrderDocument:
    document = await town.office.orders.by_id(id)
    assert document is not None
    return document


# Re-derived ----------------------------------------------------------------------------------------------------------


def derived(log: list[Entry], until: datetime, overdue: tuple[int, ...]) -> set[Crossing]:
    """Every line that was crossed while its deadline ran, by walking the log from one event to the next."""
    (_, first, at), *rest = log
    order = receive("x", first, at)  # type: ignore[arg-type]
    found = _within(order, None, at, overdue)
    for action, fact, moment in rest:
        found |= _within(order, at, moment, overdue)
        before = {(each.subject, each.deadline) for each in running(order)}
        order, at = apply(order, action, fact, moment), moment
        # A deadline that is new, or runs again, has crossed at once what lies before it.
        started = [each for each in running(order) if (each.subject, each.deadline) not in before]
        found |= {line for each in started for line in _lines(order, overdue, [each]) if line[-1] <= moment}
    return {line[:-1] for line in found | _within(order, at, until, overdue)}


def _within(order: Order, after: datetime | None, until: datetime, overdue: tuple[int, ...]) -> set[tuple]:
    lines = _lines(order, overdue, list(running(order)))
    return {line for line in lines if (after is None or line[-1] > after) and line[-1] <= until}


def _lines(order: Order, overdue: tuple[int, ...], each: list) -> list[tuple]:
    found = []
    for one in each:
        key = one.term, one.subject, one.deadline.due
        found.append((*key, Light.YELLOW, 0, one.deadline.yellow_at))
        found.append((*key, Light.RED, 0, one.deadline.due + MOMENT))
        if one.term is not Term.SIGN:
            found += [(*key, Light.RED, days, one.deadline.due + timedelta(days=days)) for days in overdue]
    return found


@settings(
    max_examples=WALKS,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(data=st.data())
async def test_the_lights_of_any_history_are_those_of_its_clock(town: Town, data: st.DataObject) -> None:
    walk = Walk(town, data)
    document = await walk.start()
    for _ in range(20):
        document = await walk.step(document)
        town.clock.advance(timedelta(minutes=data.draw(st.sampled_from([1, 30, 240, 24 * 60, 4 * 24 * 60]))))
        if data.draw(st.booleans()):  # otherwise the worker is down, and whoever acts next finds it out
            timers = Timers(town.database, timer_handlers(town.office))
            while await timers.sweep(town.clock.now()):
                pass
            document = await _read(town, document.id)
    while await Timers(town.database, timer_handlers(town.office)).sweep(town.clock.now()):
        pass
    found = await _read(town, document.id)
    order, log, now = found.order, await log_of(town, found), town.clock.now()
    lines = [(line.term, line.subject, line.due, line.light, line.level) for line in told(log)]
    assert len(lines) == len(set(lines))
    assert set(lines) == derived(log, max(now, order.changed_at), town.rules.lights.overdue_days)
