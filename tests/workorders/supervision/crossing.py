"""Lines that lights crossed, as the life cycle posts them, and a staff to be told of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from foundation.changes import Change
from foundation.database import Database
from foundation.outbox import Consumer, OutboxRow
from identity.actors import Role
from notifications.documents import Notice
from notifications.inbox import Inbox
from tests.workorders.lifecycle.town import Town
from workorders.deadlines.lights import Light
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.recording import LIGHTS
from workorders.lifecycle.values import Line
from workorders.supervision.excluding import exclusion_teller
from workorders.supervision.phoning import supervisors_caller
from workorders.supervision.telling import teller

HOUR = timedelta(hours=1)

STAFF: dict[tuple[Role, str | None], tuple[str, ...]] = {
    (Role.UNIT_CLERK, "water"): ("staff:water-1", "staff:water-2"),
    (Role.UNIT_HEAD, "water"): ("staff:water-head",),
    (Role.UNIT_CLERK, "heating"): ("staff:heating",),
    (Role.UNIT_HEAD, "city"): ("staff:mayor",),
    (Role.UNIT_CLERK, "police"): ("staff:police",),
    (Role.DISPATCHER, None): ("staff:dispatcher",),
    (Role.CHIEF_DISPATCHER, None): ("staff:chief",),
    (Role.REVIEWER, None): ("staff:reviewer",),
    (Role.CALLBACK_AGENT, None): ("staff:caller",),
    (Role.SUPERVISOR, None): ("staff:supervisor",),
    (Role.LEADERSHIP, None): ("staff:leader",),
}


class Staff:
    """Who holds which role."""

    async def of(self, role: Role, unit: str | None) -> Sequence[str]:
        return STAFF.get((role, unit), ())


def consumer(town: Town, inbox: Any = None) -> Consumer:
    return teller(town.database, town, Staff(), inbox or Inbox(town.database))


def phone_consumer(town: Town, inbox: Any = None) -> Consumer:
    return supervisors_caller(town.database, town, Staff(), inbox or Inbox(town.database))


def exclusion_consumer(town: Town) -> Consumer:
    return exclusion_teller(town.database, town, Staff(), Inbox(town.database))


def line(
    document: OrderDocument,
    term: str = "reply",
    light: Light = Light.YELLOW,
    level: int = 0,
    *,
    at: datetime,
    unit: str | None = "water",
) -> Line:
    """A line of one of an order's deadlines; of its assignment at `unit`, or of its own."""
    held = next((each.id for each in document.order.assignments if each.unit == unit), None)
    due = at + HOUR if light is Light.YELLOW else at - timedelta(days=level)
    return Line.model_validate({"term": term, "light": light, "level": level, "subject": held, "due": due, "at": at})


async def cross(town: Town, document: OrderDocument, sequence: int, *lines: Line, posted: datetime) -> None:
    """Post the lines that one event crossed."""
    data = {"lines": [each.model_dump(mode="json") for each in lines]}
    await town.database.save(Change().insert(OutboxRow.of(LIGHTS, document.id, sequence, posted, data)))


async def notices(database: Database) -> list[Notice]:
    """All notices, by recipient and then in the order in which they came."""
    raws = await database.collection(Notice).find({}).to_list()
    return sorted((Notice.load(raw) for raw in raws), key=lambda each: (each.recipient, each.key))


async def titles(database: Database) -> dict[str, list[str]]:
    """What each person finds, oldest first: a notice's title, or each line of a digest."""
    found: dict[str, list[str]] = {}
    for each in await notices(database):
        found.setdefault(each.recipient, []).extend([line.text for line in each.lines] or [each.title])
    return found
