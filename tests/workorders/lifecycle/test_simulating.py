"""The log told again: under the pack of the day nothing changes, under another it is as if that had held all along."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.database import Database
from foundation.errors import DomainError, NotAllowed
from foundation.timers import Timers
from foundation.working_time import shipped_calendar
from identity.actors import Actor
from tests.workorders.lifecycle.builders import WorkOrder, a_work_order
from tests.workorders.lifecycle.invariants import log_of
from tests.workorders.lifecycle.town import (
    CHIEF,
    DISPATCHER,
    LEADER,
    MODELS,
    MONDAY,
    OPERATOR,
    REVIEWER,
    SUPERVISOR,
    UNITS,
    UPSTREAM,
    Town,
    clerk_of,
    head_of,
    new_town,
)
from workorders.deadlines import (
    Deadline,
    Kind,
    Limit,
    LimitUnit,
    RulePack,
    SupervisionLevel,
    Term,
    Urgency,
    clocks,
    shipped_pack,
)
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.events import FACTS
from workorders.lifecycle.facts import Approved, Contacted, Received, Signed
from workorders.lifecycle.folding import Entry, apply, rebuild, receive
from workorders.lifecycle.policy import callback, citizen, hotline, requests, supervision, unit, upstream
from workorders.lifecycle.policy.case import RULES, Case, Decision
from workorders.lifecycle.simulating import Simulation, Timed, Verdict, calendars_in, simulate
from workorders.lifecycle.states import Action, AssignmentEnd, RequestKind, Status, SupervisionCause
from workorders.lifecycle.terms import Terms
from workorders.lifecycle.timing import timer_handlers
from workorders.lifecycle.values import Assignment, Order, Outcome, Reporter, Upstream

CALENDARS = {calendar.id: calendar for calendar in map(shipped_calendar, ("cn", "24x7"))}
LATER = MONDAY + timedelta(days=365)
SIGNED = a_work_order().later(hours=3).dispatched_to("water", "heating").later(minutes=40).signed()
AT_WORK = a_work_order().dispatched_to("water").later(minutes=45).signed()
NOT_WAITING = {"not_waiting_because": "协办另复"}


def timers_fired(order: WorkOrder) -> WorkOrder:
    async def fire(town: Town, _: Order) -> None:
        await Timers(town.database, timer_handlers(town.office)).sweep(town.clock.now())

    return order.then(fire)


STORIES = {
    "received": a_work_order(),
    "answered": a_work_order().later(hours=1).answered_at_once(),
    "rejected": a_work_order().later(hours=1).rejected(),
    "withdrawn": SIGNED.later(days=1).withdrawn(),
    "late": SIGNED.contacted().later(days=9).replied(**NOT_WAITING).later(hours=1).approved().later(days=2).accepted()
    .later(days=1).called_back().closed(),
    "consulted": a_work_order().of_kind(Kind.CONSULT).dispatched_to("water").signed().later(days=2).handled(),
    "urgent": a_work_order().urgent().dispatched_to("water").later(minutes=45).signed().contacted().later(hours=30)
    .handled(),
    "emergency": a_work_order().reported(urgency=Urgency.EMERGENCY).dispatched_to("heating").signed().later(hours=3)
    .handled(),
    "anonymous": a_work_order().anonymous().dispatched_to("water").later(hours=4).signed().later(days=1).handled(),
    "returned": a_work_order().dispatched_to("water").later(hours=1).returned().later(hours=2).dispatched_to("heating")
    .later(hours=1).signed(),
    "extended": AT_WORK.later(days=1).extended(days=2).later(days=1).extended(days=3).later(days=9).replied()
    .approved(),
    "suspended": AT_WORK.later(days=1).asking_for(RequestKind.SUSPENSION, days=5).later(days=1).granted().later(days=3)
    .resumed().later(days=2),
    "complex": SIGNED.later(days=1).given_the_longer_limit().later(days=1).extended(days=1),
    "refused": SIGNED.later(days=1).asking_for(RequestKind.COMPLEX).refused(),
    "reclassified": SIGNED.delegated_to("water-east").later(hours=2).reclassified(kind=Kind.CONSULT).later(days=1)
    .reclassified(urgency=Urgency.URGENT),
    "reclassified first": a_work_order().later(hours=1).reclassified(urgency=Urgency.URGENT).dispatched_to("water"),
    "delegated": SIGNED.later(days=2).delegated_to("water-east").later(hours=1).co_signed_by("water-east").later(days=1)
    .co_replied_by("water-east").co_signed_by("heating").later(days=1).co_replied_by("heating").replied(),
    "sent back": AT_WORK.later(days=1).replied().sent_back_by_the_head().later(days=1).replied().approved()
    .later(hours=5).sent_back_by_the_hotline().later(days=4).replied().approved().later(days=1).accepted(),
    "redone": AT_WORK.later(days=2).handled().called_back(grade=5, solved=False, wants_redo=True).later(days=1).redone()
    .later(days=2).handled().called_back(grade=4, solved=False).finally_answered(),
    "handed on": SIGNED.extended(days=1).later(hours=2).with_its_unit_abolished(successor="police").handed_to("police"),
    "handed down": a_work_order().handed_down(MONDAY + timedelta(days=6)).dispatched_to("water").later(hours=1).signed()
    .later(days=1).asking_for(RequestKind.EXTENSION, days=2).with_consent_asked().later(hours=3).consented_to(),
    "redone for the platform": a_work_order().handed_down(MONDAY + timedelta(days=4)).dispatched_to("water").signed()
    .later(days=2).handled().answered_up().later(days=3).called_back_above(grade=5)
    .reclassified(urgency=Urgency.URGENT).later(hours=2).handled(),
    "redone by the platform's limit": a_work_order().handed_down().dispatched_to("water").signed().handled()
    .answered_up().called_back_above(solved=False, due=MONDAY + timedelta(days=2)).reclassified(kind=Kind.HELP),
    "handed down late": a_work_order().handed_down(MONDAY + timedelta(hours=30)).dispatched_to("water").signed(),
    "nobody signed": timers_fired(a_work_order().dispatched_to("water", "heating").overdue()).later(days=2),
    "merged": SIGNED.replied(**NOT_WAITING).approved().merged().later(days=9),
    "followed": SIGNED.suspended(days=2).merged().later(days=9).followed().called_back(grade=5, solved=False).redone()
    .later(days=1).replied(),
    "supervised": SIGNED.delegated_to("water-east").later(days=1).extended(days=2).later(hours=2)
    .supervised(shortens=True).later(days=1).instructed().later(hours=1).supervision_answered().supervision_closed()
    .extended(days=1).later(days=1).reclassified(kind=Kind.CONSULT).supervised(answer=False),
    "supervised before its unit": a_work_order().supervised(shortens=True).later(hours=1).dispatched_to("water"),
}  # fmt: skip


@pytest.fixture
async def town(database: Database) -> Town:
    """The heating office never closes; the others keep the city's hours."""
    await database.prepare(MODELS)
    made = new_town(database)
    made.units = {**UNITS, "heating": replace(UNITS["heating"], calendar="24x7")}
    return made


