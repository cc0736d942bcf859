"""Reading figures: from the rollups, at a cost that follows the window and not the orders.

Everything is read in one transaction, so that the parts fit each other. `as_of` is the moment up to which everything
that happened is counted; what is open and was due by then is late. Rollups know the due day of what is open; which of
those of the very day are past due is told by the orders that are due on it.
"""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pymongo.asynchronous.client_session import AsyncClientSession

from foundation.database import Database, Raw
from foundation.outbox import OutboxRow
from foundation.paging import EARLIEST, LATEST, instant, moment_of
from identity.actors import Actor
from workorders.lifecycle.recording import PROJECTOR
from workorders.statistics.access import Scope, scope_of
from workorders.statistics.definitions import BY_CLOCK, Family, Figure, Measured, counter, measured
from workorders.statistics.documents import STATE, CountedOrder, FiguresState, Rollup, cut_of, mark_of
from workorders.statistics.projecting import FIRST_GENERATION
from workorders.statistics.tallying import Dimension, Path, path_in
from workorders.statistics.windows import Per, Window, last_of_month, periods

OPEN = {
    counter(family, outcome): tuple(counter(family, each) for each in by_clock)
    for family in (Family.SIGN, Family.CONTACT, Family.REPLY)
    for outcome, by_clock in BY_CLOCK.items()
}
"""The counters of what is open: late and not due."""
SECONDS = 4.0
"""How long a reading may take."""

Counts = Counter[str]


@dataclass(frozen=True, slots=True)
class Question:
    """Figures of a window, told apart by a dimension; only what lies at or below `within`, if that is given."""

    window: Window
    by: Dimension = Dimension.ALL
    within: str | None = None
    per: Per = Per.WHOLE


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one value of the dimension, with everything below it."""

    value: str
    counts: Mapping[str, int]

    def figure(self, figure: Figure) -> Measured:
        return measured(figure, self.counts)


@dataclass(frozen=True, slots=True)
class Period:
    """One period's rows, by value, and what they all come to. Rows of a tree overlap: each holds what is below it."""

    window: Window
    total: Row
    rows: tuple[Row, ...]

    def row(self, value: str) -> Row:
        """The row of a value; an empty one if nothing is counted of it."""
        return next((row for row in self.rows if row.value == value), Row(value, {}))


@dataclass(frozen=True, slots=True)
class Table:
    """The answer: its periods in order, the rule packs that anything in it was judged by, and as of when."""

    question: Question
    by: Dimension
    periods: tuple[Period, ...]
    rules: tuple[str, ...]
    as_of: datetime


