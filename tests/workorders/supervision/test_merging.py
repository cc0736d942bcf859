"""One order of two: what is merged and what is not, what a child keeps, and what becomes of it."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.errors import DomainError, NotAllowed, NotFound
from foundation.idempotency import Once
from foundation.ids import new_id
from foundation.outbox import OutboxRow
from foundation.paging import PageRequest
from foundation.timers import Timers
from identity.actors import Actor
from tests.workorders.lifecycle.acts import ACTS, RIGHT_PERSON
from tests.workorders.lifecycle.builders import WorkOrder, a_work_order, order_of
from tests.workorders.lifecycle.invariants import check, picture
from tests.workorders.lifecycle.test_states import TYPICAL
from tests.workorders.lifecycle.town import (
    CALLER,
    CHIEF,
    CITIZEN,
    COMPLAINT,
    DISPATCHER,
    LEADER,
    MONDAY,
    OPERATOR,
    REVIEWER,
    STRANGER,
    SUPERVISOR,
    WATER,
    Town,
)
from tests.workorders.supervision.merged import all_said, check_pointers, settled, told
from workorders.deadlines.values import Urgency
from workorders.lifecycle import dispatching, handling, intake, reviewing
from workorders.lifecycle.access import WHILE_MERGED
from workorders.lifecycle.documents import RequestDesk, UnitTask
from workorders.lifecycle.errors_beside import Muted
from workorders.lifecycle.intake import Report
from workorders.lifecycle.lines import stage_due
from workorders.lifecycle.policy import merging as policy
from workorders.lifecycle.projecting import projector, tallies
from workorders.lifecycle.states import BEFORE_CALLBACK, TRANSITIONS, Action, AssignmentEnd, RequestKind, Status
from workorders.lifecycle.timing import timer_handlers
from workorders.lifecycle.values import Closing, Order, Outcome, Reporter
from workorders.supervision import merging

FIRST = PageRequest()
AT_ONCE = replace(COMPLAINT, name="李四", phone="13900139000", address="西巷2号", title="马路结冰", detail="水管爆了。")


async def taken_in(town: Town, actor: Actor = STRANGER, report: Report = AT_ONCE) -> str:
    return (await intake.take_in(town.office, actor, report)).id


async def merged(town: Town, child: str, main: str) -> Order:
    return (await merging.merge(town.office, DISPATCHER, child, into=main)).order


async def answered(town: Town, id: str, answer: str = "已修复。") -> None:
    """The road of an order just taken in to its callback."""
    for action in (Action.DISPATCH, Action.SIGN):
        await ACTS[action](town, RIGHT_PERSON[action], id)
    await replied(town, id, answer)


async def replied(town: Town, id: str, answer: str = "已修复。") -> None:
    await handling.submit_reply(
        town.office, RIGHT_PERSON[Action.SUBMIT_REPLY], id, outcome=Outcome.SOLVED, answer=answer,
        not_waiting_because="不影响答复。",
    )  # fmt: skip
    for action in (Action.UNIT_APPROVE, Action.HOTLINE_ACCEPT):
        await ACTS[action](town, RIGHT_PERSON[action], id)


async def test_a_child_is_answered_with_its_main_order_and_keeps_what_is_its_own(town: Town) -> None:
    main, child = await taken_in(town, CITIZEN, COMPLAINT), await taken_in(town)
    before = await merged(town, child, main)
    assert before.status is Status.RECEIVED
    await answered(town, main)
    assert (await order_of(town, child)) == before  # until the worker comes
    await settled(town)

    after = await check(town, child)
    assert (after.status, after.number, after.merged_into) == (Status.CALLBACK, before.number, main)
    assert after.callback is not None
    assert after.callback.due == (await order_of(town, main)).callback.due  # type: ignore[union-attr]
    assert after.answered_by == "water"
    (answer,) = [entry for entry in await told(town, child, STRANGER) if entry.action is Action.FOLLOW_PARENT]
    assert answer.texts == {"answer": "已修复。"}
    assert "市水务局" in answer.words
    rows = await town.database.collection(OutboxRow).find({"subject": child, "consumer": "notices"}).to_list()
    assert [raw["data"]["action"] for raw in rows] == [Action.INTAKE, Action.FOLLOW_PARENT]

    closed = (await reviewing.rate(town.office, STRANGER, child, grade=2, solved=True)).order
    assert (closed.status, closed.closing) == (Status.CLOSED, Closing.RATED)
    assert (await order_of(town, main)).status is Status.CALLBACK
    assert (await order_of(town, main)).rating is None
    await settled(town)
    assert await check(town, child) == closed
    await check_pointers(town, [main, child])


@pytest.mark.parametrize("status", BEFORE_CALLBACK)
async def test_wherever_it_stands_a_child_follows_and_its_units_are_done(town: Town, status: Status) -> None:
    child = (
        await TYPICAL[status].asking_for(RequestKind.EXTENSION).made_in(town)
        if status is (Status.IN_PROGRESS)
        else await TYPICAL[status].made_in(town)
    )
    main = await taken_in(town)
    await merged(town, child.id, main)
    await answered(town, main)
    await settled(town)
    after = await check(town, child.id)
    assert after.status is Status.CALLBACK
    assert after.request is None
    was_open = [a.id for a in child.order.assignments if a.open]
    assert [a.id for a in after.assignments if a.end is AssignmentEnd.FOLLOWED] == was_open


@pytest.mark.parametrize("status", BEFORE_CALLBACK)
async def test_nobody_works_on_a_child(town: Town, status: Status) -> None:
    child = await TYPICAL[status].merged().made_in(town)
    seen = await picture(town)
    refused = [action for at, action in TRANSITIONS if at is status and action not in WHILE_MERGED]
    assert refused
    for action in refused:
        with pytest.raises(Muted) as why:
            await ACTS[action](town, RIGHT_PERSON[action], child.id)
        assert why.value.message == "该工单已并入其他工单，请在主单上办理。"
    assert await picture(town) == seen


async def test_what_a_citizen_may_still_do_with_a_child(town: Town) -> None:
    main, child = await taken_in(town, CITIZEN, COMPLAINT), await taken_in(town)
    await merged(town, child, main)
    await intake.supplement(town.office, STRANGER, child, text="更严重了。")
    await intake.urge(town.office, STRANGER, child)
    await check(town, child)
    gone = (await intake.withdraw(town.office, STRANGER, child, reason="已解决。")).order
    assert (gone.status, gone.merged_into) == (Status.WITHDRAWN, None)
    left = await town.office.orders.by_id(main)
    assert left is not None
    assert left.order.children == ()
    (*_, event) = await town.office.orders.events(left)
    assert (event.type, event.actor) == (Action.RELEASE, policy.MERGER.id)  # no word of who withdrew
    await check(town, main)


REFUSED: dict[str, tuple[WorkOrder, WorkOrder]] = {
    "MAIN_LESS_URGENT": (a_work_order().urgent(), a_work_order()),
    "UPSTREAM_IS_MAIN": (a_work_order().handed_down(), a_work_order()),
    "MAIN_AT_COMPLAINED_OF": (a_work_order().against("water-east"), a_work_order().against("heating")),
    "ALREADY_MERGED": (a_work_order().merged(), a_work_order()),
    "INTO_MERGED": (a_work_order(), a_work_order().merged()),
    "IN_REDO": (TYPICAL[Status.CALLBACK].redone(), a_work_order()),
}


@pytest.mark.parametrize("code", REFUSED)
async def test_what_is_not_merged_is_refused_with_a_word_why(town: Town, code: str) -> None:
    child, main = [await order.made_in(town) for order in REFUSED[code]]
    seen = await picture(town)
    with pytest.raises(DomainError) as refused:
        await merging.merge(town.office, DISPATCHER, child.id, into=main.id)
    assert refused.value.code == code
    assert refused.value.message.endswith("。")
    if code == "INTO_MERGED":
        assert main.order.merged_into is not None
        assert (await order_of(town, main.order.merged_into)).number in refused.value.message
    assert await picture(town) == seen


@pytest.mark.parametrize("status", sorted(set(Status) - set(BEFORE_CALLBACK)))
async def test_what_was_answered_or_ended_is_no_child_and_no_main_order(town: Town, status: Status) -> None:
    old, fresh = await TYPICAL[status].made_in(town), await taken_in(town)
    seen = await picture(town)
    for child, main in ((old.id, fresh), (fresh, old.id)):
        with pytest.raises(DomainError) as refused:
            await merging.merge(town.office, DISPATCHER, child, into=main)
        assert refused.value.code == "WRONG_STATE"
    assert await picture(town) == seen


async def test_into_itself_into_none_and_by_nobody_who_may(town: Town) -> None:
    order, other = await taken_in(town), await taken_in(town)
    seen = await picture(town)
    with pytest.raises(DomainError) as refused:
        await merging.merge(town.office, DISPATCHER, order, into=order)
    assert refused.value.code == "INTO_ITSELF"
    with pytest.raises(NotFound):
        await merging.merge(town.office, DISPATCHER, order, into=new_id())
    for actor in (OPERATOR, REVIEWER, CALLER, SUPERVISOR, LEADER, STRANGER):
        with pytest.raises(NotAllowed):
            await merging.merge(town.office, actor, order, into=other)
    with pytest.raises(NotFound):
        await merging.merge(town.office, WATER, order, into=other)
    with pytest.raises(DomainError) as refused:
        await merging.unmerge(town.office, DISPATCHER, order, reason="没有合并。")
    assert refused.value.code == "NOT_MERGED"
    assert await picture(town) == seen


async def test_a_unit_complained_of_may_be_that_of_the_main_order_too(town: Town) -> None:
    """The main order goes neither to its complained-of unit nor below it, so never to the child's."""
    child = await a_work_order().against("water-east").made_in(town)
    main = await a_work_order().against("water").made_in(town)
    assert (await merged(town, child.id, main.id)).merged_into == main.id


