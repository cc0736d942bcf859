"""Every read of orders, each naming its reader. The conditional writes are gathered in `recording.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from foundation.database import Database, Raw
from foundation.errors import InvalidInput, NotAllowed, NotFound
from foundation.events import Event, event_id
from foundation.paging import EARLIEST, LATEST, Page, PageRequest, Span, instant, page_of
from identity.actors import HOTLINE_ROLES, Actor, Role
from workorders.deadlines.lights import Light
from workorders.lifecycle.access import SEES_ALL, may_see, require_hotline_desk, require_unit_desk
from workorders.lifecycle.documents import (
    NumberClaim,
    OrderDocument,
    RequestDesk,
    UnitDesk,
    UnitTask,
    UpstreamDesk,
    UpstreamTask,
    request_desk,
)
from workorders.lifecycle.states import ENDED, RequestKind, Status

WIDEST_WINDOW = timedelta(days=31)
MOST_EVENTS = 100_000


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What an order list is narrowed to. `received` spans 31 days at most, unless a person or an open state leads."""

    statuses: tuple[Status, ...] = ()
    received: Span | None = None
    category: str | None = None
    place: str | None = None
    channel: str | None = None
    unit: str | None = None
    """Orders that are, or once were, at this unit or below it."""
    due: Span | None = None
    """When the desk that an order lies on is due."""
    excluded: bool | None = None
    """Only those that are left out of the rates 剔除, or only those that are not."""
    light: Light | None = None
    """That of the desk that it lies on, as the latest event has it."""
    phone_hash: str | None = None
    name_hash: str | None = None


