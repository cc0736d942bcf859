"""What the exchange stores."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from pymongo import IndexModel

from foundation.documents import Stored
from identity.actors import Actor, Role


class PlatformKey(BaseModel):
    """A secret that both sides sign with, sealed under the platform's data key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    sealed: bytes
    made_at: datetime
    revoked_at: datetime | None = None


def platform_actor_id(platform: str) -> str:
    """Whose the orders are that a platform handed down: it may read them, and acts under that name."""
    return f"upstream:{platform}"


class Platform(Stored):
    """A platform above 上级平台 that is, or was, connected; `_id` is what its hand-downs name as their source.

    Without a `url` it is told nothing and asks by itself. While keys are being exchanged several are good at once.
    """

    name: str
    url: str | None
    channel: str
    """The channel that its orders come in by."""
    data_key: bytes
    """Wrapped."""
    keys: tuple[PlatformKey, ...]
    connected_at: datetime
    revoked_at: datetime | None = None
    version: int = 1

    class Settings:
        name = "platforms"

    @property
    def good_keys(self) -> tuple[PlatformKey, ...]:
        """Oldest first: that is the one we sign with, for the other side may not have the newer one yet."""
        return tuple(key for key in self.keys if key.revoked_at is None) if self.revoked_at is None else ()

    @property
    def actor(self) -> Actor:
        """The platform as it acts on the orders that it handed down."""
        return Actor(id=platform_actor_id(self.id), roles=frozenset({Role.UPSTREAM}), label=self.name)


class SeenNonce(Stored):
    """`platform|nonce` (`_id`) of an admitted request, with the digest of what was signed."""

    digest: str
    until: datetime

    class Settings:
        name = "exchange_nonces"
        indexes = [IndexModel([("until", 1)], name="until", expireAfterSeconds=0)]


MODELS: tuple[type[Stored], ...] = (Platform, SeenNonce)
