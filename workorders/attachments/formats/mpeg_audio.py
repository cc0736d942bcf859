"""MP3 (ISO/IEC 11172-3 and 13818-3, layer III): the frames, without tags."""

from typing import Final

from workorders.attachments.formats.damage import Damaged

TRAILERS: Final = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"3DI")
FEWEST_FRAMES: Final = 3

_KILOBITS: Final = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES: Final = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def recognises(content: bytes) -> bool:
    """Whether a tag or a frame of layer III stands at the start."""
    return content.startswith(b"ID3") or _frame(content, 0) > 0


def frames_only(content: bytes) -> bytes:
    """The adjoining frames, without the tags before and behind. Raises `Damaged`."""
    start = at = _behind_tags(content)
    frames = 0
    while (length := _frame(content, at)) and at + length <= len(content):
        at += length
        frames += 1
    rest = content[at:]
    if frames < FEWEST_FRAMES:
        raise Damaged("no sound")
    # A recorder that is switched off leaves half a frame.
    if not (length or not rest.strip(b"\0") or rest.startswith(TRAILERS)):
        raise Damaged("something other than sound among the frames")
    return content[start:at]


def _behind_tags(content: bytes) -> int:
    at = 0
    while content[at : at + 3] == b"ID3":
        size = content[at + 6 : at + 10]
        if len(size) < 4 or max(size) > 127:
            raise Damaged("a tag is cut off")
        footer = 10 if content[at + 5] & 0x10 else 0
        at += 10 + footer + sum(byte << 7 * place for place, byte in enumerate(reversed(size)))
    while content[at : at + 1] == b"\0":
        at += 1
    return at


def _frame(content: bytes, at: int) -> int:
    """The length of the frame of layer III that starts here, or 0 if none does."""
    head = content[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bits, rate, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer != 1 or bits in (0, 15) or rate == 3:
        return 0
    samples = 144 if version == 3 else 72
    return samples * _KILOBITS[version == 3][bits] * 1000 // _RATES[version][rate] + padding
