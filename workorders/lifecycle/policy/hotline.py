"""The hotline's desk: answering, rejecting, classifying, dispatching, reviewing."""

from dataclasses import replace as replaced

from workorders.deadlines import clocks
from workorders.deadlines.values import Kind, Urgency
from workorders.lifecycle.errors import NotAbolished, NotDisputed, NotSuccessor, OnlyAdjudication, WrongAssignment
from workorders.lifecycle.facts import (
    Accepted,
    Closed,
    Dispatched,
    Reclassified,
    Rejected,
    Replaced,
    SentBack,
)
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.policy.limits import citizen_limit, limits_anew, within_upstream
from workorders.lifecycle.states import Action, AssignmentRole, AssignmentState, Status
from workorders.lifecycle.terms import Unit
from workorders.lifecycle.values import Assignment, Closing, Order, Reporter


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
    """改类: every limit that still runs is computed anew from its first start, and keeps what was granted meanwhile.

    What was met or missed already stays as it was judged.
    """
    case.open_for(Action.RECLASSIFY)
    order, rules, calendar = case.order, case.terms.rules, case.terms.calendar
    anew = replaced(case, order=order.model_copy(update={"kind": kind, "urgency": urgency}))
    dispatch = order.dispatch
    if order.status is Status.RECEIVED:
        dispatch = clocks.dispatch_due(rules, calendar, urgency=urgency, start=dispatch.started_at)
    complex = any(a.complex for a in order.assignments)
    fact = Reclassified(
        kind=kind,
        urgency=urgency,
        category=category,
        place=place,
        citizen=order.citizen if order.round else citizen_limit(anew, complex=complex),
        dispatch=dispatch,
        moved=limits_anew(anew),
    )
    return Decision(Action.RECLASSIFY, fact, {"reason": reason})


def dispatch(case: Case, lead: str, co: tuple[str, ...], *, note: str | None, rule: str | None = None) -> Decision:
    """派单 to one lead unit and any co-units; after two returns only `adjudicate` does."""
    case.open_for(Action.DISPATCH)
    if _disputed(case):
        raise OnlyAdjudication
    return _dispatched(case, Action.DISPATCH, lead, co, note=note, rule=rule)


def adjudicate(case: Case, lead: str, co: tuple[str, ...], *, note: str | None) -> Decision:
    """裁定 of what was returned as often as it may be: the chief dispatcher names the unit, which cannot return it."""
    case.open_for(Action.ADJUDICATE)
    if not _disputed(case):
        raise NotDisputed
    return _dispatched(case, Action.ADJUDICATE, lead, co, note=note)


def _disputed(case: Case) -> bool:
    """Whether units have returned it as often as they may."""
    return 0 < case.order.returns >= case.terms.rules.caps.returns


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
    reply = within_upstream(
        case, clocks.reply_due(rules, calendar, kind=order.kind, urgency=order.urgency, start=case.now, round=round)
    )
    if any(each.open and each.shortens for each in order.supervisions):
        reply = clocks.brought_forward(rules, calendar, reply, start=case.now)
    contact = None
    # Only an open reporter can be called by the unit; the hotline relays for a confidential one.
    if role is AssignmentRole.LEAD and order.reporter is Reporter.OPEN:
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
        reply=reply,
    )


def assignment_id(order: Order, number: int) -> str:
    """The id of an order's n-th assignment, counted over its whole life."""
    return f"{order.id}:a{number + 1}"


def replace(case: Case, gone: str, successor: str) -> Decision:
    """承办单位变更: the successor of an abolished unit takes role, round, deadlines and state as they are.

    Raises `WrongAssignment`, `NotAbolished`, `NotSuccessor`, and like `Case.unit`.
    """
    case.open_for(Action.REPLACE)
    held = next((a for a in case.order.assignments if a.id == gone and a.open), None)
    if held is None:
        raise WrongAssignment
    unit, heir_of = case.unit(successor), case.terms.heir(held.unit)
    if not case.terms.units[held.unit].abolished:
        raise NotAbolished
    if heir_of not in (held.unit, unit.id):
        raise NotSuccessor
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
