"""What a file is, is told by its content; what is kept of it, is what the format needs."""

import struct
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workorders.attachments.files import MEDIA_TYPES, PDF, all_samples, sample
from workorders.attachments.formats import Unrecognised, boxes, examine
from workorders.attachments.formats.damage import LARGEST_PIXELS, Damaged

ZIP = b"PK\x03\x04" + bytes(40) + b"PK\x05\x06" + bytes(18)
SCRIPT = b"<html><script>alert(1)</script></html>"
SAMPLES = all_samples()
CUT_AT_THE_END = {"image/jpeg", "image/png", "image/webp", "audio/wav"}
"""Formats that know where they end: bytes behind it are left out. The others refuse them."""


@pytest.mark.parametrize(("name", "media_type"), MEDIA_TYPES.items())
def test_a_real_file_is_told_by_its_content(name: str, media_type: str) -> None:
    format, kept = examine(sample(name))
    assert format.media_type == media_type
    assert 0 < len(kept) <= len(sample(name))


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_kept_is_kept_whole_when_examined_again(name: str) -> None:
    format, kept = examine(SAMPLES[name])
    assert examine(kept) == (format, kept)


@pytest.mark.parametrize("name", sorted(set(MEDIA_TYPES) - {"opus.ogg"}))
def test_neither_place_nor_maker_nor_texts_are_kept(name: str) -> None:
    kept = examine(sample(name))[1]
    for told in (b"SECRET", b"HUAWEI", b"2026:11:16", b"+30.1", b"xmpmeta"):
        assert told not in kept


def test_the_pictures_held_a_position_before() -> None:
    for name in ("turned.jpg", "texts.png", "photo.webp", "phone.heic"):
        assert b"HUAWEI" in sample(name)


def test_a_turned_photo_stays_turned() -> None:
    kept = examine(sample("turned.jpg"))[1]
    exif = kept.index(b"Exif\0\0") + 6
    assert kept[exif : exif + 4] == b"MM\0*"
    assert struct.unpack_from(">H", kept, exif + 8)[0] == 1
    assert struct.unpack_from(">HHIH", kept, exif + 10) == (0x0112, 3, 1, 6)


def test_an_overlong_orientation_directory_is_no_orientation() -> None:
    photo = sample("turned.jpg")
    at = photo.index(b"Exif\0\0") + 6
    broken = photo[: at + 4] + b"\xff\xff\xff\xff" + photo[at + 8 :]
    assert b"Exif" not in examine(broken)[1]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("tail", [ZIP, SCRIPT, b"%PDF-1.7 "], ids=["zip", "html", "pdf"])
