"""The lines 界线 that time crosses: which deadlines of an order run, how they are lit, and when something happens next.

Pure. A deadline turns yellow, then red, and is told again when it is so many days overdue. What was told is folded from
the log (`Order.told`), so that a line is told once; a deadline that was moved has lines of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from workorders.deadlines.lights import Light, light
from workorders.deadlines.packs import RulePack
from workorders.deadlines.values import Deadline, Term
from workorders.lifecycle.states import AssignmentState, Status
from workorders.lifecycle.values import Assignment, Line, Order

MOMENT = timedelta(milliseconds=1)
"""The deadline itself is in time: red begins this much later."""


@dataclass(frozen=True, slots=True)
class Running:
    """A deadline that is to be met yet; `subject` is the assignment that it belongs to, or None for the order's own."""

    deadline: Deadline
    subject: str | None = None

    @property
    def term(self) -> Term:
        return self.deadline.term


def running(order: Order) -> Iterator[Running]:
    """The deadlines that run now: none while it is muted, for its main order's are told.

    A suspension 挂起 stops those of the replies, the lead's and all others'.
    """
    if order.muted:
        return
    match order.status:
        case Status.RECEIVED:
            yield Running(order.dispatch)
        case Status.HOTLINE_REVIEW if order.review is not None:
            yield Running(order.review)
        case Status.CALLBACK if order.callback is not None:
            yield Running(order.callback)
    yield from (Running(each.due, each.id) for each in order.supervisions if each.unanswered)
    suspended = is_suspended(order)
    for held in order.assignments:
        if held.open:
            yield from _running_of(held, suspended=suspended)


def _running_of(held: Assignment, *, suspended: bool) -> Iterator[Running]:
    if held.state is AssignmentState.PENDING:
        yield Running(held.sign, held.id)
    if held.contact is not None and held.contacted_at is None and held.submitted_at is None:
        yield Running(held.contact, held.id)
    if held.replied_at is None and not suspended:
        yield Running(held.reply, held.id)


def is_suspended(order: Order) -> bool:
    lead = order.lead
    return lead is not None and lead.suspended


def stage(order: Order) -> Running | None:  # noqa: PLR0911
    """The deadline of the desk that the order lies on, or None while it is muted and once it rests."""
    lead = order.lead
    match order.status:
        case _ if order.muted:
            return None
        case Status.RECEIVED:
            return Running(order.dispatch)
        case Status.DISPATCHED if lead is not None:
            return Running(lead.sign, lead.id)
        case Status.IN_PROGRESS | Status.UNIT_REVIEW if lead is not None:
            return Running(lead.reply, lead.id)
        case Status.HOTLINE_REVIEW if order.review is not None:
            return Running(order.review)
        case Status.CALLBACK if order.callback is not None:
            return Running(order.callback)
        case _:
            return None


def stage_due(order: Order) -> datetime | None:
    """When the desk that the order lies on is due, or None once it rests."""
    at = stage(order)
    return at.deadline.due if at is not None else None


def light_of(order: Order, deadline: Deadline, at: datetime) -> Light:
    """The light of a deadline that is not met yet. In a suspension that of the reply stands as when it began."""
    lead = order.lead
    if deadline.term is Term.REPLY and lead is not None and lead.suspended_since is not None:
        at = min(at, lead.suspended_since)
    return light(deadline, at=at)


def stage_light(order: Order, at: datetime) -> Light | None:
    """The light of the desk that the order lies on, or None once it rests."""
    lies = stage(order)
    return light_of(order, lies.deadline, at) if lies is not None else None


def _lines(deadline: Deadline, rules: RulePack) -> Iterator[tuple[datetime, Light, int]]:
    """All lines of a deadline, in the order of time: when, and which."""
    if deadline.yellow_at is not None:
        yield deadline.yellow_at, Light.YELLOW, 0
    yield deadline.due + MOMENT, Light.RED, 0
    # Nobody is days behind with signing: the system signs at the limit.
    for days in () if deadline.term is Term.SIGN else rules.lights.overdue_days:
        yield deadline.due + timedelta(days=days), Light.RED, days


def _untold(order: Order, rules: RulePack) -> Iterator[tuple[Running, datetime, Light, int]]:
    told = {line.of: line.rank for line in order.told}
    for each in running(order):
        last = told.get((each.term, each.subject, each.deadline.due))
        for at, lit, level in _lines(each.deadline, rules):
            if last is None or last < (lit is Light.RED, level):
                yield each, at, lit, level


def crossed(order: Order, rules: RulePack, now: datetime) -> tuple[Line, ...]:
    """The lines that were crossed by now and not told yet, in the order of time."""
    lines = [
        Line(term=each.term, subject=each.subject, light=lit, level=level, at=at, due=each.deadline.due)
        for each, at, lit, level in _untold(order, rules)
        if at <= now
    ]
    return tuple(sorted(lines, key=lambda line: line.at))


def reply_is_red(order: Order) -> bool:
    """Whether it was told that the lead's reply, as it is due now, is overdue."""
    lead = order.lead
    due = (Term.REPLY, lead.id, lead.reply.due) if lead is not None else None
    return any(line.of == due and line.light is Light.RED for line in order.told)


def signs_itself_at(held: Assignment) -> datetime | None:
    """When the system signs for a unit that did not: once the limit is past."""
    return held.sign.due + MOMENT if held.state is AssignmentState.PENDING else None


def moves_up_at(order: Order) -> datetime | None:
    """When a phone task that nobody confirmed moves up, or None."""
    task = order.phone_task
    if task is None or not task.open or task.due is None or order.muted:
        return None
    return task.due + MOMENT


def next_moment(order: Order, rules: RulePack) -> datetime | None:
    """When time does something to the order next: crosses a line, signs for a unit, ends a suspension, moves a
    phone task up."""
    moments = [at for _, at, _, _ in _untold(order, rules)]
    if (moves_up := moves_up_at(order)) is not None:
        moments.append(moves_up)
    for held in () if order.muted else order.assignments:
        if held.open:
            moments += [at for at in (signs_itself_at(held), held.suspended_until) if at is not None]
    return min(moments, default=None)
