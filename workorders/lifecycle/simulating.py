"""What a log of events would have come to under another rule pack 模拟. Pure.

Everybody acts as they did and when they did; only the deadlines are set anew, by the rules of the actions themselves.
So a simulation under the pack of the day makes the very order that is stored. What people would have done otherwise
under other limits nobody knows: an assignment that the timer signed for is not judged by a later limit.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from foundation.working_time import Calendar
from identity.actors import Actor, Role
from workorders.deadlines import clocks
from workorders.deadlines.packs import RulePack
from workorders.deadlines.values import Deadline, Term
from workorders.lifecycle.facts import (
    Accepted,
    Approved,
    Closed,
    Contacted,
    Corrected,
    Delegated,
    Dispatched,
    DutyCalled,
    Fact,
    Followed,
    Granted,
    Lit,
    Received,
    Reclassified,
    Redone,
    Replaced,
    Resumed,
    SentBack,
    Signed,
    Supervised,
    SupervisionAnswered,
)
from workorders.lifecycle.folding import Entry, apply, receive
from workorders.lifecycle.lines import crossed
from workorders.lifecycle.policy import correcting, hotline, requests, supervision, unit
from workorders.lifecycle.policy.case import Case
from workorders.lifecycle.states import Action, AssignmentEnd, AssignmentRole, Status
from workorders.lifecycle.terms import Terms, Unit
from workorders.lifecycle.values import Assignment, Order, Supervision

SIMULATION = Actor("system:simulation", frozenset({Role.SYSTEM, Role.DISPATCHER}), label="模拟")


class Verdict(StrEnum):
    MET = "met"  # 按时
    LATE = "late"  # 超时
    OPEN = "open"  # 未到期
    UNKNOWN = "unknown"  # 无从得知


@dataclass(frozen=True, slots=True)
class Lights:
    """Which lights were lit by the end, or by now."""

    yellow: bool
    red: bool


@dataclass(frozen=True, slots=True)
class Timed:
    """One thing that was due: as the rules of the day set it, and as the supposed ones would have."""

    term: Term
    unit: str | None
    stored: Deadline
    supposed: Deadline
    done_at: datetime | None
    by_timer: bool = False
    """Signed at the stored limit by the timer: late by that, unknown by a later one."""
    ended: AssignmentEnd | None = None
    """The stay ended without it, so it is not judged."""

    def verdicts(self, now: datetime) -> tuple[Verdict, Verdict]:
        """By the stored deadline and by the supposed one; for what is judged."""
        if self.by_timer and self.done_at is not None:
            return Verdict.LATE, Verdict.LATE if self.supposed.due <= self.done_at else Verdict.UNKNOWN
        return self._verdict(self.stored, now), self._verdict(self.supposed, now)

    def lights(self, deadline: Deadline, now: datetime) -> Lights:
        """The lights of one of its deadlines."""
        until = min(now, self.done_at) if self.done_at is not None else now
        red = until > deadline.due or (self.by_timer and until == deadline.due)
        return Lights(yellow=deadline.yellow_at is not None and until >= deadline.yellow_at, red=red)

    def _verdict(self, deadline: Deadline, now: datetime) -> Verdict:
        if self.done_at is None:
            return Verdict.LATE if now > deadline.due else Verdict.OPEN
        return Verdict.MET if deadline.met_at(self.done_at) else Verdict.LATE


@dataclass(frozen=True, slots=True)
class Simulation:
    """An order as its log makes it, the same under the supposed pack, and everything that was due in its life."""

    stored: Order
    supposed: Order
    timed: tuple[Timed, ...]


def simulate(id: str, entries: Iterable[Entry], rules: RulePack, calendars: Mapping[str, Calendar]) -> Simulation:
    """Tell an order's log again under `rules`, by the calendars of the day, which `calendars` holds by their hash.

    Raises `ValueError` if the log does not begin with an intake, `KeyError` for an unknown calendar.
    """
    log = iter(entries)
    _, intake, received_at = next(log, (None, None, None))
    if not isinstance(intake, Received) or received_at is None:
        raise ValueError(f"the log of order {id} does not begin with an intake")
    stored = receive(id, intake, received_at)
    supposed = receive(id, _received(intake, received_at, rules, calendars[intake.calendar]), received_at)
    timed: list[Timed] = []
    for action, fact, at in log:
        timed += _done(stored, supposed, action, fact, at)
        anew = _retold(supposed, fact, at, rules, calendars)
        stored, supposed = apply(stored, action, fact, at), apply(supposed, action, anew, at)
    return Simulation(stored, supposed, (*timed, *_stays(stored, supposed), *_undone(stored, supposed)))


def calendars_in(entries: Iterable[Entry]) -> frozenset[str]:
    """The hashes of all calendars that the deadlines of a log name."""
    found: set[str] = set()
    for _, fact, _ in entries:
        if isinstance(fact, Received | Corrected):
            found.add(fact.calendar)
        found |= {deadline.calendar for deadline in _deadlines(fact)}
    return frozenset(found)


def _deadlines(value: object) -> Iterator[Deadline]:
    if isinstance(value, Deadline):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _deadlines(each)
    elif isinstance(value, Fact | Assignment | Supervision):
        for name in type(value).model_fields:
            yield from _deadlines(getattr(value, name))


# The log told again


def _received(fact: Received, at: datetime, rules: RulePack, city: Calendar) -> Received:
    promised = clocks.citizen_due(rules, city, kind=fact.kind, urgency=fact.urgency, start=at)
    if fact.upstream is not None and fact.upstream.due is not None:
        promised = clocks.within_upstream(rules, city, promised, fact.upstream.due)
    dispatch = clocks.dispatch_due(rules, city, urgency=fact.urgency, start=at)
    return fact.model_copy(update={"rules": rules.id, "citizen": promised, "dispatch": dispatch})


def _retold(  # noqa: PLR0911, PLR0912
    supposed: Order, fact: Fact, at: datetime, rules: RulePack, calendars: Mapping[str, Calendar]
) -> Fact:
    """The fact with the deadlines that it would have set on the supposed order."""
    case = Case(supposed, SIMULATION, at, _terms(supposed, fact, rules, calendars))
    match fact:
        case Reclassified():
            given = {name: getattr(fact, name) for name in ("kind", "urgency", "category", "place")}
            return hotline.reclassify(case, **given, reason="").fact
        case Dispatched():
            return fact.model_copy(update={"assignments": tuple(_assigned(case, each) for each in fact.assignments)})
        case Delegated():
            return fact.model_copy(update={"delegated": _assigned(case, fact.delegated)})
        case Redone():
            if fact.upstream is not None:
                case = replace(case, order=supposed.model_copy(update={"upstream": fact.upstream}))
            return fact.model_copy(update={"assignment": _assigned(case, fact.assignment)})
        case Granted() if supposed.request is not None:
            granted = requests.granted(case, supposed.request.kind)
            return granted.model_copy(update={"suspended_until": fact.suspended_until})
        case Resumed():
            return requests.resume(case).fact
        case Corrected():
            return correcting.corrected(case)
        case Lit():
            due = crossed(supposed, rules, at)
            return fact.model_copy(update={"lines": tuple(line for line in fact.lines if line in due)})
        case Approved():
            return unit.approve(case).fact
        case Accepted():
            return hotline.accept(case).fact
        case Followed():
            return fact.model_copy(update={"callback": clocks.callback_due(rules, case.terms.calendar, start=at)})
        case Supervised(supervision=opened):
            answer = clocks.supervision_due(rules, case.terms.calendar, level=opened.level, start=at)
            moved = supervision.brought_forward(case) if opened.shortens else ()
            return Supervised(supervision=opened.model_copy(update={"due": answer}), moved=moved)
        case DutyCalled() if fact.due is not None:
            due_anew = clocks.limit_end(case.terms.calendar, rules.acknowledge, fact.calls[-1].at)
            return fact.model_copy(update={"due": due_anew})
        case Replaced():
            gone = supposed.assignment(fact.gone)
            return fact if gone is None else fact.model_copy(update={"successor": _timed_as(fact.successor, gone)})
        case _:
            return fact


def _assigned(case: Case, stay: Assignment) -> Assignment:
    """The stay with the deadlines that a new one would be given."""
    delegated = stay.role is AssignmentRole.DELEGATED
    fresh = hotline.assign(
        case,
        case.terms.units[stay.unit],
        stay.role,
        number=0,
        adjudicated=stay.adjudicated,
        round=0 if delegated else stay.round,
    )
    parent = case.order.assignment(stay.parent) if stay.parent is not None else None
    if parent is not None:
        calendar = case.terms.calendar_of(stay.unit)
        reply = clocks.within_parent(case.terms.rules, calendar, fresh.reply, parent.reply)
        fresh = fresh.model_copy(update={"reply": reply})
    return _timed_as(stay, fresh)


def _timed_as(stay: Assignment, other: Assignment) -> Assignment:
    names = ("sign", "contact", "reply", "return_until")
    return stay.model_copy(update={name: getattr(other, name) for name in names})


def _terms(order: Order, fact: Fact, rules: RulePack, calendars: Mapping[str, Calendar]) -> Terms:
    """The supposed rules, with every unit under the calendar that it had on that day: as the fact says, if it does."""
    stays = {stay.id: stay for stay in (*order.assignments, *_new(fact))}
    by_stay = {id: stay.sign.calendar for id, stay in stays.items()}
    match fact:
        case Reclassified():
            leads = (each for each in fact.moved if stays[each.assignment].parent is None)
            by_stay |= {each.assignment: each.reply.calendar for each in leads}
        case Granted(reply=Deadline() as reply) if order.request is not None:
            by_stay[order.request.assignment] = reply.calendar
            by_stay |= {
                each.assignment: each.reply.calendar for each in fact.others if not stays[each.assignment].parent
            }
        case Supervised() | Corrected():
            by_stay |= {each.assignment: each.reply.calendar for each in fact.moved}
        case Resumed():
            by_stay[fact.assignment] = fact.reply.calendar
            by_stay |= {
                each.assignment: each.reply.calendar for each in fact.others if not stays[each.assignment].parent
            }
    return Terms(
        rules=rules,
        calendar=calendars[fact.calendar if isinstance(fact, Corrected) else order.calendar],
        units={stays[id].unit: Unit(stays[id].unit, "", stays[id].ancestors, own) for id, own in by_stay.items()},
        categories={},
        places={},
        channels=frozenset(),
        calendars=calendars,
    )


def _new(fact: Fact) -> tuple[Assignment, ...]:
    match fact:
        case Dispatched():
            return fact.assignments
        case Delegated():
            return (fact.delegated,)
        case Redone():
            return (fact.assignment,)
        case _:
            return ()


# What was due


def _done(stored: Order, supposed: Order, action: Action, fact: Fact, at: datetime) -> Iterator[Timed]:
    """What an event brought to its end; replies are judged when all is known."""
    match fact:
        case Dispatched():
            yield Timed(Term.DISPATCH, None, stored.dispatch, supposed.dispatch, at)
        case Signed():
            was, would = _stay(stored, fact.assignment), _stay(supposed, fact.assignment)
            timer = fact.by_rule and not fact.on_time
            yield Timed(Term.SIGN, was.unit, was.sign, would.sign, at, by_timer=timer)
        case Contacted(first=True):
            was, would = _stay(stored, fact.assignment), _stay(supposed, fact.assignment)
            if was.contact is not None and would.contact is not None:
                yield Timed(Term.CONTACT, was.unit, was.contact, would.contact, at)
        case Accepted():
            yield from _of_order(Term.HOTLINE_REVIEW, stored.review, supposed.review, at)
            if stored.round == 0:
                answered = _stay(stored, fact.assignment).replied_at or at
                yield Timed(Term.CITIZEN, None, stored.citizen, supposed.citizen, answered)
        case SentBack() if action is Action.HOTLINE_SEND_BACK:
            yield from _of_order(Term.HOTLINE_REVIEW, stored.review, supposed.review, at)
        case SupervisionAnswered():
            yield from _supervision(stored, supposed, fact.supervision, at)
        case Closed() if action is Action.ANSWER_NOW:
            yield Timed(Term.CITIZEN, None, stored.citizen, supposed.citizen, at)
        case Closed() | Redone():
            yield from _of_order(Term.CALLBACK, stored.callback, supposed.callback, at)


def _stays(stored: Order, supposed: Order) -> Iterator[Timed]:
    """The replies of all stays; signing and first contact, where they were still to come or never came."""
    for was, would in zip(stored.assignments, supposed.assignments, strict=True):
        if was.open and stored.muted:
            continue
        ended = was.end
        replied = was.replied_at
        yield Timed(Term.REPLY, was.unit, was.reply, would.reply, replied, ended=None if replied is not None else ended)
        if was.signed_at is None:
            yield Timed(Term.SIGN, was.unit, was.sign, would.sign, None, ended=ended)
        if was.contacted_at is None and was.contact is not None and would.contact is not None:
            yield Timed(Term.CONTACT, was.unit, was.contact, would.contact, None, ended=ended)


def _supervision(stored: Order, supposed: Order, id: str, at: datetime | None) -> Iterator[Timed]:
    was, would = stored.supervision(id), supposed.supervision(id)
    if was is not None and would is not None and was.requires_answer:
        yield Timed(Term.SUPERVISION, None, was.due, would.due, at)


def _undone(stored: Order, supposed: Order) -> Iterator[Timed]:
    """What the hotline still has to do, and what the citizen still waits for; nothing is due while it is muted."""
    if stored.muted:
        return
    match stored.status:
        case Status.RECEIVED:
            yield Timed(Term.DISPATCH, None, stored.dispatch, supposed.dispatch, None)
        case Status.HOTLINE_REVIEW:
            yield from _of_order(Term.HOTLINE_REVIEW, stored.review, supposed.review, None)
        case Status.CALLBACK:
            yield from _of_order(Term.CALLBACK, stored.callback, supposed.callback, None)
    for each in stored.supervisions:
        if each.unanswered:
            yield from _supervision(stored, supposed, each.id, None)
    if not stored.ended and stored.round == 0 and stored.status is not Status.CALLBACK:
        yield Timed(Term.CITIZEN, None, stored.citizen, supposed.citizen, None)


def _of_order(term: Term, was: Deadline | None, would: Deadline | None, at: datetime | None) -> Iterator[Timed]:
    if was is not None and would is not None:
        yield Timed(term, None, was, would, at)


def _stay(order: Order, id: str) -> Assignment:
    found = order.assignment(id)
    if found is None:
        raise KeyError(id)
    return found
