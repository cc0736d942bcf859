"""A caller's history, the malicious mark that warns and never blocks, and who may see any of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from foundation.crypto import Keyring, new_key_setting
from foundation.errors import InvalidInput, NotAllowed, NotFound
from foundation.paging import PageRequest, Span, cursor_of
from identity.actors import HOTLINE_ROLES, Actor, Role
from identity.audit import Audited
from identity.documents import AuditEntry
from identity.errors import ReasonMissing
from tests.workorders.contacts.test_recording import PHONE, RINGING, take_in_on
from tests.workorders.lifecycle.town import COMPLAINT, OPERATOR, REVIEWER, SUPERVISOR, WATER, Town
from workorders.contacts import marking, reading
from workorders.contacts.access import MARKERS, READERS, RECORDERS
from workorders.contacts.desk import ContactDesk
from workorders.contacts.documents import ContactDocument, MaliciousMark
from workorders.contacts.errors import BadExpiry, NotMarked, NumberUnknown
from workorders.contacts.personal import ContactPersonalData
from workorders.contacts.recording import Told, complete, hanging_on, record
from workorders.contacts.values import Outcome
from workorders.deadlines.values import Urgency
from workorders.lifecycle import intake
from workorders.lifecycle.documents import OrderDocument

REASON = "一周内拨打三百余次，辱骂话务员。"
WEEK = timedelta(days=7)


async def audited_as(desk: ContactDesk, action: str) -> list[dict[str, object]]:
    return await desk.database.collection(AuditEntry).find({"action": action}).to_list()


@pytest.mark.parametrize(
    "written", [PHONE, "+86 138 0013 8000", "138-0013-8000", "１３８００１３８０００", "008613800138000"]
)
async def test_a_caller_is_found_however_the_number_is_written(desk: ContactDesk, written: str) -> None:
    call = await record(desk, OPERATOR, RINGING)
    await record(desk, OPERATOR, replace(RINGING, phone="13900139000"))
    await record(desk, OPERATOR, replace(RINGING, phone=None))
    page = await reading.contacts_of(desk, OPERATOR, written, PageRequest())
    assert [contact.id for contact in page.items] == [call.id]
    assert not page.has_next


async def test_a_landline_is_found_with_and_without_its_area_code(desk: ContactDesk) -> None:
    call = await record(desk, OPERATOR, replace(RINGING, phone="87654321"))
    assert call.masked_phone is not None and "8765" not in call.masked_phone
    page = await reading.contacts_of(desk, OPERATOR, "0571-87654321", PageRequest())
    assert [contact.id for contact in page.items] == [call.id]


async def test_a_long_history_is_paged_newest_first_without_gap_or_double(town: Town, desk: ContactDesk) -> None:
    calls = []
    for days in (1, 0, 3, 0, 40, 0, 0, 90):
        town.clock.advance(timedelta(days=days))
        calls.append((await record(desk, OPERATOR, RINGING)).id)
    walked: list[str] = []
    after = None
    while True:
        page = await reading.contacts_of(desk, OPERATOR, PHONE, PageRequest(first=3, after=after))
        walked += [contact.id for contact in page.items]
        if not page.has_next:
            break
        after = cursor_of(page.keys[-1])
    assert sorted(walked) == sorted(calls)
    times = [(await reading.read(desk, OPERATOR, id)).at for id in walked]
    assert times == sorted(times, reverse=True)
    assert [c.id for c in (await reading.own(desk, OPERATOR, PageRequest(first=2))).items] == walked[:2]
    assert (await reading.own(desk, REVIEWER, PageRequest())).items == ()


async def test_recent_contacts_are_those_of_a_month_at_most(town: Town, desk: ContactDesk) -> None:
    old = await record(desk, OPERATOR, RINGING)
    town.clock.advance(timedelta(days=32))
    new = await record(desk, OPERATOR, RINGING)
    assert [c.id for c in (await reading.recent(desk, REVIEWER, PageRequest())).items] == [new.id]
    then = Span(old.at - WEEK, old.at + WEEK)
    assert [c.id for c in (await reading.recent(desk, REVIEWER, PageRequest(), then)).items] == [old.id]
    with pytest.raises(InvalidInput):
        await reading.recent(desk, REVIEWER, PageRequest(), Span())


async def test_a_callers_orders_are_found_by_the_same_number(desk: ContactDesk) -> None:
    report = replace(COMPLAINT, phone="+8613800138000")
    order = await intake.take_in(desk.office, OPERATOR, report)
    await intake.take_in(desk.office, OPERATOR, replace(report, phone="+8613900139000"))
    page = await reading.orders_of(desk, OPERATOR, "138 0013 8000", PageRequest())
    assert [document.id for document in page.items] == [order.id]


async def test_history_outlives_a_change_of_the_hash_key(town: Town, desk: ContactDesk) -> None:
    encryption, old, new = new_key_setting("k1"), new_key_setting("h1"), new_key_setting("h2")

    def with_keys(hash_keys: str) -> ContactDesk:
        return replace(desk, office=replace(town.office, keyring=Keyring.from_settings(encryption, hash_keys)))

    before, after = with_keys(old), with_keys(f"{new},{old}")
    first = await record(before, OPERATOR, RINGING)
    await marking.mark(before, SUPERVISOR, first.id, reason=REASON, until=town.clock.now() + WEEK)
    town.clock.advance(timedelta(minutes=1))
    second = await record(after, OPERATOR, RINGING)
    page = await reading.contacts_of(after, OPERATOR, PHONE, PageRequest())
    assert [contact.id for contact in page.items] == [second.id, first.id]
    assert await reading.mark_of(after, OPERATOR, PHONE) is not None
    await marking.mark(after, SUPERVISOR, second.id, reason=REASON, until=town.clock.now() + WEEK)
    assert await desk.database.collection(MaliciousMark).count_documents({}) == 1


async def test_a_mark_warns_until_it_expires_and_never_blocks(town: Town, desk: ContactDesk) -> None:
    call = await record(desk, OPERATOR, replace(RINGING, outcome=Outcome.ABUSIVE))
    until = town.clock.now() + WEEK
    assert await reading.mark_of(desk, OPERATOR, PHONE) is None
    await marking.mark(desk, SUPERVISOR, call.id, reason=REASON, until=until)
    standing = await reading.mark_of(desk, OPERATOR, "+86 " + PHONE)
    assert standing is not None and (standing.reason, standing.by, standing.until) == (REASON, SUPERVISOR.id, until)
    assert await reading.mark_of(desk, OPERATOR, "13900139000") is None

    again = await record(desk, OPERATOR, RINGING)
    order = await take_in_on(desk, again.id)
    emergency = replace(COMPLAINT, urgency=Urgency.EMERGENCY, phone="+86" + PHONE, contact_record=again.id)
    assert (await intake.take_in(desk.office, OPERATOR, emergency)).order.urgency is Urgency.EMERGENCY
    assert [document.id for document in await reading.orders_on(desk, OPERATOR, again.id)] == [order.id]
    await complete(desk, OPERATOR, again.id, outcome=Outcome.REPORTED)

    town.clock.set(until)
    assert await reading.mark_of(desk, OPERATOR, PHONE) is None
    with pytest.raises(NotMarked):
        await marking.lift(desk, SUPERVISOR, call.id, reason="标记已经到期，不再需要。")


async def test_a_mark_needs_a_reason_an_expiry_and_a_number(town: Town, desk: ContactDesk) -> None:
    call, unknown = await record(desk, OPERATOR, RINGING), await record(desk, OPERATOR, Told(channel="phone"))
    now = town.clock.now()
    for reason in ("", "  ", "坏", "长" * 201):
        with pytest.raises(ReasonMissing):
            await marking.mark(desk, SUPERVISOR, call.id, reason=reason, until=now + WEEK)
    for until in (now, now - WEEK, now + marking.LONGEST + timedelta(milliseconds=1)):
        with pytest.raises(BadExpiry):
            await marking.mark(desk, SUPERVISOR, call.id, reason=REASON, until=until)
    with pytest.raises(NumberUnknown):
        await marking.mark(desk, SUPERVISOR, unknown.id, reason=REASON, until=now + WEEK)
    assert await desk.database.collection(MaliciousMark).count_documents({}) == 0
    assert await audited_as(desk, marking.MARKED) == []
    await marking.mark(desk, SUPERVISOR, call.id, reason=REASON, until=now + marking.LONGEST)


async def test_marks_at_once_leave_one_and_lifting_takes_it_away_audited(town: Town, desk: ContactDesk) -> None:
    call, now = await record(desk, OPERATOR, RINGING), town.clock.now()
    await asyncio.gather(
        *(
            marking.mark(desk, SUPERVISOR, call.id, reason=REASON, until=now + timedelta(days=days))
            for days in (1, 2, 3, 4)
        )
    )
    assert await desk.database.collection(MaliciousMark).count_documents({}) == 1
    assert len(await audited_as(desk, marking.MARKED)) == 4
    lifted = await asyncio.gather(
        *(marking.lift(desk, SUPERVISOR, call.id, reason="核实系误标，予以解除。") for _ in range(3)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in lifted) == ["NoneType", "NotMarked", "NotMarked"]
    assert len(await audited_as(desk, marking.LIFTED)) == 1
    assert await reading.mark_of(desk, OPERATOR, PHONE) is None


async def test_a_number_in_clear_needs_a_reason_and_is_audited(desk: ContactDesk) -> None:
    call, unknown = await record(desk, OPERATOR, RINGING), await record(desk, OPERATOR, Told(channel="phone"))
    with pytest.raises(ReasonMissing):
        await reading.reveal_phone(desk, OPERATOR, call.id, "")
    with pytest.raises(NumberUnknown):
        await reading.reveal_phone(desk, OPERATOR, unknown.id, "需要回拨市民电话。")
    assert await audited_as(desk, Audited.REVEAL) == []
    assert await reading.reveal_phone(desk, OPERATOR, call.id, "需要回拨市民电话。") == "+8613800138000"
    (entry,) = await audited_as(desk, Audited.REVEAL)
    assert (entry["subject"], entry["actor"]) == (f"contact:{call.id}", OPERATOR.id)
    assert PHONE not in str(entry)


Operation = Callable[[ContactDesk, Actor, str], Awaitable[object]]


def in_a_week(desk: ContactDesk) -> datetime:
    return desk.office.clock.now() + WEEK


OF_ONE: dict[str, tuple[frozenset[Role], Operation]] = {
    "read": (READERS, reading.read),
    "orders on": (READERS, reading.orders_on),
    "complete": (MARKERS, lambda desk, actor, id: complete(desk, actor, id, outcome=Outcome.SILENT)),
    "reveal": (HOTLINE_ROLES, lambda desk, actor, id: reading.reveal_phone(desk, actor, id, "需要回拨市民电话。")),
    "mark": (
        MARKERS,
        lambda desk, actor, id: marking.mark(desk, actor, id, reason=REASON, until=in_a_week(desk)),
    ),
    "lift": (MARKERS, lambda desk, actor, id: marking.lift(desk, actor, id, reason=REASON)),
}
OF_ALL: dict[str, tuple[frozenset[Role], Operation]] = {
    "record": (RECORDERS, lambda desk, actor, _: record(desk, actor, RINGING)),
    "history": (READERS, lambda desk, actor, _: reading.contacts_of(desk, actor, PHONE, PageRequest())),
    "orders": (HOTLINE_ROLES, lambda desk, actor, _: reading.orders_of(desk, actor, PHONE, PageRequest())),
    "warning": (READERS, lambda desk, actor, _: reading.mark_of(desk, actor, PHONE)),
    "recent": (READERS, lambda desk, actor, _: reading.recent(desk, actor, PageRequest())),
    "own": (READERS, lambda desk, actor, _: reading.own(desk, actor, PageRequest())),
}


@pytest.mark.parametrize("role", Role)
async def test_every_role_and_every_operation(town: Town, desk: ContactDesk, role: Role) -> None:
    actor = Actor(id="staff:any", roles=frozenset({role}), unit_id="water", unit_path=("city", "water"))
    collections = (ContactDocument, MaliciousMark, AuditEntry)
    for name, (allowed, operation) in (OF_ONE | OF_ALL).items():
        call = await record(desk, OPERATOR, RINGING)
        await marking.mark(desk, SUPERVISOR, call.id, reason=REASON, until=in_a_week(desk))
        if role in allowed:
            await operation(desk, actor, call.id)
            continue
        before = [await desk.database.collection(model).find({}).to_list() for model in collections]
        # To others than the hotline no contact exists; the hotline's own are told that they may not.
        expected = NotFound if name in OF_ONE and role not in READERS else NotAllowed
        with pytest.raises(expected):
            await operation(desk, actor, call.id)
        assert [await desk.database.collection(model).find({}).to_list() for model in collections] == before


async def test_a_unit_is_not_told_whether_a_contact_exists(desk: ContactDesk) -> None:
    call = await record(desk, OPERATOR, RINGING)
    messages = set()
    for id in (call.id, "x" * 22):
        with pytest.raises(NotFound) as denied:
            await reading.read(desk, WATER, id)
        messages.add(str(denied.value))
    assert len(messages) == 1


async def test_a_person_s_contacts_go_when_all_their_orders_are_gone(desk: ContactDesk) -> None:
    call = await record(desk, OPERATOR, replace(RINGING, note="市民反映水管漏水。"))
    holder, person = ContactPersonalData(desk.database, desk.office.keyring, desk.office.orders), "resident:zhang"
    report = replace(COMPLAINT, channel="phone", contact_record=call.id, reporter_id=person)
    beside = await hanging_on(desk, OPERATOR, call.id)
    orders = [await intake.take_in(desk.office, OPERATOR, report, beside=beside) for _ in range(2)]
    (exported,) = await holder.export_of(person)
    assert (exported["phone"], exported["note"]) == ("+8613800138000", "市民反映水管漏水。")
    assert await holder.export_of("resident:li") == []

    now = desk.office.clock.now()
    assert await holder.erase_of(person, now) == 0
    for order in orders:
        assert await holder.erase_of(person, now) == 0
        await desk.database.collection(OrderDocument).update_one({"_id": order.id}, {"$set": {"data_key": None}})
    assert await holder.erase_of("resident:li", now) == 0
    assert await holder.erase_of(person, now) == 1
    assert await holder.erase_of(person, now) == 0
    left = await reading.read(desk, OPERATOR, call.id)
    assert (left.masked_phone, left.note, left.channel) == (None, None, "phone")
    assert (await reading.contacts_of(desk, OPERATOR, PHONE, PageRequest())).items == ()
    with pytest.raises(NotFound):
        await complete(desk, OPERATOR, call.id, outcome=Outcome.SILENT)
