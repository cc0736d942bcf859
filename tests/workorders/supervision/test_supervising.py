"""Supervision as people take it and as rules do: what it moves, who answers, how it ends, what is refused."""

from datetime import datetime, timedelta

import pytest

from foundation.errors import DomainError, NotAllowed
from foundation.idempotency import Once
from tests.workorders.lifecycle.builders import WorkOrder, a_work_order, order_of
from tests.workorders.lifecycle.invariants import check, log_of
from tests.workorders.lifecycle.test_requests import local
from tests.workorders.lifecycle.town import (
    CITIZEN,
    LEADER,
    SUPERVISOR,
    UNITS,
    Town,
    abolish,
    clerk_of,
    head_of,
)
from tests.workorders.supervision.packs import without_supervision
from workorders.deadlines.values import Kind, SupervisionLevel
from workorders.lifecycle.errors import WrongState
from workorders.lifecycle.errors_beside import (
    NoSuchSupervision,
    SupervisionAlreadyAnswered,
    SupervisionOver,
    SupervisionUnanswered,
    TooManySupervisions,
)
from workorders.lifecycle.lines import stage_due
from workorders.lifecycle.office import TIMERS
from workorders.lifecycle.policy.case import Case
from workorders.lifecycle.policy.supervision import MOST_OPEN, on_red_reply
from workorders.lifecycle.states import Action, RequestKind, Status, SupervisionCause
from workorders.lifecycle.timeline import timeline
from workorders.lifecycle.values import Order
from workorders.lifecycle.words import Told
from workorders.supervision import supervising

SIGNED = a_work_order().dispatched_to("water", "heating").signed()
BAD = {"grade": 5, "solved": False}
CAUSE = SupervisionCause


def dues(order: Order) -> list[datetime]:
    return [held.reply.due for held in order.assignments]


def causes(order: Order) -> list[SupervisionCause]:
    return [each.cause for each in order.supervisions]


# What it moves


async def test_it_brings_every_units_reply_within_the_supervised_limit_and_leaves_the_citizens(town: Town) -> None:
    plain = (await SIGNED.delegated_to("water-east").later(days=1).made_in(town)).order
    order = (await SIGNED.delegated_to("water-east").later(days=1).supervised(shortens=True).made_in(town)).order
    assert dues(plain) == [local(23)] * 3
    assert dues(order) == [local(20)] * 3
    assert order.citizen.due == plain.citizen.due == local(23)
    assert order.supervisions[0].due.due == local(19)
    assert stage_due(await check(town, order.id)) == local(20)


async def test_without_shortening_it_moves_nothing(town: Town) -> None:
    order = (await SIGNED.later(days=1).supervised().made_in(town)).order
    assert dues(order) == [local(23)] * 2
    await check(town, order.id)


async def test_what_is_due_earlier_already_stays(town: Town) -> None:
    order = (await SIGNED.later(days=4).supervised(shortens=True).made_in(town)).order
    assert dues(order) == [local(23)] * 2
    late = (await SIGNED.later(days=14).supervised(shortens=True).made_in(town)).order
    assert dues(late) == [local(23)] * 2
    await check(town, late.id)


async def test_what_is_granted_afterwards_comes_on_top_and_a_new_class_does_not_undo_it(town: Town) -> None:
    made = SIGNED.extended(days=2).later(days=1).supervised(shortens=True)
    order = (await made.made_in(town)).order
    assert order.lead is not None
    assert order.lead.reply.due == local(20)
    extended = (await made.extended(days=1).made_in(town)).order
    assert extended.lead is not None
    assert extended.lead.reply.due == local(23)
    again = (await made.reclassified(kind=Kind.HELP).made_in(town)).order
    assert dues(again) == [local(20)] * 2
    longer = (await made.given_the_longer_limit().made_in(town)).order
    assert longer.lead is not None
    assert longer.lead.reply.due == local(20)
    for each in (order, extended, again, longer):
        await check(town, each.id)


async def test_a_unit_that_comes_later_has_the_supervised_limit_while_it_is_open(town: Town) -> None:
    before = a_work_order().supervised(shortens=True)
    order = (await before.later(days=1).dispatched_to("water", "heating").made_in(town)).order
    assert dues(order) == [local(20)] * 2
    closed = before.supervision_closed(because="已现场核实。").later(days=1).dispatched_to("water")
    assert dues((await closed.made_in(town)).order) == [local(24)]
    returned = SIGNED.supervised(shortens=True).later(hours=1).returned().later(days=1).dispatched_to("police")
    order = (await returned.made_in(town)).order
    assert order.lead is not None
    assert order.lead.reply.due == local(20)
    await check(town, order.id)


