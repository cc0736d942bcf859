"""Who reported, in clear 查看原文: an audited reading, with its reason."""

from foundation.changes import Change
from foundation.errors import NotAllowed
from identity.actors import Actor
from identity.audit import Audited, audited, checked_reason
from workorders.lifecycle.access import may_know_reporter
from workorders.lifecycle.office import Office
from workorders.lifecycle.redaction import Reported

FIELDS = ("name", "phone", "address")


async def reveal_reporter(office: Office, actor: Actor, order: str, *, reason: str) -> Reported:
    """Name, phone and address of who reported, for staff who may know; the audit entry is stored before it is answered.

    A unit learns it of open reporters only, for it has to call them. Raises `NotFound`, `NotAllowed`, `ReasonMissing`.
    """
    document = await office.orders.visible_to(actor, order)
    if not actor.is_staff or not may_know_reporter(actor, document.order):
        raise NotAllowed
    entry = audited(actor, Audited.REVEAL, f"order:{order}", office.clock.now(), reason=checked_reason(reason))
    await office.database.save(Change().insert(entry))
    key = office.data_key(document)
    if key is None:
        return Reported()
    sealed = document.sealed
    return Reported(**{name: key.open(sealed[name], f"{document.id}:{name}") for name in FIELDS if name in sealed})
