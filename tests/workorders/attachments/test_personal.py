"""A resident's files in the export and the erasure of own data."""

from dataclasses import replace
from datetime import timedelta

from tests.workorders.attachments.files import content_of, stored_pieces, uploaded
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.town import CITIZEN, COMPLAINT, STRANGER, WATER, Town
from workorders.attachments import attaching
from workorders.attachments.desk import AttachmentDesk
from workorders.attachments.personal import AttachmentPersonalData
from workorders.attachments.reading import download, of_order
from workorders.lifecycle import intake
from workorders.lifecycle.personal import KEPT_AFTER_CLOSING, OrderPersonalData


async def test_files_are_exported_with_their_orders_and_go_when_these_are_erased(
    town: Town, desk: AttachmentDesk
) -> None:
    holder = AttachmentPersonalData(town.database, town.office.keyring, town.office.orders)
    orders = OrderPersonalData(town.database, town.office.keyring, town.office.orders)
    closed = await a_work_order().made_in(town)
    photo, reply = await uploaded(desk, CITIZEN), await uploaded(desk, WATER)
    await attaching.supplement(desk, CITIZEN, closed.id, text="补充。", attachments=[photo])
    await a_work_order().made_in(town)
    other = await uploaded(desk, STRANGER)
    await attaching.take_in(desk, STRANGER, replace(COMPLAINT, attachments=(other,)))
    await intake.withdraw(town.office, CITIZEN, closed.id, reason="已经自行解决。")
    await uploaded(desk, CITIZEN)

    (exported,) = await holder.export_of(CITIZEN.id)
    assert (exported["file"], exported["order"], exported["type"]) == (photo, closed.order.number, "image/jpeg")

    town.clock.advance(timedelta(days=1))
    assert await orders.erase_of(CITIZEN.id, town.clock.now()) == 0
    assert await holder.erase_of(CITIZEN.id, town.clock.now()) == 1, "only what was never attached"
    town.clock.advance(KEPT_AFTER_CLOSING)
    assert await orders.erase_of(CITIZEN.id, town.clock.now()) == 1
    assert await holder.erase_of(CITIZEN.id, town.clock.now()) == 1
    assert await holder.erase_of(CITIZEN.id, town.clock.now()) == 0
    assert await of_order(desk, CITIZEN, closed) == []
    assert await content_of(await download(desk, STRANGER, other))
    assert await content_of(await download(desk, WATER, reply))
    assert await stored_pieces(desk) == 4
