"""Files for the tests: real ones from `samples/`, and a PDF."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from identity.actors import Actor
from workorders.attachments.desk import AttachmentDesk
from workorders.attachments.documents import ContentHead, ContentPiece
from workorders.attachments.reading import Download
from workorders.attachments.uploading import upload

HERE: Final = Path(__file__).parent / "samples"

MEDIA_TYPES: Final = {
    "turned.jpg": "image/jpeg",
    "texts.png": "image/png",
    "photo.webp": "image/webp",
    "lossless.webp": "image/webp",
    "phone.heic": "image/heic",
    "tagged.mp3": "audio/mpeg",
    "memo.m4a": "audio/mp4",
    "tone.wav": "audio/wav",
    "opus.ogg": "audio/ogg",
    "speech.amr": "audio/amr",
}

PHOTO: Final = "turned.jpg"

PDF: Final = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj
xref
0 3
0000000000 65535 f
trailer<</Size 3/Root 1 0 R>>
startxref
93
%%EOF
"""


def sample(name: str) -> bytes:
    return (HERE / name).read_bytes()


def all_samples() -> dict[str, bytes]:
    return {**{name: sample(name) for name in MEDIA_TYPES}, "form.pdf": PDF}


async def stream(content: bytes, *, pieces: int = 7) -> AsyncIterator[bytes]:
    """A content as it comes over the network."""
    size = len(content) // pieces + 1
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def uploaded(desk: AttachmentDesk, actor: Actor, name: str = PHOTO) -> str:
    """The id of a file that this actor uploaded."""
    return (await upload(desk, actor, name=name, content=stream(all_samples()[name]))).id


async def content_of(download: Download, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([part async for part in download.content(start, end)])


async def stored_pieces(desk: AttachmentDesk) -> int:
    """How many pieces and heads of contents there are."""
    mongo = desk.database.mongo
    return sum([await mongo[model.collection_name()].count_documents({}) for model in (ContentHead, ContentPiece)])
