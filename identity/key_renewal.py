"""Renewing keys 密钥轮换: after a rotation, data keys are wrapped and hashes made anew under the current keys.

Sealed texts stay as they are: their data keys do not change. When nothing is left to renew, the old keys can be taken
out of the settings.
"""

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.crypto import Keyring
from identity.documents import CLAIMED, PersonalField, Resident, ResidentClaim
from identity.repository import Repository
from identity.residents import Personal
from identity.subjects import RESIDENT


class KeyRenewal:
    """Walks all residents, a sixty-fourth at a time."""

    def __init__(self, repository: Repository, personal: Personal, keyring: Keyring) -> None:
        self._repository, self._personal, self._keyring = repository, personal, keyring

    async def run(self) -> int:
        """Renew whatever is not under the current keys; answers how many residents. Safe to break off and repeat, and
        to run beside everything else: who changes meanwhile is found the next time.

        Raises UnknownKey where an old key was taken out too early.
        """
        renewed = 0
        async for resident in self._repository.every_resident(RESIDENT):
            renewed += await self._renew(resident)
        return renewed

    async def _renew(self, resident: Resident) -> bool:
        if resident.data_key is None:
            return False
        clear = self._personal.opened(resident)
        wrapped = self._keyring.rewrap(resident.data_key)
        claims = tuple(self._personal.claim(field, clear[field]) for field in clear if field in CLAIMED)
        name = clear.get(PersonalField.NAME)
        fresh = resident.changed(
            data_key=wrapped,
            claims=claims,
            name_hash=self._personal.name_hashes(name)[0] if name else None,
        )
        if (fresh.data_key, set(fresh.claims), fresh.name_hash) == (
            resident.data_key,
            set(resident.claims),
            resident.name_hash,
        ):
            return False
        change = Change()
        for old in set(resident.claims) - set(claims):
            change.delete(ResidentClaim, old, expecting={"resident": resident.id})
        for new in set(claims) - set(resident.claims):
            change.insert(ResidentClaim(_id=new, resident=resident.id))
        change.replace(fresh.changed(version=resident.version + 1), expecting={"version": resident.version})
        try:
            await self._repository.save(change)
        except (StaleWrite, AlreadyClaimed):
            return False
        return True
