"""Beginning and ending an export: how many at once, how large, and what the audit trail says of it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from foundation.changes import Change
from foundation.ids import new_id
from foundation.paging import Span
from foundation.rate_limits import Limit, RateLimiter
from identity.actors import Actor
from identity.audit import audited
from identity.directory import Directory
from workorders.exporting.columns import Cell, Line, Reading, row_of
from workorders.exporting.errors import MOST_ROWS, ExportsBusy, ExportTooLarge, ExportUnderWay
from workorders.exporting.reading import pages_of
from workorders.exporting.selecting import Format, Selection
from workorders.lifecycle.office import Office
from workorders.lifecycle.repository import WIDEST_WINDOW, OrderFilter
from workorders.statistics.definitions import Figure
from workorders.statistics.reading import Figures, Question
from workorders.statistics.tallying import Dimension
from workorders.statistics.windows import DAY, Window

MOST_AT_ONCE: Final = 4
"""Exports that one process writes at once; each takes a part of a core."""
PER_PERSON: Final = Limit("order-export", 30, timedelta(hours=1))

Rows = Sequence[tuple[Cell, ...]]


class Audited(StrEnum):
    """What the audit trail is told of exports; both name the same `export:…`."""

    BEGUN = "orders_export_begun"
    ENDED = "orders_exported"


class Export:
    """One export that was begun."""

    def __init__(self, office: Office, actor: Actor, lines: AsyncGenerator[list[Line], None], reading: Reading) -> None:
        self._office, self._actor, self._lines, self._reading = office, actor, lines, reading
        self.subject = f"export:{new_id()}"
        self.first: list[Line] = []
        self.rows = 0
        """Given so far."""
        self.ended = False

    async def pages(self) -> AsyncGenerator[Rows, None]:
        """The rows, a page at a time. Raises `ExportTooLarge` beyond the most that one export gives."""
        yield await self._shown(self.first)
        async for lines in self._lines:
            yield await self._shown(lines)

    async def end(self, *, complete: bool) -> None:
        """Write down how many rows were given, and let the next one begin; the first time counts. A complete file is
        handed out after this."""
        if not self.ended:
            self.ended = True
            await self.record(Audited.ENDED, {"rows": self.rows, "complete": complete})

    async def record(self, what: Audited, details: dict[str, Any]) -> None:
        entry = audited(self._actor, what, self.subject, self._office.clock.now(), details=details)
        await self._office.database.save(Change().insert(entry))

    async def _shown(self, lines: Sequence[Line]) -> Rows:
        if self.rows + len(lines) > MOST_ROWS:
            raise ExportTooLarge
        self.rows += len(lines)
        # Opening and judging a page takes some milliseconds, which others need not wait for.
        return await asyncio.to_thread(lambda: [row_of(line, self._reading) for line in lines])


class Exports:
    """The exports of this process."""

    def __init__(self, office: Office, figures: Figures, directory: Directory) -> None:
        self._office, self._figures, self._directory = office, figures, directory
        self._limiter = RateLimiter(office.database)
        self._running: dict[str, Export] = {}
        """By person; one that has ended may still be on its way to the client."""

    @asynccontextmanager
    async def begun(self, actor: Actor, selection: Selection, format: Format) -> AsyncIterator[Export]:
        """Begin an export that was `selected` for the actor: its first page is read, and its beginning on the trail.

        However it ends, its end is, too. Raises `ExportUnderWay`, `ExportsBusy`, `RateLimited`, `ExportTooLarge`,
        `InvalidInput`.
        """
        reading = Reading(actor, await self._directory.snapshot(), self._figures.zone)
        going = {person for person, export in self._running.items() if not export.ended}
        if actor.id in going:
            raise ExportUnderWay
        if len(going) >= MOST_AT_ONCE:
            raise ExportsBusy
        now, lines = self._office.clock.now(), pages_of(self._office, actor, selection)
        export = self._running[actor.id] = Export(self._office, actor, lines, reading)
        try:
            await self._limiter.use([(PER_PERSON, actor.id)], now)
            async with aclosing(lines):
                export.first = await anext(lines)
                if await self._known(actor, selection, now) > MOST_ROWS:
                    raise ExportTooLarge
                await export.record(Audited.BEGUN, {"format": format, **selection.for_audit()})
                try:
                    yield export
                finally:
                    await export.end(complete=False)
        finally:
            if self._running.get(actor.id) is export:
                del self._running[actor.id]

    async def _known(self, actor: Actor, selection: Selection, now: datetime) -> int:
        """How many rows there are at least, where the figures know it: by time received and one tree or channel."""
        question = _figured(selection, now, self._figures)
        if question is None:
            return 0
        table = await self._figures.table(actor, question, now)
        return table.periods[0].total.figure(Figure.RECEIVED).denominator


def _figured(selection: Selection, now: datetime, figures: Figures) -> Question | None:
    """Of the whole local days within the span; None where the list is narrowed to what no figure is told apart by."""
    where = selection.where
    named = {
        Dimension.CATEGORY: where.category,
        Dimension.PLACE: where.place,
        Dimension.CHANNEL: where.channel,
    }
    by = [(dimension, value) for dimension, value in named.items() if value]
    if (
        selection.desk is not None
        or len(by) > 1
        or where
        != OrderFilter(received=where.received, category=where.category, place=where.place, channel=where.channel)
    ):
        return None
    span = where.received or Span(now - WIDEST_WINDOW, now)
    start, end = span.start.astimezone(figures.zone), span.end.astimezone(figures.zone)
    whole = Window((start + DAY - timedelta(microseconds=1)).date(), end.date() - DAY)
    if whole.days < 1:
        return None
    return Question(whole, *(by[0] if by else ()))
