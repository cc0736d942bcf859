"""The small changes that folding an event is made of."""

from datetime import datetime

from workorders.lifecycle.facts import Moved
from workorders.lifecycle.states import ASSIGNMENT_TRANSITIONS, AppealState, AssignmentEnd, Step
from workorders.lifecycle.values import Appeal, Assignment, Order


def altered(order: Order, **fields: object) -> Order:
    return order.model_copy(update=fields)


def stay_altered(order: Order, assignment: str, **fields: object) -> Order:
    """The order with one assignment's fields changed."""
    return altered(
        order,
        assignments=tuple(a.model_copy(update=fields) if a.id == assignment else a for a in order.assignments),
    )


def stay_stepped(order: Order, assignment: str, step: Step, **fields: object) -> Order:
    """The order with one assignment moved by its own table."""
    found = order.assignment(assignment)
    if found is None:
        raise KeyError(assignment)
    return stay_altered(order, assignment, state=ASSIGNMENT_TRANSITIONS[found.state, step], **fields)


def stay_ended(assignment: Assignment, end: AssignmentEnd, at: datetime) -> Assignment:
    if not assignment.open:
        return assignment
    state = ASSIGNMENT_TRANSITIONS[assignment.state, Step.END]
    return assignment.model_copy(
        update={"state": state, "end": end, "ended_at": at, "suspended_since": None, "suspended_until": None}
    )


def all_ended(order: Order, end: AssignmentEnd, at: datetime) -> Order:
    return altered(order, assignments=tuple(stay_ended(a, end, at) for a in order.assignments))


def supervision_altered(order: Order, supervision: str, **fields: object) -> Order:
    """The order with one supervision's fields changed."""
    return altered(
        order,
        supervisions=tuple(s.model_copy(update=fields) if s.id == supervision else s for s in order.supervisions),
    )


def moved_by(order: Order, moved: Moved) -> Order:
    window = {} if moved.return_until is None else {"return_until": moved.return_until}
    return stay_altered(order, moved.assignment, sign=moved.sign, contact=moved.contact, reply=moved.reply, **window)


def appeal_ended(order: Order, appeal: str, state: AppealState, at: datetime) -> Order:
    return altered(order, appeals=tuple(_ended(a, state, at) if a.id == appeal else a for a in order.appeals))


def pending_appeals_ended(order: Order, state: AppealState, at: datetime) -> Order:
    return altered(order, appeals=tuple(_ended(a, state, at) if a.pending else a for a in order.appeals))


def _ended(appeal: Appeal, state: AppealState, at: datetime) -> Appeal:
    return appeal.model_copy(update={"state": state, "ended_at": at})
