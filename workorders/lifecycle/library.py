"""Every version of rule packs and calendars that an order was ever taken in under, and the city as it is today."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from foundation.changes import AlreadyClaimed, Change
from foundation.database import Database
from foundation.documents import Stored
from foundation.working_time import Calendar, CalendarDefinition, shipped_calendar
from identity.repository import Repository as IdentityRepository
from workorders.deadlines.packs import RulePack, shipped_pack
from workorders.lifecycle.terms import Terms, Unit

FRESH_SECONDS = 2.0
"""How long a process goes by what it last read of units, categories, places and the current versions."""


class RulePackVersion(Stored):
    """A rule pack by its hash (`_id`); never changed."""

    pack: dict[str, Any]

    class Settings:
        name = "rule_packs"


class CalendarVersion(Stored):
    """A calendar by its hash (`_id`); never changed."""

    definition: dict[str, Any]

    class Settings:
        name = "calendars"


class CurrentTerms(Stored):
    """What intakes go by now: one document."""

    rules: str
    calendar: str
    named_calendars: dict[str, str] = {}
    """Calendars that units name, by name."""

    class Settings:
        name = "current_terms"


CURRENT = "current"


class NoTerms(Exception):
    """The database holds no rule pack and calendar yet: `zhengtong migrate` puts them there."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    current: Terms
    read_at: float


class StoredTerms:
    """Reads versions once, for they never change, and the city again every two seconds."""

    def __init__(self, database: Database, identity: IdentityRepository) -> None:
        self._database, self._identity = database, identity
        self._packs: dict[str, RulePack] = {}
        self._calendars: dict[str, Calendar] = {}
        self._snapshot: _Snapshot | None = None

    async def current(self) -> Terms:
        """What an intake goes by now. Raises `NoTerms` in a database that was never prepared."""
        snapshot = self._snapshot
        if snapshot is None or time.monotonic() - snapshot.read_at > FRESH_SECONDS:
            snapshot = _Snapshot(await self._read(), time.monotonic())
            self._snapshot = snapshot
        return snapshot.current

    async def recorded(self, rules: str, calendar: str) -> Terms:
        """The versions with these hashes, with today's city. Raises `NoTerms` for a hash that was never stored."""
        current = await self.current()
        if (current.rules.id, current.calendar.id) == (rules, calendar):
            return current
        return replace(current, rules=await self._pack(rules), calendar=await self._calendar(calendar))

    async def publish(self, rules: RulePack, calendar: Calendar, named: Mapping[str, Calendar]) -> None:
        """Store these versions, and let intakes go by them from now on; orders keep those they were taken in by."""
        await self._store(RulePackVersion(_id=rules.id, pack=rules.model_dump(mode="json")))
        for version in (calendar, *named.values()):
            await self._store(
                CalendarVersion(_id=version.id, definition=version.definition.model_dump(mode="json", by_alias=True))
            )
        names = {name: each.id for name, each in named.items()}
        change = Change().put(CurrentTerms(_id=CURRENT, rules=rules.id, calendar=calendar.id, named_calendars=names))
        await self._database.save(change)
        self._snapshot = None

    async def publish_shipped(self) -> None:
        """Publish what comes with the program, unless something was published before."""
        if await self._database.get(CurrentTerms, CURRENT) is None:
            await self.publish(
                shipped_pack(), shipped_calendar("cn"), {name: shipped_calendar(name) for name in ("cn", "24x7")}
            )

    async def _store(self, version: RulePackVersion | CalendarVersion) -> None:
        try:
            await self._database.save(Change().insert(version))
        except AlreadyClaimed:
            return

    async def _read(self) -> Terms:
        current = await self._database.get(CurrentTerms, CURRENT)
        if current is None:
            raise NoTerms
        units = await self._identity.units()
        categories = await self._identity.categories()
        places = await self._identity.places()
        channels = await self._identity.channels()
        return Terms(
            rules=await self._pack(current.rules),
            calendar=await self._calendar(current.calendar),
            units={
                unit.id: Unit(
                    id=unit.id,
                    name=unit.name,
                    ancestors=unit.path,
                    calendar=unit.calendar,
                    abolished=unit.abolished_on is not None,
                    successor=unit.successor,
                )
                for unit in units
            },
            categories={each.id: each.path for each in categories},
            places={each.id: each.path for each in places},
            channels=frozenset(each.id for each in channels if not each.retired),
            calendars={name: await self._calendar(id) for name, id in current.named_calendars.items()},
        )

    async def _pack(self, id: str) -> RulePack:
        if id not in self._packs:
            stored = await self._database.get(RulePackVersion, id)
            if stored is None:
                raise NoTerms
            self._packs[id] = RulePack.model_validate(stored.pack)
        return self._packs[id]

    async def _calendar(self, id: str) -> Calendar:
        if id not in self._calendars:
            stored = await self._database.get(CalendarVersion, id)
            if stored is None:
                raise NoTerms
            self._calendars[id] = Calendar(CalendarDefinition.model_validate(stored.definition))
        return self._calendars[id]
