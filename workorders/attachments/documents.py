"""What attachments store. A file is an `Upload` until an action makes it an `Attachment`, under the same `_id`."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from pymongo import ASCENDING, IndexModel

from foundation.clock import SystemClock
from foundation.documents import Stored
from workorders.attachments.values import Filed, Sealed, Side
from workorders.lifecycle.values import Order

CLAIM_KEPT = timedelta(days=7)
BUCKET = "attachment_contents"


class Upload(Stored):
    """A file that is not attached yet: its uploader's own. It is written before its content, so that whatever a crash
    leaves behind is found; `ready` once the content is there."""

    owner: str
    at: datetime
    sealed: Sealed
    ready: bool = False

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "attachment_uploads"
        indexes = [
            IndexModel([("at", 1)], name="at"),
            IndexModel([("owner", 1), ("at", 1)], name="owner_at"),
        ]

    def attached(self, order: Order, *, side: Side, internal: bool) -> "Attachment":
        """The same file on an order, by the action that changed it last."""
        filed = Filed(side=side, at=order.changed_at, internal=internal)
        return Attachment(_id=self.id, order=order.id, owner=self.owner, filed=filed, sealed=self.sealed)

    def claim(self, now: datetime) -> "FileClaim":
        return FileClaim(_id=self.id, until=max(now, SystemClock().now()) + CLAIM_KEPT)


class FileClaim(Stored):
    """Who takes an upload, an action or the sweeper, inserts its `_id` here: one of them can. Kept until nobody can
    still be at it who read the upload before, by the machine's time, which the server that expires it goes by."""

    until: datetime

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "attachment_claims"
        indexes = [IndexModel([("until", 1)], name="until", expireAfterSeconds=0)]


class Attachment(Stored):
    """A file on an order."""

    order: str
    owner: str
    filed: Filed
    sealed: Sealed

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "attachments"
        indexes = [IndexModel([("order", 1), ("filed.at", 1)], name="order_at")]


class ContentHead(Stored):
    """GridFS's own collection of files, named here so that start-up makes it; only the driver writes it."""

    class Settings:
        name = f"{BUCKET}.files"
        indexes = [IndexModel([("filename", ASCENDING), ("uploadDate", ASCENDING)], name="filename_1_uploadDate_1")]


class ContentPiece(Stored):
    """GridFS's own collection of chunks, likewise."""

    shard_key: ClassVar[str] = "files_id"

    class Settings:
        name = f"{BUCKET}.chunks"
        indexes: ClassVar[list[Any]] = [
            IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], name="files_id_1_n_1", unique=True)
        ]


MODELS = (Upload, FileClaim, Attachment, ContentHead, ContentPiece)
