"""Renewing the keys of platforms 密钥轮换: their data keys are wrapped under the current key-encryption key.

The secrets that both sides sign with stay as they are.
"""

from foundation.changes import Change, StaleWrite
from foundation.crypto import Keyring
from foundation.database import Database
from workorders.exchange.documents import Platform


class PlatformKeyRenewal:
    """Goes through all platforms; there are few."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring

    async def run(self) -> int:
        """Renew whatever is not under the current key; answers how many platforms. Safe to break off and repeat.

        Raises UnknownKey where an old key was taken out too early.
        """
        renewed = 0
        for raw in await self._database.collection(Platform).find({}).to_list():
            before = Platform.load(raw)
            wrapped = self._keyring.rewrap(before.data_key)
            if wrapped == before.data_key:
                continue
            change = Change().update(
                Platform, before.id, {"$set": {"data_key": wrapped}}, expecting={"data_key": before.data_key}
            )
            try:
                await self._database.save(change)
            except StaleWrite:
                continue
            renewed += 1
        return renewed
