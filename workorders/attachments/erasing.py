"""Removing files: the sweep of what nobody attached, and the erasure of what somebody sent.

The document goes last: a content never outlives it, so that whoever is killed in between leaves something for the next
sweep to find. All of it is safe to repeat.
"""

from datetime import datetime, timedelta

from foundation.changes import AlreadyClaimed, Change
from foundation.database import Database
from workorders.attachments.contents import Contents
from workorders.attachments.documents import Attachment, Upload
from workorders.attachments.repository import LONG_AGO, AttachmentRepository

KEPT_UNATTACHED = timedelta(hours=24)
BATCH = 100


async def sweep(database: Database, now: datetime) -> int:
    """Delete uploads that nobody attached in 24 hours, at most BATCH of them, and answer how many.

    Safe to run twice and in several processes at once; a file is attached or swept, never both. The cost follows the
    orphans, not the files.
    """
    old = await AttachmentRepository(database).uploads_before(now - KEPT_UNATTACHED, BATCH)
    return sum([await _discard(database, upload, now) for upload in old])


async def erase_order(database: Database, order: str, now: datetime) -> int:
    """Delete all files of an order, and answer how many. Their keys are gone in the first step, all at once."""
    repository, erased = AttachmentRepository(database), 0
    while files := await repository.on_order(order):
        change = Change()
        orphans = [add_erasure(change, file) for file in files]
        await database.save(change)
        erased += sum([await _discard(database, orphan, now) for orphan in orphans])
    return erased


def add_erasure(change: Change, file: Attachment) -> Upload:
    """Erase a file within the change of an erasure: it becomes an orphan without a key, which the sweep deletes."""
    keyless = file.sealed.model_copy(update={"name": b"", "data_key": b""})
    orphan = Upload(_id=file.id, owner="", at=LONG_AGO, sealed=keyless)
    change.discard(Attachment, [file.id]).insert(orphan)
    return orphan


async def erase_uploads(database: Database, owner: str, now: datetime) -> int:
    """Delete what somebody uploaded and did not attach, and answer how many."""
    repository, erased = AttachmentRepository(database), 0
    while uploads := await repository.uploads_of(owner, BATCH):
        erased += sum([await _discard(database, upload, now) for upload in uploads])
    return erased


async def _discard(database: Database, upload: Upload, now: datetime) -> int:
    try:
        await database.save(Change().insert(upload.claim(now)))
    except AlreadyClaimed:
        # An action was faster; or a sweep claimed it, and was killed or is at it now.
        if await AttachmentRepository(database).attachment(upload.id) is not None:
            return 0
    await Contents(database).delete(upload.id)
    gone = await database.collection(Upload).delete_one({"_id": upload.id})
    return gone.deleted_count
