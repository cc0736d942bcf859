"""AMR and AMR-WB speech (RFC 4867, storage format), and Ogg (RFC 3533) with Opus, Vorbis, Speex or FLAC in it."""

from typing import Final

from workorders.attachments.formats.damage import Damaged, bounded

AMR: Final = b"#!AMR\n"
AMR_WIDE: Final = b"#!AMR-WB\n"
OGG: Final = b"OggS"

_FRAME_BYTES: Final = {0: 13, 1: 14, 2: 16, 3: 18, 4: 20, 5: 21, 6: 27, 7: 32, 8: 6, 15: 1}
_WIDE_FRAME_BYTES: Final = {0: 18, 1: 24, 2: 33, 3: 37, 4: 41, 5: 47, 6: 51, 7: 59, 8: 61, 9: 6, 14: 1, 15: 1}
_CODECS: Final = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC")
_FIRST_PAGE: Final = 0x02
MOST_FRAMES: Final = 3 * 3600 * 50
"""Three hours of speech."""


def amr_frames_only(content: bytes) -> bytes:
    """The header and the whole frames behind it. Raises `Damaged`."""
    wide = content.startswith(AMR_WIDE)
    sizes = _WIDE_FRAME_BYTES if wide else _FRAME_BYTES
    start = at = len(AMR_WIDE if wide else AMR)
    for _ in bounded(MOST_FRAMES):
        if at >= len(content):
            break
        head = content[at]
        size = sizes.get(head >> 3 & 15)
        if head & 0x83 or size is None:
            raise Damaged("something other than speech among the frames")
        if at + size > len(content):
            break
        at += size
    if at == start:
        raise Damaged("no sound")
    return content[:at]


def ogg_pages_only(content: bytes) -> bytes:
    """The whole pages, of streams of sound only. Comments within a stream stay. Raises `Damaged`."""
    at = streams = 0
    for _ in bounded(MOST_FRAMES):
        if at >= len(content):
            break
        if content[at : at + 5] != b"OggS\0":
            raise Damaged("something other than pages")
        table = content[at + 27 : at + 27 + content[at + 26]] if at + 27 <= len(content) else b""
        body = at + 27 + len(table)
        end = body + sum(table)
        if at + 27 > len(content) or len(table) < content[at + 26] or end > len(content):
            break
        if content[at + 5] & _FIRST_PAGE:
            if not content[body:end].startswith(_CODECS):
                raise Damaged("a stream that is not sound")
            streams += 1
        elif not streams:
            raise Damaged("no first page")
        at = end
    if not streams:
        raise Damaged("no sound")
    return content[:at]
