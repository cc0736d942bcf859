"""Member units 成员单位 for those who work with their people, and keeping them, for administrators."""

from datetime import date, datetime
from typing import Annotated, Self

import strawberry

from api.context import Context, Info
from api.fields import KEY, resolved
from api.identity.trees import Category, Place, Unit
from api.ids import Kind, local_id, local_ids, optional_id
from api.problems import Problem
from identity import documents
from identity.duty import on_duty
from identity.units import UnitDetails


@strawberry.type(description="Somebody of a unit who can be reached at work 联系人.")
class UnitContact:
    name: str
    phone: str
    post: str = strawberry.field(description="职务; may be empty.")

    @classmethod
    def of(cls, contact: documents.Contact) -> Self:
        return cls(name=contact.name, phone=contact.phone, post=contact.post)


@strawberry.type(description="A shift of the duty roster 值班表, in local time.")
class DutyShift:
    days: list[int] = strawberry.field(description="1 Monday to 7 Sunday, on which it starts.")
    start: str
    end: str = strawberry.field(description="On the next day where it is at or before the start.")
    members: list[UnitContact] = strawberry.field(description="Who is called, in this order.")

    @classmethod
    def of(cls, shift: documents.DutyShift) -> Self:
        members = [UnitContact.of(member) for member in shift.members]
        return cls(days=list(shift.days), start=shift.start, end=shift.end, members=members)


@strawberry.type(description="All that is kept of a unit 单位档案, for those who may know its people.")
class UnitRecord:
    unit: Unit
    calendar: str | None = strawberry.field(description="Its own working calendar 工作日历; null for the one above it.")
    contacts: list[UnitContact]
    duty: list[DutyShift]
    on_duty: list[UnitContact] = strawberry.field(description="Who is called now, in this order 当前值班.")
    categories: list[Category] = strawberry.field(description="What it answers for.")
    places: list[Place] = strawberry.field(description="Where; everywhere if there is none.")
    abolished_on: date | None
    successor: Unit | None = strawberry.field(description="Who took over from an abolished one 承接单位.")


UnitResult = Annotated[
    UnitRecord | Problem, strawberry.union("UnitResult", description="A unit's record, or why there is none.")
]


async def record_of(context: Context, unit: documents.Unit) -> UnitRecord:
    city = await context.city()
    local: datetime = context.services.clock.now().astimezone(context.zone)
    return UnitRecord(
        unit=Unit.of(city, unit.id),
        calendar=unit.calendar,
        contacts=[UnitContact.of(contact) for contact in unit.contacts],
        duty=[DutyShift.of(shift) for shift in unit.duty],
        on_duty=[UnitContact.of(contact) for contact in on_duty(unit.duty, local)],
        categories=[Category.of(city, id) for id in unit.categories],
        places=[Place.of(city, id) for id in unit.places],
        abolished_on=date.fromisoformat(unit.abolished_on) if unit.abolished_on else None,
        successor=Unit.of(city, unit.successor) if unit.successor else None,
    )


@strawberry.input
class UnitContactInput:
    name: str
    phone: str
    post: str = ""

    def part(self) -> documents.Contact:
        return documents.Contact(name=self.name, phone=self.phone, post=self.post)


@strawberry.input(description="A shift, in local time; round the clock every day unless it says less.")
class DutyShiftInput:
    days: list[int] = strawberry.field(
        default_factory=lambda: [1, 2, 3, 4, 5, 6, 7], description="1 Monday to 7 Sunday."
    )
    start: str = strawberry.field(default="00:00", description="`HH:MM`.")
    end: str = strawberry.field(default="24:00", description="On the next day where it is at or before the start.")
    members: list[UnitContactInput]

    def part(self) -> documents.DutyShift:
        members = tuple(member.part() for member in self.members)
        return documents.DutyShift(days=tuple(self.days), start=self.start, end=self.end, members=members)


