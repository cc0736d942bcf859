"""At the member unit: signing for, contacting, delegating, replying, the head's review."""

from workorders.deadlines import clocks
from workorders.lifecycle.errors import (
    AlreadyAssigned,
    AlreadyReplied,
    AlreadySigned,
    NotBelow,
    NotSigned,
    RequestStillOpen,
    Suspended,
    WaitsForOthers,
)
from workorders.lifecycle.facts import Approved, Contacted, CoReplied, Delegated, Replied, SentBack, Signed
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.policy.hotline import assign
from workorders.lifecycle.states import Action, AssignmentRole, AssignmentState, RequestKind
from workorders.lifecycle.values import Assignment, Outcome

OTHERS = (AssignmentRole.CO, AssignmentRole.DELEGATED)


def sign(case: Case) -> Decision:
    """签收 by the lead's clerk; by rule it is the timer that signs, at the limit or at once."""
    case.open_for(Action.SIGN)
    return _signed(case, Action.SIGN, case.lead(Action.SIGN))


def co_sign(case: Case) -> Decision:
    """签收 by a co or delegated unit: its own assignment, the order stays where it is."""
    case.open_for(Action.CO_SIGN)
    held = case.own(*OTHERS, first=AssignmentState.PENDING)
    if held.state is not AssignmentState.PENDING:
        raise AlreadySigned
    return _signed(case, Action.CO_SIGN, held)


def sign_by_rule(case: Case, held: Assignment, *, late: bool) -> Decision:
    """签收 by the system for a pending assignment: at once by the pack's switch, or late at the limit."""
    action = Action.SIGN if held.role is AssignmentRole.LEAD else Action.CO_SIGN
    case.open_for(action)
    return Decision(action, Signed(assignment=held.id, by_rule=True, on_time=not late))


def _signed(case: Case, action: Action, held: Assignment) -> Decision:
    return Decision(action, Signed(assignment=held.id, by_rule=False, on_time=held.sign.met_at(case.now)))


def contact(case: Case, *, reached: bool, said: str) -> Decision:
    """联系: reached or not, and what was said; the first time that the citizen is reached is judged."""
    case.open_for(Action.CONTACT)
    held = case.own(AssignmentRole.LEAD, *OTHERS)
    first = reached and held.contacted_at is None
    on_time = held.contact.met_at(case.now) if first and held.contact is not None else None
    return Decision(
        Action.CONTACT,
        Contacted(assignment=held.id, reached=reached, first=first, on_time=on_time),
        {"said": said},
    )


def delegate(case: Case, unit: str, note: str | None = None) -> Decision:
    """转派 down the own tree, due when the parent's reply is due; the parent stays answerable."""
    case.open_for(Action.DELEGATE)
    parent = case.own(AssignmentRole.LEAD, *OTHERS, first=AssignmentState.SIGNED)
    below = case.unit(unit)
    if parent.unit not in below.ancestors[:-1]:
        raise NotBelow
    _at_work(parent)
    if any(a.open and a.unit == below.id for a in case.order.assignments):
        raise AlreadyAssigned
    child = assign(case, below, AssignmentRole.DELEGATED, number=len(case.order.assignments), round=0)
    calendar = case.terms.calendar_of(below.id)
    reply = clocks.within_parent(case.terms.rules, calendar, child.reply, parent.reply)
    child = child.model_copy(update={"parent": parent.id, "reply": reply, "round": parent.round})
    return Decision(Action.DELEGATE, Delegated(delegated=child), {"note": note} if note else {})


def co_reply(case: Case, answer: str) -> Decision:
    """协办回复: a co or delegated unit's part, to the unit above it; it moves only its own assignment."""
    case.open_for(Action.CO_REPLY)
    held = case.own(*OTHERS, first=AssignmentState.SIGNED)
    _at_work(held)
    return Decision(Action.CO_REPLY, CoReplied(assignment=held.id), {"answer": answer})


def submit_reply(
    case: Case,
    *,
    outcome: Outcome,
    answer: str,
    internal_note: str | None,
    not_waiting_because: str | None,
    attachments: tuple[str, ...] = (),
) -> Decision:
    """回复: outcome, public answer and internal note. It waits for co and delegated units, or says why not."""
    case.open_for(Action.SUBMIT_REPLY)
    lead = case.lead(Action.SUBMIT_REPLY)
    _at_work(lead)
    if case.order.request is not None and case.order.request.kind is RequestKind.RETURN:
        raise RequestStillOpen  # a unit that says it is not the right one does not reply at the same time
    at_work = any(
        a.role in OTHERS and a.state in (AssignmentState.PENDING, AssignmentState.SIGNED)
        for a in case.order.assignments
    )
    if at_work and not not_waiting_because:
        raise WaitsForOthers
    texts = {"answer": answer}
    if internal_note:
        texts["internal_note"] = internal_note
    if at_work and not_waiting_because:
        texts["not_waiting_because"] = not_waiting_because
    fact = Replied(assignment=lead.id, outcome=outcome, waits_for_nobody=not at_work, attachments=attachments)
    return Decision(Action.SUBMIT_REPLY, fact, texts)


def approve(case: Case, note: str | None = None) -> Decision:
    """单位审核通过: 办结, if the hotline accepts it later."""
    case.open_for(Action.UNIT_APPROVE)
    lead = case.lead(Action.UNIT_APPROVE)
    review = clocks.hotline_review_due(case.terms.rules, case.terms.calendar, start=case.now)
    fact = Approved(assignment=lead.id, on_time=lead.reply.met_at(case.now), review=review)
    return Decision(Action.UNIT_APPROVE, fact, {"note": note} if note else {})


def send_back(case: Case, reason: str) -> Decision:
    """单位审核退回 to the clerk."""
    case.open_for(Action.UNIT_SEND_BACK)
    lead = case.lead(Action.UNIT_SEND_BACK)
    return Decision(Action.UNIT_SEND_BACK, SentBack(assignment=lead.id), {"reason": reason})


def _at_work(held: Assignment) -> None:
    """Raises `NotSigned`, `AlreadyReplied`, `Suspended`."""
    if held.state is AssignmentState.PENDING:
        raise NotSigned
    if held.state is not AssignmentState.SIGNED:
        raise AlreadyReplied
    if held.suspended:
        raise Suspended
