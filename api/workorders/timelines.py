"""An order's timeline 工单轨迹 as its reader is told it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry

from api.workorders.deadlines import local
from api.workorders.files import File
from api.workorders.reading import Reader
from workorders.attachments import reading as attachments
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.states import Action
from workorders.lifecycle.timeline import Entry, timeline
from workorders.lifecycle.words import Told


@strawberry.type(description="Something that somebody wrote, by what it is: `detail`, `answer`, `reason` …")
class TimelineText:
    name: str
    text: str


@strawberry.type(description="One thing that happened to an order.")
class TimelineEntry:
    sequence: int
    at: datetime
    action: Action
    who: str = strawberry.field(description="An office, for citizens; a colleague, for staff.")
    words: str = strawberry.field(description="What happened, in a Chinese sentence.")
    texts: list[TimelineText]
    files: list[File]

    @classmethod
    def of(cls, entry: Entry, files: Sequence[File]) -> Self:
        return cls(
            sequence=entry.sequence,
            at=entry.at,
            action=entry.action,
            who=entry.who,
            words=entry.words,
            texts=[TimelineText(name=name, text=text) for name, text in entry.texts.items()],
            files=[file for file in files if file.at == entry.attached_at],
        )


async def entries_of(document: OrderDocument, reader: Reader) -> list[Entry]:
    """What the order's events tell this reader; one query."""
    events = await reader.services.office.orders.events(document)
    units = reader.city.units

    def unit_name(id: str) -> str:
        node = units.get(id)
        return node.name if node else id

    def moment(at: datetime) -> str:
        return local(at, reader.zone)

    return timeline(Told(document.order, events, reader.key(document), unit_name, moment), reader.actor)


async def files_of(document: OrderDocument, reader: Reader) -> list[File]:
    """The order's files that this reader may see; one query."""
    found = await attachments.of_order(reader.services.attachments, reader.actor, document)
    return [File.of(file) for file in found]
