"""Delivering 送达: notices and digests, added to the change that their cause is applied by."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from foundation.changes import Change
from foundation.database import Database
from foundation.paging import time_key
from notifications.documents import Line, Notice, notice_id
from notifications.repository import NoticeRepository

KEPT_UNREAD: Final = timedelta(days=365)


class Told(Protocol):
    """A notice as its sender makes it. `source` is the sender's id of it: the same again is the same notice."""

    @property
    def recipient(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def order(self) -> str | None: ...


class Gathered(Protocol):
    """Lines (text, order) for a digest; `source` says which one. `body` puts into words how many there are in all."""

    @property
    def recipient(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def lines(self) -> Sequence[tuple[str, str | None]]: ...
    @property
    def shown(self) -> int:
        """How many lines are kept; all are counted."""
        ...

    def body(self, total: int) -> str: ...


class Inbox:
    """What the domains deliver with. Whatever is added is told when the change is saved, or not at all."""

    def __init__(self, database: Database) -> None:
        self._notices = NoticeRepository(database)

    async def deliver(self, change: Change, notices: Sequence[Told], now: datetime) -> None:
        """Add to `change` those of the notices that their recipients do not have yet, once each.

        Of two changes that deliver the same notice at the same moment one fails with `AlreadyClaimed`.
        """
        wanted = {notice_id(each.recipient, each.source): each for each in notices}
        there = await self._notices.existing(list(wanted))
        for id, told in wanted.items():
            if id not in there:
                change.insert(_new(id, told, told.body, now).changed(order=told.order))

    async def gather(self, change: Change, digests: Sequence[Gathered], now: datetime) -> None:
        """Add lines to digests, which are made where there are none; one that grew is unread again.

        The lines are counted anew each time: exact only in a change that takes away what they come from, as an outbox
        consumer's does, and from one sender at a time.
        """
        there = await self._notices.by_ids([notice_id(each.recipient, each.source) for each in digests])
        for each in digests:
            id = notice_id(each.recipient, each.source)
            old = there.get(id)
            lines = tuple(Line(text=text, order=order) for text, order in each.lines)
            total = len(lines) + (old.total if old else 0)
            shown = ((old.lines if old else ()) + lines)[: each.shown]
            fresh = _new(id, each, each.body(total), now).changed(total=total, lines=shown)
            if old is None:
                change.insert(fresh)
            else:
                change.replace(fresh, expecting={"recipient": each.recipient, "total": old.total})


def _new(id: str, told: Told | Gathered, body: str, now: datetime) -> Notice:
    return Notice(
        _id=id,
        recipient=told.recipient,
        key=time_key(now, id),
        topic=told.topic,
        title=told.title,
        body=body,
        at=now,
        until=now + KEPT_UNREAD,
    )
