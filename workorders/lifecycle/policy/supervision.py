"""Supervision 督办, and what a meeting decided. A person's may bring replies forward; a rule's only watches.

No supervision postpones anything: a reply is due when it was, or at the end of the supervised limit if that is earlier,
and nothing else moves. What is granted afterwards comes on top, by those who grant it.
"""

from dataclasses import replace

from foundation.errors import NotAllowed
from workorders.deadlines import clocks
from workorders.deadlines.values import Deadline, Kind, SupervisionLevel
from workorders.lifecycle.errors import WrongState
from workorders.lifecycle.errors_beside import (
    AlreadyMet,
    NoSuchSupervision,
    SupervisionAlreadyAnswered,
    SupervisionOver,
    SupervisionUnanswered,
    TooManySupervisions,
)
from workorders.lifecycle.facts import Met, Moved, Supervised, SupervisionAnswered, SupervisionClosed
from workorders.lifecycle.policy.case import RULES, Case, Decision
from workorders.lifecycle.states import TRANSITIONS, Action, AssignmentRole, Status, SupervisionCause
from workorders.lifecycle.values import Assignment, Order, Supervision

MOST_OPEN = 10
MOST_IN_ALL = 100
"""Over an order's life, so that it stays a small document."""


COMPLAINTS = frozenset({Kind.HELP, Kind.COMPLAINT, Kind.REPORT})
"""What something is amiss behind; questions and suggestions repeat without."""


def may_repeat(order: Order) -> bool:
    """Whether an order is a complaint about a place; the top of the tree stands for the whole city, and is none."""
    return order.kind in COMPLAINTS and len(order.place) > 1


def supervise(
    case: Case, *, level: SupervisionLevel, reason: str, requires_answer: bool = True, shortens: bool = False
) -> Decision:
    """督办 by a supervisor. Raises `TooManySupervisions`."""
    case.open_for(Action.SUPERVISE)
    fact = _opened(case, level, SupervisionCause.BY_HAND, requires_answer=requires_answer, shortens=shortens)
    return Decision(Action.SUPERVISE, fact, {"reason": reason})


def instruct(
    case: Case, *, level: SupervisionLevel, instruction: str, requires_answer: bool = True, shortens: bool = False
) -> Decision:
    """批示 by a leader, which opens a supervision. Raises `TooManySupervisions`."""
    case.open_for(Action.INSTRUCT)
    fact = _opened(case, level, SupervisionCause.INSTRUCTION, requires_answer=requires_answer, shortens=shortens)
    return Decision(Action.INSTRUCT, fact, {"instruction": instruction})


def by_rule(case: Case) -> Decision | None:
    """What the order's own state calls for: handed down from above, rated badly, rated badly after a redo."""
    order = case.order
    if order.upstream is not None and order.status is Status.RECEIVED:
        return _by_rule(case, SupervisionCause.UPSTREAM)
    if order.status is Status.CALLBACK and _rated_badly(order):
        return _by_rule(case, SupervisionCause.BAD_AGAIN if order.round else SupervisionCause.BAD_CALLBACK)
    return None


def on_red_reply(case: Case) -> Decision | None:
    """Of a reply that is overdue, once per round; None if it is not, or the rules do not ask for it."""
    lead = case.order.lead
    if lead is None or lead.suspended or lead.replied_at is not None or lead.reply.met_at(case.now):
        return None
    return _by_rule(case, SupervisionCause.RED_LIGHT)


def on_repeated(case: Case) -> Decision | None:
    """Of one more complaint about the same thing at the same place, which others counted."""
    return _by_rule(case, SupervisionCause.REPEATED)


def answer(case: Case, id: str, text: str) -> Decision:
    """督办回复 by the unit that leads, or led until the callback.

    Raises `NotAllowed` for other units, `NoSuchSupervision`, `SupervisionOver`, `SupervisionAlreadyAnswered`.
    """
    case.open_for(Action.ANSWER_SUPERVISION)
    if _answering(case).unit != case.actor.unit_id:
        raise NotAllowed("工单的主办单位不是您所在的单位。")
    found = _open(case.order, id)
    if found.answered_at is not None:
        raise SupervisionAlreadyAnswered
    fact = SupervisionAnswered(supervision=found.id, on_time=found.due.met_at(case.now))
    return Decision(Action.ANSWER_SUPERVISION, fact, {"answer": text})


