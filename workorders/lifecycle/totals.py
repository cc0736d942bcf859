"""How much lies on a desk, and how much of it under a yellow or a red light: what the projector counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from foundation.database import Database
from identity.actors import Actor
from workorders.deadlines.lights import Light
from workorders.lifecycle.access import require_hotline_desk, require_unit_desk
from workorders.lifecycle.documents import UnitTask
from workorders.lifecycle.projecting import Tally, hotline_desk, lit_desk, unit_desk
from workorders.lifecycle.states import ENDED, Status


@dataclass(frozen=True, slots=True)
class Total:
    """What lies on one desk; `as_of` is when its count last changed, None if nothing ever lay there."""

    total: int
    yellow: int
    red: int
    as_of: datetime | None


async def hotline_totals(database: Database, actor: Actor) -> Mapping[Status, Total]:
    """Of the hotline's desks. Raises `NotAllowed`."""
    require_hotline_desk(actor)
    return await hotline_desks(database)


async def unit_totals(database: Database, actor: Actor, unit: str) -> Mapping[UnitTask, Total]:
    """Of a unit's desk, with everything below it. Raises `NotAllowed` for a unit that is not the own one."""
    require_unit_desk(actor, unit)
    return await unit_desks(database, unit)


async def hotline_desks(database: Database) -> Mapping[Status, Total]:
    """The same, for whoever decided already who reads it."""
    open_states = [status for status in Status if status not in ENDED]
    found = await _totals(database, [hotline_desk(status) for status in open_states])
    return dict(zip(open_states, found, strict=True))


async def unit_desks(database: Database, unit: str) -> Mapping[UnitTask, Total]:
    """Likewise."""
    tasks = [task for task in UnitTask if task is not UnitTask.ENDED]
    found = await _totals(database, [unit_desk(unit, task) for task in tasks])
    return dict(zip(tasks, found, strict=True))


async def _totals(database: Database, desks: Sequence[str]) -> list[Total]:
    wanted = [key for desk in desks for key in (desk, lit_desk(desk, Light.YELLOW), lit_desk(desk, Light.RED))]
    known = await database.get_many(Tally, wanted)

    def count(key: str) -> int:
        return known[key].total if key in known else 0

    return [
        Total(
            total=count(desk),
            yellow=count(lit_desk(desk, Light.YELLOW)),
            red=count(lit_desk(desk, Light.RED)),
            as_of=known[desk].as_of if desk in known else None,
        )
        for desk in desks
    ]
