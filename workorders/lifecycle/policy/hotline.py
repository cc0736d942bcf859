"""The hotline's desk: answering, rejecting, classifying, dispatching, reviewing."""

from workorders.deadlines import clocks
from workorders.deadlines.values import Deadline, Kind, Urgency
from workorders.lifecycle.errors import OnlyAdjudication, WrongAssignment
from workorders.lifecycle.facts import (
    Accepted,
    Closed,
    Dispatched,
    Moved,
    Reclassified,
    Rejected,
    Replaced,
    SentBack,
)
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.states import Action, AssignmentRole, AssignmentState
from workorders.lifecycle.terms import Unit
from workorders.lifecycle.values import Assignment, Closing, Order


def answer_now(case: Case, answer: str) -> Decision:
    """即答: closed at first contact."""
    case.open_for(Action.ANSWER_NOW)
    return Decision(Action.ANSWER_NOW, Closed(closing=Closing.ANSWERED), {"answer": answer})


def reject(case: Case, channel: str, reason: str) -> Decision:
    """不予受理: names the right channel."""
    case.open_for(Action.REJECT)
    return Decision(Action.REJECT, Rejected(channel=channel), {"reason": reason})


def reclassify(
    case: Case,
    *,
    kind: Kind,
    urgency: Urgency,
    category: tuple[str, ...],
    place: tuple[str, ...],
    reason: str,
) -> Decision:
    """改类: every limit is computed anew from its first start, and keeps what was granted meanwhile."""
    case.open_for(Action.RECLASSIFY)
    order, rules, calendar = case.order, case.terms.rules, case.terms.calendar
    citizen = clocks.shifted(
        calendar,
        clocks.citizen_due(rules, calendar, kind=kind, urgency=urgency, start=order.citizen.started_at),
        order.citizen.shifts,
    )
    dispatch = clocks.dispatch_due(rules, calendar, urgency=urgency, start=order.dispatch.started_at)
    moved = tuple(_reclassified(case, a, kind, urgency) for a in order.assignments if a.open)
    fact = Reclassified(
        kind=kind,
        urgency=urgency,
        category=category,
        place=place,
        citizen=within_upstream(case, citizen),
        dispatch=dispatch,
        moved=moved,
    )
    return Decision(Action.RECLASSIFY, fact, {"reason": reason})


def _reclassified(case: Case, held: Assignment, kind: Kind, urgency: Urgency) -> Moved:
    rules, calendar = case.terms.rules, case.terms.calendar_of(held.unit)
    reply = clocks.reply_due(
        rules,
        calendar,
        kind=kind,
        urgency=urgency,
        start=held.reply.started_at,
        complex=held.complex,
        round=held.round,
    )
    contact = held.contact
    if contact is not None:
        contact = clocks.contact_due(rules, calendar, kind=kind, urgency=urgency, start=contact.started_at)
    shifted = clocks.shifted(calendar, reply, held.reply.shifts)
    return Moved(assignment=held.id, contact=contact, reply=within_upstream(case, shifted))


def within_upstream(case: Case, own: Deadline) -> Deadline:
    """The deadline, brought forward where a platform above set an earlier one."""
    theirs = case.order.upstream.due if case.order.upstream else None
    return own if theirs is None else clocks.within_upstream(case.terms.rules, case.terms.calendar, own, theirs)


def dispatch(case: Case, lead: str, co: tuple[str, ...], *, note: str | None, rule: str | None = None) -> Decision:
    """派单 to one lead unit and any co-units; after two returns only `adjudicate` does."""
    case.open_for(Action.DISPATCH)
    if case.order.returns >= case.terms.rules.caps.returns:
        raise OnlyAdjudication
    return _dispatched(case, Action.DISPATCH, lead, co, note=note, rule=rule)


