"""Reading files, each read naming its reader, and releasing 放行 them to units."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from foundation.changes import Change, StaleWrite
from foundation.crypto import DataKey, Keyring
from foundation.database import Database
from foundation.errors import NotFound
from identity.actors import Actor
from identity.audit import audited, checked_reason
from workorders.attachments.access import may_read, require_releaser
from workorders.attachments.desk import AttachmentDesk
from workorders.attachments.documents import Attachment, Upload
from workorders.attachments.names import content_disposition
from workorders.attachments.repository import AttachmentRepository
from workorders.attachments.values import Side
from workorders.lifecycle.documents import OrderDocument

RELEASED = "attachment_released"


@dataclass(frozen=True, slots=True)
class File:
    """A file as its reader sees it: unattached without `order`. `at` is when it was uploaded or attached."""

    id: str
    name: str
    media_type: str
    size: int
    at: datetime
    order: str | None = None
    side: Side | None = None
    internal: bool = False
    released: bool = False


@dataclass(frozen=True, slots=True)
class Download:
    """A file with its content, which is read as it is sent."""

    file: File
    desk: AttachmentDesk
    key: DataKey

    def content(self, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`, in pieces of some 250 KB. Raises `ContentMissing`, `Tampered`."""
        return self.desk.contents.read(self.file.id, self.file.size, self.key, start, end)

    @property
    def headers(self) -> Mapping[str, str]:
        """What makes a browser save the file and never run it; to be sent as they are."""
        return {
            "Content-Type": self.file.media_type,
            "Content-Disposition": content_disposition(self.file.name),
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
        }


async def download(desk: AttachmentDesk, actor: Actor, id: str) -> Download:
    """A file that this reader may see: an unattached one is its uploader's alone. Raises `NotFound`."""
    repository = AttachmentRepository(desk.database)
    file: Upload | Attachment | None = await repository.upload(id)
    if isinstance(file, Upload):
        if file.owner != actor.id or not file.ready:
            raise NotFound
    else:
        file = await repository.attachment(id)
        if file is None:
            raise NotFound
        order = await desk.office.orders.visible_to(actor, file.order)
        if not may_read(actor, order.order, file.filed):
            raise NotFound
    key = desk.office.keyring.unwrap(file.sealed.data_key)
    return Download(_seen(file, key), desk, key)


async def of_order(desk: AttachmentDesk, actor: Actor, order: OrderDocument) -> list[File]:
    """The files of an order that this reader may see, oldest first. One query."""
    return (await of_orders(desk, actor, [order]))[order.id]


async def of_orders(desk: AttachmentDesk, actor: Actor, orders: Sequence[OrderDocument]) -> dict[str, list[File]]:
    """The same for a page's worth of orders, by order. One query."""
    return await files_of(desk.database, desk.office.keyring, actor, orders)


async def files_of(
    database: Database, keyring: Keyring, actor: Actor, orders: Sequence[OrderDocument]
) -> dict[str, list[File]]:
    """The same, for whoever has no desk."""
    found = await AttachmentRepository(database).on_orders([order.id for order in orders])
    return {
        order.id: [
            _seen(file, keyring.unwrap(file.sealed.data_key))
            for file in found[order.id]
            if may_read(actor, order.order, file.filed)
        ]
        for order in orders
    }


async def release(desk: AttachmentDesk, actor: Actor, id: str, *, reason: str) -> File:
    """放行: let the units of a confidential or anonymous order see a file that its citizen sent.

    Audited, with a reason; releasing again changes nothing. Raises `NotFound`, `NotAllowed`, `ReasonMissing`.
    """
    file = (await download(desk, actor, id)).file
    require_releaser(actor)
    if file.order is None:
        raise NotFound
    if not file.released:
        entry = audited(
            actor,
            RELEASED,
            f"order:{file.order}",
            desk.office.clock.now(),
            reason=checked_reason(reason),
            details={"file": id},
        )
        change = Change().insert(entry)
        change.update(Attachment, id, {"$set": {"filed.released": True}}, expecting={"filed.released": False})
        # A colleague released it, or it was erased: the next read tells.
        with suppress(StaleWrite):
            await desk.database.save(change)
    return (await download(desk, actor, id)).file


def _seen(file: Upload | Attachment, key: DataKey) -> File:
    sealed, name = file.sealed, key.open(file.sealed.name, f"{file.id}:name")
    if isinstance(file, Upload):
        return File(file.id, name, sealed.media_type, sealed.size, file.at)
    filed = file.filed
    return File(
        id=file.id,
        name=name,
        media_type=sealed.media_type,
        size=sealed.size,
        at=filed.at,
        order=file.order,
        side=filed.side,
        internal=filed.internal,
        released=filed.released,
    )
