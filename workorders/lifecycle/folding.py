"""How an event changes an order: the one fold that actions and `rebuild` share.

`apply` judges nothing. Whether an action was allowed is decided before (`workorders/lifecycle/policy`); here only the
table of states holds, so that a log can be read again under any later rule.
"""

from collections.abc import Iterable
from datetime import datetime

from workorders.lifecycle.altering import (
    all_ended,
    altered,
    appeal_ended,
    moved_by,
    pending_appeals_ended,
    stay_altered,
    stay_ended,
    stay_stepped,
    supervision_altered,
)
from workorders.lifecycle.facts import (
    Accepted,
    Acknowledged,
    Adopted,
    AnsweredUp,
    AppealDecided,
    Appealed,
    AppealWithdrawn,
    Approved,
    Asked,
    Attempted,
    CallConfirmed,
    Closed,
    ConsentAsked,
    Contacted,
    CoReplied,
    Corrected,
    Delegated,
    Dispatched,
    DutyCalled,
    DutyPhoned,
    Excluded,
    Fact,
    Followed,
    Granted,
    Lit,
    Merged,
    Met,
    Noted,
    Rated,
    Readmitted,
    Received,
    Reclassified,
    Redone,
    Refused,
    Rejected,
    Released,
    Replaced,
    Replied,
    Resumed,
    SentBack,
    Signed,
    Supervised,
    SupervisionAnswered,
    SupervisionClosed,
    Unmerged,
    Urged,
)
from workorders.lifecycle.states import (
    ENDED,
    TRANSITIONS,
    Action,
    AppealState,
    AssignmentEnd,
    Status,
    Step,
)
from workorders.lifecycle.values import Line, Order, PhoneTask, Rating, RefusedReturn, Request

Entry = tuple[Action, Fact, datetime]
"""What the fold reads of an event."""


def receive(id: str, fact: Received, at: datetime) -> Order:
    """The order that an intake makes: its first event."""
    return Order(
        id=id,
        status=Status.RECEIVED,
        version=1,
        received_at=at,
        changed_at=at,
        **{name: getattr(fact, name) for name in Received.model_fields if name != "attachments"},
    )


def rebuild(id: str, entries: Iterable[Entry]) -> Order:
    """The order as its events alone make it. Raises `ValueError` if they do not start with an intake."""
    order: Order | None = None
    for action, fact, at in entries:
        if order is None:
            if not isinstance(fact, Received):
                raise ValueError(f"the first event of order {id} is {action}, not an intake")
            order = receive(id, fact, at)
        else:
            order = apply(order, action, fact, at)
    if order is None:
        raise ValueError(f"order {id} has no events")
    return order


def apply(order: Order, action: Action, fact: Fact, at: datetime) -> Order:
    """The order after one more event. Raises `KeyError` for a pair that the table of states does not hold."""
    moved = order.model_copy(
        update={
            "status": TRANSITIONS[order.status, action],
            "version": order.version + 1,
            "changed_at": at,
        }
    )
    changed = _change(moved, action, fact, at)
    if changed.status in ENDED:
        changed = _rest(changed, at)
    return _settle_call(changed, fact, at)