async def test_closing_it_leaves_the_deadline_where_it_was_brought_to(town: Town) -> None:
    made = SIGNED.later(days=1).supervised(shortens=True).supervision_answered().supervision_closed()
    order = (await made.made_in(town)).order
    assert order.pressing is None
    assert dues(order) == [local(20)] * 2
    await check(town, order.id)


# Who answers, how it ends


async def test_the_lead_answers_once_and_the_supervisor_closes(town: Town) -> None:
    made = await SIGNED.supervised().made_in(town)
    (supervision,) = made.order.supervisions
    answer = {"supervision": supervision.id, "answer": "已安排专人。"}
    for stranger in (clerk_of("heating"), head_of("heating")):
        with pytest.raises(NotAllowed):
            await supervising.answer(town.office, stranger, made.id, **answer)
    with pytest.raises(SupervisionUnanswered):
        await supervising.close(town.office, SUPERVISOR, made.id, supervision=supervision.id, conclusion="好。")
    await supervising.answer(town.office, head_of("water"), made.id, **answer)
    with pytest.raises(SupervisionAlreadyAnswered):
        await supervising.answer(town.office, clerk_of("water"), made.id, **answer)
    closed = await supervising.close(town.office, SUPERVISOR, made.id, supervision=supervision.id, conclusion="好。")
    assert closed.order.pressing is None
    for late in (
        supervising.answer(town.office, clerk_of("water"), made.id, **answer),
        supervising.close(town.office, SUPERVISOR, made.id, supervision=supervision.id, conclusion="好。"),
    ):
        with pytest.raises(SupervisionOver):
            await late
    with pytest.raises(NoSuchSupervision):
        await supervising.close(town.office, SUPERVISOR, made.id, supervision="another", conclusion="好。")
    await check(town, made.id)


async def test_one_that_is_not_waited_for_says_why(town: Town) -> None:
    order = (await SIGNED.supervised().supervision_closed(because="已现场核实。").made_in(town)).order
    assert order.pressing is None
    unasked = (await SIGNED.supervised(answer=False).supervision_closed().made_in(town)).order
    assert unasked.pressing is None


async def test_in_the_callback_the_unit_that_led_answers(town: Town) -> None:
    made = await SIGNED.replied(not_waiting_because="另复").approved().accepted().called_back(**BAD).made_in(town)
    (supervision,) = made.order.supervisions
    answer = {"supervision": supervision.id, "answer": "将上门说明。"}
    with pytest.raises(NotAllowed):
        await supervising.answer(town.office, clerk_of("heating"), made.id, **answer)
    after = await supervising.answer(town.office, clerk_of("water"), made.id, **answer)
    assert after.order.supervisions[0].answered_at == town.clock.now()
    await check(town, made.id)


async def test_a_unit_that_gave_the_order_back_does_not_answer(town: Town) -> None:
    made = await SIGNED.supervised().returned().made_in(town)
    with pytest.raises(WrongState):
        await supervising.answer(
            town.office, clerk_of("water"), made.id, supervision=made.order.supervisions[0].id, answer="好。"
        )


async def test_after_its_unit_was_abolished_the_successor_answers(town: Town) -> None:
    made = await SIGNED.supervised().with_its_unit_abolished("water", "police").handed_to("police").made_in(town)
    abolish(town, "water", "police")
    after = await supervising.answer(
        town.office, clerk_of("police"), made.id, supervision=made.order.supervisions[0].id, answer="好。"
    )
    assert not after.order.supervisions[0].unanswered


@pytest.mark.parametrize(
    "rests",
    [
        a_work_order().answered_at_once(),
        a_work_order().rejected(),
        SIGNED.withdrawn(),
        a_work_order().dispatched_to("water").signed().handled().called_back().closed(),
    ],
)
async def test_of_an_order_that_rests_it_is_refused_in_words(town: Town, rests: WorkOrder) -> None:
    order = await rests.made_in(town)
    for attempt in (
        supervising.supervise(town.office, SUPERVISOR, order.id, level=SupervisionLevel.KEY, reason="催。"),
        supervising.instruct(town.office, LEADER, order.id, level=SupervisionLevel.KEY, instruction="办。"),
    ):
        with pytest.raises(WrongState) as refused:
            await attempt
        assert refused.value.message.startswith("工单当前为“")
    assert (await order_of(town, order.id)).supervisions == ()


