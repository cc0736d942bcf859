"""ISO base media files (ISO/IEC 14496-12): HEIC pictures (ISO/IEC 23008-12) and M4A sound.

Places in such a file are counted from its start, so nothing is cut out: what is not wanted is overwritten with zeros
in a box that every reader skips.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from workorders.attachments.formats.damage import Damaged, bounded, check_picture

PICTURE_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
SOUND_BRANDS: Final = frozenset({b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"3gp4", b"3gp5", b"3gp6"})
KEPT_AT_TOP: Final = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"styp", b"meta"})
CONTAINERS: Final = {b"moov": b"trak", b"trak": b"mdia"}
"""What is looked into, by what it lies in."""
ABOUT_IT: Final = frozenset({b"udta", b"meta", b"uuid"})
"""Within sound: titles, places (`©xyz`, `loci`), makers."""
METADATA_ITEMS: Final = frozenset({b"Exif", b"mime", b"uri "})
EMPTY_EXIF: Final = struct.pack(">I2sHIHI", 0, b"MM", 42, 8, 0, 0)


@dataclass(frozen=True, slots=True)
class Box:
    kind: bytes
    start: int
    body: int
    end: int


def picture_brand(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in PICTURE_BRANDS


def sound_brand(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in SOUND_BRANDS


def heic_picture_only(content: bytes) -> bytes:
    """The pictures, without Exif and XMP. Raises `Damaged`, also where these cannot be found to be blanked."""
    kept = bytearray(content)
    top = _blank_unknown(kept)
    meta = next((box for box in top if box.kind == b"meta"), None)
    if meta is None or not any(box.kind == b"mdat" for box in top):
        raise Damaged("no picture")
    within = {box.kind: box for box in _boxes(content, meta.body + 4, meta.end)}
    _check_sizes(content, within)
    about = {item: kind for item, kind in _items(content, within[b"iinf"]) if kind in METADATA_ITEMS}
    for item, start, length in _extents(content, within[b"iloc"], within.get(b"idat")):
        if item in about:
            if length == 0 or start + length > len(kept):
                raise Damaged("an item lies outside the file")
            kept[start : start + length] = _emptied(about[item], length)
    return bytes(kept)


def _emptied(kind: bytes, length: int) -> bytes:
    """So many bytes that a reader of this kind of item finds nothing in, and nothing wrong with."""
    return EMPTY_EXIF[:length].ljust(length, b"\0") if kind == b"Exif" else b" " * length


def m4a_sound_only(content: bytes) -> bytes:
    """The sound tracks, without titles and places. Raises `Damaged`, also for a video."""
    kept = bytearray(content)
    top = _blank_unknown(kept)
    handlers: list[bytes] = []
    for box in top:
        if box.kind == b"moov":
            _clean_movie(kept, box, handlers)
        elif box.kind == b"meta":
            _blank(kept, box)
    if b"soun" not in handlers or b"vide" in handlers:
        raise Damaged("no sound, or a video")
    return bytes(kept)


def _clean_movie(kept: bytearray, parent: Box, handlers: list[bytes]) -> None:
    for box in list(_boxes(kept, parent.body, parent.end)):
        if box.kind in ABOUT_IT:
            _blank(kept, box)
        elif box.kind == CONTAINERS.get(parent.kind):
            _clean_movie(kept, box, handlers)
        elif box.kind == b"hdlr":
            handlers.append(bytes(kept[box.body + 8 : box.body + 12]))


def _boxes(content: bytes | bytearray, at: int, end: int) -> Iterator[Box]:
    """The boxes that fill `at` to `end` exactly."""
    for _ in bounded():
        if at == end:
            return
        size, kind = struct.unpack_from(">I4s", content, at)
        body = at + 8
        if size == 1:
            size, body = struct.unpack_from(">Q", content, at + 8)[0], at + 16
        elif size == 0:
            size = end - at
        if at + size < body or at + size > end:
            raise Damaged("a box is cut off")
        yield Box(kind, at, body, at + size)
        at += size


def _blank_unknown(kept: bytearray) -> list[Box]:
    """The boxes at the top, with everything that the picture or sound does not need overwritten."""
    top = list(_boxes(kept, 0, len(kept)))
    for box in top:
        if box.kind not in KEPT_AT_TOP:
            _blank(kept, box)
    return [box for box in top if box.kind in KEPT_AT_TOP]


def _blank(kept: bytearray, box: Box) -> None:
    kept[box.start + 4 : box.start + 8] = b"free"
    kept[box.body : box.end] = bytes(box.end - box.body)


def _check_sizes(content: bytes, within: dict[bytes, Box]) -> None:
    properties = within[b"iprp"]
    for container in _boxes(content, properties.body, properties.end):
        if container.kind == b"ipco":
            for box in _boxes(content, container.body, container.end):
                if box.kind == b"ispe":
                    check_picture(*struct.unpack_from(">II", content, box.body + 4))


def _items(content: bytes, info: Box) -> Iterator[tuple[int, bytes]]:
    """Each item's id and kind."""
    head = info.body + (6 if content[info.body] == 0 else 8)
    for box in _boxes(content, head, info.end):
        version = content[box.body]
        if box.kind != b"infe" or version < 2:
            raise Damaged("an item without a kind")
        yield struct.unpack_from(">HH4s" if version == 2 else ">IH4s", content, box.body + 4)[::2]


def _extents(content: bytes, place: Box, data: Box | None) -> Iterator[tuple[int, int, int]]:
    """Each stretch of each item: its id, where in the file it starts, how long it is."""
    reader = _Reader(content, place.body)
    version = reader.number(1)
    reader.at += 3
    sizes = reader.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    entries = bounded()
    for _ in range(reader.number(2 if version < 2 else 4)):
        next(entries)
        item = reader.number(2 if version < 2 else 4)
        method = reader.number(2) & 15 if version else 0
        reader.at += 2
        start = reader.number(base)
        if method == 1 and data is not None:
            start += data.body
        elif method != 0:
            raise Damaged("an item that is made of others")
        for _ in range(reader.number(2)):
            next(entries)
            reader.at += index if version else 0
            yield item, start + reader.number(offset), reader.number(length)


@dataclass(slots=True)
class _Reader:
    content: bytes
    at: int

    def number(self, size: int) -> int:
        if self.at + size > len(self.content):
            raise Damaged("a table is cut off")
        self.at += size
        return int.from_bytes(self.content[self.at - size : self.at], "big")
