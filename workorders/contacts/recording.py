"""Recording 登记 contacts, completing 补全 them, and hanging orders on them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.errors import InvalidInput, NotAllowed, NotFound
from foundation.idempotency import Once
from foundation.ids import new_id
from foundation.paging import time_key
from foundation.phones import parse_phone
from foundation.texts import optional_paragraphs
from identity.actors import Actor, Role
from workorders.contacts.access import require_completer, require_recorder
from workorders.contacts.desk import ContactDesk
from workorders.contacts.documents import ContactDocument, ContactOrder
from workorders.contacts.errors import AlreadyCompleted
from workorders.contacts.reading import Contact, place, read, seen, visible
from workorders.contacts.values import Direction, Outcome
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Beside

LONGEST_NOTE = 2_000
LONGEST_CALL = timedelta(days=1)
OLDEST = timedelta(days=366)
"""Letters are recorded late; nothing that happened longer ago is new."""
AHEAD = timedelta(minutes=5)
"""How far a telephone exchange's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Told:
    """A contact as it is told: by an operator as it begins, or whole, by an operator or the telephone exchange.

    `at` is when it began, now if not said; `phone` is None where the number was withheld.
    """

    channel: str
    direction: Direction = Direction.INBOUND
    at: datetime | None = None
    phone: str | None = None
    duration_seconds: int | None = None
    outcome: Outcome | None = None
    note: str | None = None


async def record(desk: ContactDesk, actor: Actor, told: Told, *, once: Once | None = None) -> Contact:
    """登记: keep one contact, whatever is marked on its number.

    Exactly once under an idempotency key. Raises `NotAllowed`, `InvalidInput`, `BadPhone`, `KeyReused`.
    """
    require_recorder(actor)
    now = desk.office.clock.now()
    document = await _drafted(desk, actor, told, now)
    change = Change().insert(document)
    if once is not None:
        once.record(change, document.id, now)
    try:
        await desk.database.save(change)
    except AlreadyClaimed:
        earlier = None if once is None else await once.answer(desk.database)
        if earlier is None:
            raise
        return await read(desk, actor, earlier)
    return seen(desk, document)


async def complete(
    desk: ContactDesk,
    actor: Actor,
    id: str,
    *,
    outcome: Outcome,
    duration_seconds: int | None = None,
    note: str | None = None,
    once: Once | None = None,
) -> Contact:
    """补全: how it ended, once, by whoever recorded it or a supervisor; a note replaces the one before.

    Raises `NotFound`, `NotAllowed`, `AlreadyCompleted`, `InvalidInput`, `KeyReused`.
    """
    document = await visible(desk, actor, id)
    require_completer(actor, document.recorded_by)
    if document.data_key is None:
        raise NotFound
    words = optional_paragraphs("note", note, longest=LONGEST_NOTE)
    fields: dict[str, object] = {"outcome": outcome}
    if duration_seconds is not None:
        fields["duration_seconds"] = _duration(duration_seconds)
    if words is not None:
        key = desk.office.keyring.unwrap(document.data_key)
        fields["sealed.note"] = key.seal(words, place(id, "note"))
    change = Change().update(
        ContactDocument, id, {"$set": fields}, expecting={"outcome": None, "data_key": document.data_key}
    )
    if once is not None:
        once.record(change, id, desk.office.clock.now())
    try:
        await desk.database.save(change)
    except (StaleWrite, AlreadyClaimed):
        if once is None or await once.answer(desk.database) is None:
            raise AlreadyCompleted from None
    return await read(desk, actor, id)


async def hanging_on(desk: ContactDesk, actor: Actor, contact: str | None) -> Beside | None:
    """What an intake adds to its change so that its order hangs on a contact; `Report.contact_record` names the same.

    A contact is hung on or deleted at the end of its retention, never both: the intake meets a `NotFound` then.
    Raises `NotFound`, and `NotAllowed` for others than operators.
    """
    if contact is None:
        return None
    if not actor.has(Role.OPERATOR):
        raise NotAllowed
    document = await visible(desk, actor, contact)

    def hang(change: Change, order: OrderDocument) -> None:
        change.update(ContactDocument, document.id, {"$set": {"orderless_key": None}})
        change.insert(ContactOrder.of(document.id, order.id))

    return hang


async def _drafted(desk: ContactDesk, actor: Actor, told: Told, now: datetime) -> ContactDocument:
    if told.channel not in (await desk.office.library.current()).channels:
        raise InvalidInput.field("channel", "没有这个受理渠道。")
    at = told.at or now
    if not now - OLDEST <= at <= now + AHEAD:
        raise InvalidInput.field("at", "来电来访时间不能在将来，也不能早于一年前。")
    id, key = new_id(), desk.office.keyring.new_data_key()
    e164 = parse_phone(told.phone, area_code=desk.area_code).e164 if told.phone else None
    texts = {"phone": e164, "note": optional_paragraphs("note", told.note, longest=LONGEST_NOTE)}
    return ContactDocument(
        _id=id,
        channel=told.channel,
        direction=told.direction,
        at=at,
        at_key=time_key(at, id),
        duration_seconds=None if told.duration_seconds is None else _duration(told.duration_seconds),
        outcome=told.outcome,
        phone_hash=desk.contacts.hashes(e164)[0] if e164 else None,
        data_key=desk.office.keyring.wrap(key),
        sealed={name: key.seal(text, place(id, name)) for name, text in texts.items() if text is not None},
        recorded_by=actor.id,
        recorded_label=actor.label,
        recorded_at=now,
        orderless_key=time_key(now, id),
    )


def _duration(seconds: int) -> int:
    if not 0 <= seconds <= LONGEST_CALL.total_seconds():
        raise InvalidInput.field("durationSeconds", "通话时长须在 0 秒至 24 小时之间。")
    return seconds
