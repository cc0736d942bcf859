"""The log told again: under the pack of the day nothing changes, under another it is as if that had held all along."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from foundation.database import Database
from foundation.timers import Timers
from foundation.working_time import shipped_calendar
from tests.workorders.lifecycle.builders import WorkOrder, a_work_order
from tests.workorders.lifecycle.invariants import log_of
from tests.workorders.lifecycle.town import MODELS, MONDAY, UNITS, Town, new_town
from workorders.deadlines import Deadline, Kind, Limit, LimitUnit, RulePack, Term, Urgency, shipped_pack
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.facts import FACTS, Approved, Contacted, Signed
from workorders.lifecycle.folding import Entry, rebuild
from workorders.lifecycle.simulating import Simulation, Timed, Verdict, calendars_in, simulate
from workorders.lifecycle.states import AssignmentEnd, RequestKind
from workorders.lifecycle.timing import timer_handlers
from workorders.lifecycle.values import Assignment, Order

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
    .later(days=1).extended(days=2),
    "handed down late": a_work_order().handed_down(MONDAY + timedelta(hours=30)).dispatched_to("water").signed(),
    "nobody signed": timers_fired(a_work_order().dispatched_to("water", "heating").at_the_limit()).later(days=2),
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


def anew(order: Order) -> dict[str, Any]:
    """An order's value, whatever its ids are."""
    value = order.model_dump(mode="json")

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: renamed(each) for key, each in part.items() if key not in ("id", "number")}
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
        assert signed[0].lights(town.rules, shipped_calendar("cn"), signed[0].stored, LATER).red


async def test_what_was_due_is_met_late_or_open_as_its_deadline_says(town: Town) -> None:
    document = await STORIES["suspended"].made_in(town)
    timed = {(each.term, each.unit): each for each in told(document, await log_of(town, document), town.rules).timed}
    reply = timed[Term.REPLY, "water"]
    assert isinstance(reply, Timed)
    due = reply.stored.due
    assert reply.verdicts(due) == (Verdict.OPEN, Verdict.OPEN)
    assert reply.verdicts(due + timedelta(milliseconds=1)) == (Verdict.LATE, Verdict.LATE)
    calendar = CALENDARS[reply.stored.calendar]
    assert not reply.lights(town.rules, calendar, reply.stored, document.order.received_at).yellow
    assert reply.lights(town.rules, calendar, reply.stored, due).yellow
    assert not reply.lights(town.rules, calendar, reply.stored, due).red


async def test_a_stay_that_ended_without_a_reply_is_not_judged(town: Town) -> None:
    document = await STORIES["returned"].made_in(town)
    timed = told(document, await log_of(town, document), town.rules).timed
    replies = {each.unit: each for each in timed if each.term is Term.REPLY}
    assert replies["water"].ended is AssignmentEnd.RETURNED
    assert replies["heating"].ended is None
    dispatches = [each for each in timed if each.term is Term.DISPATCH]
    assert [each.done_at is not None for each in dispatches] == [True, True]


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
    }


def _sets(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Deadline | Assignment):
        return True
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        return any(_sets(field.annotation) for field in annotation.model_fields.values())
    return any(_sets(part) for part in getattr(annotation, "__args__", ()))
