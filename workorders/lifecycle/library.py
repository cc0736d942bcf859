"""Every version of rule packs and calendars that an order was ever taken in under, and the city as it is today."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from foundation.changes import AlreadyClaimed, Change
from foundation.database import Database
from foundation.documents import Stored
from foundation.working_time import Calendar, CalendarDefinition, shipped_calendar
from identity.directory import Directory, Snapshot
from identity.documents import Unit as UnitDocument
from workorders.deadlines.packs import RulePack, shipped_pack
from workorders.lifecycle.terms import Terms, Unit


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


class PublishedCalendars:
    """The calendars that units may name. Satisfies identity's `Calendars`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def names(self) -> Collection[str]:
        current = await self._database.get(CurrentTerms, CURRENT)
        return frozenset(current.named_calendars if current else ())


class NoTerms(Exception):
    """The database holds no rule pack and calendar yet: `zhengtong migrate` puts them there."""


class StoredTerms:
    """Reads versions once, for they never change; what is current, as often as the directory reads the city."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database, self._directory = database, directory
        self._packs: dict[str, RulePack] = {}
        self._calendars: dict[str, Calendar] = {}
        self._read: tuple[Snapshot, Terms] | None = None

    async def current(self) -> Terms:
        """What an intake goes by now. Raises `NoTerms` in a database that was never prepared."""
        snapshot = await self._directory.snapshot()
        if self._read is None or self._read[0] is not snapshot:
            self._read = snapshot, await self._terms(snapshot)
        return self._read[1]

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
        self._directory.forget()

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

    async def _terms(self, snapshot: Snapshot) -> Terms:
        current = await self._database.get(CurrentTerms, CURRENT)
        if current is None:
            raise NoTerms
        return Terms(
            rules=await self._pack(current.rules),
            calendar=await self._calendar(current.calendar),
            units={unit.id: _unit(snapshot, unit) for unit in snapshot.units},
            categories={each.id: each.path for each in snapshot.categories},
            places={each.id: each.path for each in snapshot.places},
            channels=frozenset(each.id for each in snapshot.channels if not each.retired),
            calendars={name: await self._calendar(id) for name, id in current.named_calendars.items()},
        )

    async def _pack(self, id: str) -> RulePack:
        if id not in self._packs:
            stored = await self._database.get(RulePackVersion, id)
            if stored is None:
                raise NoTerms
            self._packs[id] = RulePack.recorded(stored.pack, id)
        return self._packs[id]

    async def _calendar(self, id: str) -> Calendar:
        if id not in self._calendars:
            stored = await self._database.get(CalendarVersion, id)
            if stored is None:
                raise NoTerms
            self._calendars[id] = Calendar(CalendarDefinition.model_validate(stored.definition))
        return self._calendars[id]


def _unit(snapshot: Snapshot, unit: UnitDocument) -> Unit:
    return Unit(
        id=unit.id,
        name=unit.name,
        ancestors=unit.path,
        calendar=snapshot.calendar(unit.id),
        abolished=unit.abolished_on is not None,
        successor=unit.successor,
        duty=unit.duty,
    )