def test_no_second_file_hides_behind_the_first(name: str, tail: bytes) -> None:
    try:
        format, kept = examine(SAMPLES[name] + tail)
    except Damaged:
        assert MEDIA_TYPES.get(name) not in CUT_AT_THE_END
    else:
        assert format.media_type in CUT_AT_THE_END
        assert kept == examine(SAMPLES[name])[1]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_that_is_cut_off_is_refused_or_shorter_never_longer(name: str) -> None:
    content = SAMPLES[name]
    for length in range(0, len(content) - 1, max(len(content) // 97, 1)):
        try:
            kept = examine(content[:length])[1]
        except (Damaged, Unrecognised):
            continue
        assert len(kept) <= length


@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.endswith(("mp3", "ogg", "amr"))])
def test_a_picture_or_document_cut_off_in_the_middle_is_refused(name: str) -> None:
    with pytest.raises(Damaged):
        examine(SAMPLES[name][: len(SAMPLES[name]) * 2 // 3])


@pytest.mark.parametrize(
    "content",
    [
        SCRIPT,
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        ZIP,
        b"\x1f\x8b" + bytes(100),
        b"GIF89a" + bytes(100),
        b"MZ" + bytes(100),
        b"\x7fELF" + bytes(100),
        b"#!/bin/sh\n",
        b" " + PDF,
        b"\xef\xbb\xbf" + PDF,
        bytes(1000),
        b"\xff\xf1" + bytes(100),
        b"RIFF\x10\0\0\0AVI " + bytes(100),
    ],
)
def test_what_is_not_on_the_list_is_not_recognised(content: bytes) -> None:
    with pytest.raises(Unrecognised):
        examine(content)


def test_a_video_is_no_sound() -> None:
    with pytest.raises(Damaged):
        examine(sample("video.mp4"))


@pytest.mark.parametrize(
    "pdf",
    [
        PDF.replace(b"%%EOF", b""),
        PDF + SCRIPT,
        PDF + ZIP + b"startxref\n0\n%%EOF",
        b"%PDF-1.4\n<script>1</script>" + PDF,
        b"%PDF-\n" + PDF,
    ],
)
def test_a_pdf_is_nothing_but_a_pdf(pdf: bytes) -> None:
    with pytest.raises(Damaged):
        examine(pdf)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(b"\0")) + _chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(0, 10), (10, 0), (30_001, 1), (20_000, LARGEST_PIXELS // 20_000 + 1)])
def test_a_picture_that_would_swell_is_refused(width: int, height: int) -> None:
    with pytest.raises(Damaged):
        examine(_png(width, height))
    assert examine(_png(100, 100))


def test_an_altered_png_does_not_fit_its_check_value() -> None:
    png = bytearray(sample("texts.png"))
    at = png.index(b"IDAT") + 20
    png[at] ^= 1
    with pytest.raises(Damaged):
        examine(bytes(png))


MANY = 1_000_000


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8" + b"\xff\xdb\0\x02" * MANY + b"\xff\xd9",
        _png(9, 9)[:33] + _chunk(b"IDAT", b"") * MANY + _chunk(b"IEND", b""),
        sample("memo.m4a") + struct.pack(">I4s", 8, b"free") * MANY,
        struct.pack(">I4s4sI", 16, b"ftyp", b"M4A ", 0) + struct.pack(">I4s", 8 * MANY, b"moov") * MANY,
        sample("phone.heic") + struct.pack(">I4s", 8, b"free") * MANY,
        b"#!AMR\n" + b"\x7c" * 20 * MANY,
        b"RIFF" + struct.pack("<I", 4 + 8 * MANY) + b"WEBP" + b"junk\0\0\0\0" * MANY,
        b"OggS" + bytes(22) + b"\0" + (b"OggS\0" + bytes(22)) * 500_000,
    ],
    ids=["jpeg", "png", "m4a", "m4a-nested", "heic", "amr", "webp", "ogg"],
)
def test_a_million_tiny_parts_cost_little(content: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(Damaged):
        examine(content)
    assert time.perf_counter() - started < 3


def test_places_that_a_heic_names_outside_itself_are_refused() -> None:
    photo = bytearray(sample("phone.heic"))
    meta = next(box for box in boxes._boxes(photo, 0, len(photo)) if box.kind == b"meta")
    place = next(box for box in boxes._boxes(photo, meta.body + 4, meta.end) if box.kind == b"iloc")
    photo[place.body + 8 : place.end] = b"\x7f" * (place.end - place.body - 8)
    with pytest.raises(Damaged):
        examine(bytes(photo))


@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_whatever_is_altered_the_answer_is_a_file_or_a_refusal(name: str, data: st.DataObject) -> None:
    content = bytearray(SAMPLES[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + 1] = data.draw(st.binary(max_size=3))
        if not content:
            break
    try:
        format, kept = examine(bytes(content))
    except (Damaged, Unrecognised):
        return
    assert len(kept) <= len(content) + 40
    assert format.recognises(kept)


@given(st.binary(max_size=400), st.sampled_from(sorted(SAMPLES)), st.integers(4, 40))
def test_a_right_start_with_anything_behind_it_never_breaks_the_check(body: bytes, name: str, start: int) -> None:
    try:
        examine(SAMPLES[name][:start] + body)
    except (Damaged, Unrecognised):
        return
