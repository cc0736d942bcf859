"""Whatever happens to an order beside it, no supervision makes anything due later, and none of it is lost in the log.

Two orders live the same life: one is supervised again and again, the other never.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.errors import DomainError
from tests.workorders.lifecycle.test_simulating import ACTS, CITY, Decide, intake_of
from tests.workorders.lifecycle.town import LEADER, MONDAY, OPERATOR, SUPERVISOR
from workorders.deadlines import clocks
from workorders.deadlines.values import Kind, SupervisionLevel, Urgency
from workorders.lifecycle.facts import Supervised
from workorders.lifecycle.folding import Entry, apply, rebuild, receive
from workorders.lifecycle.policy import supervision
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.states import Action
from workorders.lifecycle.values import Order

ABOUT_SUPERVISION = frozenset(
    {Action.SUPERVISE, Action.INSTRUCT, Action.ANSWER_SUPERVISION, Action.CLOSE_SUPERVISION, Action.MEET}
)


@dataclass
class Life:
    order: Order
    log: list[Entry] = field(default_factory=list)

    def case(self, now: datetime) -> Case:
        return Case(self.order, OPERATOR, now, CITY)

    def take(self, decision: Decision, now: datetime) -> None:
        self.log.append((decision.action, decision.fact, now))
        self.order = apply(self.order, decision.action, decision.fact, now)


def decided(decide: Decide, life: Life, now: datetime) -> Decision | None:
    with suppress(DomainError):
        return decide(life.case(now))
    return None


def supervised(draw: st.DataObject, life: Life, now: datetime) -> None:
    """Something about supervision happens to one of the two, and nothing becomes due later by it."""
    case = life.case(now)
    level, shortens = draw.draw(st.sampled_from(SupervisionLevel)), draw.draw(st.booleans())
    as_supervisor, as_leader = (Case(case.order, actor, now, CITY) for actor in (SUPERVISOR, LEADER))
    number = draw.draw(st.integers(1, 3))
    ways: list[Decide] = [
        lambda _: supervision.supervise(as_supervisor, level=level, reason="督", shortens=shortens),
        lambda _: supervision.instruct(as_leader, level=level, instruction="办", shortens=shortens),
        lambda _: supervision.close(as_supervisor, f"o:s{number}", conclusion="好", not_waiting_because="已核实"),
        lambda _: supervision.meet(as_supervisor, f"m{number}", "好"),
    ]
    decision = decided(draw.draw(st.sampled_from(ways)), life, now) or supervision.on_red_reply(case)
    if decision is None:
        return
    before = life.order
    life.take(decision, now)
    check_shortened(before, life.order, decision, now)


def check_shortened(before: Order, after: Order, decision: Decision, now: datetime) -> None:
    shortens = isinstance(decision.fact, Supervised) and decision.fact.supervision.shortens
    limit = CITY.rules.reply.supervised
    for was, then in zip(before.assignments, after.assignments, strict=True):
        assert then.model_copy(update={"reply": was.reply}) == was, "nothing but replies moves"
        if not shortens or not was.open:
            assert then == was
            continue
        assert then.reply.due <= was.reply.due
        assert then.reply.due <= clocks.limit_end(CITY.calendar_of(was.unit), limit, now)
        assert then.reply.due == was.reply.due or then.reply.due > now, "never shortened into the past"
    untouched = {"assignments", "supervisions", "meetings", "version", "changed_at"}
    for name in set(Order.model_fields) - untouched:
        assert getattr(after, name) == getattr(before, name), name


def check_never_later(watched: Order, other: Order) -> None:
    for name in ("citizen", "dispatch", "review", "callback", "status", "round", "returns", "request"):
        assert getattr(watched, name) == getattr(other, name), name
    for one, two in zip(watched.assignments, other.assignments, strict=True):
        assert (one.id, one.sign, one.contact) == (two.id, two.sign, two.contact)
        assert one.reply.due <= two.reply.due
        if one.parent is not None and (parent := watched.assignment(one.parent)) is not None and one.open:
            assert one.reply.due <= parent.reply.due or not parent.open or parent.reply.calendar != one.reply.calendar


@given(st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_no_history_makes_a_supervised_order_due_later_than_the_same_unsupervised(data: st.DataObject) -> None:
    due = data.draw(st.none() | st.integers(1, 300).map(lambda hours: MONDAY + timedelta(hours=hours)))
    intake = intake_of(data.draw(st.sampled_from(Kind)), data.draw(st.sampled_from(Urgency)), due)
    watched, other = (Life(receive("o", intake, MONDAY), [(Action.INTAKE, intake, MONDAY)]) for _ in range(2))
    now = MONDAY
    for _ in range(data.draw(st.integers(0, 25))):
        now += timedelta(minutes=data.draw(st.integers(0, 2_000)))
        if data.draw(st.booleans()):
            supervised(data, watched, now)
        both: list[tuple[Decision, Decision]] = []
        for decide in ACTS.values():
            one, two = decided(decide, watched, now), decided(decide, other, now)
            if one is not None and two is not None and one.action not in ABOUT_SUPERVISION:
                both.append((one, two))
        if not both:
            continue
        for life, decision in zip((watched, other), data.draw(st.sampled_from(both)), strict=True):
            life.take(decision, now)
        check_never_later(watched.order, other.order)
    assert rebuild("o", watched.log) == watched.order