class Figures:
    """Every read of figures, each naming its reader."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self.database, self.zone = database, zone

    async def table(self, actor: Actor, question: Question, now: datetime) -> Table:
        """Answer a question. Raises `NotAllowed`, `BadWindow`."""
        by, scope = scope_of(actor, question.by, question.within)
        split = periods(question.window, question.per)

        async def body(session: AsyncClientSession) -> Table:
            snapshot = await snapshot_of(self.database, session, now, self.zone)
            by_day = question.per in (Per.DAY, Per.WEEK)
            told_apart = scope or by is not Dimension.ALL
            cells = await snapshot.cells(by, scope, question.window, by_day=by_day) if told_apart else []
            if scope:
                total = [each for each in cells if each[0][-1] == scope[-1]]
            else:
                total = await snapshot.cells(Dimension.ALL, (), question.window, by_day=by_day)
            rules = await snapshot.cells(Dimension.RULES, (), question.window, by_day=False)
            return Table(
                question=question,
                by=by,
                periods=tuple(_period(window, cells, total, scope) for window in split),
                rules=tuple(sorted({path[-1] for path, _, counts in rules if any(counts.values())})),
                as_of=snapshot.as_of,
            )

        return await self.database.transact(body)


DatedCounts = tuple[Path, date, Counts]
"""What is counted of a path on one day, or in a whole month, dated by its first."""


def _period(window: Window, cells: Sequence[DatedCounts], total: Sequence[DatedCounts], scope: Scope) -> Period:
    rows: dict[str, Counts] = {}
    for path, day, counts in cells:
        if day in window:
            rows.setdefault(path[-1], Counter()).update(counts)
    everything: Counts = Counter()
    for _, day, counts in total:
        if day in window:
            everything.update(counts)
    known = {value: counts for value, counts in rows.items() if any(counts.values())}
    return Period(
        window,
        Row(scope[-1] if scope else "", everything),
        tuple(Row(value, known[value]) for value in sorted(known)),
    )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is counted, as it stands at one moment."""

    database: Database
    session: AsyncClientSession
    generation: int
    as_of: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The local day of `as_of`: what is open and due on it is partly late."""
        return self.as_of.astimezone(self.zone).date()

    async def cells(self, by: Dimension, scope: Scope, window: Window, *, by_day: bool) -> list[DatedCounts]:
        """The counts of every value within scope, by day or, where that tells as much, by month."""
        whole: list[Window] = []
        by_days: list[Window] = []
        for part in window.months():
            apart = by_day or not part.whole_months or self.today in Window(part.first, last_of_month(part.first))
            (by_days if apart else whole).append(part)
        found = [
            (path, day, self._judged(day, counts))
            for parts, field in ((whole, "total"), (by_days, "days"))
            for part in _adjoining(parts)
            async for path, day, counts in self._stored(by, scope, part, field)
            if all(each in path for each in scope)
        ]
        if self.today in window:
            found += await self._due_today(by, scope)
        return found

    async def _stored(self, by: Dimension, scope: Scope, part: Window, field: str) -> AsyncIterator[DatedCounts]:
        bounds = {"$gte": f"{part.first:%Y-%m}", "$lte": f"{part.last:%Y-%m}"}
        query: Raw = {"cut": cut_of(self.generation, by), "month": bounds}
        if scope:
            query["path"] = scope[-1]
        fields = {"path": 1, "month": 1, field: 1}
        cursor = self.database.collection(Rollup).find(query, fields, session=self.session)
        for raw in await cursor.max_time_ms(int(SECONDS * 1000)).to_list():
            path, month = tuple(raw["path"]), date.fromisoformat(f"{raw['month']}-01")
            if field == "total":
                yield path, month, Counter(raw["total"])
                continue
            for number, counts in raw["days"].items():
                day = month.replace(day=int(number))
                if day in part:
                    yield path, day, Counter(counts)

    def _judged(self, day: date, counts: Counts) -> Counts:
        """What is open told apart, by its due day; that of today as if it were not due."""
        for open_one, (late, not_due) in OPEN.items():
            if number := counts.pop(open_one, 0):
                counts[late if day < self.today else not_due] += number
        return counts

    async def _due_today(self, by: Dimension, scope: Scope) -> list[DatedCounts]:
        """What of today's is late by now."""
        found: list[DatedCounts] = []
        for counted in await self.marked(OPEN, self.today.isoformat()):
            for entry in counted.entries:
                if entry.counter in OPEN and entry.day == self.today.isoformat() and entry.at < self.as_of:
                    late, not_due = OPEN[entry.counter]
                    path = path_in(by, entry, counted.traits)
                    for depth in range(1, len(path) + 1):
                        if all(each in path[:depth] for each in scope):
                            found.append((path[:depth], self.today, Counter({late: 1, not_due: -1})))
        return found

    async def marked(
        self, counters: Collection[str], day: str, narrow: Mapping[str, object] | None = None
    ) -> list[CountedOrder]:
        """The orders that have an entry under one of these counters on a day."""
        marks = [mark_of(self.generation, each, day) for each in counters]
        query = {"marks": {"$in": marks}, **(narrow or {})}
        cursor = self.database.collection(CountedOrder).find(query, session=self.session)
        return [CountedOrder.load(raw) for raw in await cursor.max_time_ms(int(SECONDS * 1000)).to_list()]


async def snapshot_of(database: Database, session: AsyncClientSession, now: datetime, zone: ZoneInfo) -> Snapshot:
    """As of now, or as of the first thing that happened and is not counted yet."""
    state = await database.collection(FiguresState).find_one({"_id": STATE}, session=session)
    bounds = {"$gte": instant(EARLIEST), "$lt": instant(LATEST)}
    waiting: Raw | None = await database.collection(OutboxRow).find_one(
        {"consumer": PROJECTOR, "key": bounds}, sort=[("key", 1)], session=session
    )
    as_of = now if waiting is None else min(now, moment_of(waiting["key"]))
    return Snapshot(database, session, state["generation"] if state else FIRST_GENERATION, as_of, zone)


def _adjoining(parts: Sequence[Window]) -> Iterator[Window]:
    """Months that follow each other, as one window."""
    start: Window | None = None
    for part in parts:
        if start is not None and (part.first - start.last).days == 1:
            start = Window(start.first, part.last)
            continue
        if start is not None:
            yield start
        start = part
    if start is not None:
        yield start
