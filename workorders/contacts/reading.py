"""Reading contacts, each read naming its reader: one, the recent ones, and what a caller's number is known by."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from foundation.changes import Change
from foundation.crypto import Keyring
from foundation.errors import InvalidInput, NotFound
from foundation.masking import mask_phone
from foundation.paging import Page, PageRequest, Span
from foundation.phones import parse_phone
from identity.actors import Actor
from identity.audit import Audited, audited, checked_reason
from workorders.contacts.access import require_reader, require_revealer, require_visible
from workorders.contacts.desk import ContactDesk
from workorders.contacts.documents import ContactDocument, MaliciousMark
from workorders.contacts.errors import NumberUnknown
from workorders.contacts.values import Direction, Outcome
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.repository import OrderFilter

WIDEST = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as the hotline sees it; `masked_phone` is None where the number was withheld or erased."""

    id: str
    channel: str
    direction: Direction
    at: datetime
    duration_seconds: int | None
    outcome: Outcome | None
    masked_phone: str | None
    note: str | None
    recorded_by: str
    recorded_label: str
    recorded_at: datetime


async def read(desk: ContactDesk, actor: Actor, id: str) -> Contact:
    """One contact. Raises `NotFound`."""
    return seen(desk, await visible(desk, actor, id))


async def visible(desk: ContactDesk, actor: Actor, id: str) -> ContactDocument:
    """The document of a contact that this reader may see. Raises `NotFound`."""
    require_visible(actor)
    document = await desk.contacts.by_id(id)
    if document is None:
        raise NotFound
    return document


async def recent(desk: ContactDesk, actor: Actor, request: PageRequest, span: Span | None = None) -> Page[Contact]:
    """The contacts of a span of at most 31 days, else of the last 31, newest first. Raises `NotAllowed`."""
    require_reader(actor)
    now = desk.office.clock.now()
    span = span or Span(now - WIDEST, now + timedelta(days=1))
    if span.end - span.start > WIDEST + timedelta(days=1):
        raise InvalidInput.field("at", "查询的时间跨度不能超过 31 天。")
    return _seen_page(desk, await desk.contacts.recorded(span, request, now))


async def own(desk: ContactDesk, actor: Actor, request: PageRequest) -> Page[Contact]:
    """What the actor recorded, newest first. Raises `NotAllowed`."""
    require_reader(actor)
    return _seen_page(desk, await desk.contacts.recorded_by(actor.id, request, desk.office.clock.now()))


async def contacts_of(desk: ContactDesk, actor: Actor, phone: str, request: PageRequest) -> Page[Contact]:
    """来电历史: every contact of a number, newest first. Raises `NotAllowed`, `BadPhone`."""
    require_reader(actor)
    e164 = parse_phone(phone, area_code=desk.area_code).e164
    return _seen_page(desk, await desk.contacts.of_number(e164, request, desk.office.clock.now()))


async def orders_of(desk: ContactDesk, actor: Actor, phone: str, request: PageRequest) -> Page[OrderDocument]:
    """历史工单: every order of a number, newest first. Raises `NotAllowed`, `BadPhone`."""
    require_reader(actor)
    hashes = desk.contacts.hashes(parse_phone(phone, area_code=desk.area_code).e164)
    now = desk.office.clock.now()
    return await desk.office.orders.search(actor, OrderFilter(phone_hash=hashes[0]), request, now)


async def mark_of(desk: ContactDesk, actor: Actor, phone: str) -> MaliciousMark | None:
    """The warning that stands on a number, if one does. Raises `NotAllowed`, `BadPhone`."""
    require_reader(actor)
    hashes = desk.contacts.hashes(parse_phone(phone, area_code=desk.area_code).e164)
    return await desk.contacts.mark(hashes, desk.office.clock.now())


async def orders_on(desk: ContactDesk, actor: Actor, id: str) -> list[OrderDocument]:
    """The orders that hang on a contact. Raises `NotFound`."""
    await visible(desk, actor, id)
    ids = await desk.contacts.orders_on(id)
    found = await desk.office.orders.many(actor, ids)
    return [found[order] for order in ids if order in found]


async def reveal_phone(desk: ContactDesk, actor: Actor, id: str, reason: str) -> str:
    """查看原号码: the number in clear; the audit entry is stored before it is answered.

    Raises `NotFound`, `NotAllowed`, `ReasonMissing`, `NumberUnknown`.
    """
    require_revealer(actor)
    document, reason = await visible(desk, actor, id), checked_reason(reason)
    phone = opened(desk.office.keyring, document, "phone")
    if phone is None:
        raise NumberUnknown
    entry = audited(
        actor, Audited.REVEAL, f"contact:{id}", desk.office.clock.now(), reason=reason, details={"fields": ["phone"]}
    )
    await desk.database.save(Change().insert(entry))
    return phone


def seen(desk: ContactDesk, document: ContactDocument) -> Contact:
    """The contact as the hotline sees it."""
    phone = opened(desk.office.keyring, document, "phone")
    return Contact(
        id=document.id,
        channel=document.channel,
        direction=document.direction,
        at=document.at,
        duration_seconds=document.duration_seconds,
        outcome=document.outcome,
        masked_phone=None if phone is None else mask_phone(phone),
        note=opened(desk.office.keyring, document, "note"),
        recorded_by=document.recorded_by,
        recorded_label=document.recorded_label,
        recorded_at=document.recorded_at,
    )


def opened(keyring: Keyring, document: ContactDocument, name: str) -> str | None:
    """A sealed text, or None where there is none or it was erased."""
    sealed = document.sealed.get(name)
    if sealed is None or document.data_key is None:
        return None
    return keyring.unwrap(document.data_key).open(sealed, place(document.id, name))


def place(contact: str, name: str) -> str:
    """Where a sealed text belongs: it opens nowhere else."""
    return f"contact/{contact}:{name}"


def _seen_page(desk: ContactDesk, page: Page[ContactDocument]) -> Page[Contact]:
    return page.map([seen(desk, document) for document in page.items])
