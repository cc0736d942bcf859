"""Uploading 上传: a file that is nobody's but its uploader's, until an action attaches it."""

import asyncio
from collections.abc import AsyncIterable
from datetime import datetime

from foundation.changes import Change
from foundation.ids import new_id
from foundation.rate_limits import Limit
from identity.actors import Actor, Role
from workorders.attachments.access import require_uploader
from workorders.attachments.desk import AttachmentDesk
from workorders.attachments.documents import Upload
from workorders.attachments.errors import DamagedFile, EmptyFile, FileTooLarge, UnsupportedFile
from workorders.attachments.formats import Format, Unrecognised, examine
from workorders.attachments.formats.damage import Damaged
from workorders.attachments.names import clean_name
from workorders.attachments.reading import File
from workorders.attachments.values import Sealed


async def upload(desk: AttachmentDesk, actor: Actor, *, name: str, content: AsyncIterable[bytes]) -> File:
    """Store a file of the actor's own, unattached. Its kind is told by its content; the name only names it.

    `content` is to be at hand, not still on its way: few are read at the same time, the others wait. A file that is
    refused counts towards the day's limit too, so that trying costs. Raises `NotAllowed`, `RateLimited`, `EmptyFile`,
    `FileTooLarge` (as soon as it is, without reading on), `UnsupportedFile`, `DamagedFile`.
    """
    require_uploader(actor)
    now = desk.office.clock.now()
    await desk.limiter.use([(daily_limit(desk, actor), actor.id)], now)
    async with desk.slots:
        format, kept = await asyncio.to_thread(_examined, await _read(content, desk.limits.largest))
        return await _store(desk, actor, clean_name(name, format.extension), format, kept, now)


def daily_limit(desk: AttachmentDesk, actor: Actor) -> Limit:
    """How many files the actor may upload in a day: an anonymous device the fewest."""
    if actor.has(Role.ANONYMOUS_DEVICE):
        return desk.limits.device
    return desk.limits.citizen if actor.has(Role.CITIZEN) else desk.limits.staff


async def _read(content: AsyncIterable[bytes], most: int) -> bytes:
    read = bytearray()
    async for part in content:
        read += part
        if len(read) > most:
            raise FileTooLarge(most)
    if not read:
        raise EmptyFile
    return bytes(read)


def _examined(content: bytes) -> tuple[Format, bytes]:
    try:
        return examine(content)
    except Unrecognised:
        raise UnsupportedFile from None
    except Damaged:
        raise DamagedFile from None


async def _store(desk: AttachmentDesk, actor: Actor, name: str, format: Format, content: bytes, now: datetime) -> File:
    id, key = new_id(), desk.office.keyring.new_data_key()
    sealed = Sealed(
        media_type=format.media_type,
        size=len(content),
        name=key.seal(name, f"{id}:name"),
        data_key=desk.office.keyring.wrap(key),
    )
    announced = Upload(_id=id, owner=actor.id, at=now, sealed=sealed)
    await desk.database.save(Change().insert(announced))
    await desk.contents.write(id, content, key)
    await desk.database.save(Change().update(Upload, id, {"$set": {"ready": True}}, expecting={"ready": False}))
    return File(id=id, name=name, media_type=format.media_type, size=len(content), at=now)
