"""A small town for the tests of the life cycle: some units, categories and places, somebody for every role."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from foundation.clock import SettableClock
from foundation.crypto import Keyring
from foundation.database import Database
from foundation.events import Event
from foundation.idempotency import IdempotencyKey
from foundation.numbers import NumberCounter, Numbers
from foundation.outbox import Lease, OutboxRow
from foundation.timers import Timer
from foundation.working_time import Calendar, shipped_calendar
from identity.actors import Actor, Role
from identity.documents import Contact, DutyShift
from workorders.deadlines.packs import RulePack, shipped_pack
from workorders.deadlines.values import Kind
from workorders.lifecycle.documents import (
    AppealDesk,
    NumberClaim,
    OrderDocument,
    PhoneDesk,
    RequestDesk,
    SupervisionDesk,
    UnitDesk,
    UpstreamClaim,
    UpstreamDesk,
)
from workorders.lifecycle.intake import Report
from workorders.lifecycle.office import Office
from workorders.lifecycle.repository import OrderRepository
from workorders.lifecycle.terms import Routing, Terms, Unit

MODELS = (
    OrderDocument,
    NumberClaim,
    UpstreamClaim,
    UpstreamDesk,
    UnitDesk,
    RequestDesk,
    SupervisionDesk,
    PhoneDesk,
    AppealDesk,
    Event,
    OutboxRow,
    Lease,
    Timer,
    IdempotencyKey,
    NumberCounter,
)

MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
"""09:00 on a working Monday in Shanghai."""

ZHAO = Contact(name="赵一", phone="13900000001", post="值班科长")
QIAN = Contact(name="钱二", phone="13900000002")
SUN = Contact(name="孙三", phone="13900000003", post="带班领导")
WATER_DUTY = (
    DutyShift(days=(1, 2, 3, 4, 5), start="08:00", end="18:00", members=(ZHAO, QIAN)),
    DutyShift(start="18:00", end="08:00", members=(QIAN,)),
    DutyShift(members=(SUN,)),
)
"""By day 赵一, 钱二 and 孙三 are called; by night 钱二 and 孙三; at weekends, by day, 孙三 alone."""

UNITS = {
    unit.id: unit
    for unit in (
        Unit("city", "市政府", ("city",)),
        Unit("water", "市水务局", ("city", "water"), duty=WATER_DUTY),
        Unit("water-east", "水务局东区所", ("city", "water", "water-east")),
        Unit("water-east-2", "东区所二班", ("city", "water", "water-east", "water-east-2")),
        Unit("heating", "市供热办", ("city", "heating"), duty=(DutyShift(members=(SUN,)),)),
        Unit("police", "市公安局", ("city", "police")),
        Unit("gone", "原市政局", ("city", "gone"), abolished=True, successor="water"),
    )
}


def staff(name: str, *roles: Role, unit: str | None = None) -> Actor:
    return Actor(
        id=f"staff:{name}",
        roles=frozenset(roles),
        unit_id=unit,
        unit_path=UNITS[unit].ancestors if unit else (),
        label=name,
    )


CITIZEN = Actor(id="resident:zhang", roles=frozenset({Role.CITIZEN}), resident_id="zhang")
STRANGER = Actor(id="resident:li", roles=frozenset({Role.CITIZEN}), resident_id="li")
DEVICE = Actor(id="device:d1", roles=frozenset({Role.ANONYMOUS_DEVICE}))
UPSTREAM = Actor(id="upstream:province", roles=frozenset({Role.UPSTREAM}))
OPERATOR = staff("operator", Role.OPERATOR)
DISPATCHER = staff("dispatcher", Role.DISPATCHER)
CHIEF = staff("chief", Role.CHIEF_DISPATCHER)
REVIEWER = staff("reviewer", Role.REVIEWER)
CALLER = staff("caller", Role.CALLBACK_AGENT)
SUPERVISOR = staff("supervisor", Role.SUPERVISOR)
LEADER = staff("leader", Role.LEADERSHIP)
WATER = staff("water", Role.UNIT_CLERK, unit="water")
WATER_HEAD = staff("water-head", Role.UNIT_HEAD, unit="water")
EAST = staff("east", Role.UNIT_CLERK, unit="water-east")
HEATING = staff("heating", Role.UNIT_CLERK, unit="heating")
HEATING_HEAD = staff("heating-head", Role.UNIT_HEAD, unit="heating")
POLICE = staff("police", Role.UNIT_CLERK, unit="police")

COMPLAINT = Report(
    channel="app",
    kind=Kind.COMPLAINT,
    category="leak",
    place="street",
    title="小区门口水管漏水",
    detail="昨晚开始一直漏，路面已经结冰，老人出门很不方便。",
    name="张三",
    phone="13800138000",
    address="东街1号",
)


def clerk_of(unit: str) -> Actor:
    """The clerk 承办员 of any unit."""
    return staff(f"{unit}-clerk", Role.UNIT_CLERK, unit=unit)


def head_of(unit: str) -> Actor:
    """The head 审核人 of any unit."""
    return staff(f"{unit}-head", Role.UNIT_HEAD, unit=unit)


KEYRING = Keyring.from_settings(f"k1:{'A' * 43}=", f"h1:{'B' * 43}=")
"""The same in every process of a test."""


@dataclass
class Town:
    """The office of the town, with what a test may turn: clock, rules, routing."""

    database: Database
    clock: SettableClock
    rules: RulePack
    routing: Routing | None = None
    units: dict[str, Unit] | None = None
    calendars: tuple[Calendar, ...] = (shipped_calendar("cn"),)
    """All versions of the city's calendar; the last one is that of today."""
    keyring: Keyring = KEYRING

    def __post_init__(self) -> None:
        self.office = Office(
            database=self.database,
            clock=self.clock,
            keyring=self.keyring,
            library=self,
            router=self,
            numbers=Numbers(self.database, "orders"),
            orders=OrderRepository(self.database),
        )

    async def current(self) -> Terms:
        return self.terms()

    async def recorded(self, rules: str, calendar: str) -> Terms:
        assert rules == self.rules.id
        (version,) = {each for each in self.calendars if each.id == calendar}
        return replace(self.terms(), calendar=version)

    async def route(
        self, category: tuple[str, ...], place: tuple[str, ...], on: date, excluding: frozenset[str]
    ) -> Routing | None:
        return self.routing

    def switch(self, **switches: bool) -> None:
        changed = self.rules.switches.model_copy(update=switches)
        self.rules = self.rules.model_copy(update={"switches": changed})

    def cap(self, **caps: int) -> None:
        changed = self.rules.caps.model_copy(update=caps)
        self.rules = self.rules.model_copy(update={"caps": changed})

    def terms(self) -> Terms:
        return Terms(
            rules=self.rules,
            calendar=self.calendars[-1],
            units=self.units or UNITS,
            categories={"leak": ("water", "leak"), "water": ("water",)},
            places={"street": ("town", "street"), "town": ("town",)},
            channels=frozenset({"app", "phone", "upstream"}),
            calendars={"24x7": shipped_calendar("24x7")},
        )


def abolish(town: Town, unit: str, successor: str | None) -> None:
    town.units = {**UNITS, unit: replace(UNITS[unit], abolished=True, successor=successor)}


def correct_the_calendar(town: Town, *days_off: date) -> None:
    """From now on these days are closed too, and no others beside the shipped ones."""
    definition = shipped_calendar("cn").definition
    closed = definition.holidays | frozenset(days_off) - definition.working_days
    town.calendars = (*town.calendars, Calendar(definition.model_copy(update={"holidays": closed})))


def new_town(database: Database) -> Town:
    return Town(database, SettableClock(MONDAY), shipped_pack())