async def test_chains_are_flat(town: Town) -> None:
    first, second, third, fourth = [await taken_in(town) for _ in range(4)]
    await merged(town, first, second)
    await merged(town, fourth, second)
    await merged(town, second, third)
    orders = await check_pointers(town, [first, second, third, fourth])
    assert orders[third].children == (second, first, fourth)
    for id in (first, second, third, fourth):
        await check(town, id)
    with pytest.raises(DomainError) as refused:
        await merged(town, third, second)
    assert refused.value.code == "INTO_MERGED"
    await answered(town, third)
    await settled(town)
    assert {(await check(town, id)).status for id in (first, second, third, fourth)} == {Status.CALLBACK}


async def test_a_main_order_has_so_many_children(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "MOST_CHILDREN", 2)
    main, other, *more = [await taken_in(town) for _ in range(5)]
    await merged(town, more[0], main)
    await merged(town, more[1], other)
    for child in (other, more[2]):
        if child == more[2]:
            await merged(town, child, main)
        with pytest.raises(DomainError) as refused:
            await merged(town, other, main)
        assert refused.value.code == "MERGED_ENOUGH"


async def test_unmerged_it_stands_where_it_stood(town: Town) -> None:
    was = await TYPICAL[Status.IN_PROGRESS].asking_for(RequestKind.EXTENSION).made_in(town)
    main = await taken_in(town)
    await merged(town, was.id, main)
    await merging.unmerge(town.office, CHIEF, was.id, reason="不是同一处漏水。")
    after = await check(town, was.id)
    kept = {"version", "changed_at"}
    assert after.model_dump(exclude=kept) == was.order.model_dump(exclude=kept)
    assert (await order_of(town, main)).children == ()
    await dispatching.grant(town.office, DISPATCHER, was.id, kind=RequestKind.EXTENSION)


