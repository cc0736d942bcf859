"""Who holds a role, for those who have something to tell them: as it stood a few seconds ago."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from foundation.clock import Clock
from identity.actors import Role
from identity.directory import KEPT
from identity.repository import Repository

MOST_TOLD: Final = 500
"""Of one role, in the city or in one unit."""


class People:
    """Remembers what it read for a few seconds, so that whoever tells many asks once."""

    def __init__(self, repository: Repository, clock: Clock) -> None:
        self._repository, self._clock = repository, clock
        self._known: dict[tuple[Role, str | None], Sequence[str]] = {}
        self._since: datetime | None = None

    async def of(self, role: Role, unit: str | None) -> Sequence[str]:
        """The actor ids of the active staff with this role: those of one unit, not of units below it, or all."""
        now = self._clock.now()
        if self._since is None or not self._since <= now < self._since + KEPT:
            self._known, self._since = {}, now
        known, asked = self._known, (role, unit)
        if asked not in known:
            known[asked] = tuple(await self._repository.active_in_role(role, unit, MOST_TOLD))
        return known[asked]
