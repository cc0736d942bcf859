"""Every query of attachments. Reads that answer to a person are in `reading.py`, each naming its reader."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from foundation.database import Database
from workorders.attachments.documents import Attachment, Upload

MOST_ON_ORDER = 500
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)


class AttachmentRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def upload(self, id: str) -> Upload | None:
        return await self._database.get(Upload, id)

    async def attachment(self, id: str) -> Attachment | None:
        return await self._database.get(Attachment, id)

    async def own_ready(self, owner: str, ids: Sequence[str]) -> dict[str, Upload]:
        """Those of an action's files that are this owner's, whole and unattached, by id."""
        found = await self._database.get_many(Upload, ids)
        return {id: upload for id, upload in found.items() if upload.owner == owner and upload.ready}

    async def taken(self, owner: str, ids: Sequence[str]) -> bool:
        """Whether one of these files of this owner is on an order already."""
        found = await self._database.get_many(Attachment, ids)
        return any(file.owner == owner for file in found.values())

    async def on_order(self, order: str) -> list[Attachment]:
        """An order's files in the order of time, its first MOST_ON_ORDER."""
        query = {"order": order, "filed.at": {"$gte": LONG_AGO, "$lt": FAR}}
        cursor = self._database.collection(Attachment).find(query).sort("filed.at", 1).limit(MOST_ON_ORDER)
        return [Attachment.load(raw) for raw in await cursor.to_list()]

    async def on_orders(self, orders: Iterable[str]) -> dict[str, list[Attachment]]:
        """The same for a page's worth of orders, by order."""
        found: dict[str, list[Attachment]] = {order: [] for order in orders}
        cursor = self._database.collection(Attachment).find({"order": {"$in": list(found)}})
        for file in map(Attachment.load, await cursor.to_list()):
            found[file.order].append(file)
        return {order: sorted(files, key=lambda file: (file.filed.at, file.id)) for order, files in found.items()}

    async def uploads_before(self, moment: datetime, most: int) -> list[Upload]:
        """The oldest uploads made before a moment."""
        query = {"at": {"$gte": LONG_AGO, "$lt": moment}}
        cursor = self._database.collection(Upload).find(query).sort("at", 1).limit(most)
        return [Upload.load(raw) for raw in await cursor.to_list()]

    async def uploads_of(self, owner: str, most: int) -> list[Upload]:
        """An owner's oldest uploads."""
        query = {"owner": owner, "at": {"$gte": LONG_AGO, "$lt": FAR}}
        cursor = self._database.collection(Upload).find(query).sort("at", 1).limit(most)
        return [Upload.load(raw) for raw in await cursor.to_list()]
