"""Nobody alters, drops or cuts off what happened unseen: not by hand in the database, not after a day was signed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from foundation.chain import CheckpointFault, Fault, Finding
from foundation.changes import Change
from foundation.crypto import Signer
from foundation.database import Database
from foundation.events import Event, event_id
from foundation.working_time import shipped_calendar
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.test_requests import local
from tests.workorders.lifecycle.town import CITIZEN, MODELS, Town, new_town
from workorders.lifecycle import checkpoints
from workorders.lifecycle.checkpoints import (
    SETTLES,
    SignedDay,
    SignedHeads,
    Verification,
    page_id,
    sign_day,
    verify,
)
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.personal import KEPT_AFTER_CLOSING, OrderPersonalData
from workorders.lifecycle.projecting import OrderProjection, Tally, projector

SIGNER = Signer.from_settings(f"s1:{'C' * 43}=")
ORDER = a_work_order().dispatched_to("water").signed().contacted().replied()
EVENTS = 5


@pytest.fixture
async def town(database: Database) -> Town:
    await database.prepare((*MODELS, OrderProjection, Tally, SignedDay, SignedHeads))
    return new_town(database)


async def signed(town: Town) -> str:
    """An order whose day was signed the night after."""
    order = (await ORDER.made_in(town)).id
    town.clock.set(local(17, 0) + SETTLES)
    await projector(town.database).sweep(town.clock.now())
    assert await sign_day(town.database, SIGNER, shipped_calendar("cn"), town.clock.now()) == 1
    return order


async def found(town: Town) -> list[Any]:
    return [fault async for fault in verify(town.database, town.office.keyring, SIGNER, Verification())]


async def faults(town: Town) -> list[tuple[Fault, int]]:
    findings = await found(town)
    assert all(isinstance(each, Finding) for each in findings)
    return [(each.fault, each.sequence) for each in findings]


async def test_what_nobody_touched_is_whole(town: Town) -> None:
    await signed(town)
    walked = Verification()
    assert [f async for f in verify(town.database, town.office.keyring, SIGNER, walked)] == []
    assert (walked.orders, walked.events, walked.checkpoints, walked.erased) == (1, EVENTS, 1, 0)


async def test_a_day_is_signed_once_and_only_when_it_is_over(town: Town) -> None:
    await ORDER.made_in(town)
    await projector(town.database).sweep(town.clock.now())
    calendar = shipped_calendar("cn")
    await sign_day(town.database, SIGNER, calendar, town.clock.now())  # Sunday, of which nothing is known
    for moment in (local(17, 0), local(17, 0) + SETTLES - timedelta(milliseconds=1)):
        assert await sign_day(town.database, SIGNER, calendar, moment) == 0
    assert await sign_day(town.database, SIGNER, calendar, local(17, 0) + SETTLES) == 1
    assert await sign_day(town.database, SIGNER, calendar, local(17, 9)) == 0
    assert await sign_day(town.database, SIGNER, calendar, local(20, 9)) == 1  # after a downtime, one for all days
    assert await faults(town) == []


async def test_a_day_of_many_orders_is_signed_by_the_page(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "HEADS_PER_PAGE", 2)
    for _ in range(4):
        await ORDER.made_in(town)
    await signed(town)
    pages = await town.database.collection(SignedHeads).find({}).sort("_id", 1).to_list()
    assert [len(page["heads"]) for page in pages] == [2, 2, 1]
    assert await found(town) == []


async def test_a_checkpoint_of_the_first_release_still_holds(town: Town) -> None:
    await signed(town)
    pages, days = town.database.collection(SignedHeads), town.database.collection(SignedDay)
    (page,), (day,) = await pages.find({}).to_list(), await days.find({}).to_list()
    await pages.delete_one({"_id": page["_id"]})
    await pages.insert_one({**page, "_id": f"{day['_id']}:000000"})
    await days.update_one({"_id": day["_id"]}, {"$unset": {"attempt": ""}})
    assert await found(town) == []


async def test_of_all_attempts_at_a_day_one_is_left(town: Town) -> None:
    """Two at once, and one that was killed before it was done."""
    await ORDER.made_in(town)
    town.clock.set(local(17, 0) + SETTLES)
    await projector(town.database).sweep(town.clock.now())
    broken_off = [SignedHeads(_id=page_id("2026-11-16", attempt, 0), heads=[]) for attempt in ("-", "zzz")]
    await town.database.save(Change().insert(*broken_off))
    signing = [sign_day(town.database, SIGNER, shipped_calendar("cn"), town.clock.now()) for _ in range(2)]
    assert sum(await asyncio.gather(*signing)) == 1
    assert await town.database.collection(SignedHeads).count_documents({}) == 1
    assert await found(town) == []


async def test_an_order_with_a_past_is_signed_by_the_next_checkpoint(town: Town) -> None:
    """An import brings what ended long before the last signed day; projectors that were behind do too."""
    await ORDER.made_in(town)
    town.clock.set(local(18, 0) + SETTLES)
    assert await sign_day(town.database, SIGNER, shipped_calendar("cn"), town.clock.now()) == 1
    town.clock.set(local(18, 9))
    await projector(town.database).sweep(town.clock.now())
    town.clock.set(local(19, 0) + SETTLES)
    assert await sign_day(town.database, SIGNER, shipped_calendar("cn"), town.clock.now()) == 1
    days = await town.database.collection(SignedDay).find({}).sort("_id", 1).to_list()
    assert [(day["_id"], day["heads"]) for day in days] == [("2026-11-17", 0), ("2026-11-18", 1)]
    assert await found(town) == []


Forge = Callable[[Town, str], Awaitable[Any]]


def _event(sequence: int, **fields: Any) -> Forge:
    return lambda town, id: town.database.collection(Event).update_one(
        {"_id": event_id(id, sequence)}, {"$set": fields}
    )


def _drop(*sequences: int) -> Forge:
    return lambda town, id: town.database.collection(Event).delete_many(
        {"_id": {"$in": [event_id(id, n) for n in sequences]}}
    )


async def _cut_off_cleanly(town: Town, id: str) -> None:
    """The last event and the head, so that the order is whole in itself."""
    before_last = await town.database.get(Event, event_id(id, EVENTS - 1))
    assert before_last is not None
    await _drop(EVENTS)(town, id)
    order = {"head": before_last.hash, "order.version": EVENTS - 1}
    await town.database.collection(OrderDocument).update_one({"_id": id}, {"$set": order})


@pytest.mark.parametrize(
    ("forge", "expected"),
    [
        (_event(3, at=local(16, 8)), (Fault.BROKEN, 3)),
        (_event(2, actor="staff:somebody-else"), (Fault.BROKEN, 2)),
        (_event(4, **{"data.reached": False}), (Fault.BROKEN, 4)),
        (_event(1, **{"commitments.title": "0" * 64}), (Fault.BROKEN, 1)),
        (_event(1, **{"sealed.title": b"forged"}), (Fault.TEXT_ALTERED, 1)),
        (_event(5, sealed={}), (Fault.TEXT_MISSING, 5)),
        (_drop(3), (Fault.MISSING, 3)),
        (_drop(1), (Fault.MISSING, 1)),
        (_drop(5), (Fault.CUT_OFF, 5)),
        (_drop(1, 2, 3, 4, 5), (Fault.CUT_OFF, 1)),
        (_cut_off_cleanly, (Fault.CUT_OFF, 5)),
        (lambda town, id: town.database.collection(OrderDocument).delete_one({"_id": id}), (Fault.CUT_OFF, 1)),
    ],
    ids=[
        "another time", "another person", "another fact", "another commitment", "another text", "no text",
        "an event gone", "the first gone", "the last gone", "all gone", "cut off cleanly", "the order gone",
    ],
)  # fmt: skip
async def test_every_forgery_is_found_where_it_was_made(town: Town, forge: Forge, expected: tuple[Fault, int]) -> None:
    order = await signed(town)
    await forge(town, order)
    assert expected in await faults(town)


async def test_a_checkpoint_that_was_altered_is_found(town: Town) -> None:
    await signed(town)
    await town.database.collection(SignedHeads).update_many({}, {"$set": {"heads": []}})
    assert [type(fault) for fault in await found(town)] == [CheckpointFault]


async def test_an_erased_person_leaves_a_chain_that_holds(town: Town) -> None:
    order = await a_work_order().answered_at_once().made_in(town)
    later = order.order.changed_at + KEPT_AFTER_CLOSING
    assert await OrderPersonalData(town.database, town.office.keyring, town.office.orders).erase_of(CITIZEN.id, later)
    walked = Verification()
    assert [f async for f in verify(town.database, town.office.keyring, SIGNER, walked)] == []
    assert walked.erased == 1
