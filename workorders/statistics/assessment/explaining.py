"""The orders that cost a unit points, or earned it some, and how much each."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pymongo.asynchronous.client_session import AsyncClientSession

from foundation.errors import NotFound
from foundation.paging import Page, PageRequest
from identity.actors import Actor
from identity.directory import Snapshot
from workorders.statistics.access import scope_of
from workorders.statistics.assessment.access import own_unit, require_reader
from workorders.statistics.assessment.errors import ItemWithoutOrders, NoSuchItem
from workorders.statistics.assessment.reading import Assessments
from workorders.statistics.assessment.scoring import NONE, ScoredEvent, ScoredItem, share
from workorders.statistics.definitions import Part, measured
from workorders.statistics.listing import Listed, Listing, listed_on
from workorders.statistics.reading import snapshot_of
from workorders.statistics.tallying import Dimension


@dataclass(frozen=True, slots=True)
class Cost:
    """One entry and the points that it costs; below nought where it earns some."""

    listed: Listed
    points: Decimal


@dataclass(frozen=True, slots=True)
class Explained:
    """A page of what cost an item its points.

    `scored` entries share the `lost` points evenly. `shown` is how many the whole list holds for this reader: fewer
    where some are not for the reader's eyes; fewer or more where a month was corrected after its report was issued.
    Where it is as many, the points of the list sum to `lost`.
    """

    lost: Decimal
    scored: int
    shown: int
    page: Page[Cost]


async def explained(
    assessments: Assessments,
    actor: Actor,
    city: Snapshot,
    month: str,
    unit: str,
    item: str,
    request: PageRequest,
    now: datetime,
) -> Explained:
    """What cost a unit points of an item, in the order of the moments that it is counted by.

    Raises `NotAllowed`, `NotFound`, `BadMonth`, `NoScheme`, `NoSuchItem`, `ItemWithoutOrders`, `InvalidInput`.
    """
    own_unit(actor)
    if unit not in city.units:
        raise NotFound
    require_reader(actor, city.units.path(unit))
    this = await assessments.month(month, now)
    by, scope = scope_of(actor, Dimension.UNIT, unit)
    figures, window = assessments.figures, (this.window,)

    async def body(session: AsyncClientSession) -> Explained:
        snapshot = await snapshot_of(figures.database, session, now, figures.zone)
        counts = None
        if this.issued_at is None:  # what is scored and what is listed are of one moment
            counts = (await snapshot.rows(Dimension.UNIT, (unit,), window))[0].get(unit, {})
        found = this.score(unit, counts).named(item)
        if found is None:
            raise NoSuchItem
        listing = _behind(found)
        rows = (await snapshot.rows(by, scope, window))[0].get(scope[-1], {})
        told = measured(rows)[listing.figure]
        shown = told.missed if listing.part is Part.MISSED else told.numerator
        page = await listed_on(snapshot, by, scope, this.window, listing, request)
        first, each = share(found.lost, found.number) if found.number else (NONE, NONE)
        bears_rest = request.after is None and shown == found.number
        points = [first if bears_rest and not number else each for number in range(len(page.items))]
        costs = tuple(Cost(entry, cost) for entry, cost in zip(page.items, points, strict=True))
        return Explained(found.lost, found.number, shown, page.map(costs))

    return await figures.database.transact(body)


def _behind(found: ScoredItem | ScoredEvent) -> Listing:
    """The list of what an item or an event counts. Raises `ItemWithoutOrders`."""
    if isinstance(found, ScoredEvent):
        return Listing(found.event.figure, found.event.part.listed)
    if found.item.figure is None:
        raise ItemWithoutOrders
    return Listing(found.item.figure, Part.MISSED)