def adjudicate(case: Case, lead: str, co: tuple[str, ...], *, note: str | None) -> Decision:
    """裁定: the chief dispatcher names the unit, and it cannot return the order."""
    case.open_for(Action.ADJUDICATE)
    return _dispatched(case, Action.ADJUDICATE, lead, co, note=note)


def _dispatched(
    case: Case, action: Action, lead: str, co: tuple[str, ...], *, note: str | None, rule: str | None = None
) -> Decision:
    others = tuple(dict.fromkeys(unit for unit in co if unit != lead))
    units = [(case.unit(lead), AssignmentRole.LEAD), *((case.unit(u), AssignmentRole.CO) for u in others)]
    first = len(case.order.assignments)
    assignments = tuple(
        assign(case, unit, role, number=first + n, adjudicated=action is Action.ADJUDICATE)
        for n, (unit, role) in enumerate(units)
    )
    return Decision(action, Dispatched(assignments=assignments, routing_rule=rule), {"note": note} if note else {})


def assign(
    case: Case, unit: Unit, role: AssignmentRole, *, number: int, adjudicated: bool = False, round: int = 0
) -> Assignment:
    """A new stay at a unit, its clocks starting now; `number` makes its id within the order."""
    rules, calendar, order = case.terms.rules, case.terms.calendar_of(unit.id), case.order
    redo = round > 0
    reply = clocks.reply_due(rules, calendar, kind=order.kind, urgency=order.urgency, start=case.now, round=round)
    contact = None
    if role is AssignmentRole.LEAD:
        contact = clocks.contact_due(rules, calendar, kind=order.kind, urgency=order.urgency, start=case.now)
    return Assignment(
        id=assignment_id(order, number),
        unit=unit.id,
        ancestors=unit.ancestors,
        role=role,
        state=AssignmentState.SIGNED if redo else AssignmentState.PENDING,
        round=round,
        adjudicated=adjudicated,
        assigned_at=case.now,
        signed_at=case.now if redo else None,
        signed_by_rule=redo,
        return_until=None if adjudicated or redo else clocks.return_window_due(rules, calendar, start=case.now).due,
        sign=clocks.sign_due(rules, calendar, urgency=order.urgency, start=case.now),
        contact=contact,
        reply=within_upstream(case, reply),
    )


def assignment_id(order: Order, number: int) -> str:
    """The id of an order's n-th assignment, counted over its whole life."""
    return f"{order.id}:a{number + 1}"


def replace(case: Case, gone: str, successor: str) -> Decision:
    """承办单位变更: the successor of an abolished unit takes role, round, deadlines and state as they are."""
    case.open_for(Action.REPLACE)
    held = next((a for a in case.order.assignments if a.id == gone and a.open), None)
    unit = case.unit(successor)
    if held is None:
        raise WrongAssignment
    heir = held.model_copy(
        update={
            "id": assignment_id(case.order, len(case.order.assignments)),
            "unit": unit.id,
            "ancestors": unit.ancestors,
        }
    )
    return Decision(Action.REPLACE, Replaced(gone=gone, successor=heir))


def accept(case: Case, note: str | None = None) -> Decision:
    """热线审核通过: the reply counts as 办结, every assignment ends, the citizen is called back."""
    case.open_for(Action.HOTLINE_ACCEPT)
    lead = case.order.lead
    if lead is None:
        raise WrongAssignment
    callback = clocks.callback_due(case.terms.rules, case.terms.calendar, start=case.now)
    return Decision(
        Action.HOTLINE_ACCEPT, Accepted(assignment=lead.id, callback=callback), {"note": note} if note else {}
    )


def send_back(case: Case, reason: str) -> Decision:
    """热线审核退回: the unit's reply clock had never stopped."""
    case.open_for(Action.HOTLINE_SEND_BACK)
    lead = case.order.lead
    if lead is None:
        raise WrongAssignment
    return Decision(Action.HOTLINE_SEND_BACK, SentBack(assignment=lead.id), {"reason": reason})
