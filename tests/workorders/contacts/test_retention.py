"""The end of a contact's retention: what no order hangs on goes, everything else stays."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.errors import NotFound
from foundation.ids import new_id
from tests.workorders.contacts.test_recording import RINGING, count, take_in_on
from tests.workorders.lifecycle.town import COMPLAINT, OPERATOR, SUPERVISOR, Town
from workorders.contacts.desk import ContactDesk
from workorders.contacts.documents import ContactDocument, ContactOrder
from workorders.contacts.reading import orders_on, read
from workorders.contacts.recording import hanging_on, record
from workorders.contacts.retention import BATCH, sweep
from workorders.lifecycle import intake

KEPT = timedelta(days=90)
MOMENT = timedelta(milliseconds=1)


async def test_a_contact_without_an_order_is_deleted_when_its_time_is_over_and_not_before(
    town: Town, desk: ContactDesk
) -> None:
    recorded = town.clock.now()
    alone, hung_on = await record(desk, OPERATOR, RINGING), await record(desk, OPERATOR, RINGING)
    order = await take_in_on(desk, hung_on.id)
    assert await sweep(desk, recorded + KEPT, KEPT) == 0
    assert [await sweep(desk, recorded + KEPT + MOMENT, KEPT) for _ in range(2)] == [1, 0]
    with pytest.raises(NotFound):
        await read(desk, OPERATOR, alone.id)
    assert [each.id for each in await orders_on(desk, SUPERVISOR, hung_on.id)] == [order.id]


async def test_a_letter_recorded_late_is_kept_from_its_recording_on(town: Town, desk: ContactDesk) -> None:
    now = town.clock.now()
    await record(desk, OPERATOR, replace(RINGING, at=now - 2 * KEPT))
    assert await sweep(desk, now + KEPT, KEPT) == 0


async def test_many_go_in_batches_and_two_workers_delete_each_once(town: Town, desk: ContactDesk) -> None:
    template = (await record(desk, OPERATOR, RINGING)).id
    (raw,) = await desk.database.collection(ContactDocument).find({"_id": template}).to_list()
    copies = [new_id() for _ in range(2 * BATCH + 4)]
    key = str(raw["orderless_key"])[:25]
    await desk.database.collection(ContactDocument).insert_many(
        [{**raw, "_id": id, "orderless_key": key + id} for id in copies]
    )
    later = town.clock.now() + KEPT + MOMENT

    async def worker() -> list[int]:
        done: list[int] = []
        while await count(desk):
            done.append(await sweep(desk, later, KEPT))
        return done

    done = [batch for batches in await asyncio.gather(worker(), worker()) for batch in batches]
    assert max(done) <= BATCH
    assert sum(done) == len(copies) + 1


async def test_an_order_hangs_on_a_contact_or_the_contact_is_deleted_never_both(town: Town, desk: ContactDesk) -> None:
    for _ in range(10):
        contact = (await record(desk, OPERATOR, RINGING)).id
        beside = await hanging_on(desk, OPERATOR, contact)
        report = replace(COMPLAINT, channel="phone", contact_record=contact)
        taken, swept = await asyncio.gather(
            intake.take_in(desk.office, OPERATOR, report, beside=beside),
            sweep(desk, town.clock.now() + KEPT + MOMENT, KEPT),
            return_exceptions=True,
        )
        links = await desk.database.collection(ContactOrder).count_documents({"contact": contact})
        kept = await desk.contacts.by_id(contact) is not None
        if isinstance(taken, BaseException):
            assert isinstance(taken, NotFound)
            assert (links, kept, swept) == (0, False, 1)
        else:
            assert (links, kept, swept) == (1, True, 0)


async def test_a_contact_that_was_deleted_before_the_order_was_saved_takes_no_order(
    town: Town, desk: ContactDesk
) -> None:
    contact = (await record(desk, OPERATOR, RINGING)).id
    beside = await hanging_on(desk, OPERATOR, contact)
    assert await sweep(desk, town.clock.now() + KEPT + MOMENT, KEPT) == 1
    with pytest.raises(NotFound):
        await intake.take_in(
            desk.office, OPERATOR, replace(COMPLAINT, channel="phone", contact_record=contact), beside=beside
        )
    assert await desk.database.collection(ContactOrder).count_documents({}) == 0
