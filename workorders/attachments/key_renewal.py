"""Renewing the keys of files 密钥轮换: the data key of each is wrapped anew, its content stays as it is."""

from foundation.changes import Change, StaleWrite
from foundation.crypto import Keyring
from foundation.database import Database
from foundation.walking import by_first_character
from workorders.attachments.documents import Attachment, Upload


class AttachmentKeyRenewal:
    """Walks all files, attached and not, a sixty-fourth of them at a time."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring

    async def run(self) -> int:
        """Renew whatever is not under the current keys; answers how many files. Safe to break off and repeat.

        Raises UnknownKey where an old key was taken out too early.
        """
        renewed = 0
        for model in (Upload, Attachment):
            async for raw in by_first_character(self._database, model):
                renewed += await self._renew(model, raw["_id"], raw["sealed"]["data_key"])
        return renewed

    async def _renew(self, model: type[Upload] | type[Attachment], id: str, wrapped: bytes) -> bool:
        if self._keyring.is_current(wrapped):
            return False
        change = Change().update(
            model,
            id,
            {"$set": {"sealed.data_key": self._keyring.rewrap(wrapped)}},
            expecting={"sealed.data_key": wrapped},
        )
        try:
            await self._database.save(change)
        except StaleWrite:
            return False
        return True
