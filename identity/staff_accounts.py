"""Staff accounts 工作人员账号: made, changed and closed by administrators."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock
from foundation.errors import Busy, InvalidInput, NotFound
from foundation.idempotency import Once
from foundation.ids import new_id
from identity.access import Permission, may_read_staff, require
from identity.actors import STAFF_ROLES, UNIT_ROLES, Actor, Role
from identity.audit import Audited, audited
from identity.documents import LoginClaim, Staff
from identity.errors import LoginTaken, UnitAbolished, WrongLogin
from identity.passwords import Passwords, checked_password
from identity.repository import Repository
from identity.sessions import Sessions
from identity.staff_login import LOGIN, login_form
from identity.subjects import STAFF

TRIES: Final = 8
MOST_LISTED: Final = 200


@dataclass(frozen=True, slots=True)
class StaffSummary:
    """An account as colleagues see it."""

    id: str
    login: str
    name: str
    roles: tuple[Role, ...]
    unit: str | None
    active: bool


def summary_of(staff: Staff) -> StaffSummary:
    return StaffSummary(staff.id, staff.login, staff.name, staff.roles, staff.unit, staff.active)


def checked_roles(roles: Collection[Role], unit: str | None) -> tuple[Role, ...]:
    """Roles that an account may hold: at least one, all of staff, those of a unit only with a unit.

    Raises InvalidInput.
    """
    if not roles or not STAFF_ROLES.issuperset(roles):
        raise InvalidInput.field("roles", "请选择至少一个工作人员角色。")
    if unit is None and not UNIT_ROLES.isdisjoint(roles):
        raise InvalidInput.field("unit", "承办单位角色必须指定所属单位。")
    return tuple(sorted(set(roles)))


class StaffAccounts:
    """What administrators do with accounts, and people with their own."""

    def __init__(self, repository: Repository, passwords: Passwords, sessions: Sessions, clock: Clock) -> None:
        self._repository, self._passwords = repository, passwords
        self._sessions, self._clock = sessions, clock

    async def create(
        self,
        actor: Actor,
        login: str,
        name: str,
        roles: Collection[Role],
        password: str,
        unit: str | None = None,
        *,
        once: Once | None = None,
    ) -> StaffSummary:
        """Make an account, exactly once under an idempotency key.

        Raises NotAllowed, InvalidInput, WeakPassword, LoginTaken, NotFound, UnitAbolished, KeyReused.
        """
        require(actor, Permission.MANAGE_STAFF)
        staff = await self._new(login, name, roles, password, unit, self._clock.now())
        change = Change().insert(staff, LoginClaim(_id=staff.login, staff=staff.id))
        change.insert(
            audited(actor, Audited.STAFF_CREATED, staff.id, staff.created_at, details={"roles": list(staff.roles)})
        )
        if once is not None:
            once.record(change, staff.id, staff.created_at)
        try:
            await self._repository.save(change)
        except AlreadyClaimed:
            earlier = None if once is None else await self._repository.answered(once)
            if earlier is None:
                raise LoginTaken from None
            return summary_of(await self._known(earlier))
        return summary_of(staff)

    async def _new(
        self,
        login: str,
        name: str,
        roles: Collection[Role],
        password: str,
        unit: str | None,
        now: datetime,
    ) -> Staff:
        folded = login_form(login)
        if not LOGIN.fullmatch(folded):
            raise InvalidInput.field("login", "登录名须为3至40位字母、数字、点、下划线或连字符。")
        checked_password(password, folded)
        await self._require_unit(unit)
        return Staff(
            _id=STAFF + new_id(),
            login=folded,
            name=_checked_name(name),
            roles=checked_roles(roles, unit),
            unit=unit,
            password=await self._passwords.hash(password),
            created_at=now,
        )

    async def change(
        self,
        actor: Actor,
        id: str,
        *,
        name: str | None = None,
        roles: Collection[Role] | None = None,
        unit: str | None = None,
        active: bool | None = None,
    ) -> StaffSummary:
        """Change what is given; all sessions of the account end, so that no old right lives on.

        Raises NotAllowed, NotFound, InvalidInput, UnitAbolished, Busy.
        """
        require(actor, Permission.MANAGE_STAFF)
        await self._require_unit(unit)
        fresh: dict[str, object] = {}
        if name is not None:
            fresh["name"] = _checked_name(name)
        if unit is not None:
            fresh["unit"] = unit
        if active is not None:
            fresh["active"] = active

        def with_roles(staff: Staff) -> dict[str, object]:
            of = unit if unit is not None else staff.unit
            return fresh | {"roles": checked_roles(roles if roles is not None else staff.roles, of)}

        for _ in range(TRIES):
            staff = await self._known(id)
            if await self._replaced(actor, staff, with_roles(staff), Audited.STAFF_CHANGED):
                return summary_of(await self._known(id))
        raise Busy

    async def set_password(self, actor: Actor, id: str, password: str) -> None:
        """Give an account a new password; all its sessions end.

        Raises NotAllowed, NotFound, WeakPassword, Busy.
        """
        require(actor, Permission.MANAGE_STAFF)
        await self._set_password(actor, id, password)

    async def change_own_password(self, actor: Actor, current: str, password: str) -> None:
        """Change one's own password, knowing the current one; all one's sessions end.

        Raises NotFound, WrongLogin, WeakPassword, Busy.
        """
        staff = await self._known(actor.id)
        if not await self._passwords.verify(staff.password, current):
            raise WrongLogin("当前密码错误。")
        await self._set_password(actor, actor.id, password)

    async def _set_password(self, actor: Actor, id: str, password: str) -> None:
        staff = await self._known(id)
        hashed = await self._passwords.hash(checked_password(password, staff.login))
        for _ in range(TRIES):
            if await self._replaced(actor, await self._known(id), {"password": hashed}, Audited.PASSWORD_SET):
                return
        raise Busy

    async def _replaced(self, actor: Actor, staff: Staff, fields: dict[str, object], what: Audited) -> bool:
        now = self._clock.now()
        change = Change().replace(
            staff.changed(**fields, version=staff.version + 1), expecting={"version": staff.version}
        )
        change.insert(audited(actor, what, staff.id, now, details={"fields": sorted(fields)}))
        await self._sessions.add_ends(change, staff.id, what, now)
        try:
            await self._repository.save(change)
        except StaleWrite:
            return False
        return True

    async def read(self, actor: Actor, id: str) -> StaffSummary:
        """One account: one's own, or of a unit that the actor may read. Raises NotFound."""
        staff = await self._known(id)
        if actor.id != id and not may_read_staff(actor, await self._path(staff.unit)):
            raise NotFound
        return summary_of(staff)

    async def by_login(self, actor: Actor, login: str) -> StaffSummary:
        """The account of a login name. Raises like `read`."""
        staff = await self._repository.staff_by_login(login_form(login))
        if staff is None:
            raise NotFound
        return await self.read(actor, staff.id)

    async def of_unit(self, actor: Actor, unit: str | None) -> list[StaffSummary]:
        """The accounts of one unit, or of those who belong to none, at most MOST_LISTED.

        Raises NotFound for units that the actor may not read.
        """
        if not may_read_staff(actor, await self._path(unit)):
            raise NotFound
        return [summary_of(staff) for staff in await self._repository.staff_of_units([unit], MOST_LISTED)]

    async def _path(self, unit: str | None) -> tuple[str, ...]:
        if unit is None:
            return ()
        document = await self._repository.unit(unit)
        if document is None:
            raise NotFound
        return document.path

    async def _known(self, id: str) -> Staff:
        staff = await self._repository.staff(id)
        if staff is None:
            raise NotFound
        return staff

    async def _require_unit(self, unit: str | None) -> None:
        if unit is None:
            return
        document = await self._repository.unit(unit)
        if document is None:
            raise NotFound("所属单位不存在。")
        if document.abolished_on is not None:
            raise UnitAbolished


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 40 or not name.isprintable():
        raise InvalidInput.field("name", "请填写姓名（1至40字）。")
    return name
