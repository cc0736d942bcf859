"""Succession 单位承接: what lies open at an abolished unit goes to the unit that took over for it, as things stand."""

import structlog

from foundation.errors import DomainError
from foundation.paging import EARLIEST, LATEST, instant
from identity.actors import system_actor
from workorders.lifecycle import dispatching
from workorders.lifecycle.documents import UnitDesk, UnitTask
from workorders.lifecycle.office import Office

SUCCESSION = system_actor("succession")
AT_WORK = tuple(task for task in UnitTask if task is not UnitTask.ENDED)
BATCH = 200

log = structlog.get_logger()


async def hand_on(office: Office) -> int:
    """Let successors take over, up to a batch of each abolished unit's assignments; answers how many it were.

    Safe to run twice and in several processes at once. One that its successor may not have, for it is complained of,
    stays for a chief dispatcher. The cost follows the abolished units, and what lies open with them.
    """
    terms = await office.library.current()
    handed = 0
    for unit in terms.units.values():
        heir = terms.heir(unit.id)
        if unit.abolished and not terms.units[heir].abolished:
            for row in await _open_at(office, unit.id):
                handed += await _handed(office, row, heir)
    return handed


async def _handed(office: Office, row: UnitDesk, heir: str) -> bool:
    try:
        await dispatching.replace(office, SUCCESSION, row.order, assignment=row.id, successor=heir)
    except DomainError as refused:
        log.info("not_handed_on", order=row.order, unit=row.unit, code=refused.code)
        return False
    return True


async def _open_at(office: Office, unit: str) -> list[UnitDesk]:
    """What lies open at a unit itself; none below it does, for it is abolished after them."""
    rows: list[UnitDesk] = []
    for task in AT_WORK:
        bounds = {"$gte": instant(EARLIEST), "$lt": instant(LATEST)}
        where = {"ancestors": unit, "desk": task, "due_key": bounds, "unit": unit}
        found = office.database.collection(UnitDesk).find(where).sort("due_key", 1).limit(BATCH)
        rows += [UnitDesk.load(raw) for raw in await found.to_list()]
    return rows