def _change(order: Order, action: Action, fact: Fact, at: datetime) -> Order:  # noqa: PLR0911, PLR0912, PLR0915
    match fact:
        case Rejected():
            return altered(order, rejected_to=fact.channel)
        case Reclassified():
            return _reclassify(order, fact)
        case Dispatched():
            return altered(order, assignments=order.assignments + fact.assignments)
        case Signed():
            return stay_stepped(order, fact.assignment, Step.SIGN, signed_at=at, signed_by_rule=fact.by_rule)
        case Asked():
            return altered(order, request=fact.request)
        case Granted():
            return _grant(order, action, fact, at)
        case Refused():
            return _refuse(order, action, at)
        case Resumed():
            running = stay_altered(order, fact.assignment, suspended_since=None, suspended_until=None, reply=fact.reply)
            for moved in fact.others:
                running = moved_by(running, moved)
            return altered(running, citizen=fact.citizen)
        case Contacted():
            return stay_altered(order, fact.assignment, contacted_at=at) if fact.first else order
        case Delegated():
            return altered(order, assignments=(*order.assignments, fact.delegated))
        case CoReplied():
            return stay_stepped(order, fact.assignment, Step.REPLY, submitted_at=at, replied_at=at)
        case Replied():
            return stay_stepped(order, fact.assignment, Step.REPLY, submitted_at=at)
        case Approved():
            return altered(stay_altered(order, fact.assignment, replied_at=at), review=fact.review)
        case SentBack():
            # Sent back, the reply clock had never stopped; that it was once handed in stays known.
            back = stay_stepped(order, fact.assignment, Step.SEND_BACK, replied_at=None)
            return altered(back, review=None)
        case Accepted():
            ended = all_ended(order, AssignmentEnd.ACCEPTED, at)
            return altered(ended, review=None, callback=fact.callback, attempts=0, request=None)
        case Attempted():
            return _attempt(order, fact, at)
        case Rated():
            return _rate(order, fact, at)
        case Closed():
            return altered(order, closed_at=at, closing=fact.closing)
        case Redone():
            return altered(
                order,
                assignments=(*order.assignments, fact.assignment),
                round=fact.assignment.round,
                callback=None,
                redo_asked=False,
                upstream=fact.upstream or order.upstream,
                answered_up_at=None,
                acknowledged_at=None,
            )
        case Urged():
            count = order.urged + 1 if order.urged_on == fact.day else 1
            return altered(order, urged_on=fact.day, urged=count)
        case Replaced():
            return _replace(order, fact, at)
        case Lit():
            return _light(order, fact)
        case Corrected():
            return _correct(order, fact)
        case ConsentAsked():
            return altered(order, request=_open_request(order).model_copy(update={"consent_asked_at": at}))
        case AnsweredUp():
            return altered(order, answered_up_at=at)
        case Acknowledged():
            return altered(order, acknowledged_at=at)
        case Merged():
            return altered(order, merged_into=fact.parent, children=())
        case Unmerged():
            return altered(order, merged_into=None)
        case Noted() if action is Action.WITHDRAW:
            return altered(order, merged_into=None)
        case Adopted():
            return altered(order, children=(*order.children, fact.child, *fact.brought))
        case Released():
            return altered(order, children=tuple(child for child in order.children if child != fact.child))
        case Followed():
            ended = all_ended(order, AssignmentEnd.FOLLOWED, at)
            return altered(ended, review=None, callback=fact.callback, attempts=0, request=None, answered_by=fact.unit)
        case Supervised():
            for each in fact.moved:
                order = moved_by(order, each)
            return altered(order, supervisions=(*order.supervisions, fact.supervision))
        case SupervisionAnswered():
            return supervision_altered(order, fact.supervision, answered_at=at)
        case SupervisionClosed():
            return supervision_altered(order, fact.supervision, closed_at=at)
        case Met():
            return altered(order, meetings=(*order.meetings, fact.meeting))
        case DutyCalled():
            return altered(order, phone_task=_called(order.phone_task, fact, at))
        case DutyPhoned():
            return _phoned(order, unreached=True) if not fact.reached else _phoned(order, confirmed_at=at)
        case CallConfirmed():
            return _phoned(order, confirmed_at=at)
        case Appealed():
            return altered(order, appeals=(*order.appeals, fact.appeal))
        case AppealWithdrawn():
            return appeal_ended(order, fact.appeal, AppealState.WITHDRAWN, at)
        case AppealDecided(exclusion=None):
            return appeal_ended(order, fact.appeal, AppealState.REJECTED, at)
        case AppealDecided() | Excluded():
            return altered(pending_appeals_ended(order, AppealState.UPHELD, at), exclusion=fact.exclusion)
        case Readmitted():
            return altered(order, exclusion=None)
        case _:
            return order


def _rest(order: Order, at: datetime) -> Order:
    """An order at rest has no open assignment, no open request and no open supervision. What is in no rate any more
    has no pending appeal."""
    if order.status is not Status.CLOSED:
        order = pending_appeals_ended(order, AppealState.LAPSED, at)
    for each in order.supervisions:
        if each.open:
            order = supervision_altered(order, each.id, closed_at=at)
    return altered(all_ended(order, AssignmentEnd.ORDER_ENDED, at), request=None, redo_asked=False)


def _called(task: PhoneTask | None, fact: DutyCalled, at: datetime) -> PhoneTask:
    """A phone task for a stay that has none yet, or the same moved up."""
    if task is None or task.assignment != fact.assignment:
        task = PhoneTask(assignment=fact.assignment, unit=fact.unit, opened_at=at)
    moved = {"calls": (*task.calls, *fact.calls), "due": fact.due, "escalated_at": fact.escalated_at}
    return task.model_copy(update={**moved, "unreached": False})


def _phoned(order: Order, **fields: object) -> Order:
    if order.phone_task is None:
        raise KeyError("phone_task")
    return altered(order, phone_task=order.phone_task.model_copy(update=fields))