def doubled(pack: RulePack) -> RulePack:
    """Twice the time for everything."""

    def twice(part: Any) -> Any:
        if not isinstance(part, dict):
            return part
        return {key: each * 2 if key == "amount" else twice(each) for key, each in part.items()}

    return RulePack.model_validate(twice(pack.model_dump(mode="json")))


OTHER_PACKS = {"beijing-2021": shipped_pack("beijing-2021"), "doubled": doubled(shipped_pack())}


NOT_COMPARED = ("id", "number", "merged_into", "told", "version", "changed_at")


def anew(order: Order) -> dict[str, Any]:
    """An order's value, whatever its ids are, and whatever lights were told on the way; what was supervised for a light
    stays so under another pack."""
    people = tuple(each for each in order.supervisions if each.cause is not SupervisionCause.RED_LIGHT)
    value = order.model_copy(update={"supervisions": people}).model_dump(mode="json")

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: renamed(each) for key, each in part.items() if key not in NOT_COMPARED}
        if isinstance(part, list):
            return [renamed(each) for each in part]
        return part.replace(order.id, "order") if isinstance(part, str) else part

    return {**renamed(value), "request": None if order.request is None else order.request.kind}


def told(document: OrderDocument, log: list[Entry], pack: RulePack) -> Simulation:
    assert calendars_in(log) <= set(CALENDARS)
    return simulate(document.id, log, pack, CALENDARS)


@pytest.mark.parametrize("story", STORIES)
async def test_under_the_pack_of_the_day_it_is_the_stored_order_with_the_stored_verdicts(
    town: Town, story: str
) -> None:
    document = await STORIES[story].made_in(town)
    log = await log_of(town, document)
    same = told(document, log, town.rules)
    assert same.stored == same.supposed == document.order == rebuild(document.id, log)
    for each in same.timed:
        assert each.stored == each.supposed
        assert len(set(each.verdicts(LATER))) == 1
    assert judged(same, Term.SIGN) == [fact.on_time for _, fact, _ in log if isinstance(fact, Signed)]
    assert judged(same, Term.CONTACT) == [fact.on_time for _, fact, _ in log if isinstance(fact, Contacted)]
    final = {fact.assignment: fact.on_time for _, fact, _ in log if isinstance(fact, Approved)}
    leads = [a for a in document.order.assignments if a.id in final and a.replied_at is not None]
    assert [a.reply.met_at(a.replied_at) for a in leads if a.replied_at] == [final[a.id] for a in leads]


