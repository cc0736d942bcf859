"""What happened to an imported matter, as the events of an order. Pure.

A closed one went the whole road: taken in, dispatched and signed for when it was opened, answered, approved and
accepted when it was closed, then called back if the file tells so, and archived. One that was rejected or withdrawn
never came to a unit. What a platform above handed down was answered up, and called back by that. An open one is in
progress at its unit; the lines that were crossed by the day of the import are written down as one event, so that its
lights stand as they must and nobody is told of what is long past. An open emergency goes on the desk of phone tasks.

The due that the file gives binds the reply and the citizen's promise, as it is (`IMPORTED`). An open matter without
one goes by the rules in force, from the import on; a closed one is not judged (`UNJUDGED`), nor is what no file tells:
when it was to be dispatched, signed for, reviewed, called back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from identity.actors import Actor, Role
from runtime.importing.rows import Matter, State
from workorders.deadlines import clocks
from workorders.deadlines.lights import turns_yellow
from workorders.deadlines.values import IMPORTED, UNJUDGED, Deadline, Limit, LimitUnit, Term
from workorders.exchange.documents import platform_actor_id
from workorders.lifecycle.facts import (
    Accepted,
    AnsweredUp,
    Approved,
    Attempted,
    Closed,
    Dispatched,
    Fact,
    Noted,
    Received,
    Rejected,
    Replied,
    Signed,
)
from workorders.lifecycle.folding import apply, receive
from workorders.lifecycle.policy import passing, phoning
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.recording import Step
from workorders.lifecycle.states import Action, AssignmentRole, AssignmentState
from workorders.lifecycle.terms import Terms
from workorders.lifecycle.values import THROUGH_UPSTREAM, Assignment, Closing, Order, Outcome

IMPORTER: Final = Actor("system:import", frozenset({Role.SYSTEM}), label="数据导入")
MINUTE: Final = timedelta(minutes=1)
LONGEST_LIMIT: Final = 1_000_000
NOT_TOLD: Final = "其他渠道"
"""The right place for a rejected matter, where the file does not say which."""

Happened = tuple[Action, Fact, dict[str, str], datetime]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a matter stands in the city: the paths of its nodes, root first."""

    unit: tuple[str, ...]
    category: tuple[str, ...]
    place: tuple[str, ...]
    channel: str


def history(
    matter: Matter, placed: Placed, id: str, number: str, terms: Terms, now: datetime
) -> list[tuple[Step, datetime]]:
    """The events of a matter, each with its time; `now` is the moment of the import."""
    steps: list[tuple[Step, datetime]] = []
    order: Order | None = None
    for action, fact, texts, at in _happened(matter, placed, id, number, terms, now):
        if order is None:
            assert isinstance(fact, Received)
            order = receive(id, fact, at)
        else:
            order = apply(order, action, fact, at)
        steps.append((Step(IMPORTER, Decision(action, fact, texts), order), at))
    if order is not None and matter.state is State.OPEN:
        for by_now in (passing.lights, phoning.by_rule):
            if (decision := by_now(Case(order, IMPORTER, now, terms))) is not None:
                order = apply(order, decision.action, decision.fact, now)
                steps.append((Step(IMPORTER, decision, order), now))
    return steps


def _happened(matter: Matter, placed: Placed, id: str, number: str, terms: Terms, now: datetime) -> Iterator[Happened]:
    opened, closed = matter.opened, matter.closed
    dues = _Dues(matter, placed.unit[-1], terms, now)
    yield Action.INTAKE, _received(matter, placed, number, dues), matter.texts, opened
    if closed is not None and matter.state in (State.WITHDRAWN, State.REJECTED):
        why = {"reason": matter.answer} if matter.answer else {}
        if matter.state is State.WITHDRAWN:
            yield Action.WITHDRAW, Noted(), why, closed
        else:
            yield Action.REJECT, Rejected(channel=matter.rejected_to or NOT_TOLD), why, closed
        return
    held = f"{id}:a1"
    yield Action.DISPATCH, Dispatched(assignments=(_assigned(held, matter, placed, dues),)), {}, opened
    yield Action.SIGN, Signed(assignment=held, by_rule=True, on_time=True), {}, opened
    if closed is None:
        return
    answer = {"answer": matter.answer} if matter.answer else {}
    reply = dues.reply
    yield (
        Action.SUBMIT_REPLY,
        Replied(assignment=held, outcome=Outcome.SOLVED, waits_for_nobody=True),
        answer,
        closed,
    )
    review = dues.unjudged(Term.HOTLINE_REVIEW, closed)
    yield Action.UNIT_APPROVE, Approved(assignment=held, on_time=reply.met_at(closed), review=review), {}, closed
    callback = dues.unjudged(Term.CALLBACK, closed)
    yield Action.HOTLINE_ACCEPT, Accepted(assignment=held, callback=callback), {}, closed
    if matter.upstream is not None:
        yield Action.ANSWER_UP, AnsweredUp(round=0), answer, closed
    yield from _called_back(matter, closed)


