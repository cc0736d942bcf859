"""Who a signed request comes from, and that it comes for the first time or as itself again."""

import hashlib
from datetime import timedelta

from foundation.changes import AlreadyClaimed, Change
from foundation.clock import Clock, kept_until
from foundation.crypto import Keyring
from foundation.database import Database
from workorders.exchange.documents import Platform, SeenNonce
from workorders.exchange.errors import NonceReused, SignatureRefused
from workorders.exchange.platforms import secret_of
from workorders.exchange.signing import WINDOW, SignedRequest

KEPT = 2 * WINDOW + timedelta(minutes=5)
"""A request is fresh for at most twice the window."""


class Gate:
    """Admits requests that a connected platform signed."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock) -> None:
        self._database, self._keyring, self._clock = database, keyring, clock

    async def admit(self, request: SignedRequest, signature: str, *, repeatable: bool) -> Platform:
        """The platform that signed it. The very same request may come again where it is `repeatable`: its request id
        then answers what it did. A nonce under anything else is refused.

        Raises `RequestStale`, `SignatureRefused`, `NonceReused`.
        """
        now = self._clock.now()
        request.check_fresh(now)
        platform = await self._database.get(Platform, request.platform)
        key = next((key for key in platform.good_keys if key.id == request.key), None) if platform else None
        if platform is None or key is None or not request.fits(secret_of(self._keyring, platform, key), signature):
            raise SignatureRefused
        digest = hashlib.sha256(request.content).hexdigest()
        until = kept_until(now, KEPT)
        nonce = SeenNonce(_id=f"{platform.id}|{request.nonce}", digest=digest, until=until)
        try:
            await self._database.save(Change().insert(nonce))
        except AlreadyClaimed:
            earlier = await self._database.get(SeenNonce, nonce.id)
            if not repeatable or earlier is None or earlier.digest != digest:
                raise NonceReused from None
        return platform
