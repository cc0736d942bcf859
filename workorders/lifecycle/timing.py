"""What time itself does to orders: signing at the limit, resuming at the end of a suspension."""

from collections.abc import Mapping
from datetime import datetime

from foundation.changes import Change
from foundation.timers import Handler, Timer
from identity.actors import system_actor
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Decide, Office
from workorders.lifecycle.policy import requests, unit
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.recording import RESUME_TIMER, SIGN_TIMER
from workorders.lifecycle.states import TRANSITIONS, Action, AssignmentRole, AssignmentState
from workorders.lifecycle.values import Assignment

TIMERS = system_actor("timers")


class _Settled(Exception):
    """The deadline was met, moved or made void meanwhile: the timer has nothing to do."""


def timer_handlers(office: Office) -> Mapping[str, Handler]:
    """The handlers of the life cycle's timers, by kind."""

    async def sign(timer: Timer, now: datetime) -> None:
        def decide(case: Case) -> Decision:
            held = _held(case, timer)
            if held.state is not AssignmentState.PENDING or held.sign.due > now:
                raise _Settled
            action = Action.SIGN if held.role is AssignmentRole.LEAD else Action.CO_SIGN
            _possible(case, action)
            return unit.sign_by_rule(case, held, late=True)

        await _fire(timer, decide)

    async def resume(timer: Timer, now: datetime) -> None:
        def decide(case: Case) -> Decision:
            held = _held(case, timer)
            if held.suspended_until is None or held.suspended_until > now:
                raise _Settled
            _possible(case, Action.RESUME)
            return requests.resume(case)

        await _fire(timer, decide)

    async def _fire(timer: Timer, decide: Decide) -> None:
        order = timer.subject.partition(":")[0]

        def delete_timer(change: Change, _: OrderDocument) -> None:
            timer.done(change)

        try:
            await office.act(TIMERS, order, decide, beside=delete_timer)
        except _Settled:
            await office.database.save(timer.done(Change()))

    return {SIGN_TIMER: sign, RESUME_TIMER: resume}


def _held(case: Case, timer: Timer) -> Assignment:
    held = case.order.assignment(timer.subject)
    if held is None or not held.open:
        raise _Settled
    return held


def _possible(case: Case, action: Action) -> None:
    if (case.order.status, action) not in TRANSITIONS or case.order.muted:
        raise _Settled
