"""What a unit asks for 申请 and somebody else decides: return, extension, suspension, the longer limit.

One is open at a time. It stops nothing while it is pending; granted, the deadline moves from the asking on.
"""

from collections.abc import Callable

from foundation.errors import NotAllowed
from identity.actors import Role
from workorders.deadlines import clocks
from workorders.deadlines.caps import check_extension, check_suspension
from workorders.deadlines.values import Deadline, Extension, Suspension
from workorders.lifecycle.errors import (
    AlreadyReplied,
    CannotReturn,
    CapReached,
    ConsentAwaited,
    DeadlinePassed,
    NeedsConsent,
    NoOpenRequest,
    NotSigned,
    NotSuspended,
    RequestStillOpen,
    ReturnsUsedUp,
    ReturnWindowOver,
    Suspended,
    WrongAssignment,
)
from workorders.lifecycle.facts import Asked, Granted, Moved, Refused, Resumed
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.policy.limits import citizen_limit, reply_limit
from workorders.lifecycle.states import NEEDS_CONSENT, Action, AssignmentState, RequestKind
from workorders.lifecycle.values import Assignment, Request


def ask_return(case: Case, id: str, *, reason: str, suggested_unit: str) -> Decision:
    """申请退单, within the return window, with the unit that is believed right; at most twice per order.

    Not by a unit that has replied already, also if its reply was sent back.
    """
    held = _asking(case, RequestKind.RETURN)
    if held.submitted_at is not None:
        raise AlreadyReplied
    if held.return_until is None:
        raise CannotReturn
    if case.order.returns >= case.terms.rules.caps.returns:
        raise ReturnsUsedUp
    if case.now > held.return_until:
        raise ReturnWindowOver
    unit = case.unit(suggested_unit)
    return _asked(case, id, RequestKind.RETURN, held, reason, suggested_unit=unit.id)


def ask_extension(case: Case, id: str, *, reason: str, working_days: int) -> Decision:
    """申请延期 before the deadline, capped in number, in length, and in all."""
    held = _asking(case, RequestKind.EXTENSION)
    _before_deadline(case, held)
    granted = [shift for shift in held.reply.shifts if isinstance(shift, Extension)]
    check_extension(case.terms.rules, granted, working_days=working_days)
    return _asked(case, id, RequestKind.EXTENSION, held, reason, working_days=working_days)


def ask_suspension(case: Case, id: str, *, reason: str, working_days: int) -> Decision:
    """申请挂起 before the deadline, for at most so many working days."""
    held = _asking(case, RequestKind.SUSPENSION)
    _before_deadline(case, held)
    before = sum(isinstance(shift, Suspension) for shift in held.reply.shifts)
    check_suspension(case.terms.rules, before=before, working_days=working_days)
    return _asked(case, id, RequestKind.SUSPENSION, held, reason, working_days=working_days)


def ask_complex(case: Case, id: str, *, reason: str) -> Decision:
    """申请疑难: the longer limit, once."""
    held = _asking(case, RequestKind.COMPLEX)
    _before_deadline(case, held)
    if held.complex or held.round:
        raise CapReached
    return _asked(case, id, RequestKind.COMPLEX, held, reason)


def grant(case: Case, kind: RequestKind, note: str | None = None) -> Decision:
    """同意: a return gives the order back and starts the dispatch limit anew; the others move the deadlines.

    What needs the consent of the platform above, that grants once it was asked. Raises `NeedsConsent`,
    `ConsentAwaited`.
    """
    case.open_for(kind.grant)
    request, held = _pending(case, kind)
    if case.order.upstream is not None and kind in NEEDS_CONSENT and not case.actor.has(Role.UPSTREAM):
        raise NeedsConsent if request.consent_asked_at is None else ConsentAwaited
    return Decision(kind.grant, _granted(case, request, held), {"note": note} if note else {})


def granted(case: Case, kind: RequestKind) -> Granted:
    """What a grant of the open request moves, whoever gives it."""
    return _granted(case, *_pending(case, kind))


def _granted(case: Case, request: Request, held: Assignment) -> Granted:
    rules, city, calendar = case.terms.rules, case.terms.calendar, case.terms.calendar_of(held.unit)
    match request.kind:
        case RequestKind.RETURN:
            dispatch = clocks.dispatch_due(rules, city, urgency=case.order.urgency, start=case.now)
            return Granted(request=request.id, dispatch=dispatch)
        case RequestKind.EXTENSION:
            days = request.working_days or 0
            reply = clocks.extended(rules, calendar, held.reply, working_days=days)
            return Granted(
                request=request.id,
                reply=reply,
                citizen=_citizen(case, held, clocks.extended(rules, city, case.order.citizen, working_days=days)),
                others=_others(
                    case,
                    held,
                    reply,
                    lambda a: clocks.extended(rules, case.terms.calendar_of(a.unit), a.reply, working_days=days),
                ),
            )
        case RequestKind.SUSPENSION:
            until = calendar.add_days(request.asked_at, request.working_days or 0)
            return Granted(request=request.id, suspended_until=until)
        case RequestKind.COMPLEX:
            reply = _complex_limit(case, held)
            return Granted(
                request=request.id,
                reply=reply,
                citizen=citizen_limit(case, complex=True),
                others=_others(case, held, reply, lambda a: _complex_limit(case, a)),
            )


