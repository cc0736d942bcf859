"""Orphans are swept and erased files are gone, whoever is killed in the middle and whatever runs beside it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from foundation.crypto import DataKey
from foundation.errors import NotFound
from tests.workorders.attachments.files import PHOTO, content_of, sample, stored_pieces, stream, uploaded
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.town import CITIZEN, COMPLAINT, DISPATCHER, STRANGER, Town
from workorders.attachments import attaching, erasing
from workorders.attachments.contents import Contents
from workorders.attachments.desk import AttachmentDesk
from workorders.attachments.documents import Attachment, FileClaim, Upload
from workorders.attachments.erasing import KEPT_UNATTACHED, erase_order, erase_uploads, sweep
from workorders.attachments.errors import AttachmentTaken, UnknownAttachment
from workorders.attachments.reading import download, of_order
from workorders.attachments.uploading import upload
from workorders.lifecycle.documents import OrderDocument

MOMENT = timedelta(milliseconds=1)


class Killed(BaseException):
    """What a kill -9 looks like from inside."""


def tomorrow(town: Town) -> datetime:
    return town.clock.now() + KEPT_UNATTACHED + MOMENT


async def left(desk: AttachmentDesk) -> tuple[int, int]:
    """Uploads, and pieces and heads of contents, that are still there."""
    return await desk.database.collection(Upload).count_documents({}), await stored_pieces(desk)


async def test_a_sweep_takes_what_is_a_day_old_and_unattached(town: Town, desk: AttachmentDesk) -> None:
    attached = await uploaded(desk, CITIZEN)
    order = await attaching.take_in(desk, CITIZEN, replace(COMPLAINT, attachments=(attached,)))
    orphan = await uploaded(desk, CITIZEN)
    uploaded_at = town.clock.now()
    town.clock.advance(timedelta(hours=1))
    young = await uploaded(desk, CITIZEN)

    assert await sweep(desk.database, uploaded_at + KEPT_UNATTACHED) == 0
    assert await sweep(desk.database, uploaded_at + KEPT_UNATTACHED + MOMENT) == 1
    assert await sweep(desk.database, uploaded_at + KEPT_UNATTACHED + MOMENT) == 0
    with pytest.raises(NotFound):
        await download(desk, CITIZEN, orphan)
    for kept in (attached, young):
        assert await content_of(await download(desk, CITIZEN, kept))
    assert [file.id for file in await of_order(desk, CITIZEN, order)] == [attached]
    with pytest.raises(UnknownAttachment):
        await attaching.supplement(desk, CITIZEN, order.id, text="补充。", attachments=[orphan])


@pytest.mark.parametrize("step", ["claimed", "content deleted", "half of the content deleted"])
async def test_a_sweep_that_is_killed_is_finished_by_the_next(
    town: Town, desk: AttachmentDesk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file = await uploaded(desk, CITIZEN)
    delete = Contents.delete

    async def killed(self: Contents, id: str) -> None:
        if step == "content deleted":
            await delete(self, id)
        elif step == "half of the content deleted":
            await desk.database.mongo["attachment_contents.files"].delete_one({"_id": id})
        raise Killed

    monkeypatch.setattr(Contents, "delete", killed)
    with pytest.raises(Killed):
        await sweep(desk.database, tomorrow(town))
    monkeypatch.undo()
    with pytest.raises(AttachmentTaken):
        await attaching.take_in(desk, CITIZEN, replace(COMPLAINT, attachments=(file,)))
    assert await sweep(desk.database, tomorrow(town)) == 1
    assert await left(desk) == (0, 0)


@pytest.mark.parametrize("step", ["nothing", "some of the content", "all of the content"])
async def test_an_upload_that_is_killed_is_swept(
    town: Town, desk: AttachmentDesk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write = Contents.write

    async def killed(self: Contents, id: str, content: bytes, key: DataKey) -> None:
        if step != "nothing":
            await write(self, id, content, key)
        if step == "some of the content":
            await desk.database.mongo["attachment_contents.files"].delete_one({"_id": id})
        raise Killed

    monkeypatch.setattr(Contents, "write", killed)
    with pytest.raises(Killed):
        await upload(desk, CITIZEN, name="a.jpg", content=stream(sample(PHOTO)))
    monkeypatch.undo()
    (half,) = await desk.database.collection(Upload).find({}).to_list()
    with pytest.raises(NotFound):
        await download(desk, CITIZEN, half["_id"])
    assert await sweep(desk.database, tomorrow(town)) == 1
    assert await left(desk) == (0, 0)


async def test_sweeps_beside_each_other_count_each_file_once(town: Town, desk: AttachmentDesk) -> None:
    for _ in range(12):
        await uploaded(desk, CITIZEN)
    swept = await asyncio.gather(*(sweep(desk.database, tomorrow(town)) for _ in range(4)))
    assert sum(swept) == 12
    assert await left(desk) == (0, 0)


async def test_a_file_is_swept_or_attached_never_both(town: Town, desk: AttachmentDesk) -> None:
    outcomes = []
    for round in range(12):
        file = await uploaded(desk, CITIZEN)
        later = tomorrow(town)

        async def attach(file: str = file) -> OrderDocument:
            return await attaching.take_in(desk, CITIZEN, replace(COMPLAINT, attachments=(file,)))

        async def late_sweep(later: datetime = later, pause: float = round**2 * 0.002) -> int:
            await asyncio.sleep(pause)
            return await sweep(desk.database, later)

        result, swept = await asyncio.gather(attach(), late_sweep(), return_exceptions=True)
        if isinstance(result, OrderDocument):
            outcomes.append("attached")
            assert swept == 0
            assert await content_of(await download(desk, CITIZEN, file))
        else:
            outcomes.append("swept")
            assert isinstance(result, AttachmentTaken | UnknownAttachment)
            assert swept == 1
            assert await desk.database.get(Attachment, file) is None
    assert await left(desk) == (0, 2 * outcomes.count("attached"))
    assert set(outcomes) == {"attached", "swept"}


async def test_a_sweep_is_bounded_and_the_next_goes_on(
    town: Town, desk: AttachmentDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "BATCH", 5)
    for _ in range(7):
        await uploaded(desk, CITIZEN)
    assert [await sweep(desk.database, tomorrow(town)) for _ in range(3)] == [5, 2, 0]


async def test_an_erased_order_has_no_files_any_more(town: Town, desk: AttachmentDesk) -> None:
    files = tuple([await uploaded(desk, CITIZEN) for _ in range(3)])
    order = await attaching.take_in(desk, CITIZEN, replace(COMPLAINT, attachments=files))
    other = await uploaded(desk, STRANGER)
    await attaching.take_in(desk, STRANGER, replace(COMPLAINT, attachments=(other,)))

    assert await erase_order(desk.database, order.id, town.clock.now()) == 3
    assert await erase_order(desk.database, order.id, town.clock.now()) == 0
    assert await of_order(desk, DISPATCHER, order) == []
    for file in files:
        with pytest.raises(NotFound):
            await download(desk, CITIZEN, file)
    assert await content_of(await download(desk, STRANGER, other))
    assert await left(desk) == (0, 2)


async def test_an_erasure_that_is_killed_has_destroyed_the_keys_and_the_sweep_does_the_rest(
    town: Town, desk: AttachmentDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tuple([await uploaded(desk, CITIZEN) for _ in range(3)])
    order = await attaching.take_in(desk, CITIZEN, replace(COMPLAINT, attachments=files))

    async def killed(self: Contents, id: str) -> None:
        raise Killed

    monkeypatch.setattr(Contents, "delete", killed)
    with pytest.raises(Killed):
        await erase_order(desk.database, order.id, town.clock.now())
    monkeypatch.undo()
    uploads = [Upload.load(raw) for raw in await desk.database.collection(Upload).find({}).to_list()]
    assert {(upload.sealed.data_key, upload.sealed.name) for upload in uploads} == {(b"", b"")}
    assert await desk.database.collection(Attachment).count_documents({}) == 0
    assert await sweep(desk.database, town.clock.now()) == 3
    assert await left(desk) == (0, 0)


async def test_what_somebody_did_not_attach_is_erased_with_them(town: Town, desk: AttachmentDesk) -> None:
    for _ in range(3):
        await uploaded(desk, CITIZEN)
    kept = await uploaded(desk, STRANGER)
    assert await erase_uploads(desk.database, CITIZEN.id, town.clock.now()) == 3
    assert await erase_uploads(desk.database, CITIZEN.id, town.clock.now()) == 0
    assert await content_of(await download(desk, STRANGER, kept))


async def test_claims_do_not_stay_for_ever(desk: AttachmentDesk, town: Town) -> None:
    file = await uploaded(desk, CITIZEN)
    await a_work_order().made_in(town)
    await attaching.take_in(desk, CITIZEN, replace(COMPLAINT, attachments=(file,)))
    claim = await desk.database.get(FileClaim, file)
    assert claim is not None and claim.until >= town.clock.now() + timedelta(days=7)
    indexes = await desk.database.collection(FileClaim).index_information()
    assert indexes["until"]["expireAfterSeconds"] == 0
