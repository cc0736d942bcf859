"""Meetings: called about open orders, held or cancelled once, an outcome on each order."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from foundation.errors import InvalidInput, NotAllowed, NotFound
from foundation.idempotency import KeyReused, Once
from foundation.paging import PageRequest
from identity.actors import Actor
from tests.workorders.lifecycle.builders import a_work_order, order_of
from tests.workorders.lifecycle.invariants import check
from tests.workorders.lifecycle.town import (
    CALLER,
    CITIZEN,
    DISPATCHER,
    LEADER,
    OPERATOR,
    REVIEWER,
    SUPERVISOR,
    UPSTREAM,
    Town,
    clerk_of,
    head_of,
)
from workorders.lifecycle.errors import WrongState
from workorders.lifecycle.errors_beside import AlreadyMet
from workorders.supervision import meetings
from workorders.supervision.documents import MeetingDocument, MeetingKind, MeetingState
from workorders.supervision.errors import MeetingNotHeld, MeetingOver, NotOnAgenda
from workorders.supervision.repository import SupervisionRepository

SIGNED = a_work_order().dispatched_to("water").signed()
PRESENT = ["水务局 王某", "供热办 李某"]


async def called(
    town: Town, orders: Sequence[str], *, by: Actor = SUPERVISOR, once: Once | None = None, **changes: Any
) -> MeetingDocument:
    given: dict[str, Any] = {
        "kind": MeetingKind.JOINT,
        "at": town.clock.now() + timedelta(days=1),
        "agenda": "议漏水。",
    }
    return await meetings.call(town.office, by, orders=orders, once=once, **{**given, **changes})


async def test_a_meeting_puts_its_outcome_on_each_order(town: Town) -> None:
    orders = [(await SIGNED.made_in(town)).id for _ in range(3)]
    meeting = await called(town, orders)
    with pytest.raises(MeetingNotHeld):
        await meetings.record_outcome(town.office, SUPERVISOR, orders[0], meeting=meeting.id, outcome="由水务局办。")
    held = await meetings.hold(town.office, SUPERVISOR, meeting.id, present=PRESENT)
    assert (held.state, held.present) == (MeetingState.HELD, tuple(PRESENT))
    for order in orders:
        after = await meetings.record_outcome(
            town.office, SUPERVISOR, order, meeting=meeting.id, outcome="由水务局办。"
        )
        assert after.order.meetings == (meeting.id,)
        with pytest.raises(AlreadyMet):
            await meetings.record_outcome(town.office, SUPERVISOR, order, meeting=meeting.id, outcome="再议。")
        await check(town, order)
    other = (await SIGNED.made_in(town)).id
    for absent in (meeting.id, "none"):
        with pytest.raises(NotOnAgenda):
            await meetings.record_outcome(town.office, SUPERVISOR, other, meeting=absent, outcome="由水务局办。")


async def test_an_order_that_rests_is_neither_put_on_the_list_nor_decided_about(town: Town) -> None:
    open_order, ended = (await SIGNED.made_in(town)).id, (await SIGNED.withdrawn().made_in(town)).id
    with pytest.raises(InvalidInput) as refused:
        await called(town, [open_order, ended])
    assert [(fault.path, fault.message) for fault in refused.value.fields] == [
        ("orders.1", "该工单已撤单，不能列入会议。")
    ]
    meeting = await called(town, [open_order])
    await meetings.hold(town.office, SUPERVISOR, meeting.id, present=PRESENT)
    await a_work_order().withdrawn().steps[-1](town, await order_of(town, open_order))
    with pytest.raises(WrongState):
        await meetings.record_outcome(town.office, SUPERVISOR, open_order, meeting=meeting.id, outcome="办。")


async def test_it_is_held_or_cancelled_once(town: Town) -> None:
    order = (await SIGNED.made_in(town)).id
    for _ in range(5):
        meeting = await called(town, [order])
        done = await asyncio.gather(
            meetings.hold(town.office, SUPERVISOR, meeting.id, present=PRESENT),
            meetings.cancel(town.office, SUPERVISOR, meeting.id, reason="改期。"),
            return_exceptions=True,
        )
        assert [isinstance(each, MeetingOver) for each in done].count(True) == 1
    meeting = await called(town, [order])
    cancelled = await meetings.cancel(town.office, SUPERVISOR, meeting.id, reason="改期。")
    assert (cancelled.state, cancelled.cancelled_because) == (MeetingState.CANCELLED, "改期。")
    with pytest.raises(MeetingNotHeld):
        await meetings.record_outcome(town.office, SUPERVISOR, order, meeting=meeting.id, outcome="办。")


async def test_sent_twice_under_a_key_it_is_one(town: Town) -> None:
    order, at = (await SIGNED.made_in(town)).id, town.clock.now()
    once = Once.of(SUPERVISOR.id, "k", "meetingCall", {})
    both = await asyncio.gather(*(called(town, [order], once=once, at=at) for _ in range(2)))
    assert both[0] == both[1] == await called(town, [order], once=once, at=at)
    hold = Once.of(SUPERVISOR.id, "h", "meetingHold", {})
    for _ in range(2):
        assert await meetings.hold(town.office, SUPERVISOR, both[0].id, present=PRESENT, once=hold)
    with pytest.raises(KeyReused):
        await called(town, [order], once=Once.of(SUPERVISOR.id, "k", "meetingCall", {"agenda": "别的"}))


@pytest.mark.parametrize(
    "bad",
    [
        {"orders": []},
        {"orders": ["none"]},
        {"orders": [f"o{n}" for n in range(51)]},
        {"agenda": " "},
        {"at": timedelta(days=400)},
        {"at": timedelta(days=-400)},
    ],
)
async def test_what_is_wrong_with_a_call_is_told(town: Town, bad: dict[str, Any]) -> None:
    order = (await SIGNED.made_in(town)).id
    if "at" in bad:
        bad = {"at": town.clock.now() + bad["at"]}
    with pytest.raises(InvalidInput) as refused:
        await called(town, bad.pop("orders", [order]), **bad)
    assert refused.value.fields
    for present in ([], [""], ["王" * 51], ["王"] * 101):
        with pytest.raises(InvalidInput):
            await meetings.hold(town.office, SUPERVISOR, "m", present=present)


async def test_supervisors_call_and_the_hotline_and_leadership_read(town: Town) -> None:
    order = (await SIGNED.made_in(town)).id
    meeting, repository, now = await called(town, [order]), SupervisionRepository(town.database), town.clock.now()
    for actor in (OPERATOR, DISPATCHER, REVIEWER, CALLER, LEADER):
        assert (await repository.meeting(actor, meeting.id)).id == meeting.id
        assert [each.id for each in (await repository.meetings(actor, PageRequest(), now)).items] == [meeting.id]
        for denied in (
            called(town, [order], by=actor),
            meetings.hold(town.office, actor, meeting.id, present=PRESENT),
            meetings.cancel(town.office, actor, meeting.id, reason="改期。"),
            meetings.record_outcome(town.office, actor, order, meeting=meeting.id, outcome="办。"),
        ):
            with pytest.raises(NotAllowed):
                await denied
    for actor in (CITIZEN, UPSTREAM, clerk_of("water"), head_of("water")):
        for hidden in (
            repository.meeting(actor, meeting.id),
            meetings.hold(town.office, actor, meeting.id, present=PRESENT),
            meetings.cancel(town.office, actor, meeting.id, reason="改期。"),
        ):
            with pytest.raises(NotFound):
                await hidden
        with pytest.raises(NotAllowed):
            await repository.meetings(actor, PageRequest(), now)
    assert (await repository.meeting(SUPERVISOR, meeting.id)).state is MeetingState.CALLED