def _called_back(matter: Matter, closed: datetime) -> Iterator[Happened]:
    """The callback, by the platform above if that handed the matter down, and the archiving.

    What the file closed with a bad answer was not redone: the answer asks for nothing.
    """
    called = matter.called
    if called is None:
        yield Action.CALLBACK_CLOSE, Closed(closing=Closing.WITHOUT_CALLBACK), {}, closed
        return
    reached = called.grade is not None
    through = {"through": THROUGH_UPSTREAM} if matter.upstream is not None else {}
    attempted = Attempted(reached=reached, solved=called.solved, grade=called.grade, **through)
    yield Action.CALLBACK_ATTEMPT, attempted, {}, called.at
    closing = Closing.CALLED_BACK if reached else Closing.UNREACHED
    yield Action.CALLBACK_CLOSE, Closed(closing=closing), {}, called.at


def _received(matter: Matter, placed: Placed, number: str, dues: "_Dues") -> Received:
    return Received(
        number=number,
        channel=placed.channel,
        kind=matter.kind,
        urgency=matter.urgency,
        category=placed.category,
        place=placed.place,
        reporter=matter.reporter,
        reporter_id=platform_actor_id(matter.upstream.source) if matter.upstream is not None else None,
        complained_of=None,
        upstream=matter.upstream,
        linked_to=None,
        contact_record=None,
        rules=dues.terms.rules.id,
        calendar=dues.terms.calendar.id,
        citizen=dues.citizen,
        dispatch=dues.unjudged(Term.DISPATCH, matter.opened),
    )


def _assigned(id: str, matter: Matter, placed: Placed, dues: "_Dues") -> Assignment:
    return Assignment(
        id=id,
        unit=placed.unit[-1],
        ancestors=placed.unit,
        role=AssignmentRole.LEAD,
        state=AssignmentState.PENDING,
        assigned_at=matter.opened,
        sign=dues.unjudged(Term.SIGN, matter.opened),
        reply=dues.reply,
    )


class _Dues:
    """The deadlines of one matter."""

    def __init__(self, matter: Matter, unit: str, terms: Terms, now: datetime) -> None:
        self.terms = terms
        self._city = terms.calendar
        rules, own = terms.rules, terms.calendar_of(unit)
        if matter.due is not None:
            self.reply = self._given(Term.REPLY, matter.opened, matter.due, lit=matter.state is State.OPEN)
            self.citizen = self.reply.model_copy(update={"term": Term.CITIZEN})
        elif matter.state is State.OPEN:
            self.reply = clocks.reply_due(rules, own, kind=matter.kind, urgency=matter.urgency, start=now)
            self.citizen = clocks.citizen_due(rules, self._city, kind=matter.kind, urgency=matter.urgency, start=now)
        else:
            self.reply = self.unjudged(Term.REPLY, matter.closed or matter.opened)
            self.citizen = self.unjudged(Term.CITIZEN, matter.closed or matter.opened)

    def unjudged(self, term: Term, at: datetime) -> Deadline:
        """A deadline that stands for one that nobody knows."""
        return self._deadline(term, _ONE_MINUTE, UNJUDGED, at, at)

    def _given(self, term: Term, start: datetime, due: datetime, *, lit: bool) -> Deadline:
        minutes = max(1, (due - start) // MINUTE)
        limit = Limit(unit=LimitUnit.CLOCK_MINUTES, amount=min(minutes, LONGEST_LIMIT))
        deadline = self._deadline(term, limit, IMPORTED, start, due)
        if not lit or due <= start:
            return deadline
        yellow = turns_yellow(self.terms.rules, self._city, limit, start=start, due=due)
        return deadline.model_copy(update={"yellow_at": yellow})

    def _deadline(self, term: Term, limit: Limit, basis: str, start: datetime, due: datetime) -> Deadline:
        return Deadline(
            term=term,
            due=due,
            limit=limit,
            basis=basis,
            started_at=start,
            calendar=self._city.id,
            rules=self.terms.rules.id,
        )


_ONE_MINUTE: Final = Limit(unit=LimitUnit.CLOCK_MINUTES, amount=1)
