"""Whose session it is: the `Actor` behind a subject, as it stands now."""

from typing import Final

from identity.actors import UNIT_ROLES, Actor, Role
from identity.documents import Resident, Staff, Unit
from identity.repository import Repository

RESIDENT: Final = "resident:"
STAFF: Final = "staff:"
DEVICE: Final = "device:"


def staff_actor(staff: Staff, unit: Unit | None, session: str | None) -> Actor:
    """The actor of a staff account; without its unit a unit role is worth nothing and is left out."""
    roles = frozenset(staff.roles) - (UNIT_ROLES if unit is None else frozenset())
    return Actor(
        id=staff.id,
        roles=roles,
        unit_id=unit.id if unit else None,
        unit_path=unit.path if unit else (),
        session_id=session,
        label=f"{unit.name} {staff.name}" if unit else staff.name,
    )


def resident_actor(resident: Resident, session: str | None) -> Actor:
    """The actor of a resident; the label says nothing about the person."""
    return Actor(
        id=resident.id,
        roles=frozenset({Role.CITIZEN}),
        resident_id=resident.id,
        session_id=session,
        label="市民",
    )


def device_actor(device: str, session: str | None) -> Actor:
    """The actor of a device that nobody has logged in on."""
    return Actor(id=device, roles=frozenset({Role.ANONYMOUS_DEVICE}), session_id=session, label="匿名市民")


async def actor_of(repository: Repository, subject: str, session: str) -> Actor | None:
    """Who the subject is now: roles and unit as they stand; None once it was deactivated or erased."""
    if subject.startswith(STAFF):
        staff = await repository.staff(subject)
        if staff is None or not staff.active:
            return None
        unit = await repository.unit(staff.unit) if staff.unit else None
        return staff_actor(staff, unit, session)
    if subject.startswith(RESIDENT):
        resident = await repository.resident(subject)
        return None if resident is None or resident.erased_at else resident_actor(resident, session)
    return device_actor(subject, session) if subject.startswith(DEVICE) else None


def kind_of(subject: str) -> str:
    """The prefix of a subject. Raises ValueError for none of ours."""
    for prefix in (RESIDENT, STAFF, DEVICE):
        if subject.startswith(prefix):
            return prefix
    raise ValueError(subject)
