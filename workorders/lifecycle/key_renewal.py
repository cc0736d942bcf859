"""Renewing the keys of orders 密钥轮换: data keys are wrapped, and keyed hashes made, under the current keys.

Sealed texts, salts and so the chain stay as they are: only what the data key is wrapped with changes.
"""

from foundation.changes import Change, StaleWrite
from foundation.crypto import DataKey, Keyring
from foundation.database import Database
from foundation.paging import EARLIEST, LATEST
from foundation.walking import in_windows
from workorders.lifecycle.documents import OrderDocument


class OrderKeyRenewal:
    """Walks all orders, a day of them at a time."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring

    async def run(self) -> int:
        """Renew whatever is not under the current keys; answers how many orders. Safe to break off and repeat, and to
        run beside everything else: an order that somebody acts on meanwhile is found the next time.

        Raises UnknownKey where an old key was taken out too early.
        """
        renewed = 0
        async for raw in in_windows(self._database, OrderDocument, "received_key", EARLIEST, LATEST):
            renewed += await self._renew(OrderDocument.load(raw))
        return renewed

    async def _renew(self, document: OrderDocument) -> bool:
        if document.data_key is None:
            return False
        key = self._keyring.unwrap(document.data_key)
        fresh = document.changed(
            data_key=self._keyring.rewrap(document.data_key),
            phone_hash=self._hash(document, key, "phone"),
            name_hash=self._hash(document, key, "name"),
        )
        if fresh == document:
            return False
        expecting = {"order.version": document.version, "data_key": document.data_key}
        try:
            await self._database.save(Change().replace(fresh, expecting=expecting))
        except StaleWrite:
            return False
        return True

    def _hash(self, document: OrderDocument, key: DataKey, name: str) -> str | None:
        sealed = document.sealed.get(name)
        return None if sealed is None else self._keyring.keyed_hash(name, key.open(sealed, f"{document.id}:{name}"))