@strawberry.input
class CreateUnitInput:
    idempotency_key: str = KEY
    id: str = strawberry.field(
        description="Its own for good: 1 to 40 of a-z, 0-9, `.`, `_`, `-`; `water` is `unit:water`."
    )
    name: str
    parent: strawberry.ID | None = strawberry.field(default=None, description="A topmost unit without it.")
    calendar: str | None = None
    contacts: list[UnitContactInput] | None = None
    duty: list[DutyShiftInput] | None = None
    categories: list[strawberry.ID] | None = None
    places: list[strawberry.ID] | None = None


@strawberry.input(description="What is left out stays as it is; an empty list clears.")
class ChangeUnitInput:
    unit: strawberry.ID
    idempotency_key: str = KEY
    name: str | None = None
    calendar: str | None = strawberry.field(default=None, description="By its name; empty for the one above it.")
    contacts: list[UnitContactInput] | None = None
    duty: list[DutyShiftInput] | None = None
    categories: list[strawberry.ID] | None = None
    places: list[strawberry.ID] | None = None


@strawberry.input
class MoveUnitInput:
    unit: strawberry.ID
    idempotency_key: str = KEY
    parent: strawberry.ID | None = strawberry.field(default=None, description="To the top without it.")


@strawberry.input
class AbolishUnitInput:
    unit: strawberry.ID
    idempotency_key: str = KEY
    successor: strawberry.ID = strawberry.field(description="Takes over what is open.")


def _details(input: CreateUnitInput | ChangeUnitInput) -> UnitDetails:
    return UnitDetails(
        calendar=input.calendar,
        contacts=None if input.contacts is None else [contact.part() for contact in input.contacts],
        duty=None if input.duty is None else [shift.part() for shift in input.duty],
        categories=None if input.categories is None else local_ids(Kind.CATEGORY, input.categories, "categories"),
        places=None if input.places is None else local_ids(Kind.PLACE, input.places, "places"),
    )


@strawberry.type
class UnitQueries:
    @resolved(
        "A unit with its contacts and duty roster, for the hotline, leadership, administrators and its own people."
    )
    async def unit(self, info: Info, id: strawberry.ID) -> UnitResult:
        context = info.context
        unit = await context.services.identity.units.read(context.actor, local_id(Kind.UNIT, id, "id"))
        return await record_of(context, unit)


@strawberry.type
class UnitMutations:
    @resolved("Make a unit.")
    async def create_unit(self, info: Info, input: CreateUnitInput) -> UnitResult:
        context = info.context
        unit = await context.services.identity.units.create(
            context.actor,
            input.id,
            input.name,
            optional_id(Kind.UNIT, input.parent, "parent"),
            _details(input),
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return await record_of(context, unit)

    @resolved("Change what is given of a unit that stands.")
    async def change_unit(self, info: Info, input: ChangeUnitInput) -> UnitResult:
        context = info.context
        unit = await context.services.identity.units.change(
            context.actor,
            local_id(Kind.UNIT, input.unit, "unit"),
            name=input.name,
            details=_details(input),
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return await record_of(context, unit)

    @resolved("Hang a unit, with all below it, under another; what is closed stays under the old one.")
    async def move_unit(self, info: Info, input: MoveUnitInput) -> UnitResult:
        context = info.context
        unit = await context.services.identity.units.move(
            context.actor,
            documents.Unit,
            local_id(Kind.UNIT, input.unit, "unit"),
            optional_id(Kind.UNIT, input.parent, "parent"),
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return await record_of(context, unit)

    @resolved("撤销 a unit as of today; its successor takes over. Units below it have to go, or to be moved, first.")
    async def abolish_unit(self, info: Info, input: AbolishUnitInput) -> UnitResult:
        context = info.context
        unit = await context.services.identity.units.abolish(
            context.actor,
            local_id(Kind.UNIT, input.unit, "unit"),
            local_id(Kind.UNIT, input.successor, "successor"),
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return await record_of(context, unit)
