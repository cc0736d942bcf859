"""The orders behind a figure: lists that sum to it exactly, because they hold the very entries that were counted."""

from dataclasses import dataclass
from datetime import datetime

from pymongo.asynchronous.client_session import AsyncClientSession

from foundation.paging import Page, PageRequest, key_of, moment_of, time_key
from identity.actors import Actor
from workorders.statistics.access import Scope, scope_of
from workorders.statistics.counting import NUMBERED, Entry
from workorders.statistics.definitions import DEFINITIONS, OPEN, Family, Figure, Outcome, Part, counter
from workorders.statistics.errors import BadList
from workorders.statistics.reading import Figures, Question, Snapshot, snapshot_of
from workorders.statistics.tallying import Dimension, path_in
from workorders.statistics.windows import Window


@dataclass(frozen=True, slots=True)
class Listing:
    """Which part of a figure is listed; of what is left out, for one reason or for all."""

    figure: Figure
    part: Part
    reason: Outcome | None = None

    @property
    def counters(self) -> frozenset[str]:
        """Raises `BadList` for a reason that the figure does not have."""
        definition = DEFINITIONS[self.figure]
        outcomes = definition.outcomes(self.part)
        if self.reason is not None:
            if self.part is not Part.LEFT_OUT or self.reason not in outcomes:
                raise BadList
            outcomes = frozenset({self.reason})
        return frozenset(counter(definition.family, outcome) for outcome in outcomes)


@dataclass(frozen=True, slots=True)
class Listed:
    """One thing that was counted: an order, one of its assignments or supervisions, and what became of it. `entry`
    tells it from whatever else is counted of the order."""

    entry: str
    order: str
    assignment: str | None
    supervision: str | None
    outcome: Outcome
    at: datetime


async def listed(
    figures: Figures, actor: Actor, question: Question, listing: Listing, request: PageRequest, now: datetime
) -> Page[Listed]:
    """A page of what a figure is made of, in the order of the moments that it is counted by.

    Raises `NotAllowed`, `BadList`, `InvalidInput`.
    """
    by, scope = scope_of(actor, question.by, question.within)

    async def body(session: AsyncClientSession) -> Page[Listed]:
        snapshot = await snapshot_of(figures.database, session, now, figures.zone)
        return await listed_on(snapshot, by, scope, question.window, listing, request)

    return await figures.database.transact(body)


async def listed_on(
    snapshot: Snapshot, by: Dimension, scope: Scope, window: Window, listing: Listing, request: PageRequest
) -> Page[Listed]:
    """The same as things stand on a snapshot, for whoever reads this scope.

    The rollups say on which days there is anything, so that a page reads no empty day. Raises `BadList`,
    `InvalidInput`.
    """
    by = by if scope else Dimension.ALL  # everything lies on every dimension
    wanted, after = listing.counters, key_of(request.after) if request.after else ""
    stored = {open_one for open_one, told in OPEN.items() if wanted.intersection(told)} | wanted
    days = tuple(Window(day, day) for day in window.each_day())
    rows = await snapshot.rows(by, scope, days)
    start = moment_of(after).astimezone(snapshot.zone).date() if after else window.first
    found: list[tuple[str, Listed]] = []
    for each_day, values in zip(days, rows, strict=True):
        counts = values.get(scope[-1] if scope else "", {})
        if each_day.first < start or not any(counts.get(each) for each in wanted):
            continue
        day = each_day.first.isoformat()
        for order, (entries, traits) in await snapshot.marked(stored, day):
            for entry in entries:
                key = time_key(entry.at, f"{order}~{entry.id}")
                told = _judged(entry, snapshot)
                if (
                    entry.day == day
                    and key > after
                    and told in wanted
                    and set(scope) <= set(path_in(by, entry, traits))
                ):
                    found.append((key, _listed(order, entry, told)))
        if len(found) > request.first:
            break
    found.sort(key=lambda each: each[0])
    page = found[: request.first]
    return Page(tuple(each for _, each in page), tuple(key for key, _ in page), len(found) > request.first)


def _judged(entry: Entry, snapshot: Snapshot) -> str:
    """The counter that an entry counts under as of now."""
    if entry.counter not in OPEN:
        return entry.counter
    late, not_due = OPEN[entry.counter]
    return late if entry.at < snapshot.as_of else not_due


def _listed(order: str, entry: Entry, counter: str) -> Listed:
    family, _, outcome = counter.partition(":")
    subject = entry.subject.partition(NUMBERED)[0]
    supervises = family in (Family.SUPERVISION, Family.SUPERVISION_ANSWER)
    return Listed(
        entry=entry.id,
        order=order,
        assignment=subject if subject != order and not supervises else None,
        supervision=entry.subject if supervises else None,
        outcome=Outcome(outcome),
        at=entry.at,
    )
