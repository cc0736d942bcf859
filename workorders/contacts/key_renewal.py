"""Renewing the keys of contacts 密钥轮换, as those of orders are (`workorders/lifecycle/key_renewal.py`)."""

from foundation.changes import Change, StaleWrite
from foundation.crypto import Keyring
from foundation.database import Database
from foundation.paging import EARLIEST, LATEST
from foundation.walking import in_windows
from workorders.contacts.documents import ContactDocument
from workorders.contacts.reading import place


class ContactKeyRenewal:
    """Walks all contacts, a day of them at a time."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring

    async def run(self) -> int:
        """Renew whatever is not under the current keys; answers how many contacts. Safe to break off and repeat.

        Raises UnknownKey where an old key was taken out too early.
        """
        renewed = 0
        async for raw in in_windows(self._database, ContactDocument, "at_key", EARLIEST, LATEST):
            renewed += await self._renew(ContactDocument.load(raw))
        return renewed

    async def _renew(self, contact: ContactDocument) -> bool:
        if contact.data_key is None:
            return False
        phone = contact.sealed.get("phone")
        key = self._keyring.unwrap(contact.data_key)
        fresh = contact.changed(
            data_key=self._keyring.rewrap(contact.data_key),
            phone_hash=self._keyring.keyed_hash("phone", key.open(phone, place(contact.id, "phone")))
            if phone
            else None,
        )
        if fresh == contact:
            return False
        fields = {"data_key": fresh.data_key, "phone_hash": fresh.phone_hash}
        change = Change().update(
            ContactDocument, contact.id, {"$set": fields}, expecting={"data_key": contact.data_key}
        )
        try:
            await self._database.save(change)
        except StaleWrite:
            return False
        return True
