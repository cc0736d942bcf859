"""Who is told of a line that a light crossed 升级. Pure: the rule pack's table turned into roles and units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from identity.actors import Role
from workorders.deadlines.audiences import Audience, EscalationRules
from workorders.deadlines.lights import Light

HANDLERS: Mapping[str, Role] = MappingProxyType(
    {
        "dispatch": Role.DISPATCHER,
        "sign": Role.UNIT_CLERK,
        "contact": Role.UNIT_CLERK,
        "reply": Role.UNIT_CLERK,
        "hotline_review": Role.REVIEWER,
        "callback": Role.CALLBACK_AGENT,
        "supervision": Role.UNIT_CLERK,
    }
)
"""On whose desk lies what is due by each term that has lights."""

_ANYWHERE: Mapping[Audience, Role] = MappingProxyType(
    {
        Audience.DISPATCHER: Role.DISPATCHER,
        Audience.CHIEF_DISPATCHER: Role.CHIEF_DISPATCHER,
        Audience.SUPERVISOR: Role.SUPERVISOR,
        Audience.LEADERSHIP: Role.LEADERSHIP,
    }
)


@dataclass(frozen=True, slots=True)
class Recipients:
    """Those who hold a role: at the first of these units where anybody does, or wherever they are where none is
    named."""

    role: Role
    units: tuple[str, ...] | None = None


def audiences_of(rules: EscalationRules, light: Light, level: int) -> tuple[Audience, ...]:
    """Whom the rule pack tells of a light, or of that many days overdue. A day that the pack does not name counts as
    the last one before it."""
    if light is Light.YELLOW:
        return rules.yellow
    passed = [day for day in rules.overdue if day <= level]
    return rules.overdue[max(passed)] if passed else rules.red


def recipients_of(audiences: Sequence[Audience], term: str, path: Sequence[str]) -> tuple[Recipients, ...]:
    """Who they are for a term. `path` is that of the unit that has to keep it, root first and itself last; it does not
    matter for the hotline's own terms. Raises `KeyError` for a term that has no lights.

    Where a unit has nobody in the role, the nearest unit above that has somebody is told: nobody off the path ever is.
    """
    handler = HANDLERS[term]
    at_unit = handler is Role.UNIT_CLERK
    upward = tuple(reversed(path))
    found = []
    for audience in audiences:
        match audience:
            case Audience.HANDLER:
                found.append(Recipients(handler, upward) if at_unit else Recipients(handler))
            case Audience.HEAD:
                found.append(Recipients(Role.UNIT_HEAD, upward) if at_unit else Recipients(Role.CHIEF_DISPATCHER))
            case Audience.SUPERIOR:
                if at_unit:
                    found.append(Recipients(Role.UNIT_HEAD, upward[1:]))
            case _:
                found.append(Recipients(_ANYWHERE[audience]))
    return tuple(found)
