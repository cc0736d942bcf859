"""A resident's contacts: those that own orders hang on, exported and erased with them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from foundation.changes import Change, StaleWrite
from foundation.crypto import Keyring
from foundation.database import Database
from identity.actors import system_actor
from identity.personal_data import Retained
from workorders.contacts.documents import ContactDocument
from workorders.contacts.reading import opened
from workorders.contacts.repository import ContactRepository
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.personal import MOST
from workorders.lifecycle.repository import OrderRepository

READER = system_actor("personal-data")


class ContactPersonalData:
    """Satisfies identity's `PersonalDataHolder`. It stands behind the holder of orders, which they follow."""

    name = "contacts"

    def __init__(self, database: Database, keyring: Keyring, orders: OrderRepository) -> None:
        self._database, self._keyring, self._orders = database, keyring, orders
        self._contacts = ContactRepository(database, keyring)

    async def export_of(self, resident: str) -> Sequence[Mapping[str, Any]]:
        """The contacts that the resident's orders hang on, with the number and what was noted."""
        found = [await self._contacts.by_id(id) for id in await self._named_by(resident)]
        return [
            {
                "time": contact.at.isoformat(),
                "channel": contact.channel,
                "direction": contact.direction,
                "phone": opened(self._keyring, contact, "phone"),
                "note": opened(self._keyring, contact, "note"),
            }
            for contact in found
            if contact is not None
        ]

    async def retained_of(self, resident: str, now: datetime) -> Sequence[Retained]:
        """None of its own: a contact is kept for its orders, which the orders' holder names."""
        return []

    async def erase_of(self, resident: str, now: datetime) -> int:
        """Erase the contacts whose orders are all erased: number, note, key and hash go, the rest stays countable."""
        return sum([await self._erase(id) for id in await self._named_by(resident)])

    async def _erase(self, id: str) -> int:
        contact = await self._contacts.by_id(id)
        if contact is None or contact.data_key is None:
            return 0
        orders = await self._orders.many(READER, await self._contacts.orders_on(id))
        if any(order.data_key is not None for order in orders.values()):
            return 0
        blank: dict[str, object] = {"data_key": None, "phone_hash": None, "sealed": {}}
        change = Change().update(ContactDocument, id, {"$set": blank}, expecting={"data_key": contact.data_key})
        try:
            await self._database.save(change)
        except StaleWrite:
            return 0
        return 1

    async def _named_by(self, resident: str) -> list[str]:
        orders: list[OrderDocument] = await self._orders.reported_by(resident, MOST)
        return list(dict.fromkeys(o.order.contact_record for o in orders if o.order.contact_record is not None))
