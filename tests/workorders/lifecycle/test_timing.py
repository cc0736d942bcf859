"""What time itself does: signing at the limit, resuming at the end of a suspension, and nothing twice."""

import asyncio
from datetime import timedelta

from structlog.testing import capture_logs

from foundation.changes import Change
from foundation.timers import LEASE, Timer, Timers
from tests.workorders.lifecycle.builders import MOMENT, WorkOrder, a_work_order, order_of
from tests.workorders.lifecycle.invariants import check, log_of, picture
from tests.workorders.lifecycle.test_requests import local
from tests.workorders.lifecycle.town import Town
from workorders.deadlines.values import Urgency
from workorders.lifecycle.facts import Signed
from workorders.lifecycle.recording import WATCH_TIMER
from workorders.lifecycle.states import Action, AssignmentState, Status
from workorders.lifecycle.timing import timer_handlers

DISPATCHED = a_work_order().dispatched_to("water", "heating")
SIGNED = a_work_order().dispatched_to("water").signed()


def worker(town: Town) -> Timers:
    return Timers(town.database, timer_handlers(town.office))


async def sweep(town: Town, *workers: Timers) -> int:
    """Sweep until nothing is due."""
    fired = 0
    while True:
        now = sum(await asyncio.gather(*(each.sweep(town.clock.now()) for each in workers or (worker(town),))))
        if not now:
            return fired
        fired += now


async def waiting(town: Town) -> int:
    """How many timers are due."""
    return await town.database.collection(Timer).count_documents({"due": {"$lte": town.clock.now()}})


async def signatures(town: Town, id: str) -> list[tuple[str, bool, bool]]:
    document = await town.office.orders.by_id(id)
    assert document is not None
    log = [(action, fact) for action, fact, _ in await log_of(town, document)]
    return [(action.value, fact.by_rule, fact.on_time) for action, fact in log if isinstance(fact, Signed)]


async def test_at_the_limit_the_timer_signs_for_every_unit_and_marks_it_late(town: Town) -> None:
    order = await DISPATCHED.at_the_limit().made_in(town)
    await sweep(town)
    assert await signatures(town, order.id) == []
    town.clock.advance(MOMENT)
    assert await sweep(town) == 1
    signed = await check(town, order.id)
    assert signed.status is Status.IN_PROGRESS
    assert {a.state for a in signed.assignments} == {AssignmentState.SIGNED}
    assert all(a.signed_by_rule for a in signed.assignments)
    assert await signatures(town, order.id) == [("sign", True, False), ("co_sign", True, False)]
    assert await waiting(town) == 0


async def test_an_order_that_rests_takes_its_timer_with_it(town: Town) -> None:
    made: list[WorkOrder] = [DISPATCHED.withdrawn(), a_work_order().rejected(), SIGNED.handled().called_back().closed()]
    orders = [await each.made_in(town) for each in made]
    assert (await picture(town))["timers"] == {}
    for order in orders:
        await check(town, order.id)


async def test_a_timer_that_an_order_does_not_know_is_dropped_in_silence(town: Town) -> None:
    made: list[WorkOrder] = [DISPATCHED, DISPATCHED.withdrawn()]
    orders = [await each.made_in(town) for each in made]
    before = await picture(town)
    for order in orders:
        stray = Timer.at(town.clock.now(), WATCH_TIMER, order.id, sequence=0)
        await town.database.save(Change().insert(stray))
    assert await sweep(town) == 2
    assert await picture(town) == before


async def test_a_limit_that_moved_fires_where_it_moved_to(town: Town) -> None:
    sooner = await DISPATCHED.reclassified(urgency=Urgency.URGENT).made_in(town)
    town.clock.set(local(16, 9, 30) + MOMENT)
    assert await sweep(town) == 1
    assert (await order_of(town, sooner.id)).status is Status.IN_PROGRESS
    later = await a_work_order().urgent().dispatched_to("water").reclassified().made_in(town)
    town.clock.set(local(16, 9, 30) + MOMENT)
    before = await order_of(town, later.id)
    assert await sweep(town) == 1  # finds that it was moved, and is put off
    assert await order_of(town, later.id) == before
    town.clock.set(local(16, 11) + MOMENT)
    await sweep(town)
    assert (await check(town, later.id)).status is Status.IN_PROGRESS


async def test_a_suspension_ends_by_itself_and_shifts_by_what_was_granted(town: Town) -> None:
    order = await SIGNED.suspended(days=2).made_in(town)
    await sweep(town)
    town.clock.set(local(18) - MOMENT)
    await sweep(town)
    lead = (await order_of(town, order.id)).lead
    assert lead is not None
    assert lead.suspended
    town.clock.set(local(27))  # the workers were down for a week
    await sweep(town)
    resumed = await check(town, order.id)
    assert resumed.lead is not None
    assert not resumed.lead.suspended
    assert resumed.lead.reply.due == resumed.citizen.due == local(25)


async def test_a_suspension_that_ends_when_an_earlier_one_would_have_ends_once(town: Town) -> None:
    order = await SIGNED.suspended(days=2).resumed().suspended(days=2).made_in(town)
    town.clock.set(local(18))
    await sweep(town)
    document = await town.office.orders.by_id(order.id)
    assert document is not None
    actions = [action for action, _, _ in await log_of(town, document)]
    assert actions.count(Action.RESUME) == 2
    assert await waiting(town) == 0
    await check(town, order.id)


async def test_two_workers_at_once_sign_each_order_once(town: Town) -> None:
    orders = [await DISPATCHED.made_in(town) for _ in range(8)]
    town.clock.set(local(17))
    await sweep(town, worker(town), worker(town))
    for order in orders:
        assert len(await signatures(town, order.id)) == 2
        await check(town, order.id)
    assert await waiting(town) == 0


async def test_a_worker_that_lost_its_lease_signs_nothing_and_says_nothing(town: Town) -> None:
    order = await a_work_order().dispatched_to("water").overdue().made_in(town)
    handlers = dict(timer_handlers(town.office))
    watch = handlers[WATCH_TIMER]

    async def too_late(timer: Timer, now: object) -> None:
        other = Change().update(Timer, timer.id, {"$set": {"lease": "another"}})
        await town.database.save(other)
        await watch(timer, town.clock.now())

    with capture_logs() as logged:
        assert await Timers(town.database, {WATCH_TIMER: too_late}).sweep(town.clock.now()) == 0
    assert logged == []
    assert (await order_of(town, order.id)).status is Status.DISPATCHED
    town.clock.advance(LEASE + timedelta(seconds=1))
    assert await sweep(town) == 1
    assert (await check(town, order.id)).status is Status.IN_PROGRESS


async def test_a_clerk_who_signs_while_the_timer_does_is_one_signature(town: Town) -> None:
    for _ in range(5):
        order = await a_work_order().dispatched_to("water").overdue().made_in(town)
        signing = a_work_order().signed().steps[-1](town, order.order)
        await asyncio.gather(signing, worker(town).sweep(town.clock.now()), return_exceptions=True)
        assert len(await signatures(town, order.id)) == 1
        await sweep(town)
        await check(town, order.id)
