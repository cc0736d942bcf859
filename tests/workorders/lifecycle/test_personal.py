"""A resident's own data in work orders: what is exported, what must be kept, what erasing leaves behind."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from foundation.changes import Change, StaleWrite
from foundation.errors import Conflict
from foundation.events import Event
from tests.workorders.lifecycle.builders import WorkOrder, a_work_order
from tests.workorders.lifecycle.town import CITIZEN, OPERATOR, Town
from workorders.lifecycle import reviewing
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.facts import Rated
from workorders.lifecycle.personal import KEPT_AFTER_CLOSING, OrderPersonalData
from workorders.lifecycle.policy.case import Decision
from workorders.lifecycle.recording import Step, record_action
from workorders.lifecycle.states import Action
from workorders.lifecycle.timeline import timeline
from workorders.lifecycle.words import Told

SIGNED = a_work_order().dispatched_to("water", "heating").signed()
REPLIED = SIGNED.co_signed_by("heating").co_replied_by("heating").replied()
ANSWERED = a_work_order().answered_at_once()
A_MOMENT_TOO_SOON = timedelta(milliseconds=1)


def holder(town: Town) -> OrderPersonalData:
    return OrderPersonalData(town.database, town.office.keyring, town.office.orders)


async def exported(town: Town) -> Mapping[str, Any]:
    (order,) = await holder(town).export_of(CITIZEN.id)
    return order


def said(order: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {each["what"]: {k: v for k, v in each.items() if k not in ("what", "time")} for each in order["texts"]}


async def test_the_export_holds_what_the_citizen_gave_and_was_told(town: Town) -> None:
    await REPLIED.approved().accepted().made_in(town)
    order = await exported(town)
    assert set(said(order)) == {"intake", "hotline_accept"}
    assert said(order)["intake"] == {
        "title": "小区门口水管漏水",
        "detail": "昨晚开始一直漏，路面已经结冰，老人出门很不方便。",
        "name": "张三",
        "phone": "+8613800138000",
        "address": "东街1号",
    }
    assert said(order)["hotline_accept"] == {"answer": "已修复。"}


@pytest.mark.parametrize("stretch", [REPLIED, REPLIED.approved(), REPLIED.approved().sent_back_by_the_hotline()])
async def test_no_reply_before_it_was_accepted_and_nothing_between_units(town: Town, stretch: WorkOrder) -> None:
    await stretch.made_in(town)
    assert set(said(await exported(town))) == {"intake"}


async def test_a_reply_is_told_also_when_its_unit_was_succeeded_since(town: Town) -> None:
    replied = REPLIED.with_its_unit_abolished("water", "police").handed_to("police").approved().accepted()
    document = await replied.made_in(town)
    assert said(await exported(town))["hotline_accept"] == {"answer": "已修复。"}
    events = await town.office.orders.events(document)
    told = Told(document.order, events, town.office.data_key(document), str, str)
    assert [entry.texts for entry in timeline(told, CITIZEN) if entry.action == "hotline_accept"] == [
        {"answer": "已修复。"}
    ]


async def test_open_orders_and_young_ones_are_kept_and_old_ones_erased(town: Town) -> None:
    open_order = await SIGNED.made_in(town)
    closed = await ANSWERED.made_in(town)
    due = closed.order.changed_at + KEPT_AFTER_CLOSING
    data = holder(town)
    kept = await data.retained_of(CITIZEN.id, due - A_MOMENT_TOO_SOON)
    assert {each.needs_account for each in kept} == {True, False}
    assert await data.erase_of(CITIZEN.id, due - A_MOMENT_TOO_SOON) == 0
    assert await data.erase_of(CITIZEN.id, due) == 1
    assert await data.erase_of(CITIZEN.id, due) == 0
    still = await town.office.orders.by_id(open_order.id)
    gone = await town.office.orders.by_id(closed.id)
    assert still == open_order
    assert gone is not None
    assert (gone.data_key, gone.sealed, gone.phone_hash, gone.name_hash) == (None, {}, None, None)
    events = [Event.load(raw) for raw in await town.database.collection(Event).find({"subject": gone.id}).to_list()]
    assert any(event.sealed for event in events)
    assert {event.text(name, None) for event in events for name in event.sealed} == {None}
    with pytest.raises(Conflict):
        await reviewing.rate(town.office, CITIZEN, gone.id, grade=5, solved=False)


async def test_an_action_that_read_the_order_before_it_was_erased_does_not_bring_the_key_back(town: Town) -> None:
    read = await ANSWERED.made_in(town)
    later = read.order.changed_at + KEPT_AFTER_CLOSING
    key = town.office.data_key(read)
    assert await holder(town).erase_of(CITIZEN.id, later) == 1
    after = read.order.model_copy(update={"version": read.version + 1})
    event = (await town.office.orders.events(read))[-1]
    change = Change()
    decision = Decision(Action.RATE, Rated(grade=1, solved=True, through="app"), {"comment": "谢谢。"})
    record_action(change, read, [Step(OPERATOR, decision, after)], key, town.rules, event.at)
    with pytest.raises(StaleWrite) as stale:
        await town.database.save(change)
    assert stale.value.collection == OrderDocument.collection_name()
