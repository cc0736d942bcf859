"""The owner's side of an inbox: reading it, and marking read 标为已读."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from foundation.database import Database
from foundation.errors import InvalidInput, NotFound
from foundation.paging import Page, PageRequest, key_of
from identity.actors import Actor
from notifications.access import require_inbox
from notifications.documents import Notice
from notifications.repository import NoticeRepository

KEPT_READ: Final = timedelta(days=90)
MOST_COUNTED: Final = 99
"""A badge shows no more: 99+."""


@dataclass(frozen=True, slots=True)
class State:
    """An inbox at a glance: how many are unread, whether that is only as far as was counted, and the newest notice."""

    unread: int
    more: bool
    newest: Notice | None


async def page(
    database: Database, actor: Actor, request: PageRequest, now: datetime, *, unread_only: bool = False
) -> Page[Notice]:
    """The actor's own notices, newest first. Raises `NotAllowed`, `InvalidInput` for a bad cursor."""
    require_inbox(actor)
    return await NoticeRepository(database).page(actor.id, request, now, unread_only=unread_only)


async def one(database: Database, actor: Actor, id: str) -> Notice:
    """One of the actor's own notices. Raises `NotAllowed`, `NotFound`."""
    require_inbox(actor)
    notice = (await NoticeRepository(database).by_ids([id])).get(id)
    if notice is None or notice.recipient != actor.id:
        raise NotFound
    return notice


async def state(database: Database, actor: Actor, now: datetime) -> State:
    """How the actor's own inbox stands. Raises `NotAllowed`."""
    require_inbox(actor)
    notices = NoticeRepository(database)
    counted = await notices.unread(actor.id, MOST_COUNTED + 1)
    return State(min(counted, MOST_COUNTED), counted > MOST_COUNTED, await notices.newest(actor.id, now))


async def mark_read(database: Database, actor: Actor, cursor: str, now: datetime, *, only: bool = False) -> None:
    """Mark the actor's own notices up to the one at this cursor as read, or only that one; safe to repeat.

    What came since, and a digest that grew since, stay unread: nobody has seen that yet. Raises `NotAllowed`,
    `InvalidInput` for a cursor that is none.
    """
    require_inbox(actor)
    try:
        key = key_of(cursor)
    except InvalidInput as fault:
        raise InvalidInput.field("cursor", "通知的游标无效，请刷新收件箱。") from fault
    notices, until = NoticeRepository(database), now + KEPT_READ
    if only:
        await notices.mark_one(actor.id, key[25:], key, until)
    else:
        await notices.mark_up_to(actor.id, key, until)
