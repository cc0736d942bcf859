"""A resident's files: listed in the export, gone with the orders that are erased."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from foundation.crypto import Keyring
from foundation.database import Database
from identity.actors import Actor, Role
from identity.personal_data import Retained
from workorders.attachments.erasing import erase_order, erase_uploads
from workorders.attachments.reading import files_of
from workorders.lifecycle.personal import MOST
from workorders.lifecycle.repository import OrderRepository


class AttachmentPersonalData:
    """Satisfies identity's `PersonalDataHolder`. It stands behind the holder of orders: files follow their orders."""

    name = "attachments"

    def __init__(self, database: Database, keyring: Keyring, orders: OrderRepository) -> None:
        self._database, self._keyring, self._orders = database, keyring, orders

    async def export_of(self, resident: str) -> Sequence[Mapping[str, Any]]:
        """The files that the resident sees on own orders, without their contents, which are downloaded one by one."""
        reader = Actor(id=resident, roles=frozenset({Role.CITIZEN}), resident_id=resident)
        orders = await self._orders.reported_by(resident, MOST)
        files = await files_of(self._database, self._keyring, reader, orders)
        return [
            {
                "order": order.order.number,
                "file": file.id,
                "name": file.name,
                "type": file.media_type,
                "bytes": file.size,
                "time": file.at.isoformat(),
            }
            for order in orders
            for file in files[order.id]
        ]

    async def retained_of(self, resident: str, now: datetime) -> Sequence[Retained]:
        """None of its own: a file is kept for its order, which the orders' holder names."""
        return []

    async def erase_of(self, resident: str, now: datetime) -> int:
        """Delete the files of erased orders, and what the resident did not attach."""
        orders = await self._orders.reported_by(resident, MOST)
        erased = [await erase_order(self._database, order.id, now) for order in orders if order.data_key is None]
        return sum(erased) + await erase_uploads(self._database, resident, now)