def judged(simulation: Simulation, term: Term) -> list[bool]:
    """The verdicts by the stored deadlines on what was done, in the order of events."""
    done = [each for each in simulation.timed if each.term is term and each.done_at is not None]
    return [each.verdicts(LATER)[0] is Verdict.MET for each in done]


@pytest.mark.parametrize("name", OTHER_PACKS)
@pytest.mark.parametrize("story", [story for story in STORIES if story != "nobody signed"])
async def test_under_another_pack_it_is_the_order_that_this_would_have_made(town: Town, story: str, name: str) -> None:
    elsewhere = Town(town.database, new_town(town.database).clock, OTHER_PACKS[name], units=town.units)
    document = await STORIES[story].made_in(town)
    supposed = told(document, await log_of(town, document), OTHER_PACKS[name]).supposed
    for model in MODELS:
        await town.database.collection(model).delete_many({})
    assert anew(supposed) == anew((await STORIES[story].made_in(elsewhere)).order)


async def test_what_the_timer_signed_for_is_late_by_an_earlier_limit_and_unknown_by_a_later_one(town: Town) -> None:
    document = await STORIES["nobody signed"].made_in(town)
    log = await log_of(town, document)
    for minutes, verdict in ((60, Verdict.LATE), (120, Verdict.LATE), (121, Verdict.UNKNOWN)):
        limit = Limit(unit=LimitUnit.WORKING_MINUTES, amount=minutes)
        sign = town.rules.sign.model_copy(update={"normal": limit})
        signed = [
            each
            for each in told(document, log, town.rules.model_copy(update={"sign": sign})).timed
            if each.term is Term.SIGN and each.unit == "water"
        ]
        assert [each.verdicts(LATER) for each in signed] == [(Verdict.LATE, verdict)]
        assert signed[0].lights(signed[0].stored, LATER).red


async def test_what_was_due_is_met_late_or_open_as_its_deadline_says(town: Town) -> None:
    document = await STORIES["suspended"].made_in(town)
    timed = {(each.term, each.unit): each for each in told(document, await log_of(town, document), town.rules).timed}
    reply = timed[Term.REPLY, "water"]
    assert isinstance(reply, Timed)
    due = reply.stored.due
    assert reply.verdicts(due) == (Verdict.OPEN, Verdict.OPEN)
    assert reply.verdicts(due + timedelta(milliseconds=1)) == (Verdict.LATE, Verdict.LATE)
    assert not reply.lights(reply.stored, document.order.received_at).yellow
    assert reply.lights(reply.stored, due).yellow
    assert not reply.lights(reply.stored, due).red


async def test_a_stay_that_ended_without_a_reply_is_not_judged(town: Town) -> None:
    document = await STORIES["returned"].made_in(town)
    timed = told(document, await log_of(town, document), town.rules).timed
    replies = {each.unit: each for each in timed if each.term is Term.REPLY}
    assert replies["water"].ended is AssignmentEnd.RETURNED
    assert replies["heating"].ended is None
    dispatches = [each for each in timed if each.term is Term.DISPATCH]
    assert [each.done_at is not None for each in dispatches] == [True, True]


async def test_a_merged_order_is_not_judged_by_what_it_may_not_do(town: Town) -> None:
    merged = await STORIES["merged"].made_in(town)
    timed = told(merged, await log_of(town, merged), town.rules).timed
    assert {each.term for each in timed} == {Term.DISPATCH, Term.SIGN}  # what was done before
    followed = await STORIES["followed"].made_in(town)
    timed = told(followed, await log_of(town, followed), town.rules).timed
    first = next(each for each in timed if each.term is Term.REPLY)
    assert first.ended is AssignmentEnd.FOLLOWED
    assert Term.CITIZEN not in {each.term for each in timed}


def test_a_log_without_an_intake_is_refused() -> None:
    with pytest.raises(ValueError, match="intake"):
        simulate("x", [], shipped_pack(), CALENDARS)


