"""The bureau of statistics of the small town: its projector, its reader, its recount."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from foundation.database import Database
from foundation.outbox import Consumer
from foundation.paging import PageRequest, cursor_of
from identity.actors import Actor
from tests.workorders.lifecycle.town import LEADER, MODELS, Town, new_town
from workorders.lifecycle.projecting import Fold, OrderProjection, Tally, projector
from workorders.statistics.checking import Checked, check
from workorders.statistics.definitions import DEFINITIONS, Figure, Measured, Outcome, Part
from workorders.statistics.documents import MODELS as STATISTICS
from workorders.statistics.documents import MonthLock
from workorders.statistics.listing import Listed, Listing, listed
from workorders.statistics.locking import copy_months, leading, locked, locks_of, moment_of_lock
from workorders.statistics.projecting import FiguresFold
from workorders.statistics.reading import Figures, Question, Table
from workorders.statistics.windows import Window

ZONE = ZoneInfo("Asia/Shanghai")
NOVEMBER = Window(date(2026, 11, 1), date(2026, 11, 30))


@dataclass
class Bureau:
    town: Town

    def projector(self, *more: Fold) -> Consumer:
        return projector(self.town.database, FiguresFold(self.town.database, ZONE), *more)

    @property
    def figures(self) -> Figures:
        return Figures(self.town.database, ZONE)

    async def project(self) -> None:
        """Let the projector take everything from the outbox."""
        consumer, now = self.projector(), self.town.clock.now()
        await consumer.take_over(now)
        while await consumer.sweep(now):
            pass
        await consumer.resign()

    async def lock(self, *months: str) -> None:
        """Issue months, without a report of them."""
        database, clock = self.town.database, self.town.clock
        async with leading(self.projector, clock) as keep:
            await copy_months(database, months, keep)
            at = await moment_of_lock(database, clock.now())
            await keep(await locked(database, months, "report", at))

    async def locks(self, *months: str) -> dict[str, MonthLock]:
        """Those of these months that are locked."""
        return await locks_of(self.town.database, months)

    async def forget(self) -> None:
        """Empty the town: time may start anew."""
        mongo = self.town.database.mongo
        for name in await mongo.list_collection_names():
            await mongo[name].delete_many({})

    async def table(self, actor: Actor = LEADER, window: Window = NOVEMBER, **how: Any) -> Table:
        return await self.figures.table(actor, Question(window, **how), self.town.clock.now())

    async def figure(self, figure: Figure, actor: Actor = LEADER, window: Window = NOVEMBER, **how: Any) -> Measured:
        """Of all, or of the value that the table is within."""
        table = await self.table(actor, window, **how)
        return table.periods[0].total.figure(figure)

    async def told(self, figure: Figure, **how: Any) -> tuple[int, int]:
        """Numerator and denominator."""
        found = await self.figure(figure, **how)
        return found.numerator, found.denominator

    async def list(
        self, listing: Listing, actor: Actor = LEADER, window: Window = NOVEMBER, **how: Any
    ) -> list[Listed]:
        """A list to its end, two at a time."""
        found: list[Listed] = []
        after = None
        while True:
            request = PageRequest(2, after)
            page = await listed(self.figures, actor, Question(window, **how), listing, request, self.town.clock.now())
            found += page.items
            if not page.has_next:
                return found
            after = cursor_of(page.keys[-1])

    async def check(self) -> Checked:
        return await check(self.town.database, ZONE, self.projector, self.town.clock)

    async def lists_sum(self, window: Window = NOVEMBER, **how: Any) -> None:
        """Every figure's lists hold as many as the figure says."""
        table = await self.table(window=window, **how)
        for figure, told in table.periods[0].total.figures.items():
            numerator = await self.list(Listing(figure, Part.NUMERATOR), window=window, **how)
            denominator = await self.list(Listing(figure, Part.DENOMINATOR), window=window, **how)
            left_out = await self.list(Listing(figure, Part.LEFT_OUT), window=window, **how)
            assert (len(numerator), len(denominator)) == (told.numerator, told.denominator), figure
            assert told.numerator <= told.denominator
            counted: dict[Outcome, int] = {}
            for each in left_out:
                counted[each.outcome] = counted.get(each.outcome, 0) + 1
            assert counted == dict(told.left_out), figure
            keys = [(each.order, each.entry) for each in (*denominator, *left_out)]
            assert len(keys) == len(set(keys)), figure
            missed = await self.list(Listing(figure, Part.MISSED), window=window, **how)
            above, below = ({(each.order, each.entry) for each in part} for part in (numerator, denominator))
            expected = (below - above if DEFINITIONS[figure].good_high else above) if not told.is_count else set()
            assert {(each.order, each.entry) for each in missed} == expected, figure
            assert len(missed) == told.missed
            assert {e.outcome for e in denominator} <= DEFINITIONS[figure].denominator


async def a_bureau(database: Database) -> Bureau:
    """In a new town."""
    await database.prepare((*MODELS, *STATISTICS, OrderProjection, Tally))
    return Bureau(new_town(database))