async def test_with_the_order_every_open_one_ends(town: Town) -> None:
    made = SIGNED.supervised().instructed().supervised().supervision_answered().withdrawn()
    order = await check(town, (await made.made_in(town)).id)
    assert order.pressing is None
    assert [each.closed_at for each in order.supervisions] == [town.clock.now()] * 3


async def test_ten_may_be_open_at_once(town: Town) -> None:
    order = SIGNED
    for _ in range(MOST_OPEN):
        order = order.supervised()
    made = await order.made_in(town)
    with pytest.raises(TooManySupervisions):
        await supervising.supervise(town.office, SUPERVISOR, made.id, level=SupervisionLevel.KEY, reason="催。")
    again = (await order.supervision_closed(because="合并。").supervised().made_in(town)).order
    assert len(again.supervisions) == MOST_OPEN + 1
    await check(town, again.id)


async def test_sent_twice_under_a_key_it_is_one(town: Town) -> None:
    made = await SIGNED.made_in(town)
    once = Once.of(SUPERVISOR.id, "k", "orderSupervise", {})
    for _ in range(2):
        await supervising.supervise(
            town.office, SUPERVISOR, made.id, level=SupervisionLevel.KEY, reason="催。", once=once
        )
    assert len((await check(town, made.id)).supervisions) == 1


# By rule


async def test_what_comes_from_above_is_watched_from_the_intake(town: Town) -> None:
    made = a_work_order().handed_down(local(27)).dispatched_to("water").signed()
    order = await check(town, (await made.made_in(town)).id)
    (supervision,) = order.supervisions
    assert (supervision.cause, supervision.requires_answer, supervision.opened_at) == (
        CAUSE.UPSTREAM,
        False,
        order.received_at,
    )
    asked = made.handed_down(local(27), "SN2").asking_for(RequestKind.RETURN).with_consent_asked()
    again = (await asked.consented_to().dispatched_to("heating").made_in(town)).order
    assert causes(again) == [CAUSE.UPSTREAM]


async def test_a_bad_callback_is_supervised_once_and_a_bad_one_after_the_redo_again(town: Town) -> None:
    handled = a_work_order().dispatched_to("water").signed().handled()
    called = handled.called_back(**BAD, wants_redo=True).called_back(**BAD)
    order = await check(town, (await called.made_in(town)).id)
    assert causes(order) == [CAUSE.BAD_CALLBACK]
    assert order.supervisions[0].level is SupervisionLevel.ORDINARY
    redone = called.redone().handled().rated(4)
    order = await check(town, (await redone.made_in(town)).id)
    assert causes(order) == [CAUSE.BAD_CALLBACK, CAUSE.BAD_AGAIN]
    assert [each.round for each in order.supervisions] == [0, 1]
    assert order.supervisions[1].level is SupervisionLevel.KEY
    assert causes((await handled.rated(5).made_in(town)).order) == [CAUSE.BAD_CALLBACK]
    assert causes((await handled.called_back(grade=3).made_in(town)).order) == []


async def test_a_pack_that_asks_for_none_has_none(town: Town) -> None:
    town.rules = without_supervision(town.rules)
    bad = a_work_order().dispatched_to("water").signed().handled().called_back(**BAD)
    for made in (bad, a_work_order().handed_down(local(27))):
        assert (await made.made_in(town)).order.supervisions == ()
    overdue = (await SIGNED.overdue().made_in(town)).order
    assert on_red_reply(Case(overdue, SUPERVISOR, town.clock.now(), town.terms())) is None


async def test_a_rule_finds_no_room_and_the_callback_goes_on(town: Town) -> None:
    made = a_work_order().dispatched_to("water").signed()
    for _ in range(MOST_OPEN):
        made = made.supervised()
    order = (await made.handled().called_back(**BAD, wants_redo=True).made_in(town)).order
    assert (len(order.supervisions), order.redo_asked) == (MOST_OPEN, True)