def test_every_fact_that_sets_a_deadline_is_told_again() -> None:
    """A new kind of event with a deadline of its own must be taught to the simulation, and added here."""
    setting = {
        fact.__name__ for fact in FACTS.values() if any(_sets(field.annotation) for field in fact.model_fields.values())
    }
    assert setting == {
        "Received",
        "Reclassified",
        "Dispatched",
        "Delegated",
        "Redone",
        "Granted",
        "Resumed",
        "Approved",
        "Accepted",
        "Replaced",
        "Followed",
        "Supervised",
        "Corrected",
    }


def _sets(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Deadline | Assignment):
        return True
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        return any(_sets(field.annotation) for field in annotation.model_fields.values())
    return any(_sets(part) for part in getattr(annotation, "__args__", ()))


# Any history that the rules allow

CITY = Terms(
    rules=shipped_pack(),
    calendar=shipped_calendar("cn"),
    units={**UNITS, "heating": replace(UNITS["heating"], calendar="24x7")},
    categories={},
    places={},
    channels=frozenset({"app"}),
    calendars={"24x7": shipped_calendar("24x7")},
)
Decide = Callable[[Case], Decision]


def _by(actor: Actor, decide: Decide) -> Decide:
    return lambda case: decide(replace(case, actor=actor))


def _reclassified(kind: Kind, urgency: Urgency) -> Decide:
    return _by(
        DISPATCHER,
        lambda case: hotline.reclassify(
            case, kind=kind, urgency=urgency, category=("water",), place=("town",), reason="核实"
        ),
    )


def _called_back_badly(after: timedelta | None) -> Decide:
    return lambda case: upstream.call_back(
        case,
        case.order.round,
        reached=True,
        solved=False,
        grade=5,
        said=None,
        due=None if after is None else case.now + after,
    )


def _followed(case: Case) -> Decision:
    """What the rules do by themselves after a callback. Raises `NotAllowed` where they do nothing."""
    done = upstream.after_callback(case) if case.order.status is Status.CALLBACK and case.order.upstream else None
    if done is None:
        raise NotAllowed
    return done


def _acts() -> dict[str, Decide]:
    acts: dict[str, Decide] = {
        "dispatch": _by(DISPATCHER, lambda case: hotline.dispatch(case, "water", ("heating",), note=None)),
        "dispatch elsewhere": _by(DISPATCHER, lambda case: hotline.dispatch(case, "heating", (), note=None)),
        "adjudicate": _by(CHIEF, lambda case: hotline.adjudicate(case, "water", (), note=None)),
        "accept": _by(REVIEWER, hotline.accept),
        "hotline sends back": _by(REVIEWER, lambda case: hotline.send_back(case, "答非所问")),
        "consult": _reclassified(Kind.CONSULT, Urgency.NORMAL),
        "urgent": _reclassified(Kind.HELP, Urgency.URGENT),
        "redo": _by(DISPATCHER, lambda case: callback.redo(case, "问题仍在")),
        "withdraw": _by(OPERATOR, lambda case: citizen.withdraw(case, "已解决")),
        "resume": _by(DISPATCHER, requests.resume),
        "answer up": _by(REVIEWER, lambda case: upstream.answer_up(case, "已修复")),
        "acknowledge": _by(UPSTREAM, lambda case: upstream.acknowledge(case, case.order.round)),
        "the platform is not satisfied": _by(UPSTREAM, _called_back_badly(None)),
        "the platform sets a limit": _by(UPSTREAM, _called_back_badly(timedelta(days=2))),
        "the rules go on": _by(RULES, _followed),
    }
    for kind in RequestKind:
        acts[f"grant {kind}"] = _by(DISPATCHER, partial(requests.grant, kind=kind))
        acts[f"ask consent to {kind}"] = _by(DISPATCHER, partial(upstream.ask_consent, kind=kind, note=None))
        acts[f"consent to {kind}"] = _by(UPSTREAM, partial(requests.grant, kind=kind))
        acts[f"refuse {kind}"] = _by(DISPATCHER, partial(requests.refuse, kind=kind, reason="不充分"))
    for name in ("water", "heating"):
        clerk, head = clerk_of(name), head_of(name)
        acts |= {
            f"{name} signs": _by(clerk, unit.sign),
            f"{name} co-signs": _by(clerk, unit.co_sign),
            f"{name} calls": _by(clerk, lambda case: unit.contact(case, reached=True, said="已联系")),
            f"{name} replies in part": _by(clerk, lambda case: unit.co_reply(case, "已配合")),
            f"{name} replies": _by(
                clerk,
                lambda case: unit.submit_reply(
                    case, outcome=Outcome.SOLVED, answer="好", internal_note=None, not_waiting_because="另复"
                ),
            ),
            f"{name} approves": _by(head, unit.approve),
            f"{name} sends back": _by(head, lambda case: unit.send_back(case, "不具体")),
            f"{name} wants to return": _by(
                clerk, lambda case: requests.ask_return(case, "r", reason="非", suggested_unit="police")
            ),
            f"{name} wants days": _by(
                clerk, lambda case: requests.ask_extension(case, "r", reason="难", working_days=2)
            ),
            f"{name} wants a stop": _by(
                clerk, lambda case: requests.ask_suspension(case, "r", reason="等", working_days=3)
            ),
            f"{name} finds it complex": _by(clerk, lambda case: requests.ask_complex(case, "r", reason="难")),
        }
    acts |= {
        "supervisor supervises": _by(
            SUPERVISOR, lambda case: supervision.supervise(case, level=SupervisionLevel.KEY, reason="督", shortens=True)
        ),
        "leader instructs": _by(
            LEADER, lambda case: supervision.instruct(case, level=SupervisionLevel.LISTED, instruction="办")
        ),
        "water answers": _by(clerk_of("water"), lambda case: supervision.answer(case, "o:s1", "已办")),
        "supervisor closes": _by(
            SUPERVISOR, lambda case: supervision.close(case, "o:s1", conclusion="好", not_waiting_because="已核实")
        ),
    }
    acts["water delegates"] = _by(clerk_of("water"), lambda case: unit.delegate(case, "water-east"))
    acts["east signs"] = _by(clerk_of("water-east"), unit.co_sign)
    acts["east replies"] = _by(clerk_of("water-east"), lambda case: unit.co_reply(case, "已修"))
    return acts


