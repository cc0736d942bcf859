"""Contents in GridFS: sealed with SM4-GCM piece by piece, one piece to a GridFS chunk.

GridFS takes no transaction, so a content counts only once its `Upload` says `ready`. A piece takes 7 ms to seal or open
(SM4 without hardware), so that is done in a thread; the cipher lets other threads run meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from gridfs import AsyncGridFSBucket
from gridfs.errors import NoFile

from foundation.crypto import FORMAT, KEY_ID_BYTES, NONCE_BYTES, TAG_BYTES, DataKey
from foundation.database import Database
from workorders.attachments.documents import BUCKET

PIECE: Final = 255 * 1024
SEALED_PIECE: Final = len(FORMAT) + KEY_ID_BYTES + NONCE_BYTES + PIECE + TAG_BYTES


class ContentMissing(Exception):
    """A content that its document promises is not there: erased this moment, or lost."""


class Contents:
    """Writes, reads and deletes contents by file id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, file: str, content: bytes, key: DataKey) -> None:
        """Store a content under an id that has none. A crash leaves pieces that `delete` removes."""
        bucket = self._bucket()
        async with bucket.open_upload_stream_with_id(file, file, chunk_size_bytes=SEALED_PIECE) as stream:
            for start in range(0, len(content), PIECE):
                place = _place(file, start // PIECE, len(content))
                await stream.write(await asyncio.to_thread(key.seal, content[start : start + PIECE], place))

    async def read(
        self, file: str, size: int, key: DataKey, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end`, a piece at a time; memory holds one piece.

        Raises `ContentMissing` and, for a piece that is not the one that was stored there, `Tampered`.
        """
        end = size if end is None else min(end, size)
        pieces = self._database.mongo[f"{BUCKET}.chunks"]
        for n in range(start // PIECE, -(-end // PIECE)):
            raw = await pieces.find_one({"files_id": file, "n": n})
            if raw is None:
                raise ContentMissing(file)
            opened = await asyncio.to_thread(key.open_bytes, bytes(raw["data"]), _place(file, n, size))
            yield opened[max(start - n * PIECE, 0) : end - n * PIECE]

    async def delete(self, file: str) -> None:
        """Delete a content, or what there is of one; safe to repeat."""
        # The driver deletes the pieces even of a file that it then says is none.
        with suppress(NoFile):
            await self._bucket().delete(file)

    def _bucket(self) -> AsyncGridFSBucket:
        return AsyncGridFSBucket(self._database.mongo, BUCKET)


def _place(file: str, n: int, size: int) -> str:
    """Where a piece belongs: pieces cannot be swapped, nor the content cut short."""
    return f"{file}:{n}:{size}"