def _settle_call(order: Order, fact: Fact, at: datetime) -> Order:
    """A unit at work on an order knows of it; a stay that ended needs to be told no more.

    A signature by the system shows nothing: nobody was reached.
    """
    task = order.phone_task
    if task is None or not task.open:
        return order
    held = order.assignment(task.assignment)
    if held is None or not held.open:
        return _phoned(order, ended_at=at)
    match fact:
        case Signed():
            works = fact.assignment if not fact.by_rule else None
        case Contacted() | Replied():
            works = fact.assignment
        case Asked():
            works = fact.request.assignment
        case Delegated():
            works = fact.delegated.parent
        case _:
            works = None
    return _phoned(order, confirmed_at=at) if works == task.assignment else order


def _reclassify(order: Order, fact: Reclassified) -> Order:
    if fact.urgency is not order.urgency:  # whoever is to be called is told of another urgency, or nobody is
        order = altered(order, phone_task=None)
    order = altered(
        order,
        **{name: getattr(fact, name) for name in ("kind", "urgency", "category", "place", "citizen", "dispatch")},
    )
    for moved in fact.moved:
        order = moved_by(order, moved)
    return order


def _correct(order: Order, fact: Corrected) -> Order:
    names = ("calendar", "citizen", "dispatch", "review", "callback")
    order = altered(order, **{name: getattr(fact, name) for name in names})
    for moved in fact.moved:
        order = moved_by(order, moved)
    for each in fact.supervisions:
        order = supervision_altered(order, each.supervision, due=each.due)
    return order


def _grant(order: Order, action: Action, fact: Granted, at: datetime) -> Order:
    request = _open_request(order)
    order = altered(order, request=None)
    if fact.dispatch is not None:
        order = all_ended(altered(order, dispatch=fact.dispatch, returns=order.returns + 1), AssignmentEnd.RETURNED, at)
    if fact.citizen is not None:
        order = altered(order, citizen=fact.citizen)
    held = order.assignment(request.assignment)
    if held is None:
        raise KeyError(request.assignment)
    if fact.reply is not None:
        order = stay_altered(order, held.id, reply=fact.reply)
    for moved in fact.others:
        order = moved_by(order, moved)
        if action is Action.GRANT_COMPLEX:
            order = stay_altered(order, moved.assignment, complex=True)
    match action:
        case Action.GRANT_COMPLEX:
            return stay_altered(order, held.id, complex=True)
        case Action.GRANT_SUSPENSION:
            return stay_altered(
                order,
                held.id,
                suspended_since=request.asked_at,
                suspended_until=fact.suspended_until,
            )
        case _:
            return order


def _refuse(order: Order, action: Action, at: datetime) -> Order:
    request, order = _open_request(order), altered(order, request=None)
    if action is not Action.REFUSE_RETURN:
        return order
    return altered(order, refused_returns=(*order.refused_returns, RefusedReturn(assignment=request.assignment, at=at)))


def _open_request(order: Order) -> Request:
    if order.request is None:
        raise KeyError("request")
    return order.request


def _attempt(order: Order, fact: Attempted, at: datetime) -> Order:
    order = altered(order, attempts=order.attempts + 1, redo_asked=order.redo_asked or fact.wants_redo)
    if fact.due is not None and order.upstream is not None:
        order = altered(order, upstream=order.upstream.model_copy(update={"due": fact.due}))
    if fact.grade is None or fact.solved is None:
        return order
    return altered(
        order, rating=Rating(grade=fact.grade, solved=fact.solved, at=at, round=order.round, through=fact.through)
    )


def _rate(order: Order, fact: Rated, at: datetime) -> Order:
    rating = Rating(grade=fact.grade, solved=fact.solved, at=at, round=order.round, through=fact.through)
    asks = order.status is Status.CALLBACK and not rating.good
    return altered(order, rating=rating, redo_asked=order.redo_asked or asks, followed_by=fact.opened)


def _light(order: Order, fact: Lit) -> Order:
    """What was told last of each deadline, also if it was moved since; a stay that ended is told of no more."""
    last: dict[object, Line] = {}
    for line in (*order.told, *fact.lines):
        if line.of not in last or last[line.of].rank < line.rank:
            last[line.of] = line
    going = {a.id for a in order.assignments if a.open} | {each.id for each in order.supervisions} | {None}
    return altered(order, told=tuple(line for line in last.values() if line.subject in going))


def _replace(order: Order, fact: Replaced, at: datetime) -> Order:
    """The successor takes over; delegations and the open request follow it."""
    heirs = tuple(
        a.model_copy(update={"parent": fact.successor.id}) if a.parent == fact.gone and a.open else a
        for a in order.assignments
    )
    ended = tuple(stay_ended(a, AssignmentEnd.REPLACED, at) if a.id == fact.gone else a for a in heirs)
    request = order.request
    if request is not None and request.assignment == fact.gone:
        request = request.model_copy(update={"assignment": fact.successor.id})
    return altered(order, assignments=(*ended, fact.successor), request=request)
