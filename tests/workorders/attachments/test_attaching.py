"""A file goes to one action, once, whatever runs beside it."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.errors import NotAllowed, NotFound
from foundation.idempotency import Once
from tests.workorders.attachments.files import stored_pieces, uploaded
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.town import CITIZEN, COMPLAINT, DEVICE, OPERATOR, STRANGER, WATER, WATER_HEAD, Town
from workorders.attachments import attaching
from workorders.attachments.desk import AttachmentDesk
from workorders.attachments.documents import Attachment, FileClaim, Upload
from workorders.attachments.errors import AttachmentTaken, TooManyAttachments, UnknownAttachment
from workorders.attachments.reading import of_order, of_orders
from workorders.attachments.values import Side
from workorders.lifecycle.documents import NumberClaim, OrderDocument
from workorders.lifecycle.errors import WrongState
from workorders.lifecycle.events import FACTS
from workorders.lifecycle.folding import rebuild
from workorders.lifecycle.states import Action
from workorders.lifecycle.values import Outcome


async def count(desk: AttachmentDesk, model: type) -> int:
    return await desk.database.collection(model).count_documents({})


def answers(results: Iterable[OrderDocument | BaseException]) -> tuple[list[OrderDocument], list[BaseException]]:
    return (
        [result for result in results if isinstance(result, OrderDocument)],
        [result for result in results if isinstance(result, BaseException)],
    )


async def test_an_intake_takes_its_files_with_it(desk: AttachmentDesk) -> None:
    files = tuple([await uploaded(desk, CITIZEN, name) for name in ("turned.jpg", "form.pdf", "speech.amr")])
    order = await attaching.take_in(desk, CITIZEN, replace(COMPLAINT, attachments=files))
    seen = await of_order(desk, CITIZEN, order)
    assert {file.id for file in seen} == set(files)
    assert {file.side for file in seen} == {Side.REPORTER}
    assert await count(desk, Upload) == 0

    events = await desk.office.orders.events(order)
    assert events[0].data["attachments"] == list(files)
    log = [(Action(e.type), FACTS[Action(e.type)].model_validate(e.data), e.at) for e in events]
    assert rebuild(order.id, log) == order.order


async def test_a_supplement_and_a_reply_take_theirs(town: Town, desk: AttachmentDesk) -> None:
    order = await a_work_order().dispatched_to("water").signed().made_in(town)
    photo, public, note = await uploaded(desk, CITIZEN), await uploaded(desk, WATER), await uploaded(desk, WATER)
    await attaching.supplement(desk, CITIZEN, order.id, text="又漏了。", attachments=[photo])
    town.clock.advance(timedelta(hours=1))
    after = await attaching.submit_reply(
        desk,
        WATER,
        order.id,
        outcome=Outcome.SOLVED,
        answer="已修复。",
        attachments=[public],
        internal_attachments=[note],
    )
    seen = await of_order(desk, WATER_HEAD, after)
    assert [(file.id, file.side, file.internal) for file in seen[:1]] == [(photo, Side.REPORTER, False)]
    assert {(file.id, file.side, file.internal) for file in seen[1:]} == {
        (public, Side.UNIT, False),
        (note, Side.UNIT, True),
    }
    assert (await of_orders(desk, WATER_HEAD, [after, after]))[after.id] == seen


async def test_an_action_that_is_refused_leaves_the_files_unattached(town: Town, desk: AttachmentDesk) -> None:
    order = await a_work_order().dispatched_to("water").made_in(town)
    file = await uploaded(desk, WATER)
    with pytest.raises(WrongState):
        await attaching.submit_reply(
            desk, WATER, order.id, outcome=Outcome.SOLVED, answer="已修复。", attachments=[file]
        )
    own = await uploaded(desk, STRANGER)
    with pytest.raises(NotFound):
        await attaching.supplement(desk, STRANGER, order.id, text="我也要说。", attachments=[own])
    assert await count(desk, Upload) == 2
    assert await count(desk, Attachment) == await count(desk, FileClaim) == 0


async def test_only_own_whole_and_known_files_are_attached(desk: AttachmentDesk) -> None:
    others = await uploaded(desk, STRANGER)
    half = await uploaded(desk, CITIZEN)
    await desk.database.collection(Upload).update_one({"_id": half}, {"$set": {"ready": False}})
    for file in (others, half, "", "x" * 22, "\0", "../" * 9):
        with pytest.raises(UnknownAttachment):
            await attaching.take_in(desk, CITIZEN, replace(COMPLAINT, attachments=(file,)))
    assert await count(desk, OrderDocument) == 0
    with pytest.raises(NotAllowed):
        await attaching.take_in(desk, WATER, COMPLAINT)


async def test_ten_files_or_one_twice_are_too_many(desk: AttachmentDesk) -> None:
    files = [await uploaded(desk, CITIZEN) for _ in range(10)]
    for wrong in (files, [files[0], files[0]]):
        with pytest.raises(TooManyAttachments):
            await attaching.take_in(desk, CITIZEN, replace(COMPLAINT, attachments=tuple(wrong)))
    assert await attaching.take_in(desk, CITIZEN, replace(COMPLAINT, attachments=tuple(files[:9])))


async def test_a_file_is_attached_once(desk: AttachmentDesk) -> None:
    file = await uploaded(desk, CITIZEN)
    report = replace(COMPLAINT, attachments=(file,))
    await attaching.take_in(desk, CITIZEN, report)
    with pytest.raises(AttachmentTaken):
        await attaching.take_in(desk, CITIZEN, report)
    with pytest.raises(UnknownAttachment):
        await attaching.take_in(desk, STRANGER, report)


@pytest.mark.parametrize("rivals", [2, 6])
async def test_of_intakes_at_once_with_one_file_one_wins(desk: AttachmentDesk, rivals: int) -> None:
    file = await uploaded(desk, CITIZEN)
    report = replace(COMPLAINT, attachments=(file, await uploaded(desk, CITIZEN)))
    results = await asyncio.gather(
        *(attaching.take_in(desk, CITIZEN, report) for _ in range(rivals)), return_exceptions=True
    )
    won, lost = answers(results)
    assert len(won) == 1
    assert {type(error) for error in lost} == {AttachmentTaken}
    assert await count(desk, OrderDocument) == await count(desk, NumberClaim) == 1
    assert {f.id for f in await of_order(desk, CITIZEN, won[0])} == set(report.attachments)


async def test_of_a_supplement_and_an_intake_at_once_one_wins(town: Town, desk: AttachmentDesk) -> None:
    for _ in range(5):
        order = await a_work_order().made_in(town)
        file = await uploaded(desk, CITIZEN)
        results = await asyncio.gather(
            attaching.take_in(desk, CITIZEN, replace(COMPLAINT, attachments=(file,))),
            attaching.supplement(desk, CITIZEN, order.id, text="补充。", attachments=[file]),
            return_exceptions=True,
        )
        won, lost = answers(results)
        assert len(won) == 1
        assert [type(error) for error in lost] == [AttachmentTaken]
        attachment = await desk.database.get(Attachment, file)
        assert attachment is not None and attachment.order == won[0].id


async def test_supplements_at_once_with_files_of_their_own_all_win(town: Town, desk: AttachmentDesk) -> None:
    order = await a_work_order().made_in(town)
    files = [await uploaded(desk, CITIZEN) for _ in range(4)]
    await asyncio.gather(
        *(attaching.supplement(desk, CITIZEN, order.id, text="补充。", attachments=[file]) for file in files)
    )
    after = await town.office.orders.visible_to(CITIZEN, order.id)
    assert after.version == order.version + 4
    assert {f.id for f in await of_order(desk, CITIZEN, after)} == set(files)


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_request_sent_again_under_its_key_is_answered_as_before(desk: AttachmentDesk, at_once: bool) -> None:
    file = await uploaded(desk, CITIZEN)
    report = replace(COMPLAINT, attachments=(file,))
    once = Once.of(CITIZEN.id, "k1", "takeIn", {"attachments": [file]})
    if at_once:
        results = await asyncio.gather(*(attaching.take_in(desk, CITIZEN, report, once=once) for _ in range(8)))
    else:
        results = [await attaching.take_in(desk, CITIZEN, report, once=once) for _ in range(3)]
    assert len({order.id for order in results}) == 1
    assert await count(desk, OrderDocument) == await count(desk, Attachment) == 1

    more = await uploaded(desk, CITIZEN)
    again = Once.of(CITIZEN.id, "k2", "supplement", {"attachments": [more]})
    calls = [
        attaching.supplement(desk, CITIZEN, results[0].id, text="补充。", attachments=[more], once=again)
        for _ in range(4)
    ]
    versions = [order.version for order in (await asyncio.gather(*calls))]
    assert set(versions) == {results[0].version + 1}


async def test_an_operator_and_a_device_attach_what_they_uploaded(desk: AttachmentDesk) -> None:
    phoned = replace(COMPLAINT, channel="phone", attachments=(await uploaded(desk, OPERATOR, "speech.amr"),))
    assert (await attaching.take_in(desk, OPERATOR, phoned)).order.channel == "phone"
    quiet = a_work_order().anonymous().report
    order = await attaching.take_in(desk, DEVICE, replace(quiet, attachments=(await uploaded(desk, DEVICE),)))
    assert len(await of_order(desk, DEVICE, order)) == 1
    assert await stored_pieces(desk) == 4
