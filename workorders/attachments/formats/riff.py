"""RIFF: WebP pictures (RFC 9649) and WAV sound."""

import struct
from collections.abc import Iterator
from typing import Final

from workorders.attachments.formats.damage import Damaged, bounded, check_picture

SIGNATURE: Final = b"RIFF"
WEBP_KEPT: Final = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
EXIF_AND_XMP: Final = 0x08 | 0x04
WAVE_KEPT: Final = frozenset({b"fmt ", b"fact", b"data"})


def webp_picture_only(content: bytes) -> bytes:
    """The picture's own chunks, without Exif and XMP. Raises `Damaged`."""
    kept: list[tuple[bytes, bytes]] = []
    pictures = 0
    for kind, body in _chunks(content):
        if kind not in WEBP_KEPT:
            continue
        if kind == b"VP8X":
            width, height = (1 + int.from_bytes(body[i : i + 3], "little") for i in (4, 7))
            check_picture(width, height)
        elif kind == b"VP8 ":
            if body[3:6] != b"\x9d\x01\x2a":
                raise Damaged("not a VP8 key frame")
            width, height = struct.unpack_from("<HH", body, 6)
            check_picture(width & 0x3FFF, height & 0x3FFF)
        elif kind == b"VP8L":
            if body[:1] != b"\x2f":
                raise Damaged("not a VP8L picture")
            packed = struct.unpack_from("<I", body, 1)[0]
            check_picture(1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF))
        pictures += kind in (b"VP8 ", b"VP8L", b"ANMF")
        kept.append((kind, _without_flags(body) if kind == b"VP8X" else body))
    if not pictures:
        raise Damaged("no picture")
    return _joined(b"WEBP", kept)


def _without_flags(extended: bytes) -> bytes:
    """The extended header, no longer announcing Exif and XMP."""
    return bytes([extended[0] & ~EXIF_AND_XMP]) + extended[1:]


def wave_sound_only(content: bytes) -> bytes:
    """Format and samples, without lists of who, when and where. Raises `Damaged`."""
    kept = [(kind, body) for kind, body in _chunks(content) if kind in WAVE_KEPT]
    by_kind = dict(kept)
    if len(by_kind.get(b"fmt ", b"")) < 16 or not by_kind.get(b"data"):
        raise Damaged("no sound")
    return _joined(b"WAVE", kept)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    end = 8 + struct.unpack_from("<I", content, 4)[0]
    if end > len(content) + 1:
        raise Damaged("the file is cut off")
    at = 12
    for _ in bounded():
        if at + 8 > end:
            return
        kind, length = struct.unpack_from("<4sI", content, at)
        body = content[at + 8 : at + 8 + length]
        if len(body) < length or at + 8 + length > end:
            raise Damaged("a chunk is cut off")
        yield kind, body
        at += 8 + length + length % 2


def _joined(form: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks)
    return SIGNATURE + struct.pack("<I", 4 + len(body)) + form + body
