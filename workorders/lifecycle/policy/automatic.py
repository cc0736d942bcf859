"""What follows by rule, in the same transaction as the action that it follows from.

A rule pack's switch never changes the table of states: the skipped action is still applied, by the system.
"""

from dataclasses import replace

from foundation.errors import InvalidInput
from workorders.lifecycle.facts import Closed
from workorders.lifecycle.lines import reply_is_red
from workorders.lifecycle.policy import hotline, phoning, supervision, unit, upstream
from workorders.lifecycle.policy.case import RULES, Case, Decision
from workorders.lifecycle.states import Action, AssignmentState, Status
from workorders.lifecycle.terms import Routing
from workorders.lifecycle.values import Closing, Reporter


def follow_up(case: Case, routing: Routing | None) -> Decision | None:
    """The next action that the rules take by themselves, or None. `routing` is that of the dispatch catalogue."""
    case = replace(case, actor=RULES)
    if case.order.muted:
        return None
    by_light = supervision.on_red_reply(case) if reply_is_red(case.order) else None
    return supervision.by_rule(case) or by_light or phoning.by_rule(case) or _onward(case, routing)


def _onward(case: Case, routing: Routing | None) -> Decision | None:
    switches = case.terms.rules.switches
    match case.order.status:
        case Status.RECEIVED if routing is not None and routing.auto_dispatch and case.order.returns == 0:
            return _dispatch_by_rule(case, routing)
        case Status.UNIT_REVIEW if not switches.unit_review:
            return unit.approve(case)
        case Status.HOTLINE_REVIEW if not switches.hotline_review:
            return hotline.accept(case)
        case Status.CALLBACK:
            return _close_by_rule(case) if case.order.upstream is None else upstream.after_callback(case)
        case Status.DISPATCHED | Status.IN_PROGRESS if switches.auto_sign:
            pending = (a for a in case.order.assignments if a.state is AssignmentState.PENDING)
            held = next(pending, None)
            return unit.sign_by_rule(case, held, late=False) if held is not None else None
        case _:
            return None


def _dispatch_by_rule(case: Case, routing: Routing) -> Decision | None:
    """By the catalogue; a person decides where it names a unit that the order may not go to."""
    try:
        return hotline.dispatch(case, routing.lead, routing.co, note=None, rule=routing.rule)
    except InvalidInput:
        return None


def _close_by_rule(case: Case) -> Decision | None:
    """The anonymous are not called back; a good rating in the app closes."""
    order, rating = case.order, case.order.rating
    if order.reporter is Reporter.ANONYMOUS:
        closing = Closing.WITHOUT_CALLBACK
    elif rating is not None and rating.good and rating.through == "app" and rating.round == order.round:
        closing = Closing.RATED
    else:
        return None
    case.open_for(Action.CALLBACK_CLOSE)
    return Decision(Action.CALLBACK_CLOSE, Closed(closing=closing))
