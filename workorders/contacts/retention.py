"""The end of a contact's retention 保存期限: what no order hangs on is deleted, whole."""

from datetime import datetime, timedelta

from foundation.changes import Change, StaleWrite
from workorders.contacts.desk import ContactDesk
from workorders.contacts.documents import ContactDocument

BATCH = 100


async def sweep(desk: ContactDesk, now: datetime, kept: timedelta) -> int:
    """Delete contacts recorded longer ago than `kept` on which no order hangs, at most BATCH of them, and answer how
    many. One on which an order hangs is kept as long as the order.

    Safe to run twice and in several processes at once, and beside an intake: an order hangs on a contact, or the
    contact is deleted, never both. The cost follows what is due, not what is stored.
    """
    deleted = 0
    for id, key in (await desk.contacts.orderless_before(now - kept, BATCH)).items():
        try:
            await desk.database.save(Change().delete(ContactDocument, id, expecting={"orderless_key": key}))
        except StaleWrite:  # an order hangs on it since, or a rival deleted it
            continue
        deleted += 1
    return deleted
