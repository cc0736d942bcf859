"""Every query and every conditional write of notifications."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from pymongo.asynchronous.client_session import AsyncClientSession

from foundation.changes import Change, StaleWrite
from foundation.database import Database
from foundation.paging import EARLIEST, LATEST, Page, PageRequest, instant, page_of
from notifications.documents import Notice

AT_ONCE: Final = 500
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


class NoticeRepository:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._collection = database.collection

    async def existing(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that there are notices of."""
        found: set[str] = set()
        for start in range(0, len(ids), AT_ONCE):
            some = {"_id": {"$in": list(ids[start : start + AT_ONCE])}}
            found |= {raw["_id"] for raw in await self._collection(Notice).find(some, {"_id": 1}).to_list()}
        return found

    async def by_ids(self, ids: Sequence[str]) -> dict[str, Notice]:
        found: dict[str, Notice] = {}
        for start in range(0, len(ids), AT_ONCE):
            found |= await self._database.get_many(Notice, ids[start : start + AT_ONCE])
        return found

    async def page(self, recipient: str, request: PageRequest, now: datetime, *, unread_only: bool) -> Page[Notice]:
        """Somebody's notices, newest first."""
        equal: dict[str, Any] = {"recipient": recipient} | ({"unread": True} if unread_only else {})
        page = await page_of(self._database, Notice, equal, "key", request, descending=True, around=now)
        return page.map([Notice.load(raw) for raw in page.items])

    async def unread(self, recipient: str, most: int) -> int:
        """How many are unread, counted up to `most`."""
        query = {**_unread(recipient), "key": {"$gte": instant(EARLIEST), "$lt": instant(LATEST)}}
        return len(await self._collection(Notice).find(query, {"_id": 1}).limit(most).to_list())

    async def newest(self, recipient: str, now: datetime) -> Notice | None:
        page = await self.page(recipient, PageRequest(1), now, unread_only=False)
        return page.items[0] if page.items else None

    async def mark_one(self, recipient: str, id: str, key: str, until: datetime) -> None:
        """Mark a notice as read, as long as it is as it was seen: a digest that grew has another key."""
        seen = {**_unread(recipient), "key": key}
        with suppress(StaleWrite):
            await self._database.save(Change().update(Notice, id, _read(until), expecting=seen))

    async def mark_up_to(self, recipient: str, key: str, until: datetime) -> None:
        """Mark all that are not newer than `key` as read, some at a time; they are as they were seen, too."""
        query = {**_unread(recipient), "key": {"$gte": instant(EARLIEST), "$lte": key}}
        while ids := await self._ids(query, "key"):
            some = {"_id": {"$in": ids}, **query}

            async def mark(session: AsyncClientSession, some: dict[str, Any] = some) -> None:
                await self._collection(Notice).update_many(some, _read(until), session=session)

            await self._database.transact(mark)

    async def delete_kept_enough(self, now: datetime) -> int:
        """Delete some of those that are kept no longer, and answer how many."""
        over = {"until": {"$gte": LONG_AGO, "$lt": now}}
        ids = await self._ids(over, "until")

        async def delete(session: AsyncClientSession) -> int:
            gone = await self._collection(Notice).delete_many({"_id": {"$in": ids}, **over}, session=session)
            return gone.deleted_count

        return await self._database.transact(delete) if ids else 0

    async def _ids(self, query: dict[str, Any], order: str) -> list[str]:
        found = await self._collection(Notice).find(query, {"_id": 1}).sort(order, 1).limit(AT_ONCE).to_list()
        return [raw["_id"] for raw in found]


def _unread(recipient: str) -> dict[str, Any]:
    return {"recipient": recipient, "unread": True}


def _read(until: datetime) -> dict[str, Any]:
    return {"$set": {"unread": False, "until": until}}
