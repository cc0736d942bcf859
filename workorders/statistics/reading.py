"""Reading figures: from the rollups, at a cost that follows the window and not the orders.

Everything is read in one transaction, so that the parts fit each other. `as_of` is the moment up to which everything
that happened is counted; what is open and was due by then is late. Rollups know the due day of what is open; which of
those of the very day are past due is told by the orders that are due on it.
"""

from bisect import bisect_left
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
from workorders.statistics.definitions import OPEN, Figure, Measured, measured
from workorders.statistics.documents import (
    ISSUED,
    STATE,
    CountedOrder,
    FiguresState,
    Rollup,
    counted_in,
    cut_of,
    mark_of,
)
from workorders.statistics.errors import BadWindow, NotIssued
from workorders.statistics.handling import HandlingTimes, handling_times
from workorders.statistics.projecting import FIRST_GENERATION
from workorders.statistics.tallying import Counted, Dimension, Path, path_in
from workorders.statistics.windows import Per, Window, periods

MOST_ROWS = 5_000
MILLISECONDS = 4_000
"""How long a query may take: a transaction lives for five seconds."""

Counts = dict[str, int]
Rows = dict[str, Counts]
"""The counts of each value."""


@dataclass(frozen=True, slots=True)
class Question:
    """Figures of a window, told apart by a dimension; only what lies at or below `within`, if that is given.

    With `issued` as they were when its months were locked, without what was corrected since.
    """

    window: Window
    by: Dimension = Dimension.ALL
    within: str | None = None
    per: Per = Per.WHOLE
    issued: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one value of the dimension, with everything below it."""

    value: str
    counts: Mapping[str, int]

    @property
    def figures(self) -> Mapping[Figure, Measured]:
        """Every figure, worked out anew at each call."""
        return measured(self.counts)

    def figure(self, figure: Figure) -> Measured:
        return self.figures[figure]

    @property
    def handling(self) -> HandlingTimes:
        return handling_times(self.counts)


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
        """Answer a question. Raises `NotAllowed`, `BadWindow`, and `NotIssued` for what was not issued."""
        by, scope = scope_of(actor, question.by, question.within)
        split = periods(question.window, question.per)

        async def body(session: AsyncClientSession) -> Table:
            snapshot = await snapshot_of(self.database, session, now, self.zone, of=question)
            apart = scope or by is not Dimension.ALL
            rows = await snapshot.rows(by, scope, split) if apart else [{} for _ in split]
            if scope:
                totals = [found.get(scope[-1], {}) for found in rows]
            else:
                totals = [found.get("", {}) for found in await snapshot.rows(Dimension.ALL, (), split)]
            if sum(map(len, rows)) > MOST_ROWS:
                raise BadWindow(f"结果超过 {MOST_ROWS} 行，请缩短时间范围、改用更长的周期或限定统计范围。")
            rules = (await snapshot.rows(Dimension.RULES, (), (question.window,)))[0]
            told = [
                Period(window, Row(scope[-1] if scope else "", total), _rows(found))
                for window, found, total in zip(split, rows, totals, strict=True)
            ]
            return Table(question, by, tuple(told), tuple(row.value for row in _rows(rules)), snapshot.as_of)

        return await self.database.transact(body)


def _rows(found: Rows) -> tuple[Row, ...]:
    """Those of which anything is counted."""
    return tuple(Row(value, found[value]) for value in sorted(found) if any(found[value].values()))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is counted, as it stands at one moment."""

    database: Database
    session: AsyncClientSession
    generation: int | str
    as_of: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The local day of `as_of`: what is open and due on it is partly late."""
        return self.as_of.astimezone(self.zone).date()

    async def rows(self, by: Dimension, scope: Scope, split: Sequence[Window]) -> list[Rows]:
        """The counts of every value within scope, for each of the periods, which adjoin.

        A month that lies in one period is read in sum; that of today with what is open by its days, for it is partly
        late. Any other month is read by its days.
        """
        found: list[Rows] = [{} for _ in split]
        window = Window(split[0].first, split[-1].last)
        ends = [each.last for each in split]
        months = {f"{part.first:%Y-%m}": part for part in window.months()}
        whole = {
            month
            for month, part in months.items()
            if part.whole_months and bisect_left(ends, part.first) == bisect_left(ends, part.last)
        }
        today = self.today

        def into(path: Path, day: date) -> Counts:
            return found[bisect_left(ends, day)].setdefault(path[-1], {})

        current = {f"{today:%Y-%m}"}
        async for path, raw in self._stored_in(by, scope, whole - current, "total"):
            part = months[raw["month"]]
            _judge(into(path, part.first), raw["total"], past=part.last < today)
        async for path, raw in self._stored_in(by, scope, whole & current, "total", "open"):
            settled = {name: number for name, number in raw["total"].items() if name not in OPEN}
            _add(into(path, months[raw["month"]].first), settled)
            for day, counts in _dated(raw, "open"):
                _judge(into(path, day), counts, past=day < today)
        async for path, raw in self._stored_in(by, scope, months.keys() - whole, "days"):
            for day, counts in _dated(raw, "days"):
                if day in months[raw["month"]]:
                    _judge(into(path, day), counts, past=day < today)
        if today in window:
            await self._due_today(found[bisect_left(ends, today)], by, scope)
        return found

    async def on_day(self, by: Dimension, scope: Scope, day: date) -> Rows:
        """The counts of every value within scope on one day; what is open stands as open."""
        month, found = f"{day:%Y-%m}", Rows()
        async for path, raw in self._stored(by, scope, month, month, (f"days.{day:%d}",)):
            for counts in raw.get("days", {}).values():
                _add(found.setdefault(path[-1], {}), counts)
        return found

    async def _stored_in(
        self, by: Dimension, scope: Scope, months: Collection[str], *fields: str
    ) -> AsyncIterator[tuple[Path, Raw]]:
        for start, end in _adjoining(sorted(months)):
            async for found in self._stored(by, scope, start, end, fields):
                yield found

    async def _stored(
        self, by: Dimension, scope: Scope, start: str, end: str, fields: Sequence[str]
    ) -> AsyncIterator[tuple[Path, Raw]]:
        query: Raw = {"cut": cut_of(self.generation, by), "month": {"$gte": start, "$lte": end}}
        if scope:
            query["path"] = scope[-1]
        wanted = {"path": 1, "month": 1, **dict.fromkeys(fields, 1)}
        cursor = self.database.collection(Rollup).find(query, wanted, session=self.session)
        for raw in await cursor.max_time_ms(MILLISECONDS).to_list():
            if all(each in raw["path"] for each in scope):
                yield tuple(raw["path"]), raw

    async def _due_today(self, into: Rows, by: Dimension, scope: Scope) -> None:
        """What of today's is late by now."""
        today = self.today.isoformat()
        for _, (entries, traits) in await self.marked(OPEN, today):
            for entry in entries:
                if entry.counter in OPEN and entry.day == today and entry.at < self.as_of:
                    late, not_due = OPEN[entry.counter]
                    path = path_in(by, entry, traits)
                    for depth in range(1, len(path) + 1):
                        if all(each in path[:depth] for each in scope):
                            _add(into.setdefault(path[depth - 1], {}), {late: 1, not_due: -1})

    async def marked(self, counters: Collection[str], day: str) -> list[tuple[str, Counted]]:
        """The orders that have an entry under one of these counters on a day, with all that is counted of them."""
        marks = [mark_of(self.generation, each, day) for each in counters]
        fields = {"order": 1, "entries": 1, "traits": 1}
        cursor = self.database.collection(CountedOrder).find({"marks": {"$in": marks}}, fields, session=self.session)
        return [(raw["order"], counted_in(raw)) for raw in await cursor.max_time_ms(MILLISECONDS).to_list()]


