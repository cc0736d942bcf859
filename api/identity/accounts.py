"""Mutations of accounts: a resident's real name and mobile, staff accounts, personal data in clear, export, erasure."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from api.context import Info
from api.fields import resolved
from api.identity.people import Done, DoneResult, Resident, ResidentResult, StaffAccount, StaffResult
from api.ids import Kind, local_id, optional_id
from api.problems import Problem
from identity.actors import Role
from identity.documents import PersonalField


@strawberry.input
class GiveRealNameInput:
    name: str
    resident_number: str | None = strawberry.field(default=None, description="居民身份证号")
    citizen_card: str | None = strawberry.field(default=None, description="市民卡号")


@strawberry.input
class ChangeMobileInput:
    mobile: str
    code: str = strawberry.field(description="As sent to the new mobile by `requestLoginCode`.")


@strawberry.input
class RevealResidentInput:
    resident: strawberry.ID
    fields: list[PersonalField]
    reason: str = strawberry.field(description="4 to 200 characters; audited.")


@strawberry.input
class CreateStaffInput:
    login: str
    name: str
    roles: list[Role]
    password: str
    unit: strawberry.ID | None = None
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="幂等键: the same request sent again, with whatever password, makes no second account.",
    )


@strawberry.input
class ChangeStaffInput:
    staff: strawberry.ID
    name: str | None = None
    roles: list[Role] | None = None
    unit: strawberry.ID | None = None
    active: bool | None = None


@strawberry.input
class ChangeOwnPasswordInput:
    current: str
    password: str


@strawberry.input
class SetStaffPasswordInput:
    staff: strawberry.ID
    password: str


@strawberry.type(description="One field of a resident in clear.")
class RevealedField:
    field: PersonalField
    value: str


@strawberry.type(description="Personal data in clear 查看原文; the reading is audited.")
class Revealed:
    fields: list[RevealedField]


@strawberry.type(description="All that the city keeps about the resident, in clear.")
class Exported:
    content: JSON


@strawberry.type(description="Something that is not erased 依法保留, and why.")
class Retained:
    what: str
    reason: str
    until: date | None


@strawberry.type(description="What came of asking to be erased.")
class Erased:
    account_erased: bool
    retained: list[Retained]


RevealResult = Annotated[Revealed | Problem, strawberry.union("RevealResult", description="In clear, or why not.")]
ExportResult = Annotated[Exported | Problem, strawberry.union("ExportResult", description="The export, or why not.")]
ErasureResult = Annotated[Erased | Problem, strawberry.union("ErasureResult", description="The outcome, or why not.")]


@strawberry.type
class AccountMutations:
    @resolved("实名登记, once: name, and resident ID or citizen card or both.")
    async def give_real_name(self, info: Info, input: GiveRealNameInput) -> ResidentResult:
        context = info.context
        resident = await context.services.identity.residents.give_real_name(
            context.actor, input.name, resident_number=input.resident_number, citizen_card=input.citizen_card
        )
        return Resident.of(resident)

    @resolved("Take another mobile, to which a code was sent; the old one is free from then on.")
    async def change_mobile(self, info: Info, input: ChangeMobileInput) -> ResidentResult:
        context = info.context
        residents = context.services.identity.residents
        return Resident.of(await residents.change_mobile(context.actor, input.mobile, input.code[:20], context.origin))

    @resolved("查看原文: some fields of a resident in clear, with a reason, audited.")
    async def reveal_resident(self, info: Info, input: RevealResidentInput) -> RevealResult:
        context = info.context
        clear = await context.services.identity.personal_data.reveal(
            context.actor, local_id(Kind.RESIDENT, input.resident, "resident"), input.fields, input.reason
        )
        return Revealed(fields=[RevealedField(field=field, value=value) for field, value in clear.items()])

    @resolved("导出: all that the city keeps about the citizen who asks, in clear.")
    async def export_my_data(self, info: Info) -> ExportResult:
        exported = await info.context.services.identity.personal_data.export(info.context.actor)
        return Exported(content=JSON(exported))

    @resolved(
        "删除个人信息: the account and all that no law makes the city keep; what is kept is told with its reason."
    )
    async def erase_my_data(self, info: Info) -> ErasureResult:
        outcome = await info.context.services.identity.personal_data.erase(info.context.actor)
        return Erased(
            account_erased=outcome.account_erased,
            retained=[Retained(what=each.what, reason=each.reason, until=each.until) for each in outcome.retained],
        )

    @resolved("Make a staff account.")
    async def create_staff(self, info: Info, input: CreateStaffInput) -> StaffResult:
        context, key = info.context, input.idempotency_key
        staff = await context.services.identity.staff_accounts.create(
            context.actor,
            input.login,
            input.name,
            input.roles,
            input.password,
            optional_id(Kind.UNIT, input.unit, "unit"),
            once=None if key is None else context.once(info.field_name, key, input, leaving_out="password"),
        )
        return StaffAccount.of(staff, await context.city())

    @resolved("Change what is given; all sessions of the account end.")
    async def change_staff(self, info: Info, input: ChangeStaffInput) -> StaffResult:
        context = info.context
        staff = await context.services.identity.staff_accounts.change(
            context.actor,
            local_id(Kind.STAFF, input.staff, "staff"),
            name=input.name,
            roles=input.roles,
            unit=optional_id(Kind.UNIT, input.unit, "unit"),
            active=input.active,
        )
        return StaffAccount.of(staff, await context.city())

    @resolved("Change one's own password, knowing the current one; all one's sessions end.")
    async def change_own_password(self, info: Info, input: ChangeOwnPasswordInput) -> DoneResult:
        context = info.context
        accounts = context.services.identity.staff_accounts
        await accounts.change_own_password(context.actor, input.current, input.password)
        return Done()

    @resolved("Give an account a new password; all its sessions end.")
    async def set_staff_password(self, info: Info, input: SetStaffPasswordInput) -> DoneResult:
        context = info.context
        staff = local_id(Kind.STAFF, input.staff, "staff")
        await context.services.identity.staff_accounts.set_password(context.actor, staff, input.password)
        return Done()

    @resolved("Forget the failed logins of a staff login name, so that its owner need not wait.")
    async def unlock_staff_login(self, info: Info, login: str) -> DoneResult:
        context = info.context
        await context.services.identity.staff_login.unlock(context.actor, login)
        return Done()
