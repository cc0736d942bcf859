"""What an action is judged by, beside the order itself: the rule pack, the calendars, the member units."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from foundation.working_time import Calendar
from identity import duty
from identity.documents import Contact, DutyShift
from workorders.deadlines.packs import RulePack


@dataclass(frozen=True, slots=True)
class Unit:
    """A member unit 成员单位 as the life cycle sees it. `ancestors` is its path, root first, itself last."""

    id: str
    name: str
    ancestors: tuple[str, ...]
    calendar: str | None = None
    """Its own calendar, or None for the city's."""
    abolished: bool = False
    successor: str | None = None
    duty: tuple[DutyShift, ...] = ()
    """Its duty roster 值班表 of today."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Where the dispatch catalogue sends an order, and whether it may go there by itself."""

    lead: str
    co: tuple[str, ...]
    rule: str
    reason: str
    auto_dispatch: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """One rule pack and one city calendar, as an order's intake recorded them, with today's units,
    categories, places and channels."""

    rules: RulePack
    calendar: Calendar
    units: Mapping[str, Unit]
    categories: Mapping[str, tuple[str, ...]]
    """Each category's path, root first, itself last; places likewise."""
    places: Mapping[str, tuple[str, ...]]
    channels: frozenset[str]
    calendars: Mapping[str, Calendar]

    def calendar_of(self, unit: str) -> Calendar:
        """The calendar that a unit's own clocks run by."""
        own = self.units[unit].calendar if unit in self.units else None
        return self.calendars[own] if own is not None else self.calendar

    def heir(self, unit: str) -> str:
        """The unit itself, or whoever has succeeded it meanwhile; the last one known where no successor is named."""
        seen = {unit}
        while (known := self.units.get(unit)) is not None and known.abolished and known.successor:
            unit = known.successor
            if unit in seen:
                break
            seen.add(unit)
        return unit

    def on_duty(self, unit: str, moment: datetime) -> tuple[Contact, ...]:
        """Who is called at that moment, first to last, by the unit's roster of today."""
        known = self.units.get(unit)
        return duty.on_duty(known.duty, moment.astimezone(self.calendar.zone)) if known is not None else ()

    def local_date(self, moment: datetime) -> date:
        return self.calendar.local_date(moment)


class TermsLibrary(Protocol):
    """Keeps every version of the rule packs and calendars that an order was ever taken in under."""

    async def current(self) -> Terms:
        """What an intake goes by now."""
        ...

    async def recorded(self, rules: str, calendar: str) -> Terms:
        """The versions with these hashes, with today's units."""
        ...


class Router(Protocol):
    """The dispatch catalogue 派单目录, handed over by the composition root."""

    async def route(
        self, category: tuple[str, ...], place: tuple[str, ...], on: date, excluding: frozenset[str]
    ) -> Routing | None:
        """Where an order of this category at this place goes on that local day; None if a person has to decide."""
        ...
