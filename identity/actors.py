"""Who acts: roles 角色 and the frozen value that every use case and every read is given."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may be in this city; the first table of the design."""

    CITIZEN = "citizen"  # 市民, logged in with real name or by phone
    ANONYMOUS_DEVICE = "anonymous_device"  # 匿名设备: no login; the session owns its own keys and uploads
    OPERATOR = "operator"  # 话务员
    DISPATCHER = "dispatcher"  # 派单员
    CHIEF_DISPATCHER = "chief_dispatcher"  # 派单组长
    UNIT_CLERK = "unit_clerk"  # 成员单位承办员
    UNIT_HEAD = "unit_head"  # 成员单位审核人
    REVIEWER = "reviewer"  # 热线审核员
    CALLBACK_AGENT = "callback_agent"  # 回访员
    COUNTER = "counter"  # 大厅窗口
    GUIDE = "guide"  # 导办
    CHECKPOINT = "checkpoint"  # 扫码点
    SUPERVISOR = "supervisor"  # 督办
    LEADERSHIP = "leadership"  # 领导
    UPSTREAM = "upstream"  # 省/市平台
    ADMINISTRATOR = "administrator"  # 系统管理员
    SYSTEM = "system"  # 系统: timers, rules, imports


HOTLINE_ROLES = frozenset(
    {
        Role.OPERATOR,
        Role.DISPATCHER,
        Role.CHIEF_DISPATCHER,
        Role.REVIEWER,
        Role.CALLBACK_AGENT,
        Role.SUPERVISOR,
    }
)
"""The hotline's own people 热线工作人员: their work needs every order, not one unit's."""

UNIT_ROLES = frozenset({Role.UNIT_CLERK, Role.UNIT_HEAD})
"""People of a member unit 成员单位: they see by unit, and only when `Actor.unit_id` says which."""

STAFF_ROLES = (
    HOTLINE_ROLES | UNIT_ROLES | {Role.COUNTER, Role.GUIDE, Role.CHECKPOINT, Role.LEADERSHIP, Role.ADMINISTRATOR}
)
"""Roles that a staff account may hold; the others are never granted to a person who logs in as staff."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts, as proven at the edge; nothing in it comes from a request's body.

    `id` is stable and unique over all kinds: `staff:…`, `resident:…`, `device:…`, `upstream:…`, `system:…`.
    `unit_path` is the actor's unit with its ancestors, root first, the own unit last; empty without a unit.
    `label` is what others may be shown ("城管局 李*"); it never holds a citizen's personal data.
    """

    id: str
    roles: frozenset[Role]
    unit_id: str | None = None
    unit_path: tuple[str, ...] = ()
    resident_id: str | None = None
    session_id: str | None = None
    label: str = ""

    def has(self, *roles: Role) -> bool:
        """Whether at least one of the roles is held."""
        return not self.roles.isdisjoint(roles)

    @property
    def is_staff(self) -> bool:
        return not self.roles.isdisjoint(STAFF_ROLES)

    @property
    def is_hotline(self) -> bool:
        return not self.roles.isdisjoint(HOTLINE_ROLES)

    @property
    def is_unit(self) -> bool:
        return self.unit_id is not None and not self.roles.isdisjoint(UNIT_ROLES)

    @property
    def is_system(self) -> bool:
        return Role.SYSTEM in self.roles

    def covers_unit(self, path: tuple[str, ...] | list[str]) -> bool:
        """Whether a unit with this path (root first, itself last) is the actor's own or below it."""
        return self.unit_id is not None and self.unit_id in path


def system_actor(name: str) -> Actor:
    """The system acting by rule: `system_actor("timers")`."""
    return Actor(id=f"system:{name}", roles=frozenset({Role.SYSTEM}), label="系统")
