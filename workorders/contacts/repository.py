"""Every query of contacts."""

from collections.abc import Sequence
from datetime import datetime

from foundation.crypto import Keyring
from foundation.database import Database
from foundation.paging import EARLIEST, Page, PageRequest, Span, instant, page_of
from workorders.contacts.documents import END_OF_IDS, ContactDocument, ContactOrder, MaliciousMark

MOST_ORDERS = 100


class ContactRepository:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring

    async def by_id(self, id: str) -> ContactDocument | None:
        return await self._database.get(ContactDocument, id)

    async def orders_on(self, contact: str) -> list[str]:
        """The ids of the orders that hang on a contact: one bounded range of `_id`."""
        bounds = {"$gte": f"{contact}~", "$lt": f"{contact}~{END_OF_IDS}"}
        cursor = self._database.collection(ContactOrder).find({"_id": bounds}).sort("_id", 1).limit(MOST_ORDERS)
        return [raw["order"] for raw in await cursor.to_list()]

    async def orderless_before(self, moment: datetime, most: int) -> dict[str, str]:
        """The contacts recorded before then that no order hangs on, each with its key, the oldest first."""
        bounds = {"$gte": instant(EARLIEST), "$lt": instant(moment)}
        cursor = self._database.collection(ContactDocument).find({"orderless_key": bounds}, {"orderless_key": 1})
        return {raw["_id"]: raw["orderless_key"] for raw in await cursor.sort("orderless_key", 1).limit(most).to_list()}

    async def recorded(self, span: Span, request: PageRequest, now: datetime) -> Page[ContactDocument]:
        """All contacts of a span, newest first."""
        return await self._page({}, span, request, now)

    async def recorded_by(self, staff: str, request: PageRequest, now: datetime) -> Page[ContactDocument]:
        """What one person recorded, newest first."""
        return await self._page({"recorded_by": staff}, Span(), request, now)

    async def of_number(self, e164: str, request: PageRequest, now: datetime) -> Page[ContactDocument]:
        """The contacts of one number, newest first."""
        hashes = self.hashes(e164)
        return await self._page(
            {"phone_hash": hashes[0] if len(hashes) == 1 else {"$in": hashes}}, Span(), request, now
        )

    async def mark(self, hashes: Sequence[str], now: datetime) -> MaliciousMark | None:
        """The mark on a number, unless it has expired."""
        found = await self._database.get_many(MaliciousMark, hashes)
        return next((mark for mark in found.values() if mark.until > now), None)

    def hashes(self, e164: str) -> list[str]:
        """What a number is found by, as orders are too: under the current hash key first, and those before it."""
        return self._keyring.keyed_hashes("phone", e164)

    async def _page(
        self, equal: dict[str, object], span: Span, request: PageRequest, now: datetime
    ) -> Page[ContactDocument]:
        page = await page_of(
            self._database,
            ContactDocument,
            equal,
            "at_key",
            request,
            descending=True,
            around=min(now, span.end),
            span=span,
        )
        return page.map([ContactDocument.load(raw) for raw in page.items])