async def test_a_red_reply_is_supervised_once_per_round_while_it_is_red(town: Town) -> None:
    def asked(order: Order) -> bool:
        return on_red_reply(Case(order, CITIZEN, town.clock.now(), town.terms())) is not None

    for made, expected in (
        (SIGNED.at_the_limit(), False),
        (SIGNED.overdue(), True),
        (SIGNED.extended(days=3).later(days=8), False),
        (SIGNED.suspended(days=9).later(days=8), False),
        (SIGNED.overdue().replied(not_waiting_because="另复"), False),  # which it is already
        (SIGNED.replied(not_waiting_because="另复").approved().later(days=30), False),
        (SIGNED.overdue().withdrawn(), False),
        (a_work_order().later(days=30), False),
    ):
        assert asked((await made.made_in(town)).order) is expected


async def test_when_the_red_light_is_told_the_order_is_supervised(town: Town) -> None:
    made = await SIGNED.overdue().made_in(town)
    after = await town.office.act(TIMERS, made.id, None)
    assert causes(after.order) == [CAUSE.RED_LIGHT]
    assert dues(after.order) == dues(made.order)
    log = [action for action, _, _ in await log_of(town, after)]
    assert log[log.index(Action.SUPERVISE) - 1] is Action.LIGHT
    town.clock.advance(timedelta(days=2))
    assert causes((await town.office.act(TIMERS, made.id, None)).order) == [CAUSE.RED_LIGHT]
    await check(town, made.id)
    redone = SIGNED.overdue().replied(not_waiting_because="另复").approved().accepted().called_back(**BAD).redone()
    order = await check(town, (await redone.overdue().replied().made_in(town)).id)
    assert [(each.cause, each.round) for each in order.supervisions] == [
        (CAUSE.RED_LIGHT, 0),
        (CAUSE.BAD_CALLBACK, 0),
        (CAUSE.RED_LIGHT, 1),
    ]


# What is told


async def test_the_timeline_tells_staff_and_not_the_citizen(town: Town) -> None:
    made = (
        SIGNED.supervised(SupervisionLevel.LISTED, shortens=True)
        .supervision_answered()
        .supervision_closed()
        .instructed()
    )
    document = await made.made_in(town)
    told = Told(
        document.order,
        await town.office.orders.events(document),
        town.office.data_key(document),
        lambda id: UNITS[id].name,
        lambda at: f"{at:%d日}",
    )
    words = [entry.words for entry in timeline(told, SUPERVISOR)[-4:]]
    assert words == [
        "督办：挂牌督办，督办员督办，回复时限17日，办结时限相应提前。",
        "回复督办。",
        "办结督办。",
        "批示：挂牌督办，领导批示，回复时限17日。",
    ]
    texts = [dict(entry.texts) for entry in timeline(told, LEADER)[-4:]]
    assert texts == [
        {"reason": "市民多次来电。"},
        {"answer": "已安排专人。"},
        {"conclusion": "已落实。"},
        {"instruction": "请限期解决。"},
    ]
    supervising_actions = {Action.SUPERVISE, Action.INSTRUCT, Action.ANSWER_SUPERVISION, Action.CLOSE_SUPERVISION}
    assert not supervising_actions & {entry.action for entry in timeline(told, CITIZEN)}


async def test_the_answer_is_judged_by_the_levels_limit(town: Town) -> None:
    for days, on_time in ((2, True), (4, False)):
        made = await SIGNED.supervised().later(days=days).supervision_answered().made_in(town)
        (*_, (action, fact, _)) = await log_of(town, made)
        assert (action, fact.on_time) == (Action.ANSWER_SUPERVISION, on_time)  # type: ignore[attr-defined]


@pytest.mark.parametrize("bad", ["", " ", "\x00", "长" * 2_001])
async def test_a_reason_that_says_nothing_is_refused(town: Town, bad: str) -> None:
    made = await SIGNED.made_in(town)
    for attempt in (
        supervising.supervise(town.office, SUPERVISOR, made.id, level=SupervisionLevel.KEY, reason=bad),
        supervising.instruct(town.office, LEADER, made.id, level=SupervisionLevel.KEY, instruction=bad),
        supervising.close(town.office, SUPERVISOR, made.id, supervision="s", conclusion=bad),
    ):
        with pytest.raises(DomainError) as refused:
            await attempt
        assert refused.value.fields
    assert (await order_of(town, made.id)).status is Status.IN_PROGRESS
