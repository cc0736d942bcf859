"""Contacts are recorded once, completed once, and orders hang on them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.errors import InvalidInput, NotAllowed, NotFound
from foundation.idempotency import KeyReused, Once
from foundation.phones import BadPhone
from identity.actors import Role, system_actor
from tests.workorders.lifecycle.town import (
    CALLER,
    CITIZEN,
    COMPLAINT,
    DISPATCHER,
    OPERATOR,
    REVIEWER,
    SUPERVISOR,
    WATER,
    Town,
    staff,
)
from workorders.contacts.desk import ContactDesk
from workorders.contacts.documents import ContactDocument
from workorders.contacts.errors import AlreadyCompleted
from workorders.contacts.reading import Contact, orders_on, read
from workorders.contacts.recording import LONGEST_CALL, Told, complete, hanging_on, record
from workorders.contacts.values import Direction, Outcome
from workorders.lifecycle import intake
from workorders.lifecycle.documents import OrderDocument

PHONE = "13800138000"
RINGING = Told(channel="phone", phone=PHONE)
COLLEAGUE = staff("colleague", Role.OPERATOR)


async def count(desk: ContactDesk) -> int:
    return await desk.database.collection(ContactDocument).count_documents({})


async def take_in_on(desk: ContactDesk, contact: str) -> OrderDocument:
    """An order that an operator takes down during a contact."""
    beside = await hanging_on(desk, OPERATOR, contact)
    report = replace(COMPLAINT, channel="phone", contact_record=contact)
    return await intake.take_in(desk.office, OPERATOR, report, beside=beside)


async def test_a_call_is_recorded_as_it_begins_and_completed_when_it_is_over(town: Town, desk: ContactDesk) -> None:
    began = town.clock.now()
    call = await record(desk, OPERATOR, RINGING)
    assert (call.outcome, call.duration_seconds, call.at) == (None, None, began)
    town.clock.advance(timedelta(minutes=3))
    done = await complete(
        desk, OPERATOR, call.id, outcome=Outcome.REPORTED, duration_seconds=175, note="市民反映水管漏水。"
    )
    assert done == replace(call, outcome=Outcome.REPORTED, duration_seconds=175, note="市民反映水管漏水。")
    assert await read(desk, REVIEWER, call.id) == done


@pytest.mark.parametrize("outcome", Outcome)
async def test_every_kind_of_contact_can_be_recorded_whole(desk: ContactDesk, outcome: Outcome) -> None:
    told = replace(RINGING, direction=Direction.OUTBOUND, duration_seconds=0, outcome=outcome, note=None)
    assert (await record(desk, CALLER, told)).outcome is outcome


async def test_a_silent_call_without_a_number_is_a_contact(desk: ContactDesk) -> None:
    call = await record(desk, OPERATOR, Told(channel="phone", outcome=Outcome.SILENT))
    assert call.masked_phone is None


async def test_neither_number_nor_note_lies_open_in_the_database(desk: ContactDesk) -> None:
    call = await record(desk, OPERATOR, replace(RINGING, note="市民反映水管漏水。"))
    raw = await desk.database.collection(ContactDocument).find_one({"_id": call.id})
    assert raw is not None
    assert PHONE not in str(raw) and "漏水" not in str(raw) and "漏水".encode() not in raw["sealed"]["note"]
    assert PHONE not in str(call)
    assert call.masked_phone == "138****8000"


@pytest.mark.parametrize(
    "wrong",
    [
        {"channel": "carrier pigeon"},
        {"at_offset": timedelta(minutes=6)},
        {"at_offset": -timedelta(days=367)},
        {"duration_seconds": -1},
        {"duration_seconds": int(LONGEST_CALL.total_seconds()) + 1},
        {"note": "a\x00b"},
        {"note": "长" * 2_001},
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_field(
    town: Town, desk: ContactDesk, wrong: dict[str, object]
) -> None:
    fields = dict(wrong)
    offset = fields.pop("at_offset", None)
    if isinstance(offset, timedelta):
        fields["at"] = town.clock.now() + offset
    with pytest.raises(InvalidInput) as caught:
        await record(desk, OPERATOR, replace(RINGING, **fields))  # type: ignore[arg-type]
    assert len(caught.value.fields) == 1
    assert await count(desk) == 0


@pytest.mark.parametrize("phone", ["12", "abc", "1" * 60, "138001380001", "\x00"])
async def test_a_number_that_is_none_is_refused(desk: ContactDesk, phone: str) -> None:
    with pytest.raises(BadPhone):
        await record(desk, OPERATOR, replace(RINGING, phone=phone))


async def test_one_contact_is_kept_however_often_it_is_sent(desk: ContactDesk) -> None:
    once = Once.of(OPERATOR.id, "call-1", "contactRecord", {"channel": "phone"})
    calls = await asyncio.gather(*(record(desk, OPERATOR, RINGING, once=once) for _ in range(6)))
    assert len({call.id for call in calls}) == 1
    assert await count(desk) == 1
    other = Once.of(OPERATOR.id, "call-1", "contactRecord", {"channel": "app"})
    with pytest.raises(KeyReused):
        await record(desk, OPERATOR, RINGING, once=other)


async def test_the_telephone_exchange_may_record_and_an_operator_may_not_complete_it(desk: ContactDesk) -> None:
    call = await record(desk, system_actor("telephony"), RINGING)
    with pytest.raises(NotAllowed):
        await complete(desk, OPERATOR, call.id, outcome=Outcome.SILENT)
    assert (await complete(desk, SUPERVISOR, call.id, outcome=Outcome.SILENT)).outcome is Outcome.SILENT


async def test_a_contact_is_completed_once(desk: ContactDesk) -> None:
    call = await record(desk, OPERATOR, RINGING)
    with pytest.raises(NotAllowed):
        await complete(desk, COLLEAGUE, call.id, outcome=Outcome.SILENT)
    results = await asyncio.gather(
        *(complete(desk, OPERATOR, call.id, outcome=outcome) for outcome in (Outcome.SILENT, Outcome.ANSWERED)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["AlreadyCompleted", "Contact"]
    won = next(result for result in results if isinstance(result, Contact))
    assert await read(desk, OPERATOR, call.id) == won
    with pytest.raises(AlreadyCompleted):
        await complete(desk, OPERATOR, call.id, outcome=Outcome.ABUSIVE)


async def test_completing_again_under_its_key_is_answered_as_before(desk: ContactDesk) -> None:
    call = await record(desk, OPERATOR, RINGING)
    once = Once.of(OPERATOR.id, "done-1", "contactComplete", {"id": call.id})
    results = [await complete(desk, OPERATOR, call.id, outcome=Outcome.ANSWERED, once=once) for _ in range(3)]
    results += await asyncio.gather(
        *(complete(desk, OPERATOR, call.id, outcome=Outcome.ANSWERED, once=once) for _ in range(4))
    )
    assert set(results) == {results[0]}


async def test_no_order_one_or_several_hang_on_a_contact(desk: ContactDesk) -> None:
    silent, call = await record(desk, OPERATOR, RINGING), await record(desk, OPERATOR, RINGING)
    orders = [await take_in_on(desk, call.id) for _ in range(3)]
    assert await orders_on(desk, DISPATCHER, silent.id) == []
    assert {order.id for order in await orders_on(desk, DISPATCHER, call.id)} == {order.id for order in orders}
    assert {order.order.contact_record for order in orders} == {call.id}


async def test_an_intake_that_fails_hangs_nothing_on_the_contact(desk: ContactDesk) -> None:
    call = await record(desk, OPERATOR, RINGING)
    beside = await hanging_on(desk, OPERATOR, call.id)
    with pytest.raises(InvalidInput):
        await intake.take_in(desk.office, OPERATOR, replace(COMPLAINT, title=""), beside=beside)
    assert await orders_on(desk, OPERATOR, call.id) == []


async def test_only_operators_hang_orders_on_contacts_that_exist(desk: ContactDesk) -> None:
    call = await record(desk, OPERATOR, RINGING)
    assert await hanging_on(desk, CITIZEN, None) is None
    for other in (CITIZEN, WATER, DISPATCHER):
        with pytest.raises(NotAllowed):
            await hanging_on(desk, other, call.id)
    with pytest.raises(NotFound):
        await hanging_on(desk, OPERATOR, "x" * 22)
