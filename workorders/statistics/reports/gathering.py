"""Gathering what a report tells: all of it on one snapshot, so that its parts fit each other.

The cost follows the values that are told apart and the lists' lengths, not the orders.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pymongo.asynchronous.client_session import AsyncClientSession

from foundation.paging import LATEST, instant
from foundation.trees import Tree
from identity import directory
from identity.documents import Category, Place
from workorders.deadlines.values import LEVEL_NAMES
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.states import CAUSE_NAMES
from workorders.lifecycle.values import Supervision
from workorders.statistics.access import Scope
from workorders.statistics.correcting import MOMENT, shifts
from workorders.statistics.counting import Entry
from workorders.statistics.definitions import OPEN, Family, Figure, Outcome, Part, counter
from workorders.statistics.documents import ISSUED, STATE, Correction, FiguresState
from workorders.statistics.listing import Listing
from workorders.statistics.naming import name_of, side_by_side
from workorders.statistics.reading import Figures, Row, Rows, Snapshot, snapshot_of
from workorders.statistics.reports.errors import PeriodNotBegun
from workorders.statistics.reports.facts import Beside, Corrected, Corrections, Facts, Late, Point, Watched
from workorders.statistics.reports.periods import Length, ReportPeriod
from workorders.statistics.tallying import NOWHERE, Dimension, Path, Traits, path_in
from workorders.statistics.windows import Per, Window, periods, previous, year_before

MOST_LISTED = 100
OPEN_LATE = tuple(counter(Family.REPLY, outcome) for outcome in (Outcome.OPEN, Outcome.EXTENDED_OPEN))
DONE_LATE = tuple(counter(Family.REPLY, outcome) for outcome in (Outcome.LATE, Outcome.EXTENDED_LATE))
SUPERVISED = tuple(Listing(Figure.SUPERVISED, Part.DENOMINATOR).counters)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be told: of a period, of the whole city or of a unit and what lies below it."""

    period: ReportPeriod
    unit: str | None = None
    issued: bool = False


async def gathered(
    figures: Figures, city: directory.Snapshot, sources: Mapping[str, str], asked: Asked, now: datetime
) -> Facts:
    """Everything that the report tells. Raises `PeriodNotBegun`."""

    async def body(session: AsyncClientSession) -> Facts:
        snapshot = await snapshot_of(figures.database, session, now, figures.zone)
        return await _Gathering(snapshot, city, sources, asked, figures.zone).facts()

    return await figures.database.transact(body)


@dataclass(frozen=True, slots=True)
class _Found:
    """An entry of a list, with what its order shares."""

    order: str
    entry: Entry
    traits: Traits