async def test_a_child_lies_on_no_desk_until_it_comes_back(town: Town) -> None:
    asking = await TYPICAL[Status.IN_PROGRESS].asking_for(RequestKind.EXTENSION).made_in(town)
    waiting, main = await taken_in(town), await taken_in(town)
    projects = projector(town.database)

    async def desks() -> tuple[set[str], set[str], set[str], set[str]]:
        now, orders = town.clock.now(), town.office.orders
        await projects.sweep(now + timedelta(hours=1))
        return (
            {each.id for each in (await orders.desk(DISPATCHER, Status.RECEIVED, FIRST, now)).items},
            {each.id for each in (await orders.desk(DISPATCHER, Status.IN_PROGRESS, FIRST, now)).items},
            {each.order for each in (await orders.unit_desk(WATER, "water", UnitTask.HANDLE, FIRST, now)).items},
            {each.order for each in (await orders.requests(DISPATCHER, RequestKind.EXTENSION, FIRST, now)).items},
        )

    async def counted() -> Counter[str]:
        names = ("hotline:received", "hotline:in_progress", "unit:water:handle", "unit:water:merged")
        return Counter(await tallies(town.database, [*names, "request:extension"]))

    before, total = await desks(), await counted()
    assert before == ({waiting, main}, {asking.id}, {asking.id}, {asking.id})
    await merged(town, asking.id, main)
    await merged(town, waiting, main)
    assert await desks() == ({main}, set(), set(), set())
    assert await counted() == {
        "hotline:received": 1, "hotline:in_progress": 0, "unit:water:handle": 0, "unit:water:merged": 1,
        "request:extension": 0,
    }  # fmt: skip
    held = (await town.office.orders.unit_desk(WATER, "water", UnitTask.MERGED, FIRST, town.clock.now())).items
    assert [(each.order, each.light) for each in held] == [(asking.id, None)]
    for id in (asking.id, waiting):
        await merging.unmerge(town.office, DISPATCHER, id, reason="不是同一处。")
    assert await desks() == before
    assert await counted() == total
    assert await town.database.collection(RequestDesk).count_documents({}) == 1


