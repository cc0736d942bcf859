"""The pages of an export: those of the lists that everybody reads, one after the other."""

from collections.abc import AsyncGenerator
from datetime import datetime

from foundation.paging import EARLIEST, LARGEST_PAGE, Page, PageRequest, cursor_of
from identity.actors import Actor
from workorders.exporting.columns import Line
from workorders.exporting.selecting import Selection
from workorders.lifecycle.documents import OrderDocument, UnitDesk
from workorders.lifecycle.office import Office
from workorders.statistics.counting import answering_for


async def pages_of(office: Office, actor: Actor, selection: Selection) -> AsyncGenerator[list[Line], None]:
    """Every row of the list, newest first, a page at a time; what is waited for is one page and the next asked for.

    What was there all along comes once, whatever changes meanwhile: the list goes down a key that stays. Raises
    `NotAllowed`, `InvalidInput`, at the first page.
    """
    began, after = office.clock.now(), None
    while True:
        request = PageRequest(LARGEST_PAGE, after)
        page: Page[OrderDocument] | Page[UnitDesk]
        if selection.desk is None:
            page = found = await office.orders.search(actor, selection.where, request, began)
            now = office.clock.now()
            yield [
                Line(document, office.data_key(document), answering_for(document.order), now)
                for document in found.items
            ]
        else:
            page = rows = await _assigned(office, actor, selection, selection.desk, request, began)
            yield await _of_desk(office, actor, selection, rows)
        if not page.has_next:
            return
        after = cursor_of(page.keys[-1])


async def _assigned(
    office: Office, actor: Actor, selection: Selection, unit: str, request: PageRequest, now: datetime
) -> Page[UnitDesk]:
    where = selection.where
    # Nothing is assigned before it is received.
    since = where.received.start if where.received else EARLIEST
    tasks, due, light = selection.tasks, where.due, where.light
    return await office.orders.assigned(actor, unit, request, now, since=since, tasks=tasks, due=due, light=light)


async def _of_desk(office: Office, actor: Actor, selection: Selection, rows: Page[UnitDesk]) -> list[Line]:
    orders = await office.orders.many(actor, list(dict.fromkeys(row.order for row in rows.items)))
    now, lines = office.clock.now(), list[Line]()
    for row in rows.items:
        document = orders.get(row.order)
        held = document.order.assignment(row.id) if document else None
        if document and held and selection.holds(document.order):
            lines.append(Line(document, office.data_key(document), held, now, listed=True))
    return lines