async def snapshot_of(
    database: Database, session: AsyncClientSession, now: datetime, zone: ZoneInfo, *, of: Question | None = None
) -> Snapshot:
    """As of now, or as of the first thing that happened and is not counted yet; what was issued, as of its lock.

    Raises `NotIssued` where a question asks for what was issued, and its window is not made of locked months.
    """
    raw = await database.collection(FiguresState).find_one({"_id": STATE}, session=session)
    state = None if raw is None else FiguresState.load(raw)
    if of is not None and of.issued:
        months = {f"{part.first:%Y-%m}" for part in of.window.months()}
        if state is None or state.locked_at is None or not of.window.whole_months or months - set(state.locked):
            raise NotIssued
        return Snapshot(database, session, ISSUED, state.locked_at, zone)
    waiting = await first_uncounted(database, session)
    as_of = now if waiting is None else min(now, waiting)
    return Snapshot(database, session, state.generation if state else FIRST_GENERATION, as_of, zone)


async def first_uncounted(database: Database, session: AsyncClientSession | None = None) -> datetime | None:
    """When the first thing happened that is still to be counted, or None if everything is."""
    bounds = {"$gte": instant(EARLIEST), "$lt": instant(LATEST)}
    waiting: Raw | None = await database.collection(OutboxRow).find_one(
        {"consumer": PROJECTOR, "key": bounds}, sort=[("key", 1)], session=session
    )
    return None if waiting is None else moment_of(waiting["key"])


def _judge(into: Counts, counts: Mapping[str, int], *, past: bool) -> None:
    """Add counts of days that are past or not; what is open counts by its due day, that of today as if it were not
    due."""
    for name, number in counts.items():
        if number:
            told = OPEN[name][0 if past else 1] if name in OPEN else name
            into[told] = into.get(told, 0) + number


def _add(into: Counts, counts: Mapping[str, int]) -> None:
    for name, number in counts.items():
        if number:
            into[name] = into.get(name, 0) + number


def _dated(raw: Raw, field: str) -> Iterator[tuple[date, Mapping[str, int]]]:
    """The days of a rollup."""
    year, month = int(raw["month"][:4]), int(raw["month"][5:])
    for day, counts in raw.get(field, {}).items():
        yield date(year, month, int(day)), counts


def _adjoining(months: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Months that follow each other, as ranges from the first to the last."""
    start = 0
    for end in range(1, len(months) + 1):
        if end == len(months) or _number(months[end]) != _number(months[end - 1]) + 1:
            yield months[start], months[end - 1]
            start = end


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:])