async def test_time_does_nothing_to_a_child_and_catches_up_when_it_comes_back(town: Town) -> None:
    pending = await a_work_order().dispatched_to("water").made_in(town)
    resting = await TYPICAL[Status.IN_PROGRESS].suspended(days=1).made_in(town)
    main = await taken_in(town)
    timers = Timers(town.database, timer_handlers(town.office))
    for child in (pending, resting):
        await merged(town, child.id, main)
    town.clock.advance(timedelta(days=7))
    await timers.sweep(town.clock.now())
    for child in (pending, resting):
        assert (await order_of(town, child.id)).version == child.version + 1
        await merging.unmerge(town.office, DISPATCHER, child.id, reason="不是同一处。")
        await check(town, child.id)
    await timers.sweep(town.clock.now())
    signed, resumed = await check(town, pending.id), await check(town, resting.id)
    assert signed.status is Status.IN_PROGRESS
    assert signed.assignments[0].signed_by_rule
    assert not resumed.assignments[0].suspended
    assert await timers.sweep(town.clock.now()) == 0


ENDS = {
    "rejected": lambda town, id: intake.reject(town.office, DISPATCHER, id, channel="110", reason="不属受理范围。"),
    "withdrawn": lambda town, id: intake.withdraw(town.office, CITIZEN, id, reason="不用了。"),
    "answered at once": lambda town, id: intake.answer_now(town.office, OPERATOR, id, answer="八点开门。"),
}


@pytest.mark.parametrize("how", ENDS)
async def test_a_main_order_without_an_accepted_reply_loses_nobody(town: Town, how: str) -> None:
    main, *children = await taken_in(town, CITIZEN, COMPLAINT), await taken_in(town), await taken_in(town)
    for child in children:
        await merged(town, child, main)
    await ENDS[how](town, main)
    await settled(town)
    orders = await check_pointers(town, [main, *children])
    assert orders[main].children == ()
    for child in children:
        assert (await check(town, child)).merged_into is None
        assert orders[child].status is Status.RECEIVED
    assert orders[main].ended
    await check(town, main)


async def test_a_redo_of_the_main_order_answers_those_merged_since(town: Town) -> None:
    main, first, late = [await taken_in(town) for _ in range(3)]
    await merged(town, first, main)
    await answered(town, main)
    await settled(town)
    answered_once = await order_of(town, first)
    await reviewing.rate(town.office, STRANGER, main, grade=5, solved=False)
    await reviewing.callback_redo(town.office, DISPATCHER, main, reason="问题仍在。")
    await merged(town, late, main)
    await settled(town)
    assert (await order_of(town, late)).muted
    await replied(town, main, "再次修复。")
    await settled(town)
    (answer,) = [entry for entry in await told(town, late, STRANGER) if entry.action is Action.FOLLOW_PARENT]
    assert answer.texts == {"answer": "再次修复。"}
    assert await order_of(town, first) == answered_once
    await check_pointers(town, [main, first, late])


async def test_a_child_that_left_and_came_back_waits_for_the_later_answer(town: Town) -> None:
    """The worker was down meanwhile: the answer of then was not meant for who came later."""
    main, child, true = [await taken_in(town) for _ in range(3)]
    await merged(town, child, main)
    await merged(town, true, main)
    await answered(town, main)
    await merging.unmerge(town.office, DISPATCHER, child, reason="不是同一处。")
    await reviewing.rate(town.office, STRANGER, main, grade=5, solved=False)
    await reviewing.callback_redo(town.office, DISPATCHER, main, reason="问题仍在。")
    await merged(town, child, main)
    await settled(town)
    assert (await order_of(town, child)).muted
    assert (await order_of(town, true)).status is Status.CALLBACK


