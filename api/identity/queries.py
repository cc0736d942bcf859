"""Queries of who one is, of reference trees, and of people."""

from typing import Annotated

import strawberry

from api.context import Info
from api.fields import resolved
from api.identity.people import Me, Resident, ResidentResult, Residents, ResidentsResult, StaffAccount, StaffResult
from api.identity.trees import Category, Channel, Place, Unit
from api.ids import Kind, local_id, optional_id
from api.problems import Problem
from foundation.errors import InvalidInput
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

    @resolved("Categories right below one; the topmost without it. Retired ones are left out, unless asked for.")
    async def categories(self, info: Info, below: strawberry.ID | None = None, retired: bool = False) -> list[Category]:
        city = await _city(info)
        nodes = city.categories.children(_known(Kind.CATEGORY, below))
        return [Category.of(city, node.id) for node in nodes if retired or not node.retired]

    @resolved("Places right below one; the topmost without it. Retired ones are left out, unless asked for.")
    async def places(self, info: Info, below: strawberry.ID | None = None, retired: bool = False) -> list[Place]:
        city = await _city(info)
        nodes = city.places.children(_known(Kind.PLACE, below))
        return [Place.of(city, node.id) for node in nodes if retired or not node.retired]

    @resolved("The channels that matters come in by. Retired ones are left out, unless asked for.")
    async def channels(self, info: Info, retired: bool = False) -> list[Channel]:
        city = await _city(info)
        return [Channel.of(city, node.id) for node in city.channels if retired or not node.retired]

    @resolved("Residents by exact mobile, name or resident ID, masked, at most 20: for those who answer the phone.")
    async def find_residents(
        self, info: Info, mobile: str | None = None, name: str | None = None, resident_number: str | None = None
    ) -> ResidentsResult:
        context = info.context
        found = await context.services.identity.residents.find(
            context.actor, mobile=mobile, name=name, number=resident_number
        )
        return Residents(residents=[Resident.of(resident) for resident in found])

    @resolved(
        "The staff accounts of one unit, at most 200; without it, of those who belong to none, as at the hotline."
    )
    async def staff_of_unit(self, info: Info, unit: strawberry.ID | None = None) -> StaffListResult:
        context = info.context
        accounts = context.services.identity.staff_accounts
        found = await accounts.of_unit(context.actor, optional_id(Kind.UNIT, unit, "unit"))
        city = await context.city()
        return Staff(accounts=[StaffAccount.of(staff, city) for staff in found])

    @resolved("One staff account, by its id or its login name.")
    async def staff_account(self, info: Info, id: strawberry.ID | None = None, login: str | None = None) -> StaffResult:
        context = info.context
        accounts = context.services.identity.staff_accounts
        if id is not None and login is None:
            staff = await accounts.read(context.actor, local_id(Kind.STAFF, id, "id"))
        elif login is not None and id is None:
            staff = await accounts.by_login(context.actor, login)
        else:
            raise InvalidInput.field("id", "请提供账号标识或登录名中的一项。")
        return StaffAccount.of(staff, await context.city())


async def _city(info: Info) -> Snapshot:
    """The reference trees, for whoever is signed in. Raises `SignInNeeded`, `NotAllowed`."""
    require(info.context.actor, Permission.READ_REFERENCE)
    return await info.context.city()


def _known(kind: Kind, given: strawberry.ID | None) -> str | None:
    return optional_id(kind, given, "below")
