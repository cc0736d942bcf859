"""Who is signed in, and residents as lists show them."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from api.context import Context
from api.identity.trees import Node, Unit
from api.problems import Problem
from identity.actors import Actor, Role
from identity.directory import Snapshot
from identity.documents import Assurance, PersonalField
from identity.residents import MaskedResident
from identity.sessions import Grant
from identity.staff_accounts import StaffSummary

strawberry.enum(Role, name="Role", description="What somebody may be in this city 角色.")
strawberry.enum(Assurance, name="Assurance", description="How well a resident is known: by mobile, by real name 实名.")
strawberry.enum(PersonalField, name="PersonalField", description="Personal data that is sealed, revealed by name.")


@strawberry.type(description="A resident 居民, masked 脱敏; what is not known is null.")
class Resident:
    id: strawberry.ID
    assurance: Assurance
    name: str | None
    mobile: str | None
    resident_number: str | None = strawberry.field(description="居民身份证号")
    citizen_card: str | None = strawberry.field(description="市民卡号")
    created_at: datetime

    @classmethod
    def of(cls, resident: MaskedResident) -> Self:
        return cls(
            id=strawberry.ID(resident.id),
            assurance=resident.assurance,
            name=resident.name or None,
            mobile=resident.mobile or None,
            resident_number=resident.resident_number or None,
            citizen_card=resident.citizen_card or None,
            created_at=resident.created_at,
        )


@strawberry.type(description="Who is signed in.")
class Me:
    id: strawberry.ID
    roles: list[Role]
    label: str = strawberry.field(description="What others are shown.")
    unit: Unit | None

    @classmethod
    def of(cls, actor: Actor, city: Snapshot) -> Self:
        return cls(
            id=strawberry.ID(actor.id),
            roles=sorted(actor.roles),
            label=actor.label,
            unit=Unit.of(city, actor.unit_id) if actor.unit_id else None,
        )


@strawberry.type(description="A staff account as colleagues see it 工作人员账号.")
class StaffAccount(Node):
    login: str
    name: str
    roles: list[Role]
    unit: Unit | None
    active: bool

    @classmethod
    def of(cls, staff: StaffSummary, city: Snapshot) -> Self:
        return cls(
            id=strawberry.ID(staff.id),
            login=staff.login,
            name=staff.name,
            roles=list(staff.roles),
            unit=Unit.of(city, staff.unit) if staff.unit else None,
            active=staff.active,
        )


@strawberry.type(description="Tokens of a session 会话: the access token goes into `Authorization: Bearer …`.")
class SignedIn:
    access_token: str
    access_ends: datetime
    refresh_token: str = strawberry.field(description="For `refreshSession`, once.")
    refresh_ends: datetime
    me: Me


async def signed_in(context: Context, grant: Grant) -> SignedIn:
    return SignedIn(
        access_token=grant.access_token,
        access_ends=grant.access_ends,
        refresh_token=grant.refresh_token,
        refresh_ends=grant.refresh_ends,
        me=Me.of(grant.actor, await context.city()),
    )


@strawberry.type(description="It was done.")
class Done:
    done: bool = True


@strawberry.type
class Residents:
    residents: list[Resident]


SignInResult = Annotated[
    SignedIn | Problem, strawberry.union("SignInResult", description="A session, or why there is none.")
]
DoneResult = Annotated[Done | Problem, strawberry.union("DoneResult", description="Done, or why not.")]
ResidentResult = Annotated[
    Resident | Problem, strawberry.union("ResidentResult", description="A resident, or why there is none.")
]
ResidentsResult = Annotated[
    Residents | Problem, strawberry.union("ResidentsResult", description="Residents, or why there are none.")
]
StaffResult = Annotated[
    StaffAccount | Problem, strawberry.union("StaffResult", description="An account, or why there is none.")
]
