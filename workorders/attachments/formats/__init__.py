"""Kinds of file 文件格式: told by their content, checked by their structure, and written anew without metadata.

What is stored is what the format itself needs to show the picture or play the sound. Exif, XMP, tags and comments go,
because they say where, when and by whom a citizen's file was made; bytes behind the end go, because they may be a
second file. So a name, a client's content type and a clever archive change nothing. Exceptions: comments within an
Ogg stream and the inside of a PDF stay as they are. Pure.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from workorders.attachments.formats import boxes, jpeg, mpeg_audio, pdf, png, riff, speech
from workorders.attachments.formats.damage import Damaged

Recognises = Callable[[bytes], bool]


class Unrecognised(Exception):
    """The content is of no kind that is taken."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its fixed content type and ending, how it is told, and what is kept of it."""

    media_type: str
    extension: str
    recognises: Recognises
    keep: Callable[[bytes], bytes]


def _starts(*signatures: bytes) -> Recognises:
    return lambda content: content.startswith(signatures)


def _riff(form: bytes) -> Recognises:
    return lambda content: content.startswith(riff.SIGNATURE) and content[8:12] == form


FORMATS: Final = (
    Format("image/jpeg", "jpg", _starts(jpeg.SIGNATURE), jpeg.picture_only),
    Format("image/png", "png", _starts(png.SIGNATURE), png.picture_only),
    Format("image/webp", "webp", _riff(b"WEBP"), riff.webp_picture_only),
    Format("image/heic", "heic", boxes.picture_brand, boxes.heic_picture_only),
    Format("audio/mp4", "m4a", boxes.sound_brand, boxes.m4a_sound_only),
    Format("audio/wav", "wav", _riff(b"WAVE"), riff.wave_sound_only),
    Format("audio/amr", "amr", _starts(speech.AMR, speech.AMR_WIDE), speech.amr_frames_only),
    Format("audio/ogg", "ogg", _starts(speech.OGG), speech.ogg_pages_only),
    Format("application/pdf", "pdf", _starts(pdf.SIGNATURE), pdf.checked),
    Format("audio/mpeg", "mp3", mpeg_audio.recognises, mpeg_audio.frames_only),
)

BY_MEDIA_TYPE: Final = {format.media_type: format for format in FORMATS}


def examine(content: bytes) -> tuple[Format, bytes]:
    """The kind of a file and what is kept of it; examined again, what is kept is the same.

    Raises `Unrecognised`, and `Damaged` for a file that is not what it starts as.
    """
    for format in FORMATS:
        if format.recognises(content):
            try:
                return format, format.keep(content)
            except (struct.error, IndexError, KeyError) as error:
                raise Damaged("cut off") from error
    raise Unrecognised
