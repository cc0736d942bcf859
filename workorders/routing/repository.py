"""Every query and every conditional write of the dispatch catalogue."""

from dataclasses import dataclass
from datetime import datetime

from foundation.changes import Change
from foundation.database import Database
from identity.documents import Category, Place, TreeNode
from workorders.routing.documents import CATALOGUE, CatalogueVersion, DispatchRule
from workorders.routing.rules import Names

MOST_RULES = 20_000
"""A city's rules, past and present. Matching does not mind more; reading them all at once would."""
MOST_NODES = 20_000


@dataclass(frozen=True, slots=True)
class StoredCatalogue:
    """All rules as of one version; 0 before the first change."""

    version: int
    rules: tuple[DispatchRule, ...]

    def rule(self, id: str) -> DispatchRule | None:
        return next((rule for rule in self.rules if rule.id == id), None)


class CatalogueRepository:
    """Reads and saves the catalogue; whoever calls has checked who reads it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def version(self) -> int:
        """What the catalogue's changes count now: one read by `_id`."""
        head = await self._database.get(CatalogueVersion, CATALOGUE)
        return 0 if head is None else head.version

    async def catalogue(self) -> StoredCatalogue:
        """All rules, at least as new as the version that is named with them."""
        version = await self.version()
        cursor = self._database.collection(DispatchRule).find({}).limit(MOST_RULES)
        return StoredCatalogue(version, tuple(DispatchRule.load(raw) for raw in await cursor.to_list()))

    async def names(self) -> Names:
        """The Chinese names of all categories and places."""
        return Names(await self._names(Category), await self._names(Place))

    async def _names(self, model: type[TreeNode]) -> dict[str, str]:
        cursor = self._database.collection(model).find({}, {"name": 1}).limit(MOST_NODES)
        return {raw["_id"]: raw["name"] for raw in await cursor.to_list()}

    async def save(self, change: Change, since: StoredCatalogue, now: datetime) -> None:
        """Save a change that was judged on `since`. Raises `StaleWrite` or `AlreadyClaimed` if a rival was faster."""
        if since.version == 0:
            change.insert(CatalogueVersion(_id=CATALOGUE, version=1, changed_at=now))
        else:
            change.update(
                CatalogueVersion,
                CATALOGUE,
                {"$set": {"version": since.version + 1, "changed_at": now}},
                expecting={"version": since.version},
            )
        await self._database.save(change)


def ending(change: Change, rule: DispatchRule, last_day: str, why: str) -> None:
    """Give a rule its last day, if it is still as it was read."""
    change.update(
        DispatchRule,
        rule.id,
        {"$set": {"valid_to": last_day, "ended_because": why, "version": rule.version + 1}},
        expecting={"version": rule.version},
    )
