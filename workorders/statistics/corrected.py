"""Reading which months were issued, and what was corrected since, each read naming its reader."""

from dataclasses import dataclass
from datetime import date, datetime

from foundation.paging import EARLIEST, LATEST, Page, PageRequest, instant, page_of
from identity.actors import Actor
from workorders.statistics.access import scope_of
from workorders.statistics.correcting import Shift, shifts
from workorders.statistics.documents import Correction
from workorders.statistics.errors import BadWindow
from workorders.statistics.locking import locks_of
from workorders.statistics.reading import Figures
from workorders.statistics.tallying import Dimension
from workorders.statistics.windows import Window


@dataclass(frozen=True, slots=True)
class IssuedMonth:
    """A month whose figures were issued, and how many corrections since then change the reader's figures."""

    month: str
    at: datetime
    report: str
    corrections: int


@dataclass(frozen=True, slots=True)
class CorrectedOrder:
    """One correction as its reader sees it; of no order where a rebuild found something otherwise."""

    month: str
    order: str | None
    number: str | None
    at: datetime
    happened_at: datetime
    shifts: tuple[Shift, ...]


async def issued_months(figures: Figures, actor: Actor, window: Window) -> list[IssuedMonth]:
    """The months of a window that were issued. Raises `NotAllowed`."""
    unit = _unit(actor)
    locks = await locks_of(figures.database, [f"{part.first:%Y-%m}" for part in window.months()])
    return [
        IssuedMonth(
            month,
            lock.at,
            lock.report,
            lock.corrections if unit is None else await _number(figures, month, unit),
        )
        for month, lock in sorted(locks.items())
    ]


async def corrections(
    figures: Figures, actor: Actor, month: str, request: PageRequest, now: datetime
) -> Page[CorrectedOrder]:
    """What was corrected in a month and changes a figure of the reader's, the latest first.

    Raises `NotAllowed`, `BadWindow` for what is no month.
    """
    unit = _unit(actor)
    _checked(month)
    equal = {"month": month, "tells": True}
    narrow = None if unit is None else {"units": unit}
    page = await page_of(
        figures.database, Correction, equal, "key", request, descending=True, around=now, narrow=narrow
    )
    found = [Correction.load(raw) for raw in page.items]
    return page.map(
        [
            CorrectedOrder(each.month, each.order, each.number, each.at, each.happened_at, shifts(each.changes, unit))
            for each in found
        ]
    )


def _unit(actor: Actor) -> str | None:
    """Whose figures the reader reads; None for everybody's. Raises `NotAllowed`."""
    _, scope = scope_of(actor, Dimension.ALL, None)
    return scope[-1] if scope else None


async def _number(figures: Figures, month: str, unit: str) -> int:
    bounds = {"$gte": instant(EARLIEST), "$lt": instant(LATEST)}
    query = {"month": month, "tells": True, "key": bounds, "units": unit}
    return await figures.database.collection(Correction).count_documents(query)


def _checked(month: str) -> None:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise BadWindow("月份须写作 2026-10。") from None
    if not EARLIEST.date() <= first < LATEST.date():
        raise BadWindow