ACTS = _acts()


def intake_of(kind: Kind, urgency: Urgency, due: datetime | None) -> Received:
    promised = clocks.citizen_due(CITY.rules, CITY.calendar, kind=kind, urgency=urgency, start=MONDAY)
    if due is not None:
        promised = clocks.within_upstream(CITY.rules, CITY.calendar, promised, due)
    return Received(
        number="1",
        channel="app",
        kind=kind,
        urgency=urgency,
        category=("water",),
        place=("town",),
        reporter=Reporter.OPEN,
        reporter_id=UPSTREAM.id if due else None,
        complained_of=None,
        upstream=Upstream(source="province", number="1", due=due) if due else None,
        linked_to=None,
        contact_record=None,
        rules=CITY.rules.id,
        calendar=CITY.calendar.id,
        citizen=promised,
        dispatch=clocks.dispatch_due(CITY.rules, CITY.calendar, urgency=urgency, start=MONDAY),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """An order's log: whatever somebody may do next, done after a while, until nothing more is drawn."""
    due = draw(st.none() | st.integers(1, 300).map(lambda hours: MONDAY + timedelta(hours=hours)))
    intake = intake_of(draw(st.sampled_from(Kind)), draw(st.sampled_from(Urgency)), due)
    order, now = receive("o", intake, MONDAY), MONDAY
    log: list[Entry] = [(Action.INTAKE, intake, MONDAY)]
    for _ in range(draw(st.integers(0, 25))):
        now += timedelta(minutes=draw(st.integers(0, 3_000)))
        possible: list[Decision] = []
        for decide in ACTS.values():
            with suppress(DomainError):
                possible.append(decide(Case(order, OPERATOR, now, CITY)))
        if not possible:
            break
        done = draw(st.sampled_from(possible))
        log.append((done.action, done.fact, now))
        order = apply(order, done.action, done.fact, now)
    return log


def without_deadlines(order: Order) -> dict[str, Any]:
    """All that no pack can change."""

    def bare(part: Any) -> Any:
        if isinstance(part, dict):
            timed = {
                "rules",
                "due",
                "citizen",
                "dispatch",
                "review",
                "callback",
                "sign",
                "contact",
                "reply",
                "return_until",
            }
            return {key: bare(each) for key, each in part.items() if key not in timed}
        return [bare(each) for each in part] if isinstance(part, list) else part

    bared: dict[str, Any] = bare(order.model_dump(mode="json"))
    return bared


@given(histories())
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_any_history_is_itself_under_its_own_pack_and_the_same_acts_under_another(log: list[Entry]) -> None:
    stored = rebuild("o", log)
    same = simulate("o", log, CITY.rules, CALENDARS)
    assert same.stored == same.supposed == stored
    assert all(each.stored == each.supposed for each in same.timed)
    for pack in OTHER_PACKS.values():
        other = simulate("o", log, pack, CALENDARS)
        assert other.stored == stored
        assert without_deadlines(other.supposed) == without_deadlines(stored)
        assert [each.stored for each in other.timed] == [each.stored for each in same.timed]
        assert {each.supposed.rules for each in other.timed} <= {pack.id}