def _complex_limit(case: Case, held: Assignment) -> Deadline:
    return reply_limit(case, held.model_copy(update={"complex": True}))


def _others(
    case: Case, held: Assignment, reply: Deadline, moved: Callable[[Assignment], Deadline]
) -> tuple[Moved, ...]:
    """What the lead is given, the co and delegated units still at work are given too, by their own calendars; who was
    delegated to stays within the lead's new deadline."""

    def within(each: Assignment) -> Deadline:
        return clocks.within_parent(case.terms.rules, case.terms.calendar_of(each.unit), moved(each), reply)

    return tuple(
        Moved(
            assignment=each.id,
            sign=each.sign,
            contact=each.contact,
            reply=within(each) if each.parent is not None else moved(each),
        )
        for each in case.order.assignments
        if each.id != held.id and each.state in (AssignmentState.PENDING, AssignmentState.SIGNED)
    )


def _citizen(case: Case, held: Assignment, moved: Deadline) -> Deadline:
    """The citizen's limit moves with the first round; in a redo it was met or missed long ago."""
    return case.order.citizen if held.round else moved


def refuse(case: Case, kind: RequestKind, reason: str) -> Decision:
    """驳回: the clocks have run on all the time."""
    case.open_for(kind.refuse)
    request, _ = _pending(case, kind)
    return Decision(kind.refuse, Refused(request=request.id), {"reason": reason})


def resume(case: Case, note: str | None = None) -> Decision:
    """恢复办理: the deadlines move by what the suspension lasted, from its asking to now."""
    case.open_for(Action.RESUME)
    lead = case.order.lead
    if lead is None or lead.suspended_since is None or lead.suspended_until is None:
        raise NotSuspended
    if case.actor.has(Role.UNIT_CLERK):
        case.lead(Action.RESUME)
    # A worker that was down does not give the unit more than was granted.
    end = min(case.now, lead.suspended_until)
    start, rules, calendar = lead.suspended_since, case.terms.rules, case.terms.calendar_of(lead.unit)
    reply = clocks.resumed(rules, calendar, lead.reply, start=start, end=end)
    fact = Resumed(
        assignment=lead.id,
        reply=reply,
        others=_others(
            case,
            lead,
            reply,
            lambda a: clocks.resumed(rules, case.terms.calendar_of(a.unit), a.reply, start=start, end=end),
        ),
        citizen=_citizen(
            case, lead, clocks.resumed(rules, case.terms.calendar, case.order.citizen, start=start, end=end)
        ),
    )
    return Decision(Action.RESUME, fact, {"note": note} if note else {})


def _asking(case: Case, kind: RequestKind) -> Assignment:
    case.open_for(kind.ask)
    held = case.lead(kind.ask)
    if case.order.request is not None:
        raise RequestStillOpen
    if kind is not RequestKind.RETURN and held.state is AssignmentState.PENDING:
        raise NotSigned
    if held.suspended:
        raise Suspended
    return held


def _asked(
    case: Case,
    id: str,
    kind: RequestKind,
    held: Assignment,
    reason: str,
    *,
    working_days: int | None = None,
    suggested_unit: str | None = None,
) -> Decision:
    request = Request(
        id=id,
        kind=kind,
        assignment=held.id,
        asked_at=case.now,
        asked_by=case.actor.id,
        working_days=working_days,
        suggested_unit=suggested_unit,
    )
    return Decision(kind.ask, Asked(request=request), {"reason": reason})


def _pending(case: Case, kind: RequestKind) -> tuple[Request, Assignment]:
    request = case.order.request
    if request is None or request.kind is not kind:
        raise NoOpenRequest
    if request.asked_by == case.actor.id:
        raise NotAllowed("不能审批自己提出的申请。")
    if request.consent_asked_at is None and case.actor.has(Role.UPSTREAM):
        raise NoOpenRequest  # the platform decides what it was asked
    held = case.order.assignment(request.assignment)
    if held is None or not held.open:
        raise WrongAssignment
    return request, held


def _before_deadline(case: Case, held: Assignment) -> None:
    if not held.reply.met_at(case.now):
        raise DeadlinePassed
