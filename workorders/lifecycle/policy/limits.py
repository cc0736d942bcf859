"""The limits of an order, from its terms: as they start, and computed anew from their first start.

Where a platform above set an earlier one, that counts. What was granted comes on top: an extension or a suspension of
an upstream order has the platform's consent.
"""

from workorders.deadlines import clocks
from workorders.deadlines.values import IMPORTED, Deadline
from workorders.lifecycle.facts import Moved
from workorders.lifecycle.policy.case import Case
from workorders.lifecycle.states import AssignmentState
from workorders.lifecycle.values import Assignment


def within_upstream(case: Case, own: Deadline) -> Deadline:
    """The deadline, brought forward where a platform above set an earlier one."""
    theirs = case.order.upstream.due if case.order.upstream else None
    return own if theirs is None else clocks.within_upstream(case.terms.rules, case.terms.calendar, own, theirs)


def reply_limit(case: Case, held: Assignment) -> Deadline:
    """When an assignment's reply is due, by the order as it is classified now, with what was granted meanwhile.

    One that was imported stays, for it is not ours to compute, until the unit is granted the longer limit.
    """
    if held.reply.basis == IMPORTED and not held.complex:
        return held.reply
    calendar = case.terms.calendar_of(held.unit)
    own = clocks.reply_due(
        case.terms.rules,
        calendar,
        kind=case.order.kind,
        urgency=case.order.urgency,
        start=held.reply.started_at,
        complex=held.complex,
        round=held.round,
    )
    return clocks.shifted(case.terms.rules, calendar, within_upstream(case, own), held.reply.shifts)


def citizen_limit(case: Case, *, complex: bool) -> Deadline:
    """The same for what the citizen was promised."""
    order, calendar = case.order, case.terms.calendar
    if order.citizen.basis == IMPORTED and not complex:
        return order.citizen
    own = clocks.reply_due(
        case.terms.rules,
        calendar,
        kind=order.kind,
        urgency=order.urgency,
        start=order.citizen.started_at,
        complex=complex,
    )
    own = own.model_copy(update={"term": order.citizen.term})
    return clocks.shifted(case.terms.rules, calendar, within_upstream(case, own), order.citizen.shifts)


def limits_anew(case: Case) -> tuple[Moved, ...]:
    """The deadlines of the open assignments, each from its first start; what was met or missed stays as it was judged,
    and a delegated unit's reply within its parent's.
    """
    rules, kind, urgency = case.terms.rules, case.order.kind, case.order.urgency
    moved: dict[str, Moved] = {}
    for held in case.order.assignments:
        if not held.open:
            continue
        calendar = case.terms.calendar_of(held.unit)
        sign, contact, reply = held.sign, held.contact, reply_limit(case, held)
        if held.state is AssignmentState.PENDING:
            sign = clocks.sign_due(rules, calendar, urgency=urgency, start=sign.started_at)
        if contact is not None and held.contacted_at is None:
            contact = clocks.contact_due(rules, calendar, kind=kind, urgency=urgency, start=contact.started_at)
        if held.parent in moved:
            reply = clocks.within_parent(rules, calendar, reply, moved[held.parent].reply)
        moved[held.id] = Moved(assignment=held.id, sign=sign, contact=contact, reply=reply)
    return tuple(moved.values())
