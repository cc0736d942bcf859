"""Who may do what in identity. Pure; what is not named here is denied."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from foundation.errors import NotAllowed
from identity.actors import STAFF_ROLES, Actor, Role


class Permission(StrEnum):
    READ_REFERENCE = "read_reference"  # units, categories, places, channels
    MANAGE_REFERENCE = "manage_reference"
    MANAGE_UNITS = "manage_units"
    MANAGE_STAFF = "manage_staff"
    READ_STAFF = "read_staff"
    FIND_RESIDENT = "find_resident"  # masked
    REVEAL = "reveal"  # a resident's account in clear, with a reason; an order's reporter is the order's own affair
    READ_AUDIT = "read_audit"
    OWN_PROFILE = "own_profile"  # see, complete, export and erase one's own data
    UNLOCK_LOGIN = "unlock_login"


_ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
_SUPERVISION = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
_CALLERS_PEOPLE = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.CHIEF_DISPATCHER, Role.CALLBACK_AGENT})
"""Who speaks with callers, and has to know with whom. Reviewers and supervisors reveal the reporter of an order."""

PERMITTED: Mapping[Permission, frozenset[Role]] = MappingProxyType(
    {
        Permission.READ_REFERENCE: frozenset(Role),
        Permission.MANAGE_REFERENCE: _ADMINISTRATORS,
        Permission.MANAGE_UNITS: _ADMINISTRATORS,
        Permission.MANAGE_STAFF: _ADMINISTRATORS,
        Permission.READ_STAFF: STAFF_ROLES,
        Permission.FIND_RESIDENT: _CALLERS_PEOPLE,
        Permission.REVEAL: _CALLERS_PEOPLE,
        Permission.READ_AUDIT: _SUPERVISION,
        Permission.OWN_PROFILE: frozenset({Role.CITIZEN}),
        Permission.UNLOCK_LOGIN: _ADMINISTRATORS,
    }
)


def may(actor: Actor, permission: Permission) -> bool:
    """Whether one of the actor's roles has the permission. The system itself has those it is named for only."""
    return not PERMITTED[permission].isdisjoint(actor.roles)


def require(actor: Actor, permission: Permission) -> None:
    """Raises NotAllowed."""
    if not may(actor, permission):
        raise NotAllowed


def may_read_staff(actor: Actor, unit_path: tuple[str, ...]) -> bool:
    """Whether the actor may read accounts, contacts and duty roster of a unit: hotline, leadership and administrators
    all, units their own subtree. Accounts without a unit have an empty path."""
    if not may(actor, Permission.READ_STAFF):
        return False
    return actor.is_hotline or actor.has(Role.ADMINISTRATOR, Role.LEADERSHIP) or actor.covers_unit(unit_path)


def own_resident(actor: Actor) -> str:
    """The resident that the actor is. Raises NotAllowed for everybody else."""
    require(actor, Permission.OWN_PROFILE)
    if actor.resident_id is None:
        raise NotAllowed
    return actor.resident_id
