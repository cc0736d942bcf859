"""Who asks, from where, when: the context of one request."""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import strawberry

from api.services import Services
from api.workorders.changes import Changes
from api.workorders.screens import Screens
from foundation.errors import Unauthenticated
from foundation.idempotency import Once
from identity.actors import Actor
from identity.directory import Snapshot
from identity.sessions import Origin


class SignInNeeded(Exception):
    """Nobody is signed in, or not any more: told in GraphQL's `errors`, not as a `Problem`."""

    def __init__(self, cause: Unauthenticated) -> None:
        super().__init__(cause.message)
        self.code, self.message = cause.code, cause.message


@dataclass(slots=True)
class Context:
    """One request, or one connection of a WebSocket."""

    services: Services
    changes: Changes
    screens: Screens
    request_id: str
    origin: Origin
    token: str | None
    caller: Actor | Unauthenticated | None = None
    """Who the token speaks for, or why for nobody; settled before the operation runs."""
    connection_params: dict[str, object] | None = None
    """What a WebSocket's client sent with its `connection_init`."""
    codes: list[str] = field(default_factory=list)
    """Codes of problems and errors, for the log."""

    def for_log(self) -> dict[str, object]:
        """What the log may tell of the request: no personal data."""
        caller = self.caller
        kind = caller.id.partition(":")[0] if isinstance(caller, Actor) else "nobody"
        return {"caller": caller.id if isinstance(caller, Actor) and kind == "staff" else kind, "codes": self.codes}

    @property
    def actor(self) -> Actor:
        """Whoever is signed in. Raises `SignInNeeded`."""
        if isinstance(self.caller, Actor):
            return self.caller
        raise SignInNeeded(self.caller or Unauthenticated())

    async def authenticate(self) -> None:
        """Settle who asks; a token that is no good matters only to what needs one."""
        if self.token is None:
            self.caller = None
            return
        try:
            self.caller = await self.services.identity.sessions.authenticate(self.token)
        except Unauthenticated as error:
            self.caller = error

    @property
    def zone(self) -> ZoneInfo:
        """The city's."""
        return ZoneInfo(self.services.settings.zone)

    async def city(self) -> Snapshot:
        """Units, categories, places and channels, a few seconds old at most."""
        return await self.services.identity.directory.snapshot()

    def once(self, operation: str, key: str, given: object, *, leaving_out: str | None = None) -> Once:
        """This request under the actor's own key; a secret is left out of what is remembered.

        Raises `InvalidInput`, `SignInNeeded`.
        """
        content = {name: value for name, value in vars(given).items() if name not in ("idempotency_key", leaving_out)}
        return Once.of(self.actor.id, key, operation, content)


Info = strawberry.Info[Context, None]
