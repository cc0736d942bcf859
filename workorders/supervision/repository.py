"""Every read of supervision, each naming its reader: the supervisors' desk, leadership's desks, appeals, meetings."""

from datetime import datetime, timedelta
from typing import Any

from foundation.database import Database
from foundation.errors import NotFound
from foundation.paging import Page, PageRequest, Span, page_of
from identity.actors import Actor
from workorders.deadlines.values import SupervisionLevel
from workorders.lifecycle.access import require_unit_desk
from workorders.lifecycle.documents import AppealDesk, OrderDocument, PhoneDesk, PhoneStage, SupervisionDesk
from workorders.lifecycle.states import BEFORE_CALLBACK, Status
from workorders.supervision.access import (
    require_desk_reader,
    require_meeting_reader,
    require_meeting_visible,
    require_phones,
)
from workorders.supervision.documents import MeetingDocument

LONG_OVERDUE = timedelta(days=31)
"""What is overdue for longer is little."""


class SupervisionRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def desk(
        self,
        actor: Actor,
        request: PageRequest,
        now: datetime,
        *,
        level: SupervisionLevel | None = None,
        unanswered: bool | None = None,
    ) -> Page[SupervisionDesk]:
        """The open supervisions, soonest due first. Raises `NotAllowed` for others than supervisors and leadership."""
        narrow: dict[str, Any] = {} if level is None else {"level": level}
        if unanswered is not None:
            narrow["unanswered"] = unanswered
        return await self._open(actor, request, now, narrow)

    async def supervised(self, actor: Actor, request: PageRequest, now: datetime) -> Page[SupervisionDesk]:
        """The supervised orders, each by its open supervision that is due first. Raises like `desk`."""
        return await self._open(actor, request, now, {"pressing": True})

    async def overdue(self, actor: Actor, request: PageRequest, now: datetime) -> Page[OrderDocument]:
        """The orders that are overdue on the desk that they lie on, for the longest first. Raises like `desk`.

        One range per state, merged: each is bounded, and none needs an index of its own.
        """
        require_desk_reader(actor)
        pages = [
            await page_of(
                self._database,
                OrderDocument,
                {"status": status},
                "due_key",
                request,
                descending=False,
                around=now - LONG_OVERDUE,
                span=Span(end=now),
            )
            for status in (*BEFORE_CALLBACK, Status.CALLBACK)
        ]
        found = sorted((raw for page in pages for raw in page.items), key=lambda raw: raw["due_key"])
        first = [OrderDocument.load(raw) for raw in found[: request.first]]
        more = len(found) > request.first or any(page.has_next for page in pages)
        return Page(tuple(first), tuple(document.due_key for document in first), more)

    async def phone_tasks(
        self, actor: Actor, stage: PhoneStage, request: PageRequest, now: datetime
    ) -> Page[PhoneDesk]:
        """The open phone tasks: those of duty rosters, the next one on turn first; those of supervisors, longest
        waiting first. Raises `NotAllowed` for whoever makes no such calls.
        """
        require_phones(actor)
        page = await page_of(
            self._database,
            PhoneDesk,
            {"desk": stage},
            "due_key",
            request,
            descending=False,
            around=now,
        )
        return page.map([PhoneDesk.load(raw) for raw in page.items])

    async def appeals(
        self, actor: Actor, request: PageRequest, now: datetime, *, unit: str | None = None, pending: bool = True
    ) -> Page[AppealDesk]:
        """Appeals: the pending ones, longest waiting first; or those that are settled, the latest first. Of all, or of
        one unit with everything below it.

        Raises `NotAllowed`: all are for supervisors and leadership, a unit's own for that unit and for the hotline.
        """
        if unit is None:
            require_desk_reader(actor)
        else:
            require_unit_desk(actor, unit)
        desk = AppealDesk.PENDING if pending else AppealDesk.SETTLED
        page = await page_of(
            self._database,
            AppealDesk,
            {"desk": desk} if unit is None else {"ancestors": unit, "desk": desk},
            "filed_key",
            request,
            descending=not pending,
            around=now,
        )
        return page.map([AppealDesk.load(raw) for raw in page.items])

    async def meeting(self, actor: Actor, id: str) -> MeetingDocument:
        """Raises `NotFound`."""
        require_meeting_visible(actor)
        found = await self._database.get(MeetingDocument, id)
        if found is None:
            raise NotFound
        return found

    async def meetings(self, actor: Actor, request: PageRequest, now: datetime) -> Page[MeetingDocument]:
        """All meetings, the latest first. Raises `NotAllowed` for others than the hotline and leadership."""
        require_meeting_reader(actor)
        page = await page_of(self._database, MeetingDocument, {}, "at_key", request, descending=True, around=now)
        return page.map([MeetingDocument.load(raw) for raw in page.items])

    async def _open(
        self, actor: Actor, request: PageRequest, now: datetime, narrow: dict[str, Any]
    ) -> Page[SupervisionDesk]:
        require_desk_reader(actor)
        page = await page_of(
            self._database,
            SupervisionDesk,
            {"desk": SupervisionDesk.OPEN},
            "due_key",
            request,
            descending=False,
            around=now,
            narrow=narrow,
        )
        return page.map([SupervisionDesk.load(raw) for raw in page.items])
