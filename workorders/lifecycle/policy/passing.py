"""What time does to an order by itself: it crosses lines, signs for a unit at the limit, ends a suspension, moves a
phone task up."""

from datetime import datetime

from workorders.lifecycle.facts import Lit
from workorders.lifecycle.lines import crossed, moves_up_at, signs_itself_at
from workorders.lifecycle.policy import phoning, requests, unit
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.states import TRANSITIONS, Action, AssignmentRole
from workorders.lifecycle.values import Assignment, Line, Order


def lights(case: Case) -> Decision | None:
    """亮灯: the lines that were crossed and are not told yet, or None."""
    return _lit(case, case.now)


def _lit(case: Case, moment: datetime) -> Decision | None:
    lines = crossed(case.order, case.terms.rules, moment)
    return light(case, lines) if lines else None


def light(case: Case, lines: tuple[Line, ...]) -> Decision:
    """亮灯, which only the system writes down."""
    case.open_for(Action.LIGHT)
    return Decision(Action.LIGHT, Lit(lines=lines))


def passing(case: Case) -> Decision | None:
    """The earliest that time has done by now and that is not written down yet, or None. The actor is the system."""
    first = min(_due(case.order, case.now), key=lambda each: each[0], default=None)
    if first is None:
        return lights(case)
    moment, action, held = first
    if (lit := _lit(case, moment)) is not None:
        return lit
    match action:
        case Action.CALL_DUTY:
            return phoning.move_up(case)
        case Action.RESUME:
            return requests.resume(case)
        case _:
            return unit.sign_by_rule(case, held, late=True)


def _due(order: Order, now: datetime) -> list[tuple[datetime, Action, Assignment]]:
    """The signings, resumptions and calls that are due and possible, each with its moment and its assignment."""
    found = []
    moves_up = moves_up_at(order)
    if moves_up is not None and moves_up <= now and order.lead is not None:
        found.append((moves_up, Action.CALL_DUTY, order.lead))
    for held in () if order.muted else order.assignments:
        if not held.open:
            continue
        sign = Action.SIGN if held.role is AssignmentRole.LEAD else Action.CO_SIGN
        for moment, action in ((signs_itself_at(held), sign), (held.suspended_until, Action.RESUME)):
            if moment is not None and moment <= now and (order.status, action) in TRANSITIONS:
                found.append((moment, action, held))
    return found
