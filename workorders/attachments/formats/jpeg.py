"""JPEG (ITU-T T.81, JFIF, Exif 2.32): the picture, without what is said about it."""

import re
import struct
from typing import Final

from workorders.attachments.formats.damage import Damaged, bounded, check_picture

SIGNATURE: Final = b"\xff\xd8\xff"

START, END, SCAN = 0xD8, 0xD9, 0xDA
FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD})
APPLICATION: Final = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
"""Application segments that change how the picture looks, by marker and opening."""

EXIF: Final = b"Exif\0\0"
ORIENTATION: Final = 0x0112
_NEXT_MARKER: Final = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")


def picture_only(content: bytes) -> bytes:
    """Frames, tables and scans up to the end marker, with the orientation; no other metadata and nothing behind it.

    Exif (where and when it was taken, with what), XMP, comments and thumbnails are left out. Raises `Damaged`.
    """
    kept = [content[:2]]
    turned: list[bytes] = []
    frames = scans = 0
    at = 2
    for _ in bounded():
        marker, at = _marker(content, at)
        if marker == END:
            break
        length = struct.unpack_from(">H", content, at)[0]
        segment = content[at : at + length]
        if length < 2 or len(segment) < length:
            raise Damaged("a segment is cut off")
        at += length
        whole = bytes((0xFF, marker)) + segment
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", segment, 3)
            check_picture(width, height)
            frames += 1
            kept.append(whole)
        elif marker == SCAN:
            end = _end_of_scan(content, at)
            kept += [whole, content[at:end]]
            at = end
            scans += 1
        elif marker in TABLES or segment[2:].startswith(APPLICATION.get(marker, b"\0\0none")):
            kept.append(whole)
        elif marker == 0xE1 and segment[2:].startswith(EXIF) and not turned:
            turned = _orientation(segment[2 + len(EXIF) :])
        elif marker == START:
            raise Damaged("a picture within the picture's head")
    if not frames or not scans:
        raise Damaged("no picture")
    return b"".join([kept[0], *turned, *kept[1:], b"\xff\xd9"])


def _marker(content: bytes, at: int) -> tuple[int, int]:
    """The marker that stands here, fill bytes skipped, and where it ends."""
    if content[at : at + 1] != b"\xff":
        raise Damaged("a marker is missing")
    while content[at] == 0xFF:
        at += 1
    return content[at], at + 1


def _end_of_scan(content: bytes, at: int) -> int:
    found = _NEXT_MARKER.search(content, at)
    if found is None:
        raise Damaged("the picture is cut off")
    return found.start()


def _orientation(tiff: bytes) -> list[bytes]:
    """A new Exif segment that says nothing but how the camera was held, or none if it was upright or unreadable."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return []
    directory = struct.unpack_from(order + "I", tiff, 4)[0]
    if directory + 2 > len(tiff):
        return []
    entries = struct.unpack_from(order + "H", tiff, directory)[0]
    for i in range(entries):
        at = directory + 2 + 12 * i
        if at + 12 > len(tiff):
            return []
        tag, kind, count, value = struct.unpack_from(order + "HHIH", tiff, at)
        if (tag, kind, count) == (ORIENTATION, 3, 1) and 2 <= value <= 8:
            body = EXIF + struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, ORIENTATION, 3, 1, value, 0, 0)
            return [b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body]
    return []