class OrderRepository:
    """Reads orders, their events and the desks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_id(self, id: str) -> OrderDocument | None:
        """Whoever reads it, for use cases that check access themselves."""
        return await self._database.get(OrderDocument, id)

    async def visible_to(self, actor: Actor, id: str) -> OrderDocument:
        """The order, if this reader may see it. Raises `NotFound`."""
        document = await self.by_id(id)
        if document is None or not may_see(actor, document.order):
            raise NotFound
        return document

    async def by_number(self, actor: Actor, number: str) -> OrderDocument:
        """The order that bears this number, if this reader may see it. Raises `NotFound`."""
        claim = await self._database.get(NumberClaim, number)
        if claim is None:
            raise NotFound
        return await self.visible_to(actor, claim.order)

    async def many(self, actor: Actor, ids: Sequence[str]) -> dict[str, OrderDocument]:
        """Those of a page's worth of orders that this reader may see, by id."""
        found = await self._database.get_many(OrderDocument, ids)
        return {id: document for id, document in found.items() if may_see(actor, document.order)}

    async def reported_by(self, reporter: str, most: int) -> list[OrderDocument]:
        """Orders of one reporter, for the export and erasure of a person's own data."""
        bounds = {"$gte": instant(EARLIEST), "$lt": instant(LATEST)}
        cursor = self._database.collection(OrderDocument).find({"reporter_id": reporter, "received_key": bounds})
        return [OrderDocument.load(raw) for raw in await cursor.limit(most).to_list()]

    async def events(self, order: OrderDocument) -> list[Event]:
        """All events of an order that was read, in sequence: one bounded range of `_id`."""
        bounds = {"$gte": event_id(order.id, 0), "$lte": event_id(order.id, MOST_EVENTS)}
        cursor = self._database.collection(Event).find({"_id": bounds}).sort("_id", 1)
        return [Event.load(raw) for raw in await cursor.to_list()]

    async def own(self, actor: Actor, request: PageRequest, now: datetime) -> Page[OrderDocument]:
        """The citizen's or the device's own orders, newest first. Raises `NotAllowed` for others."""
        if not actor.has(Role.CITIZEN, Role.ANONYMOUS_DEVICE):
            raise NotAllowed
        page = await page_of(
            self._database,
            OrderDocument,
            {"reporter_id": actor.id},
            "received_key",
            request,
            descending=True,
            around=now,
        )
        return _loaded(page)

    async def search(
        self, actor: Actor, where: OrderFilter, request: PageRequest, now: datetime
    ) -> Page[OrderDocument]:
        """Orders by time received, newest first. Raises `NotAllowed` for whoever does not work on all orders, and for a
        search by person from whoever may not know reporters: what it finds would tell who they are.
        """
        if not actor.has(*(HOTLINE_ROLES if where.phone_hash or where.name_hash else SEES_ALL)):
            raise NotAllowed
        equal, span = _search_terms(where, now)
        narrow: dict[str, object] = {}
        if len(where.statuses) > 1:
            narrow["status"] = {"$in": list(where.statuses)}
        if where.category:
            narrow["order.category"] = where.category
        if where.place:
            narrow["order.place"] = where.place
        if where.channel:
            narrow["order.channel"] = where.channel
        if where.unit:
            narrow["order.assignments.ancestors"] = where.unit
        if where.excluded is not None:
            narrow |= _excluded(where.excluded)
        if where.light:
            narrow["light"] = where.light
        if where.due:
            narrow["due_key"] = {"$gte": instant(where.due.start), "$lt": instant(where.due.end)}
        page = await page_of(
            self._database,
            OrderDocument,
            equal,
            "received_key",
            request,
            descending=True,
            around=min(now, span.end),
            span=span,
            narrow=narrow,
        )
        return _loaded(page)

    async def desk(
        self,
        actor: Actor,
        status: Status,
        request: PageRequest,
        now: datetime,
        due: Span | None = None,
        light: Light | None = None,
        excluded: bool | None = None,
    ) -> Page[OrderDocument]:
        """A hotline desk: the orders in one state, soonest due first; if asked, those under one light, as the latest
        event of each has it, and those that are excluded, or are not. Raises `NotAllowed` for others.
        """
        require_hotline_desk(actor)
        page = await page_of(
            self._database,
            OrderDocument,
            {"status": status},
            "due_key",
            request,
            descending=False,
            around=now,
            span=due or Span(),
            narrow=_lit(light) | (_excluded(excluded) if excluded is not None else {}),
        )
        return _loaded(page)

    async def upstream_desk(
        self, actor: Actor, task: UpstreamTask, request: PageRequest, now: datetime
    ) -> Page[UpstreamDesk]:
        """The desk of what platforms above handed down, soonest due first. Raises `NotAllowed` for others than the
        hotline and leadership.
        """
        if not actor.has(*HOTLINE_ROLES, Role.LEADERSHIP):
            raise NotAllowed
        page = await page_of(
            self._database,
            UpstreamDesk,
            {"desk": task},
            "due_key",
            request,
            descending=False,
            around=now,
        )
        return page.map([UpstreamDesk.load(raw) for raw in page.items])

    async def unit_desk(
        self,
        actor: Actor,
        unit: str,
        task: UnitTask,
        request: PageRequest,
        now: datetime,
        due: Span | None = None,
        light: Light | None = None,
        excluded: bool | None = None,
    ) -> Page[UnitDesk]:
        """A unit's desk, with everything below it: the assignments with this task, soonest due first; if asked, those
        under one light, and those of orders that are excluded, or are not.

        Raises `NotAllowed` for a unit that is not the actor's own; what lies below it is on the own desk.
        """
        require_unit_desk(actor, unit)
        page = await page_of(
            self._database,
            UnitDesk,
            {"ancestors": unit, "desk": task},
            "due_key",
            request,
            descending=False,
            around=now,
            span=due or Span(),
            narrow=_lit(light) | ({"excluded": excluded or {"$ne": True}} if excluded is not None else {}),
        )
        return page.map([UnitDesk.load(raw) for raw in page.items])

    async def assigned(
        self,
        actor: Actor,
        unit: str,
        request: PageRequest,
        now: datetime,
        *,
        since: datetime = EARLIEST,
        tasks: Sequence[UnitTask] = (),
        due: Span | None = None,
        light: Light | None = None,
    ) -> Page[UnitDesk]:
        """Whatever a unit or one below it was given, newest first: by when it was assigned, which nothing moves.

        Raises `NotAllowed` as `unit_desk` does.
        """
        require_unit_desk(actor, unit)
        narrow: dict[str, object] = {"light": light} if light else {}
        if tasks:
            narrow["desk"] = {"$in": list(tasks)}
        if due:
            narrow["due_key"] = {"$gte": instant(due.start), "$lt": instant(due.end)}
        page = await page_of(
            self._database,
            UnitDesk,
            {"ancestors": unit},
            "assigned_key",
            request,
            descending=True,
            around=now,
            span=Span(start=since),
            narrow=narrow,
        )
        return page.map([UnitDesk.load(raw) for raw in page.items])

    async def requests(
        self, actor: Actor, kind: RequestKind, request: PageRequest, now: datetime, *, consent_asked: bool = False
    ) -> Page[RequestDesk]:
        """The dispatchers' desk of one kind of request, longest waiting first; or those on which a platform above was
        asked for its consent. Raises `NotAllowed` for others.
        """
        if not actor.has(Role.DISPATCHER, Role.CHIEF_DISPATCHER, Role.SUPERVISOR):
            raise NotAllowed
        page = await page_of(
            self._database,
            RequestDesk,
            {"desk": request_desk(kind, consent_asked=consent_asked)},
            "asked_key",
            request,
            descending=False,
            around=now,
        )
        return page.map([RequestDesk.load(raw) for raw in page.items])


def _lit(light: Light | None) -> dict[str, object]:
    return {"light": light} if light else {}


def _excluded(excluded: bool) -> dict[str, object]:
    return {"order.exclusion": {"$ne": None} if excluded else None}


def _loaded(page: Page[Raw]) -> Page[OrderDocument]:
    return page.map([OrderDocument.load(raw) for raw in page.items])


def _search_terms(where: OrderFilter, now: datetime) -> tuple[dict[str, object], Span]:
    """The equality that leads the index, and the span: 31 days unless a person or one open state leads."""
    if where.phone_hash:
        return {"phone_hash": where.phone_hash}, where.received or Span()
    if where.name_hash:
        return {"name_hash": where.name_hash}, where.received or Span()
    if len(where.statuses) == 1 and where.statuses[0] not in ENDED:
        return {"status": where.statuses[0]}, where.received or Span()
    span = where.received or Span(start=now - WIDEST_WINDOW, end=now + timedelta(days=1))
    if span.end - span.start > WIDEST_WINDOW + timedelta(days=1):
        raise InvalidInput.field("received", "查询的受理时间跨度不能超过 31 天。")
    if len(where.statuses) == 1:
        return {"status": where.statuses[0]}, span
    return {}, span
