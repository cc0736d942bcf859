"""What lists show of an order's sealed texts, masked 脱敏 for its reader, in every list and export. Pure."""

from foundation.crypto import DataKey
from foundation.masking import mask_address, mask_name, mask_phone, scrub
from identity.actors import Actor
from workorders.lifecycle.access import may_know_reporter, owns
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.redaction import Reported, redacted


def title_for(actor: Actor, document: OrderDocument, key: DataKey | None) -> str | None:
    """What the order is about: whole for its owner, else without numbers that identify people, and for whoever may not
    know the reporter without what is known of them. None once erased."""
    title = _opened(document, key, "title")
    if title is None or owns(actor, document.order):
        return title
    if may_know_reporter(actor, document.order):
        return scrub(title)
    return redacted(title, Reported(*(_opened(document, key, name) for name in ("name", "phone", "address"))))


def reporter_for(actor: Actor, document: OrderDocument, key: DataKey | None) -> Reported | None:
    """Who reported, each part masked; None where the reader may not know it."""
    if not may_know_reporter(actor, document.order):
        return None
    name, phone, address = (_opened(document, key, each) for each in ("name", "phone", "address"))
    return Reported(
        name=mask_name(name) if name else None,
        phone=mask_phone(phone) if phone else None,
        address=mask_address(address) if address else None,
    )


def _opened(document: OrderDocument, key: DataKey | None, name: str) -> str | None:
    sealed = document.sealed.get(name)
    return None if sealed is None or key is None else key.open(sealed, f"{document.id}:{name}")
