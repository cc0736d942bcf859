"""Who reads figures. Pure; what is not named here is denied.

The hotline, leadership and the system read all of them. A unit reads its own and those of what lies below it, by the
unit path of the day, which is also what it may see orders by.
"""

from foundation.errors import InvalidInput, NotAllowed
from identity.actors import Actor, Role
from workorders.lifecycle.access import SEES_ALL
from workorders.statistics.tallying import Dimension

Scope = tuple[str, ...]
"""What must all lie on the path of whatever is counted."""


def scope_of(actor: Actor, by: Dimension, within: str | None) -> tuple[Dimension, Scope]:
    """What of a dimension somebody reads, within one of its values if they ask for no more.

    A unit asks by unit only, and is told of itself where it names one above. Raises `NotAllowed`; `InvalidInput` for a
    value of no dimension.
    """
    wanted = () if within is None else (within,)
    if actor.has(*SEES_ALL):
        if wanted and by is Dimension.ALL:
            raise InvalidInput.field("within", "限定统计范围时须指明统计维度。")
        return by, wanted
    if not actor.is_unit or actor.unit_id is None or by not in (Dimension.UNIT, Dimension.ALL):
        raise NotAllowed
    if within in actor.unit_path:
        return Dimension.UNIT, (actor.unit_id,)
    return Dimension.UNIT, (actor.unit_id, *wanted)


def board_of(actor: Actor) -> str | None:
    """Whose wall screen 大屏 somebody watches: the whole city's (None) for supervisors and leadership, the own unit's
    for its head. Raises `NotAllowed`."""
    if actor.has(Role.SUPERVISOR, Role.LEADERSHIP):
        return None
    if actor.has(Role.UNIT_HEAD) and actor.unit_id is not None:
        return actor.unit_id
    raise NotAllowed
