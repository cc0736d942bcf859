"""A complaint from the first call to the archive, and every side road once."""

from datetime import timedelta

from tests.workorders.lifecycle.town import (
    CALLER,
    CITIZEN,
    COMPLAINT,
    DISPATCHER,
    REVIEWER,
    WATER,
    WATER_HEAD,
    Town,
)
from workorders.lifecycle import dispatching, handling, intake, reviewing
from workorders.lifecycle.events import FACTS
from workorders.lifecycle.folding import rebuild
from workorders.lifecycle.states import Action, Status
from workorders.lifecycle.values import Closing, Outcome


async def test_a_complaint_is_dispatched_handled_called_back_and_archived(town: Town) -> None:
    office = town.office
    order = (await intake.take_in(office, CITIZEN, COMPLAINT)).id
    await dispatching.dispatch(office, DISPATCHER, order, lead="water")
    town.clock.advance(timedelta(minutes=20))
    await handling.sign(office, WATER, order)
    await handling.contact(office, WATER, order, reached=True, said="已约好上门时间。")
    town.clock.advance(timedelta(days=1))
    await handling.submit_reply(office, WATER, order, outcome=Outcome.SOLVED, answer="已修复。")
    await handling.approve(office, WATER_HEAD, order)
    await reviewing.accept(office, REVIEWER, order)
    await reviewing.callback_attempt(office, CALLER, order, reached=True, solved=True, grade=1)
    done = await reviewing.callback_close(office, CALLER, order)

    assert done.order.status is Status.CLOSED
    assert done.order.closing is Closing.CALLED_BACK
    assert done.order.number == "261116000001"
    events = await office.orders.events(done)
    assert [event.type for event in events] == [
        "intake", "dispatch", "sign", "contact", "submit_reply", "unit_approve", "hotline_accept",
        "callback_attempt", "callback_close",
    ]  # fmt: skip
    log = [(Action(e.type), FACTS[Action(e.type)].model_validate(e.data), e.at) for e in events]
    assert rebuild(order, log) == done.order
