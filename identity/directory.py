"""The directory 目录: units, categories, places and channels as trees in memory, as they stood a few seconds ago."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from foundation.clock import Clock
from foundation.trees import Tree
from identity.documents import Category, Channel, Place, Unit
from identity.repository import Repository

KEPT: Final = timedelta(seconds=5)
"""A change of reference data is seen by every process within this time."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All reference trees at one time."""

    units: Tree[Unit]
    categories: Tree[Category]
    places: Tree[Place]
    channels: Tree[Channel]

    def successor(self, unit: str) -> Unit | None:
        """The unit itself, or who took over for an abolished one, over any number of abolitions; None if nobody."""
        seen: set[str] = set()
        found = self.units.get(unit)
        while found is not None and found.abolished_on is not None:
            if found.id in seen or found.successor is None:
                return None
            seen.add(found.id)
            found = self.units.get(found.successor)
        return found

    def calendar(self, unit: str) -> str | None:
        """The name of the unit's calendar: its own, else its nearest ancestor's; None for the city's."""
        for id in reversed(self.units.path(unit)):
            node = self.units.get(id)
            if node is not None and node.calendar is not None:
                return node.calendar
        return None

    def answers_for(self, unit: str, category: str, place: str) -> bool:
        """Whether the unit is named for the category (or one above it) and the place (or one around it); a unit
        that names no place answers for all of them."""
        node = self.units.get(unit)
        if node is None or node.abolished_on is not None:
            return False
        category_fits = not set(self.categories.path(category)).isdisjoint(node.categories)
        place_fits = not node.places or not set(self.places.path(place)).isdisjoint(node.places)
        return category_fits and place_fits


class Directory:
    """Reads the trees at most once in KEPT; cheap to ask on every request."""

    def __init__(self, repository: Repository, clock: Clock) -> None:
        self._repository, self._clock = repository, clock
        self._snapshot: Snapshot | None = None
        self._read_at: datetime | None = None
        self._forgotten = 0
        self._reading = asyncio.Lock()

    async def snapshot(self) -> Snapshot:
        """The trees, at most KEPT old."""
        fresh = self._fresh()
        if fresh is not None:
            return fresh
        async with self._reading:
            fresh = self._fresh()
            if fresh is not None:
                return fresh
            now, forgotten = self._clock.now(), self._forgotten
            units, categories, places, channels = await asyncio.gather(
                self._repository.units(),
                self._repository.categories(),
                self._repository.places(),
                self._repository.channels(),
            )
            self._snapshot = Snapshot(Tree(units), Tree(categories), Tree(places), Tree(channels))
            # What was forgotten during the reading may be older than the change that it was forgotten for.
            self._read_at = now if forgotten == self._forgotten else None
            return self._snapshot

    def forget(self) -> None:
        """Read anew the next time: for the process that changed something itself."""
        self._read_at = None
        self._forgotten += 1

    def _fresh(self) -> Snapshot | None:
        if self._read_at is None or not timedelta(0) <= self._clock.now() - self._read_at < KEPT:
            return None
        return self._snapshot
