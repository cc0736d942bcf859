"""What one order adds to the figures: its entries, a pure function of the order as it stands.

No clock is asked: what is open carries its due time, and whoever reads decides whether that is past. The units are
those of the day that an assignment was made (its `ancestors`): a unit that is moved in the tree takes its past nowhere.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from workorders.deadlines.values import UNJUDGED, Deadline, Extension
from workorders.lifecycle.states import AssignmentEnd, AssignmentRole, Status, SupervisionCause
from workorders.lifecycle.values import Assignment, Closing, Order, Reporter
from workorders.statistics.definitions import Family, Outcome, counter
from workorders.statistics.handling import time_bucket

ATTEMPTS_THAT_COUNT = 3
"""So many calls in vain count as called back."""


NUMBERED = "#"


class Entry(NamedTuple):
    """One thing that is counted, once: `subject` is the id of the order, of an assignment or of a supervision; of a
    decision on a return, that of the assignment and which of its decisions it is, after `NUMBERED`.

    `at` is the moment whose local `day` it counts by. `units` is the path of the unit that it is counted for, root
    first; empty for what no unit answers for. `rules` is the rule pack that set the deadline, or that the order is
    judged by.
    """

    counter: str
    subject: str
    at: datetime
    day: str
    units: tuple[str, ...]
    rules: str

    @property
    def id(self) -> str:
        return f"{self.counter.partition(':')[0]}:{self.subject}"


def entries_of(order: Order, zone: ZoneInfo) -> tuple[Entry, ...]:
    """Everything that the order is counted by; each family counts a subject once."""
    excluded = _excluded(order)

    def entry(
        family: Family, outcome: Outcome | str, at: datetime, *, of: Assignment | None, subject: str, rules: str = ""
    ) -> Entry:
        return Entry(
            counter=counter(family, excluded or outcome),
            subject=subject,
            at=at,
            day=at.astimezone(zone).date().isoformat(),
            units=of.ancestors if of else (),
            rules=rules or order.rules,
        )

    def found() -> Iterator[Entry]:
        answering = answering_for(order)
        yield entry(Family.INTAKE, _intake(order), order.received_at, of=answering, subject=order.id)
        for held in order.assignments:
            if _leads(held) and held.round == 0 and held.end is not AssignmentEnd.REPLACED:
                returned = held.end is AssignmentEnd.RETURNED
                outcome = Outcome.RETURNED if returned else Outcome.KEPT
                yield entry(Family.DISPATCH, outcome, held.assigned_at, of=held, subject=held.id)
            for family, deadline, outcome in _judged(held):
                yield entry(family, outcome, deadline.due, of=held, subject=held.id, rules=deadline.rules)
        for held, outcome, decided_at, subject in _returns(order):
            yield entry(Family.RETURN, outcome, decided_at, of=held, subject=subject)
        first = _first_callback(order)
        if first is not None:
            at, of = first
            yield entry(Family.CALLBACK, _callback(order), at, of=of, subject=order.id)
        rated = _rating(order)
        if rated is not None:
            at, outcome = rated
            yield entry(Family.RATING, outcome, at, of=_rated(order) or answering, subject=order.id)
        for each in order.supervisions:
            overdue = each.cause is SupervisionCause.RED_LIGHT
            outcome = Outcome.SUPERVISED_OVERDUE if overdue else Outcome.SUPERVISED
            yield entry(Family.SUPERVISION, outcome, each.opened_at, of=answering, subject=each.id)
            if each.requires_answer:
                outcome = _done(each.due, each.answered_at, each.closed_at) or Outcome.OPEN
                rules = each.due.rules
                yield entry(
                    Family.SUPERVISION_ANSWER, outcome, each.due.due, of=answering, subject=each.id, rules=rules
                )
        handled = _handled(order)
        if handled is not None and handled.replied_at is not None and excluded is None:
            bucket = time_bucket(handled.replied_at - order.received_at)
            yield entry(Family.HANDLING, bucket, handled.replied_at, of=handled, subject=order.id)
        if order.closed_at is not None:
            yield entry(Family.CLOSING, Outcome.ARCHIVED, order.closed_at, of=answering, subject=order.id)

    return tuple(found())


def _leads(held: Assignment) -> bool:
    return held.role is AssignmentRole.LEAD


def _excluded(order: Order) -> Outcome | None:
    """Why the whole order is left out of every rate, if it is.

    What was decided comes first: whoever looks for the excluded finds all of them. A duplicate that was redone goes its
    own way, and counts like any other.
    """
    if order.exclusion is not None:
        return Outcome.EXCLUDED
    if order.status is Status.REJECTED:
        return Outcome.REJECTED
    if order.status is Status.WITHDRAWN:
        return Outcome.WITHDRAWN
    return Outcome.MERGED if order.merged_into is not None and order.round == 0 else None


def answering_for(order: Order) -> Assignment | None:
    """The lead assignment that answers for the order: the last that was neither returned nor handed on."""
    gone = (AssignmentEnd.RETURNED, AssignmentEnd.REPLACED)
    leads = [a for a in order.assignments if _leads(a) and a.end not in gone]
    return leads[-1] if leads else None


def _intake(order: Order) -> Outcome:
    """办结 is the reply that the hotline accepted; an answer at once is one, too."""
    if order.closing is Closing.ANSWERED:
        return Outcome.AT_ONCE
    done = order.round > 0 or order.status in (Status.CALLBACK, Status.CLOSED)
    return Outcome.COMPLETED if done else Outcome.PENDING


def _returns(order: Order) -> Iterator[tuple[Assignment, Outcome, datetime, str]]:
    """The decisions on what lead units asked to be returned: each refusal, and the grant that ended a stay."""
    for held in order.assignments:
        if not _leads(held):
            continue
        refused = [(Outcome.REFUSED, each.at) for each in order.refused_returns if each.assignment == held.id]
        granted = [(Outcome.RETURNED, held.ended_at)] if held.end is AssignmentEnd.RETURNED else []
        for number, (outcome, at) in enumerate((*refused, *granted), start=1):
            if at is not None:
                yield held, outcome, at, f"{held.id}{NUMBERED}{number}"


def _judged(held: Assignment) -> Iterator[tuple[Family, Deadline, Outcome]]:
    """What an assignment is judged by. A redo is not signed for."""
    if held.round == 0:
        signed_at = held.signed_at
        late = held.signed_by_rule and signed_at is not None and held.sign.basis != UNJUDGED
        yield Family.SIGN, held.sign, Outcome.LATE if late else _outcome(held, held.sign, signed_at, held.ended_at)
    if held.contact is not None:
        ended_at = held.replied_at or held.ended_at
        yield Family.CONTACT, held.contact, _outcome(held, held.contact, held.contacted_at, ended_at)
    if held.reply.yellow_at is not None:
        # Done in the instant of turning shows green, as what is done in the instant of the deadline is in time.
        turning = held.reply.model_copy(update={"due": held.reply.yellow_at})
        yield Family.YELLOW, turning, _outcome(held, turning, held.replied_at, held.ended_at)
    outcome = _outcome(held, held.reply, held.replied_at, held.ended_at)
    if any(isinstance(shift, Extension) for shift in held.reply.shifts):
        outcome = _EXTENDED.get(outcome, outcome)
    yield Family.REPLY, held.reply, outcome


_EXTENDED = {
    Outcome.ON_TIME: Outcome.EXTENDED_ON_TIME,
    Outcome.LATE: Outcome.EXTENDED_LATE,
    Outcome.OPEN: Outcome.EXTENDED_OPEN,
}


def _outcome(held: Assignment, deadline: Deadline, done_at: datetime | None, ended_at: datetime | None) -> Outcome:
    """Whether it was done by the deadline. What ended undone is late if it was past due by then.

    What was handed on to a successor, which takes over the deadline, is judged there alone; what was returned before
    it was done is not judged, nor is anything by a deadline of which an import knew nothing.
    """
    if held.end is AssignmentEnd.REPLACED:
        return Outcome.REPLACED
    if deadline.basis == UNJUDGED:
        return Outcome.UNJUDGED
    if done_at is None and held.end is AssignmentEnd.RETURNED:
        return Outcome.RETURNED
    return _done(deadline, done_at, ended_at) or (Outcome.SUSPENDED if held.suspended else Outcome.OPEN)


def _done(deadline: Deadline, done_at: datetime | None, ended_at: datetime | None) -> Outcome | None:
    """Whether it was done by the deadline; None for what is open."""
    if done_at is not None:
        return Outcome.ON_TIME if deadline.met_at(done_at) else Outcome.LATE
    if ended_at is not None:
        return Outcome.UNNEEDED if deadline.met_at(ended_at) else Outcome.LATE
    return None


def _first_callback(order: Order) -> tuple[datetime, Assignment | None] | None:
    """When the order first came to the callback, and whose answer it was; None if it never did."""
    if order.closing is Closing.ANSWERED:
        return None
    ends = (AssignmentEnd.ACCEPTED, AssignmentEnd.FOLLOWED)
    leads = [a for a in order.assignments if _leads(a)]
    for held in leads:
        if held.end in ends and held.ended_at is not None:
            return held.ended_at, held
    # An order that was merged before it was dispatched has its main order's answer.
    if order.callback is not None:
        return order.callback.started_at, None
    return next(((a.assigned_at, a) for a in leads if a.round > 0), None)


def _callback(order: Order) -> Outcome:
    """A redo is decided upon a callback, so that an order with one was called back."""
    if order.round > 0:
        return Outcome.REDONE
    if order.closing is Closing.WITHOUT_CALLBACK or order.reporter is Reporter.ANONYMOUS:
        return Outcome.NOT_CALLED
    called = order.rating is not None or order.attempts >= ATTEMPTS_THAT_COUNT or order.closing is Closing.UNREACHED
    return Outcome.CALLED if called else Outcome.WAITING


def _handled(order: Order) -> Assignment | None:
    """The lead assignment of the first round whose reply the hotline accepted."""
    return next((a for a in order.assignments if _leads(a) and a.round == 0 and a.end is AssignmentEnd.ACCEPTED), None)


def _rating(order: Order) -> tuple[datetime, Outcome] | None:
    """The latest valid answer and when it was given; or that the order came to rest without any."""
    if order.rating is not None:
        said = "solved" if order.rating.solved else "unsolved"
        return order.rating.at, Outcome(f"{said}_{order.rating.grade}")
    if order.closed_at is None or order.closing is Closing.ANSWERED:
        return None
    unreached = order.reporter is not Reporter.ANONYMOUS and order.closing is not Closing.WITHOUT_CALLBACK
    return order.closed_at, Outcome.UNREACHED if unreached else Outcome.NOT_CALLED


def _rated(order: Order) -> Assignment | None:
    """The lead assignment whose answer was rated."""
    rating = order.rating
    if rating is None:
        return None
    leads = [a for a in order.assignments if _leads(a) and a.end is AssignmentEnd.ACCEPTED]
    return next((a for a in reversed(leads) if a.round == rating.round), None)
