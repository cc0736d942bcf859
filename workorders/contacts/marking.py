"""Malicious marks 恶意标记: a supervisor's warning on a number, with a reason and an expiry. It never blocks."""

from datetime import datetime, timedelta

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.errors import Busy
from identity.actors import Actor
from identity.audit import audited, checked_reason
from workorders.contacts.access import require_marker
from workorders.contacts.desk import ContactDesk
from workorders.contacts.documents import ContactDocument, MaliciousMark
from workorders.contacts.errors import BadExpiry, NotMarked, NumberUnknown
from workorders.contacts.reading import opened, visible

MARKED = "caller_marked_malicious"
LIFTED = "caller_mark_lifted"
LONGEST = timedelta(days=90)
TRIES = 8


async def mark(desk: ContactDesk, actor: Actor, contact: str, *, reason: str, until: datetime) -> MaliciousMark:
    """标记 the number of a contact until then, at most 90 days; a mark that stands is replaced. Audited.

    Raises `NotFound`, `NotAllowed`, `ReasonMissing`, `BadExpiry`, `NumberUnknown`.
    """
    require_marker(actor)
    document, why, now = await visible(desk, actor, contact), checked_reason(reason), desk.office.clock.now()
    if not now < until <= now + LONGEST:
        raise BadExpiry(LONGEST.days)
    hashes = _hashes(desk, document)
    new = MaliciousMark(
        _id=hashes[0], contact=contact, reason=why, by=actor.id, by_label=actor.label, at=now, until=until
    )
    for _ in range(TRIES):
        entry = audited(actor, MARKED, f"contact:{contact}", now, reason=why, details={"until": until.isoformat()})
        change = Change().insert(entry).discard(MaliciousMark, hashes[1:])
        old = await desk.database.get(MaliciousMark, new.id)
        if old is None:
            change.insert(new)
        else:
            change.replace(new, expecting={"at": old.at, "by": old.by, "until": old.until})
        try:
            await desk.database.save(change)
            return new
        except (StaleWrite, AlreadyClaimed):
            continue
    raise Busy


async def lift(desk: ContactDesk, actor: Actor, contact: str, *, reason: str) -> None:
    """解除 the mark on the number of a contact. Audited.

    Raises `NotFound`, `NotAllowed`, `ReasonMissing`, `NumberUnknown`, `NotMarked`.
    """
    require_marker(actor)
    document, why, now = await visible(desk, actor, contact), checked_reason(reason), desk.office.clock.now()
    standing = await desk.contacts.mark(_hashes(desk, document), now)
    if standing is None:
        raise NotMarked
    change = (
        Change()
        .delete(MaliciousMark, standing.id)
        .insert(audited(actor, LIFTED, f"contact:{contact}", now, reason=why))
    )
    try:
        await desk.database.save(change)
    except StaleWrite:
        raise NotMarked from None


def _hashes(desk: ContactDesk, document: ContactDocument) -> list[str]:
    phone = opened(desk.office.keyring, document, "phone")
    if phone is None:
        raise NumberUnknown
    return desk.contacts.hashes(phone)
