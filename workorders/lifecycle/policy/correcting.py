"""A calendar that was corrected after the fact 更正日历: what still runs is computed anew, what was judged stays.

A deadline is computed from its first start, with what was granted meanwhile, by the corrected calendar. It moves both
ways; the lights follow by themselves, for a deadline that moved has lines of its own. The end of a suspension stays as
it was granted.
"""

from workorders.deadlines import clocks
from workorders.lifecycle.facts import Answerable, Corrected, Moved
from workorders.lifecycle.folding import apply
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.policy.limits import citizen_limit, limits_anew
from workorders.lifecycle.states import Action, Status


def correct(case: Case) -> Decision | None:
    """The order by the calendars of the case's terms, or None if it stands by them already."""
    case.open_for(Action.CORRECT_CALENDAR)
    order, fact = case.order, corrected(case)
    after = apply(order, Action.CORRECT_CALENDAR, fact, order.changed_at)
    if after.model_copy(update={"version": order.version}) == order:
        return None
    return Decision(Action.CORRECT_CALENDAR, fact)


def corrected(case: Case) -> Corrected:
    """Every deadline that runs, by the calendars of the case's terms."""
    order, rules, city = case.order, case.terms.rules, case.terms.calendar
    dispatch, review, callback = order.dispatch, order.review, order.callback
    if order.status is Status.RECEIVED:
        dispatch = clocks.dispatch_due(rules, city, urgency=order.urgency, start=dispatch.started_at)
    if review is not None:
        review = clocks.hotline_review_due(rules, city, start=review.started_at)
    if order.status is Status.CALLBACK and callback is not None:
        callback = clocks.callback_due(rules, city, start=callback.started_at)
    judged = order.round > 0 or order.status is Status.CALLBACK
    return Corrected(
        calendar=city.id,
        citizen=order.citizen if judged else citizen_limit(case, complex=any(a.complex for a in order.assignments)),
        dispatch=dispatch,
        review=review,
        callback=callback,
        moved=tuple(_with_window(case, moved) for moved in limits_anew(case)),
        supervisions=tuple(
            Answerable(
                supervision=each.id,
                due=clocks.supervision_due(rules, city, level=each.level, start=each.opened_at),
            )
            for each in order.supervisions
            if each.open and each.answered_at is None
        ),
    )


def _with_window(case: Case, moved: Moved) -> Moved:
    """With the end of the return window, where there is one."""
    held = case.order.assignment(moved.assignment)
    if held is None or held.return_until is None:
        return moved
    calendar = case.terms.calendar_of(held.unit)
    window = clocks.return_window_due(case.terms.rules, calendar, start=held.assigned_at)
    return moved.model_copy(update={"return_until": window.due})
