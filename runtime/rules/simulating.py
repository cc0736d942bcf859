"""The stored orders of some days under another pack."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from foundation.database import Database
from foundation.errors import DomainError, InvalidInput
from foundation.events import Event, event_id
from foundation.paging import EARLIEST, LATEST, instant
from foundation.working_time import Calendar
from runtime.composition import App
from runtime.rules.measuring import Share
from workorders.deadlines.packs import RulePack
from workorders.deadlines.values import Term
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.events import FACTS
from workorders.lifecycle.folding import Entry
from workorders.lifecycle.library import NoTerms
from workorders.lifecycle.simulating import Lights, Simulation, Timed, Verdict, calendars_in, simulate
from workorders.lifecycle.states import Action
from workorders.lifecycle.terms import Terms, TermsLibrary

LONGEST_SPAN: Final = 366
EXCLUDED: Final = "excluded"
"""Why all of an order is left out that a supervisor left out of the rates."""
"""Days of a simulation; the database is read a day at a time."""

Progress = Callable[[int, int], None]
"""Told how many days of how many are done."""


class BadSpan(InvalidInput):
    code = "BAD_SPAN"
    text = f"起始日期不能晚于截止日期，须在 {EARLIEST.year} 至 {LATEST.year - 1} 年之间，最多 {LONGEST_SPAN} 天。"


@dataclass(slots=True)
class Side:
    """One term by one set of rules: what was done in time, of what is judged; lights lit, of all that were due."""

    on_time: Share = field(default_factory=Share)
    yellow: Share = field(default_factory=Share)
    red: Share = field(default_factory=Share)

    def add(self, verdict: Verdict, lights: Lights) -> None:
        if verdict in (Verdict.MET, Verdict.LATE):
            self.on_time.add(verdict is Verdict.MET)
        self.yellow.add(lights.yellow)
        self.red.add(lights.red)


@dataclass(slots=True)
class TermFigures:
    """One term of all orders, by the rules of their day and by the supposed ones."""

    stored: Side = field(default_factory=Side)
    supposed: Side = field(default_factory=Side)
    earlier: int = 0
    same: int = 0
    later: int = 0
    open: int = 0
    """Not done and, by the supposed rules, not due yet: not judged."""
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that would have been judged otherwise."""

    order: str
    term: Term
    unit: str | None
    """By its name."""
    stored_due: datetime
    supposed_due: datetime
    done_at: datetime | None
    stored: Verdict
    supposed: Verdict


@dataclass(slots=True)
class Report:
    """What a simulation comes to."""

    rules: str
    title: str
    first: date
    last: date
    as_of: datetime
    orders: int = 0
    terms: dict[Term, TermFigures] = field(default_factory=dict)
    changed: list[Changed] = field(default_factory=list)
    not_simulated: dict[str, str] = field(default_factory=dict)
    """Orders by number, with why not."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def simulate_stored(
    app: App, rules: RulePack, first: date, last: date, now: datetime, progress: Progress = lambda done, of: None
) -> Report:
    """Every order received from the one local day through the other, told again under `rules`. Writes nothing.

    Raises `BadSpan`.
    """
    zone = ZoneInfo(app.settings.zone)
    days = (last - first).days + 1
    if not 1 <= days <= LONGEST_SPAN or not EARLIEST.date() <= first <= last < LATEST.date():
        raise BadSpan
    report = Report(rules.id, rules.title, first, last, now)
    for n in range(days):
        for id in await _received_on(app.database, first + timedelta(days=n), zone):
            await _add_order(report, app, rules, id)
        progress(n + 1, days)
    return report


async def _received_on(database: Database, day: date, zone: ZoneInfo) -> list[str]:
    bounds = {"$gte": instant(_midnight(day, zone)), "$lt": instant(_midnight(day + timedelta(days=1), zone))}
    found = database.collection(OrderDocument).find({"received_key": bounds}, {"_id": 1}).sort("received_key", 1)
    return [raw["_id"] for raw in await found.to_list()]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


async def _add_order(report: Report, app: App, rules: RulePack, id: str) -> None:
    try:
        log = await _log(app.database, id)
        calendars = await _calendars(app.library, log)
        told = simulate(id, log, rules, calendars)
        terms = await app.library.recorded(told.stored.rules, told.stored.calendar)
    except (DomainError, NoTerms, ValueError, KeyError) as fault:
        report.not_simulated[id] = str(fault) or type(fault).__name__
        return
    report.orders += 1
    for each in told.timed:
        _add(report, told, each, terms, rules, calendars)


async def _log(database: Database, id: str) -> list[Entry]:
    bounds = {"$gte": event_id(id, 0), "$lt": f"{id};"}
    raws = await database.collection(Event).find({"_id": bounds}).sort("_id", 1).to_list()
    events = [Event.load(raw) for raw in raws]
    return [(Action(event.type), FACTS[Action(event.type)].model_validate(event.data), event.at) for event in events]


async def _calendars(library: TermsLibrary, log: Sequence[Entry]) -> dict[str, Calendar]:
    rules = getattr(log[0][1], "rules", "") if log else ""
    return {id: (await library.recorded(rules, id)).calendar for id in calendars_in(log)}


def _add(
    report: Report, told: Simulation, each: Timed, terms: Terms, rules: RulePack, calendars: Mapping[str, Calendar]
) -> None:
    figures = report.terms.setdefault(each.term, TermFigures())
    why = EXCLUDED if told.stored.exclusion is not None else each.ended
    if why is not None:
        figures.leave_out(why)
        return
    now = report.as_of
    was, would = each.verdicts(now)
    figures.earlier += each.supposed.due < each.stored.due
    figures.same += each.supposed.due == each.stored.due
    figures.later += each.supposed.due > each.stored.due
    figures.open += would is Verdict.OPEN
    if would is Verdict.UNKNOWN:
        figures.leave_out("signed_by_timer")
    for side, verdict, deadline in ((figures.stored, was, each.stored), (figures.supposed, would, each.supposed)):
        side.add(verdict, each.lights(deadline, now))
    if was is not would:
        report.changed.append(
            Changed(
                order=told.stored.number,
                term=each.term,
                unit=_unit_name(terms, each.unit),
                stored_due=each.stored.due,
                supposed_due=each.supposed.due,
                done_at=each.done_at,
                stored=was,
                supposed=would,
            )
        )


def _unit_name(terms: Terms, id: str | None) -> str | None:
    known = terms.units.get(id) if id is not None else None
    return known.name if known is not None else id


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on standard error, while the database is read."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("days", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
