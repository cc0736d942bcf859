"""PNG (ISO/IEC 15948): header, palette, picture data and what changes how they look."""

import struct
import zlib
from typing import Final

from workorders.attachments.formats.damage import Damaged, bounded, check_picture

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
KEPT: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs"}
)
"""No Exif, no texts, and no colour profile: a compressed one is a second thing that can swell."""


def picture_only(content: bytes) -> bytes:
    """The chunks that make the picture, up to the last; nothing behind it. Raises `Damaged`."""
    kept, data, at = [SIGNATURE], 0, len(SIGNATURE)
    for _ in bounded():
        length, kind = struct.unpack_from(">I4s", content, at)
        chunk = content[at : at + 12 + length]
        if len(chunk) < 12 + length:
            raise Damaged("a chunk is cut off")
        if zlib.crc32(chunk[4:-4]) != struct.unpack(">I", chunk[-4:])[0]:
            raise Damaged("a chunk does not fit its check value")
        if (at == len(SIGNATURE)) != (kind == b"IHDR"):
            raise Damaged("the header is not the first chunk")
        if kind == b"IHDR":
            check_picture(*struct.unpack_from(">II", chunk, 8))
        data += kind == b"IDAT"
        if kind in KEPT:
            kept.append(chunk)
        elif not kind[0] & 0x20:
            raise Damaged("an unknown chunk that a viewer must understand")
        at += len(chunk)
        if kind == b"IEND":
            break
    if not data:
        raise Damaged("no picture")
    return b"".join(kept)