def close(case: Case, id: str, *, conclusion: str, not_waiting_because: str | None = None) -> Decision:
    """督办办结 by a supervisor, who waits for a required answer, or says why not.

    Raises `NoSuchSupervision`, `SupervisionOver`, `SupervisionUnanswered`.
    """
    case.open_for(Action.CLOSE_SUPERVISION)
    found = _open(case.order, id)
    texts = {"conclusion": conclusion}
    if found.unanswered:
        if not_waiting_because is None:
            raise SupervisionUnanswered
        texts["not_waiting_because"] = not_waiting_because
    return Decision(Action.CLOSE_SUPERVISION, SupervisionClosed(supervision=found.id), texts)


def meet(case: Case, meeting: str, outcome: str) -> Decision:
    """What a meeting decided about this order, once per meeting. Raises `AlreadyMet`."""
    case.open_for(Action.MEET)
    if meeting in case.order.meetings:
        raise AlreadyMet
    return Decision(Action.MEET, Met(meeting=meeting), {"outcome": outcome})


def _by_rule(case: Case, cause: SupervisionCause) -> Decision | None:
    """Once per cause and round, at the pack's level; None where the pack, the state or the caps leave no room."""
    order, number = case.order, getattr(case.terms.rules.supervision, cause.value)
    known = any(each.cause is cause and each.round == order.round for each in order.supervisions)
    if not number or known or order.muted or _full(order) or (order.status, Action.SUPERVISE) not in TRANSITIONS:
        return None
    # Everything from above is watched; an answer is asked for only once something is amiss.
    requires_answer = cause is not SupervisionCause.UPSTREAM
    level = tuple(SupervisionLevel)[number - 1]
    case = replace(case, actor=RULES)
    return Decision(Action.SUPERVISE, _opened(case, level, cause, requires_answer=requires_answer, shortens=False))


def _opened(
    case: Case, level: SupervisionLevel, cause: SupervisionCause, *, requires_answer: bool, shortens: bool
) -> Supervised:
    order = case.order
    if _full(order):
        raise TooManySupervisions
    supervision = Supervision(
        id=f"{order.id}:s{len(order.supervisions) + 1}",
        level=level,
        cause=cause,
        round=order.round,
        opened_at=case.now,
        due=clocks.supervision_due(case.terms.rules, case.terms.calendar, level=level, start=case.now),
        requires_answer=requires_answer,
        shortens=shortens,
    )
    return Supervised(supervision=supervision, moved=brought_forward(case) if shortens else ())


def brought_forward(case: Case) -> tuple[Moved, ...]:
    """The replies of all units at work, within the supervised limit from now; a delegated one within its parent's."""
    order, rules = case.order, case.terms.rules
    replies: dict[str, Deadline] = {}

    def reply(held: Assignment) -> Deadline:
        if held.id not in replies:
            calendar = case.terms.calendar_of(held.unit)
            moved = clocks.brought_forward(rules, calendar, held.reply, start=case.now)
            parent = order.assignment(held.parent) if held.parent is not None else None
            if parent is not None and parent.open:
                moved = clocks.within_parent(rules, calendar, moved, reply(parent))
            replies[held.id] = moved
        return replies[held.id]

    return tuple(
        Moved(assignment=held.id, sign=held.sign, contact=held.contact, reply=reply(held))
        for held in order.assignments
        if held.open
    )


def _rated_badly(order: Order) -> bool:
    """Whether this round's callback found the citizen, or the platform above, unsatisfied, or asked for a redo."""
    rating = order.rating
    return rating is not None and rating.round == order.round and (order.redo_asked or not rating.good)


def _full(order: Order) -> bool:
    return len(order.supervisions) >= MOST_IN_ALL or sum(each.open for each in order.supervisions) >= MOST_OPEN


def _open(order: Order, id: str) -> Supervision:
    found = order.supervision(id)
    if found is None:
        raise NoSuchSupervision
    if not found.open:
        raise SupervisionOver
    return found


def _answering(case: Case) -> Assignment:
    """The lead's stay, the last one in the callback. Raises `WrongState` while nobody leads."""
    order = case.order
    leads = [each for each in order.assignments if each.role is AssignmentRole.LEAD]
    lead = order.lead or (leads[-1] if leads and order.status is Status.CALLBACK else None)
    if lead is None:
        raise WrongState(order.status, Action.ANSWER_SUPERVISION)
    return lead
