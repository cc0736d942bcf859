"""Uploading: what is taken, what is refused, how much, and what lies in the database."""

import secrets
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from foundation.crypto import Tampered
from foundation.errors import NotAllowed, NotFound, RateLimited
from identity.actors import Actor, Role
from tests.workorders.attachments.files import (
    MEDIA_TYPES,
    PDF,
    PHOTO,
    content_of,
    sample,
    stored_pieces,
    stream,
    uploaded,
)
from tests.workorders.lifecycle.town import CITIZEN, DEVICE, LEADER, OPERATOR, STRANGER, SUPERVISOR, WATER, Town
from workorders.attachments.contents import PIECE, ContentMissing
from workorders.attachments.desk import MEGABYTE, AttachmentDesk
from workorders.attachments.documents import MODELS, ContentPiece, Upload
from workorders.attachments.errors import DamagedFile, EmptyFile, FileTooLarge, UnsupportedFile
from workorders.attachments.formats import examine
from workorders.attachments.reading import download
from workorders.attachments.uploading import upload


def png_of(size: int) -> bytes:
    """A PNG of about so many bytes that do not compress."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    small = sample("texts.png")
    return small[:33] + chunk(b"IDAT", secrets.token_bytes(size - 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", MEDIA_TYPES)
async def test_an_upload_is_stored_under_its_own_kind_and_comes_back_as_kept(desk: AttachmentDesk, name: str) -> None:
    file = await upload(desk, CITIZEN, name=f"../{name}.exe", content=stream(sample(name)))
    got = await download(desk, CITIZEN, file.id)
    format, kept = examine(sample(name))
    assert await content_of(got) == kept
    assert (got.file.media_type, got.file.size) == (format.media_type, len(kept))
    assert got.file.name == f"{name}.{format.extension}"
    assert got.headers["Content-Type"] == MEDIA_TYPES[name]
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyFile),
        (b"<svg onload=alert(1)>", UnsupportedFile),
        (sample(PHOTO)[:500], DamagedFile),
        (b"\xff\xd8\xff\xe0", DamagedFile),
        (PDF[:-7], DamagedFile),
        (bytes(20 * MEGABYTE + 1), FileTooLarge),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    desk: AttachmentDesk, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await upload(desk, CITIZEN, name="a.jpg", content=stream(content))
    assert await stored_pieces(desk) == 0
    assert await desk.database.collection(Upload).count_documents({}) == 0


async def test_a_file_without_end_is_not_read_to_its_end(desk: AttachmentDesk) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += MEGABYTE
            yield bytes(MEGABYTE)

    with pytest.raises(FileTooLarge):
        await upload(desk, CITIZEN, name="a.jpg", content=endless())
    assert sent <= 22 * MEGABYTE


async def test_the_largest_file_goes_in_and_out_whole_and_in_part(desk: AttachmentDesk) -> None:
    content = png_of(20 * MEGABYTE)
    assert 20 * MEGABYTE - 100 < len(content) <= 20 * MEGABYTE
    file = await upload(desk, CITIZEN, name="a.png", content=stream(content))
    got = await download(desk, CITIZEN, file.id)
    assert await content_of(got) == content
    for start, end in ((0, 1), (PIECE - 1, PIECE + 1), (PIECE, 2 * PIECE), (len(content) - 5, None), (7, 7)):
        assert await content_of(got, start, end) == content[start:end]


async def test_two_uploads_of_one_file_look_different_and_show_nothing(desk: AttachmentDesk) -> None:
    one, other = [await uploaded(desk, CITIZEN, "form.pdf") for _ in range(2)]
    pieces = {
        raw["files_id"]: bytes(raw["data"])
        for raw in await desk.database.mongo[ContentPiece.collection_name()].find({}).to_list()
    }
    assert pieces[one] != pieces[other]
    for piece in pieces.values():
        assert b"%PDF" not in piece and b"Catalog" not in piece
    raw = await desk.database.collection(Upload).find_one({"_id": one})
    assert raw is not None and b"form" not in raw["sealed"]["name"]


async def test_pieces_of_another_file_do_not_open(desk: AttachmentDesk) -> None:
    one, other = [await uploaded(desk, CITIZEN) for _ in range(2)]
    pieces = desk.database.mongo[ContentPiece.collection_name()]
    alien = await pieces.find_one({"files_id": other})
    assert alien is not None
    await pieces.update_one({"files_id": one}, {"$set": {"data": alien["data"]}})
    with pytest.raises(Exception) as caught:
        await content_of(await download(desk, CITIZEN, one))
    assert type(caught.value).__name__ in ("WrongKey", "Tampered")
    own = await pieces.find_one({"files_id": other})
    assert own is not None
    altered = bytes(own["data"])[:-1] + bytes([own["data"][-1] ^ 1])
    await pieces.update_one({"files_id": other}, {"$set": {"data": altered}})
    with pytest.raises(Tampered):
        await content_of(await download(desk, CITIZEN, other))
    await pieces.delete_many({})
    with pytest.raises(ContentMissing):
        await content_of(await download(desk, CITIZEN, other))


async def test_an_unattached_file_is_its_uploaders_alone(desk: AttachmentDesk) -> None:
    file = await uploaded(desk, CITIZEN)
    for other in (STRANGER, DEVICE, OPERATOR, SUPERVISOR, WATER, LEADER):
        with pytest.raises(NotFound):
            await download(desk, other, file)
    with pytest.raises(NotFound):
        await download(desk, CITIZEN, "x" * 22)


async def test_roles_without_business_in_orders_may_not_upload(desk: AttachmentDesk) -> None:
    for role in (Role.COUNTER, Role.GUIDE, Role.CHECKPOINT, Role.LEADERSHIP, Role.ADMINISTRATOR):
        with pytest.raises(NotAllowed):
            await uploaded(desk, Actor(id="staff:x", roles=frozenset({role})))


async def test_a_device_has_a_day_s_allowance_and_refused_files_count(town: Town, desk: AttachmentDesk) -> None:
    most = desk.limits.device.most
    for _ in range(most - 1):
        with pytest.raises(EmptyFile):
            await upload(desk, DEVICE, name="a.jpg", content=stream(b""))
    await uploaded(desk, DEVICE)
    with pytest.raises(RateLimited):
        await uploaded(desk, DEVICE)
    await uploaded(desk, CITIZEN)
    town.clock.advance(timedelta(days=1))
    await uploaded(desk, DEVICE)


async def test_start_up_makes_what_the_driver_would_make_at_its_first_write(desk: AttachmentDesk) -> None:
    mongo = desk.database.mongo
    before = {name: await mongo[name].index_information() for name in await mongo.list_collection_names()}
    await uploaded(desk, CITIZEN)
    after = {name: await mongo[name].index_information() for name in await mongo.list_collection_names()}
    assert after == before
    assert {model.collection_name() for model in MODELS} <= set(after)