async def test_a_child_that_is_redone_goes_its_own_way_at_the_unit_that_answered(town: Town) -> None:
    main = await taken_in(town, CITIZEN, COMPLAINT)
    child = (await a_work_order().dispatched_to("heating").returned().made_in(town)).id
    await merged(town, child, main)
    await answered(town, main)
    await settled(town)
    await reviewing.rate(town.office, CITIZEN, child, grade=5, solved=False)
    redone = (await reviewing.callback_redo(town.office, DISPATCHER, child, reason="问题仍在。")).order
    assert redone.lead is not None
    assert (redone.lead.unit, redone.round, redone.muted) == ("water", 1, False)
    assert stage_due(redone) is not None
    await replied(town, child, "再修一次。")
    await settled(town)
    assert (await check(town, child)).status is Status.CALLBACK
    with pytest.raises(DomainError) as refused:
        await merging.unmerge(town.office, DISPATCHER, child, reason="迟了。")
    assert refused.value.code == "WRONG_STATE"
    await check_pointers(town, [main, child])


async def test_an_anonymous_child_is_closed_with_its_main_order(town: Town) -> None:
    main = await taken_in(town)
    child = await a_work_order().anonymous().made_in(town)
    await merged(town, child.id, main)
    await answered(town, main)
    await settled(town)
    after = await check(town, child.id)
    assert (after.status, after.closing) == (Status.CLOSED, Closing.WITHOUT_CALLBACK)
    rows = await town.database.collection(OutboxRow).find({"subject": child.id, "consumer": "notices"}).to_list()
    assert rows == []


async def test_an_anonymous_main_order_answers_its_children(town: Town) -> None:
    main = await a_work_order().anonymous().made_in(town)
    child = await taken_in(town)
    await merged(town, child, main.id)
    await answered(town, main.id)
    assert (await order_of(town, main.id)).status is Status.CLOSED
    await settled(town)
    assert (await check(town, child)).status is Status.CALLBACK


async def test_the_same_merge_twice_under_one_key_is_one(town: Town) -> None:
    main, child = await taken_in(town), await taken_in(town)
    once = Once.of(DISPATCHER.id, "k", "orderMerge", {})
    first = await merging.merge(town.office, DISPATCHER, child, into=main, once=once)
    assert await merging.merge(town.office, DISPATCHER, child, into=main, once=once) == first
    assert (await order_of(town, main)).children == (child,)


async def test_urgent_and_normal_may_be_merged_towards_the_urgent(town: Town) -> None:
    main = await a_work_order().urgent().made_in(town)
    child = await taken_in(town)
    assert (await merged(town, child, main.id)).urgency is Urgency.NORMAL


# What is told, and to whom -------------------------------------------------------------------------------------------


async def test_only_the_hotline_reads_what_was_merged(town: Town) -> None:
    main = (await a_work_order().dispatched_to("water").signed().made_in(town)).id
    confidential = replace(AT_ONCE, reporter=Reporter.CONFIDENTIAL)
    child = await taken_in(town, STRANGER, confidential)
    await merging.merge(town.office, DISPATCHER, child, into=main, note="李四也报了同一处。")
    number, main_number = (await order_of(town, child)).number, (await order_of(town, main)).number
    for reader in (CITIZEN, WATER, LEADER):
        entries = await told(town, main, reader)
        assert number not in all_said(entries)
        assert all(entry.action is not Action.ADOPT for entry in entries)
    for reader in (OPERATOR, DISPATCHER, REVIEWER, SUPERVISOR):
        assert number in all_said(await told(town, main, reader))
        assert main_number in all_said(await told(town, child, reader))
        assert "李四也报" in all_said(await told(town, child, reader))
    for reader in (STRANGER, LEADER):
        said = all_said(await told(town, child, reader))
        assert main_number not in said
        assert "李四也报" not in said
    assert "合并办理" in all_said(await told(town, child, STRANGER))


async def test_the_answer_tells_the_other_citizens_nothing_of_who_reported_the_main_order(town: Town) -> None:
    main, child = await taken_in(town, CITIZEN, COMPLAINT), await taken_in(town)
    await merged(town, child, main)
    await answered(town, main, "张三先生：您（13800138000，东街1号）反映的漏水已修复，详询水务局。")
    await settled(town)
    said = all_said(await told(town, child, STRANGER))
    assert "漏水已修复，详询水务局" in said
    assert not any(known in said for known in ("张三", "13800138000", "东街1号", "8000"))
    assert "张三先生" in all_said(await told(town, main, CITIZEN))


async def test_the_chain_of_a_child_holds_and_its_log_gives_it(town: Town) -> None:
    town.clock.set(MONDAY)
    main, child = await taken_in(town), await taken_in(town)
    await merged(town, child, main)
    await merging.unmerge(town.office, DISPATCHER, child, reason="看错了。")
    await merged(town, child, main)
    for id in (main, child):
        await check(town, id)
