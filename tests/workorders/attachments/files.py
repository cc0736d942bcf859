"""Files for the tests: real ones from `samples/`, and a PDF."""

from pathlib import Path
from typing import Final

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