@dataclass(frozen=True, slots=True)
class _Gathering:
    snapshot: Snapshot
    city: directory.Snapshot
    sources: Mapping[str, str]
    asked: Asked
    zone: ZoneInfo

    @property
    def scope(self) -> Scope:
        return () if self.asked.unit is None else (self.asked.unit,)

    @property
    def window(self) -> Window:
        whole = self.asked.period.window
        return Window(whole.first, min(whole.last, self.snapshot.today))

    async def facts(self) -> Facts:
        asked, snapshot = self.asked, self.snapshot
        if asked.period.first > snapshot.today:
            raise PeriodNotBegun
        whole_city = asked.unit is None
        (everything,) = await self._beside(Dimension.ALL if whole_city else Dimension.UNIT, self._scope_values())
        days = await self._days()
        late = await self._walked(OPEN_LATE, days)
        open_late = len(late)
        late += await self._walked(DONE_LATE, days, most=MOST_LISTED - open_late)
        watched = await self._walked(SUPERVISED, days)
        orders = await self._orders([each.order for each in (*late, *watched)])
        on_time, supervised = everything.figure(Figure.ON_TIME), everything.figure(Figure.SUPERVISED)
        return Facts(
            period=asked.period,
            running=self.window != asked.period.window,
            scope="全市" if whole_city else everything.name,
            whole_city=whole_city,
            issued=asked.issued,
            as_of=snapshot.as_of.astimezone(self.zone),
            rules=sorted((await snapshot.rows(Dimension.RULES, (), (self.window,)))[0]),
            all=everything,
            trend=await self._trend(),
            units=await self._units(),
            sources=[each for each in await self._of(Dimension.SOURCE) if each.value != NOWHERE],
            kinds=await self._of(Dimension.KIND),
            channels=await self._of(Dimension.CHANNEL),
            categories=await self._leaves(Dimension.CATEGORY, self.city.categories),
            places=await self._leaves(Dimension.PLACE, self.city.places),
            late=[self._late(each, orders, open=n < open_late) for n, each in enumerate(late)],
            late_number=on_time.denominator - on_time.numerator,
            watched=[self._watched(each, orders) for each in watched],
            watched_number=supervised.denominator,
            corrections=await self._corrections(),
        )

    # Counts

    def _scope_values(self) -> tuple[str, ...]:
        return self.scope or ("",)

    async def _beside(self, by: Dimension, values: Collection[str] | None = None) -> list[Beside]:
        """These values of a dimension, those of which anything is counted if none are named, most received first."""
        windows = (self.window, previous(self.window), year_before(self.window))
        now, before, earlier = [(await self.snapshot.rows(by, self.scope, (window,)))[0] for window in windows]
        known = values if values is not None else {value for rows in (now, before) for value in _counted(rows)}
        found = [
            Beside(
                value,
                self._name(by, value),
                *(Row(value, rows.get(value, {})) for rows in (now, before, earlier)),
            )
            for value in known
        ]
        return sorted(found, key=lambda each: (-each.received, each.value))

    async def _of(self, by: Dimension) -> list[Beside]:
        """All values of a dimension that units are not told of."""
        return [each for each in await self._beside(by) if each.received] if self.asked.unit is None else []

    async def _units(self) -> list[Beside]:
        """The units directly below; a unit without any is told of by itself."""
        below = side_by_side(self.city, Dimension.UNIT, self.asked.unit) or self._scope_values()
        found = await self._beside(Dimension.UNIT, below)
        return [each for each in found if any(each.now.counts.values())]

    async def _leaves(self, by: Dimension, tree: Tree[Category] | Tree[Place]) -> list[Beside]:
        """The finest values: what lies above them is their sum."""
        return [each for each in await self._of(by) if not tree.children(each.value)]

    async def _trend(self) -> list[Point]:
        """By day within a month, else by month."""
        daily = self.asked.period.length is Length.MONTH
        split = periods(self.window, Per.DAY if daily else Per.MONTH)
        earlier = periods(year_before(self.window), Per.DAY if daily else Per.MONTH)
        now, before = await self._received(split), await self._received(earlier)

        def at(window: Window) -> tuple[int, int]:
            return window.first.month, window.first.day if daily else 0

        known = {at(window): received for window, received in zip(earlier, before, strict=True)}
        return [
            Point(
                f"{window.first.month}月{window.first.day}日" if daily else f"{window.first.month}月",
                received,
                known.get(at(window), 0),
            )
            for window, received in zip(split, now, strict=True)
        ]

    async def _received(self, split: Sequence[Window]) -> list[int]:
        return [row.figure(Figure.RECEIVED).denominator for row in await self._split(self.snapshot, split)]

    async def _split(self, snapshot: Snapshot, split: Sequence[Window]) -> list[Row]:
        """All that is told of, in each of the periods."""
        by = Dimension.UNIT if self.scope else Dimension.ALL
        (value,) = self._scope_values()
        return [Row(value, rows.get(value, {})) for rows in await snapshot.rows(by, self.scope, split)]

    # Lists

    async def _days(self) -> dict[date, Mapping[str, int]]:
        days = periods(self.window, Per.DAY)
        return {
            window.first: row.counts for window, row in zip(days, await self._split(self.snapshot, days), strict=True)
        }

    async def _walked(
        self, counters: Sequence[str], days: Mapping[date, Mapping[str, int]], most: int = MOST_LISTED
    ) -> list[_Found]:
        """The first entries under these counters, of the open ones those that are late; days without any are not
        read."""
        by = Dimension.UNIT if self.scope else Dimension.ALL
        told = {OPEN[name][0] if name in OPEN else name for name in counters}
        found: list[_Found] = []
        for day, counts in days.items():
            if len(found) >= most or not any(counts.get(name) for name in told):
                continue
            for order, (entries, traits) in await self.snapshot.marked(counters, day.isoformat()):
                found += [
                    _Found(order, entry, traits)
                    for entry in entries
                    if entry.counter in counters
                    and entry.day == day.isoformat()
                    and (entry.counter not in OPEN or entry.at < self.snapshot.as_of)
                    and set(self.scope) <= set(path_in(by, entry, traits))
                ]
        found.sort(key=lambda each: (each.entry.at, each.order, each.entry.subject))
        return found[: max(most, 0)]

    async def _orders(self, ids: Sequence[str]) -> dict[str, tuple[str, list[Supervision]]]:
        """The number of each order, and its supervisions."""
        fields = {"order.number": 1, "order.supervisions": 1}
        query = {"_id": {"$in": list(dict.fromkeys(ids))}}
        cursor = self.snapshot.database.collection(OrderDocument).find(query, fields, session=self.snapshot.session)
        return {
            raw["_id"]: (
                raw["order"]["number"],
                [Supervision.model_validate(each) for each in raw["order"].get("supervisions", ())],
            )
            for raw in await cursor.to_list()
        }

    def _late(self, found: _Found, orders: Mapping[str, tuple[str, list[Supervision]]], *, open: bool) -> Late:
        return Late(
            number=orders[found.order][0],
            category=self._path(Dimension.CATEGORY, found.traits[Dimension.CATEGORY]),
            place=self._path(Dimension.PLACE, found.traits[Dimension.PLACE]),
            unit=self._path(Dimension.UNIT, found.entry.units),
            due=date.fromisoformat(found.entry.day),
            open=open,
        )

    def _watched(self, found: _Found, orders: Mapping[str, tuple[str, list[Supervision]]]) -> Watched:
        number, supervisions = orders[found.order]
        supervision = next(each for each in supervisions if each.id == found.entry.subject)
        if supervision.closed_at is not None:
            standing = "已办结"
        elif supervision.answered_at is not None:
            standing = "已回复"
        else:
            standing = "督办中"
        return Watched(
            number=number,
            category=self._path(Dimension.CATEGORY, found.traits[Dimension.CATEGORY]),
            unit=self._path(Dimension.UNIT, found.entry.units),
            opened=date.fromisoformat(found.entry.day),
            level=LEVEL_NAMES[supervision.level],
            cause=CAUSE_NAMES[supervision.cause],
            standing=standing,
        )

    # Corrections

    async def _corrections(self) -> Corrections | None:
        """Those since the issue before; None before anything was issued."""
        snapshot = self.snapshot
        raw = await snapshot.database.collection(FiguresState).find_one({"_id": STATE}, session=snapshot.session)
        state = None if raw is None else FiguresState.load(raw)
        if state is None or state.locked_at is None:
            return None
        bounds = {"$gte": instant(state.locked_at + MOMENT), "$lt": instant(LATEST)}
        query = {"tells": True, "key": bounds, **({"units": self.asked.unit} if self.asked.unit else {})}
        corrections = snapshot.database.collection(Correction)
        found = await corrections.find(query, {"month": 1, "key": 1}, session=snapshot.session).to_list()
        months = sorted({each["month"] for each in found})
        first = sorted(found, key=lambda each: str(each["key"]))[:MOST_LISTED]
        ids = [each["_id"] for each in first]
        listed = await corrections.find({"_id": {"$in": ids}}, session=snapshot.session).to_list()
        return Corrections(
            since=state.locked_at,
            number=len(found),
            listed=[self._corrected(Correction.load(raw)) for raw in sorted(listed, key=lambda raw: str(raw["key"]))],
            months=await self._issued_and_now(months),
        )

    async def _issued_and_now(self, months: Sequence[str]) -> list[tuple[str, Row, Row]]:
        issued, found = replace(self.snapshot, generation=ISSUED), []
        for month in months:
            whole = ReportPeriod(Length.MONTH, date.fromisoformat(f"{month}-01")).window
            (then,), (now,) = [await self._split(snapshot, (whole,)) for snapshot in (issued, self.snapshot)]
            found.append((month, then, now))
        return found

    def _corrected(self, correction: Correction) -> Corrected:
        told = shifts(correction.changes, self.asked.unit)
        return Corrected(
            correction.month,
            correction.at.astimezone(self.zone).date(),
            correction.number,
            {each.figure: (each.numerator, each.denominator) for each in told},
        )

    # Names

    def _name(self, by: Dimension, value: str) -> str:
        """Of a category or place with that of the one above it: many are called alike."""
        if by is Dimension.SOURCE and value in self.sources:
            return self.sources[value]
        tree = {Dimension.CATEGORY: self.city.categories, Dimension.PLACE: self.city.places}.get(by)
        return name_of(self.city, by, value) if tree is None else "·".join(tree.names(value)[-2:]) or value

    def _path(self, by: Dimension, path: Path) -> str:
        return self._name(by, path[-1]) if path else self._name(by, NOWHERE)


def _counted(rows: Rows) -> Iterator[str]:
    return (value for value, counts in rows.items() if any(counts.values()))
