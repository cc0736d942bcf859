"""Queries of who one is, of reference trees, and of people."""

from typing import Annotated

import strawberry

from api.context import Info
from api.fields import resolved
from api.identity.people import Me, Resident, ResidentResult, Residents, ResidentsResult, StaffAccount
from api.identity.trees import Category, Channel, Place, Unit
from api.ids import Kind, local_id, optional_id
from api.problems import Problem
from identity.access import Permission, require
from identity.directory import Snapshot


@strawberry.type
class Staff:
    accounts: list[StaffAccount]


StaffListResult = Annotated[
    Staff | Problem, strawberry.union("StaffListResult", description="Accounts, or why there are none.")
]


@strawberry.type
class IdentityQueries:
    @resolved("Who is signed in; null for nobody.")
    async def me(self, info: Info) -> Me | None:
        context = info.context
        return Me.of(context.actor, await context.city()) if context.token is not None else None

    @resolved("The citizen's own account, masked.")
    async def my_account(self, info: Info) -> ResidentResult:
        context = info.context
        return Resident.of(await context.services.identity.residents.profile(context.actor))

    @resolved("Member units right below one; the topmost without it.")
    async def units(self, info: Info, below: strawberry.ID | None = None) -> list[Unit]:
        city = await _city(info)
        return [Unit.of(city, node.id) for node in city.units.children(_known(Kind.UNIT, below))]

    @resolved("Categories right below one; the topmost without it. Retired ones are left out.")
    async def categories(self, info: Info, below: strawberry.ID | None = None) -> list[Category]:
        city = await _city(info)
        nodes = city.categories.children(_known(Kind.CATEGORY, below))
        return [Category.of(city, node.id) for node in nodes if not node.retired]

    @resolved("Places right below one; the topmost without it. Retired ones are left out.")
    async def places(self, info: Info, below: strawberry.ID | None = None) -> list[Place]:
        city = await _city(info)
        nodes = city.places.children(_known(Kind.PLACE, below))
        return [Place.of(city, node.id) for node in nodes if not node.retired]

    @resolved("The channels that matters come in by. Retired ones are left out.")
    async def channels(self, info: Info) -> list[Channel]:
        city = await _city(info)
        return [Channel.of(city, node.id) for node in city.channels if not node.retired]

    @resolved("Residents by exact mobile, name or resident ID, masked, at most 20: for those who answer the phone.")
    async def find_residents(
        self, info: Info, mobile: str | None = None, name: str | None = None, resident_number: str | None = None
    ) -> ResidentsResult:
        context = info.context
        found = await context.services.identity.residents.find(
            context.actor, mobile=mobile, name=name, number=resident_number
        )
        return Residents(residents=[Resident.of(resident) for resident in found])

    @resolved("The staff accounts of one unit.")
    async def staff_of_unit(self, info: Info, unit: strawberry.ID) -> StaffListResult:
        context = info.context
        found = await context.services.identity.staff_accounts.of_unit(context.actor, local_id(Kind.UNIT, unit, "unit"))
        city = await context.city()
        return Staff(accounts=[StaffAccount.of(staff, city) for staff in found])


async def _city(info: Info) -> Snapshot:
    """The reference trees, for whoever is signed in. Raises `SignInNeeded`, `NotAllowed`."""
    require(info.context.actor, Permission.READ_REFERENCE)
    return await info.context.city()


def _known(kind: Kind, given: strawberry.ID | None) -> str | None:
    return optional_id(kind, given, "below")
