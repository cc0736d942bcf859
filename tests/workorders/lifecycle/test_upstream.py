"""Of what a platform above handed down: its consent, the answer that goes up, its acknowledgement, its callback."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from foundation.errors import InvalidInput, NotAllowed, NotFound
from foundation.outbox import OutboxRow
from foundation.paging import PageRequest
from identity.actors import Actor, Role
from tests.workorders.lifecycle.acts import ACTS
from tests.workorders.lifecycle.builders import WorkOrder, a_work_order, request
from tests.workorders.lifecycle.invariants import check, log_of, picture
from tests.workorders.lifecycle.test_access import EVERYBODY
from tests.workorders.lifecycle.test_requests import local
from tests.workorders.lifecycle.town import (
    CALLER,
    CHIEF,
    DISPATCHER,
    MONDAY,
    REVIEWER,
    SUPERVISOR,
    UPSTREAM,
    Town,
    abolish,
)
from workorders.deadlines import clocks
from workorders.lifecycle import dispatching, reviewing, upstream
from workorders.lifecycle.documents import OrderDocument, RequestDesk, UpstreamTask
from workorders.lifecycle.errors import (
    AcknowledgedAlready,
    AnotherRound,
    AnsweredUpAlready,
    AnswerMissing,
    CalledBackAbove,
    ConsentAwaited,
    GradeUnknown,
    NeedsConsent,
    NoOpenRequest,
    NotAnsweredUp,
    NotHandedDown,
    WrongState,
)
from workorders.lifecycle.notices import TOLD_ABOVE
from workorders.lifecycle.recording import EXCHANGE
from workorders.lifecycle.states import NEEDS_CONSENT, Action, RequestKind, Status
from workorders.lifecycle.timeline import timeline
from workorders.lifecycle.values import Closing
from workorders.lifecycle.words import Told

A = Action
HANDED = a_work_order().handed_down()
SIGNED = HANDED.dispatched_to("water", "heating").signed()
ACCEPTED = SIGNED.replied(not_waiting_because="不影响。").approved().accepted()
UP = ACCEPTED.answered_up()
BAD = {"solved": False, "grade": 5}


async def actions_of(town: Town, document: OrderDocument) -> list[Action]:
    return [action for action, _, _ in await log_of(town, document)]


# Consent 上级意见


@pytest.mark.parametrize("kind", RequestKind)
async def test_what_needs_the_platforms_consent_no_dispatcher_grants(town: Town, kind: RequestKind) -> None:
    order = await SIGNED.asking_for(kind).made_in(town)
    if kind not in NEEDS_CONSENT:
        assert (await dispatching.grant(town.office, DISPATCHER, order.id, kind=kind)).order.request is None
        return
    for who in (DISPATCHER, CHIEF):
        with pytest.raises(NeedsConsent):
            await dispatching.grant(town.office, who, order.id, kind=kind)
    asked = await dispatching.ask_consent(town.office, DISPATCHER, order.id, kind=kind)
    assert asked.order.request is not None
    assert asked.order.request.consent_asked_at == town.clock.now()
    for who in (DISPATCHER, CHIEF):
        with pytest.raises(ConsentAwaited):
            await dispatching.grant(town.office, who, order.id, kind=kind)
        with pytest.raises(ConsentAwaited):
            await dispatching.ask_consent(town.office, who, order.id, kind=kind)
    after = await upstream.consent(town.office, UPSTREAM, order.id, request=asked.order.request.id)
    assert after.order.request is None
    assert (await actions_of(town, after))[-2:] == [A.ASK_CONSENT, kind.grant]
    await check(town, order.id)


@pytest.mark.parametrize("kind", sorted(NEEDS_CONSENT))
@pytest.mark.parametrize("days_later", [0, 1, 4])
async def test_consent_gives_what_a_grant_would_have_given_whenever_it_comes(
    town: Town, kind: RequestKind, days_later: int
) -> None:
    """With effect from when the unit asked: the platform's slowness costs the unit nothing."""
    plain = a_work_order().dispatched_to("water", "heating").signed()
    granted = (await plain.asking_for(kind, days=2).later(days=days_later).granted().made_in(town)).order
    late = SIGNED.asking_for(kind, days=2).with_consent_asked().later(days=days_later).consented_to()
    consented = (await late.made_in(town)).order
    assert consented.status is granted.status
    assert (consented.citizen.due, consented.dispatch.due) == (granted.citizen.due, granted.dispatch.due)
    for held, would in zip(consented.assignments, granted.assignments, strict=True):
        assert held.reply.due == would.reply.due
        assert (held.suspended_since, held.suspended_until) == (would.suspended_since, would.suspended_until)


@pytest.mark.parametrize("kind", sorted(NEEDS_CONSENT))
async def test_a_refusal_above_moves_nothing(town: Town, kind: RequestKind) -> None:
    before = (await SIGNED.made_in(town)).order
    asked = SIGNED.asking_for(kind).with_consent_asked()
    after = (await asked.later(hours=1).refused_above().made_in(town)).order
    assert (after.request, after.status, after.citizen.due) == (None, Status.IN_PROGRESS, before.citizen.due)
    assert [a.reply.due for a in after.assignments] == [a.reply.due for a in before.assignments]
    again = await asked.refused_above().asking_for(kind).made_in(town)
    assert again.order.request is not None
    assert again.order.request.consent_asked_at is None
    await check(town, after.id)


async def test_a_dispatcher_takes_the_question_back_and_a_late_consent_hits_nothing(town: Town) -> None:
    order = await SIGNED.asking_for(RequestKind.EXTENSION).with_consent_asked().made_in(town)
    assert order.order.request is not None
    first = order.order.request.id
    await dispatching.refuse(town.office, DISPATCHER, order.id, kind=RequestKind.EXTENSION, reason="按期办结。")
    with pytest.raises(NoOpenRequest):
        await upstream.consent(town.office, UPSTREAM, order.id, request=first)
    await request(town, order.id, RequestKind.EXTENSION)
    await dispatching.ask_consent(town.office, DISPATCHER, order.id, kind=RequestKind.EXTENSION)
    with pytest.raises(NoOpenRequest):
        await upstream.consent(town.office, UPSTREAM, order.id, request=first)
    with pytest.raises(NoOpenRequest):
        await upstream.refuse_consent(town.office, UPSTREAM, order.id, request=first, reason="不同意。")


async def test_the_platform_decides_nothing_that_it_was_not_asked(town: Town) -> None:
    order = await SIGNED.asking_for(RequestKind.EXTENSION).made_in(town)
    assert order.order.request is not None
    with pytest.raises(NoOpenRequest):
        await upstream.consent(town.office, UPSTREAM, order.id, request=order.order.request.id)
    for verb in (dispatching.grant, dispatching.refuse):
        given = {} if verb is dispatching.grant else {"reason": "不同意。"}
        with pytest.raises(NoOpenRequest):
            await verb(town.office, UPSTREAM, order.id, kind=RequestKind.EXTENSION, **given)  # type: ignore[operator]


async def test_only_what_was_handed_down_is_asked_about_or_answered_up(town: Town) -> None:
    own = a_work_order().dispatched_to("water").signed()
    order = await own.asking_for(RequestKind.EXTENSION).made_in(town)
    with pytest.raises(NotHandedDown):
        await dispatching.ask_consent(town.office, DISPATCHER, order.id, kind=RequestKind.EXTENSION)
    with pytest.raises(NotHandedDown):
        await own.handled().answered_up().made_in(town)
    handed = await SIGNED.asking_for(RequestKind.COMPLEX).made_in(town)
    for kind in RequestKind:
        with pytest.raises(NoOpenRequest):
            await dispatching.ask_consent(town.office, DISPATCHER, handed.id, kind=kind)


async def test_it_is_not_asked_about_what_could_not_be_granted(town: Town) -> None:
    replied = SIGNED.asking_for(RequestKind.SUSPENSION).replied(not_waiting_because="不影响。")
    with pytest.raises(WrongState):
        await replied.with_consent_asked().made_in(town)


async def test_the_longer_limit_stays_within_the_platforms(town: Town) -> None:
    theirs = local(27)
    order = (
        await a_work_order()
        .handed_down(due=theirs)
        .dispatched_to("water")
        .signed()
        .given_the_longer_limit()
        .made_in(town)
    ).order
    assert order.lead is not None
    assert order.lead.reply.due < theirs
    assert order.lead.reply.basis == "upstream"


async def test_what_is_asked_above_lies_on_a_desk_of_its_own(town: Town) -> None:
    order = await SIGNED.asking_for(RequestKind.EXTENSION).with_consent_asked().made_in(town)
    rows = await town.database.collection(RequestDesk).find({"order": order.id}).to_list()
    assert [row["desk"] for row in rows] == ["extension:consent"]
    await upstream.consent(town.office, UPSTREAM, order.id, request=rows[0]["_id"])
    rows = await town.database.collection(RequestDesk).find({"order": order.id}).to_list()
    assert [row["desk"] for row in rows] == ["decided"]


@pytest.mark.parametrize(
    ("road", "task"),
    [
        (HANDED, UpstreamTask.HANDLE),
        (SIGNED, UpstreamTask.HANDLE),
        (ACCEPTED, UpstreamTask.ANSWER),
        (UP, UpstreamTask.ACKNOWLEDGE),
        (UP.acknowledged(), UpstreamTask.CALL_BACK),
        (UP.called_back_above(**BAD), UpstreamTask.HANDLE),
        (UP.called_back_above(**BAD).handled().answered_up().called_back_above(**BAD), UpstreamTask.FINAL_ANSWER),
        (UP.called_back_above(), None),
        (HANDED.withdrawn(), None),
    ],
)
async def test_every_open_order_from_above_lies_on_one_tab_of_its_desk(
    town: Town, road: WorkOrder, task: UpstreamTask | None
) -> None:
    order = await road.made_in(town)
    own = await a_work_order().made_in(town)
    await check(town, own.id)
    now = town.clock.now()
    for each in UpstreamTask:
        page = await town.office.orders.upstream_desk(REVIEWER, each, PageRequest(), now)
        assert [row.id for row in page.items] == ([order.id] if each is task else []), each
    await check(town, order.id)


# Answering up 上报答复, acknowledgement 上级签收


async def test_each_rounds_answer_goes_up_once_and_is_acknowledged_once(town: Town) -> None:
    order = await UP.acknowledged().made_in(town)
    assert order.order.answered_up_at == order.order.acknowledged_at == town.clock.now()
    assert order.order.status is Status.CALLBACK
    with pytest.raises(AnsweredUpAlready):
        await reviewing.answer_up(town.office, REVIEWER, order.id, answer="再报一次。")
    with pytest.raises(AcknowledgedAlready):
        await upstream.acknowledge(town.office, UPSTREAM, order.id, round=0)
    redone = await UP.acknowledged().called_back_above(**BAD).made_in(town)
    assert (redone.order.answered_up_at, redone.order.acknowledged_at) == (None, None)
    second = await UP.called_back_above(**BAD).handled().answered_up().acknowledged().made_in(town)
    assert second.order.round == 1
    assert second.order.acknowledged_at is not None
    await check(town, second.id)


async def test_what_the_platform_says_names_its_round(town: Town) -> None:
    first = await ACCEPTED.made_in(town)
    with pytest.raises(NotAnsweredUp):
        await upstream.acknowledge(town.office, UPSTREAM, first.id, round=0)
    with pytest.raises(NotAnsweredUp):
        await upstream.call_back(town.office, UPSTREAM, first.id, round=0, reached=False)
    second = await UP.called_back_above(**BAD).handled().answered_up().made_in(town)
    for round in (-1, 0, 2):
        with pytest.raises(AnotherRound):
            await upstream.acknowledge(town.office, UPSTREAM, second.id, round=round)
        with pytest.raises(AnotherRound):
            await upstream.call_back(town.office, UPSTREAM, second.id, round=round, reached=True, solved=True, grade=1)


# Their callback 上级回访


@pytest.mark.parametrize("solved", [True, False])
@pytest.mark.parametrize("grade", range(1, 6))
async def test_a_bad_one_forces_the_redo_and_a_good_one_closes(town: Town, solved: bool, grade: int) -> None:
    after = await UP.called_back_above(solved=solved, grade=grade).made_in(town)
    order = after.order
    assert order.rating is not None
    assert (order.rating.grade, order.rating.solved, order.rating.through) == (grade, solved, "upstream")
    bad = not solved or grade > 3
    follows = [A.SUPERVISE, A.CALLBACK_REDO] if bad else [A.CALLBACK_CLOSE]
    actions = await actions_of(town, after)
    assert actions[actions.index(A.CALLBACK_ATTEMPT) :] == [A.CALLBACK_ATTEMPT, *follows]
    if bad:
        assert (order.status, order.round) == (Status.IN_PROGRESS, 1)
        assert order.lead is not None
        assert order.lead.unit == "water"
    else:
        assert (order.status, order.closing) == (Status.CLOSED, Closing.CALLED_BACK)
    await check(town, after.id)


async def test_whom_the_platform_did_not_reach_is_told_so(town: Town) -> None:
    after = await UP.called_back_above(reached=False).made_in(town)
    assert (after.order.status, after.order.closing, after.order.rating) == (Status.CLOSED, Closing.UNREACHED, None)
    await check(town, after.id)


async def test_beyond_the_cap_the_supervisor_answers(town: Town) -> None:
    twice = UP.called_back_above(**BAD).handled().answered_up().called_back_above(**BAD)
    order = await twice.made_in(town)
    assert (order.order.status, order.order.round, order.order.redo_asked) == (Status.CALLBACK, 1, True)
    with pytest.raises(CalledBackAbove):
        await reviewing.callback_close(town.office, DISPATCHER, order.id)
    final = await reviewing.final_answer(town.office, SUPERVISOR, order.id, answer="已尽处理，可依法申请行政复议。")
    assert final.order.closing is Closing.FINAL_ANSWER
    await check(town, order.id)


async def test_where_nobody_can_redo_it_the_callback_stands_and_a_dispatcher_sees_to_it(town: Town) -> None:
    order = await UP.made_in(town)
    abolish(town, "water", "water")  # with no successor
    after = await upstream.call_back(town.office, UPSTREAM, order.id, round=0, reached=True, solved=False, grade=5)
    assert (after.order.status, after.order.redo_asked) == (Status.CALLBACK, True)
    town.units = None
    redone = await reviewing.callback_redo(town.office, DISPATCHER, order.id, reason="承办单位已明确。")
    assert redone.order.status is Status.IN_PROGRESS
    await check(town, order.id)


async def test_the_hotline_does_not_call_back_itself(town: Town) -> None:
    order = await UP.made_in(town)
    seen = await picture(town)
    for attempt in (
        reviewing.callback_attempt(town.office, CALLER, order.id, reached=False),
        reviewing.callback_close(town.office, CALLER, order.id),
        reviewing.callback_close(town.office, DISPATCHER, order.id),
        reviewing.callback_redo(town.office, DISPATCHER, order.id, reason="重办。"),
    ):
        with pytest.raises(CalledBackAbove):
            await attempt
    assert await picture(town) == seen


async def test_a_platform_that_never_calls_back_holds_nothing_open_for_ever(town: Town) -> None:
    for early in (UP, ACCEPTED.overdue()):
        with pytest.raises(CalledBackAbove):
            order = await early.made_in(town)
            await reviewing.callback_close(town.office, DISPATCHER, order.id)
    late = await UP.overdue().made_in(town)
    with pytest.raises(CalledBackAbove):
        await reviewing.callback_close(town.office, CALLER, late.id)
    closed = await reviewing.callback_close(town.office, DISPATCHER, late.id)
    assert closed.order.closing is Closing.WITHOUT_CALLBACK


async def test_an_anonymous_one_waits_for_the_platform_too(town: Town) -> None:
    anonymous = SIGNED.reported(reporter="anonymous", name=None, phone=None)
    order = (await anonymous.replied(not_waiting_because="不影响。").approved().accepted().made_in(town)).order
    assert order.status is Status.CALLBACK


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"reached": True}, AnswerMissing),
        ({"reached": True, "solved": True}, AnswerMissing),
        ({"reached": False, "grade": 1}, AnswerMissing),
        ({"reached": True, "solved": True, "grade": 0}, GradeUnknown),
        ({"reached": True, "solved": True, "grade": 6}, GradeUnknown),
        ({"reached": True, "solved": True, "grade": 1, "due": MONDAY + timedelta(days=30)}, InvalidInput),
        ({"reached": False, "due": MONDAY + timedelta(days=30)}, InvalidInput),
        ({"reached": True, "solved": False, "grade": 5, "due": MONDAY}, InvalidInput),
        ({"reached": True, "solved": True, "grade": 1, "said": "漏" * 2_001}, InvalidInput),
    ],
)
async def test_a_callback_is_whole(town: Town, given: dict[str, object], error: type[Exception]) -> None:
    order = await UP.made_in(town)
    seen = await picture(town)
    with pytest.raises(error):
        await upstream.call_back(town.office, UPSTREAM, order.id, round=0, **given)  # type: ignore[arg-type]
    assert await picture(town) == seen


# Their deadlines


async def redo_due(town: Town, road: WorkOrder) -> tuple[datetime, datetime | None, datetime]:
    """The redo's deadline, the platform's limit that stands then, and what the limit of a redo alone would be."""
    order = (await road.made_in(town)).order
    assert order.lead is not None
    assert order.upstream is not None
    terms = town.terms()
    own = clocks.reply_due(
        terms.rules, terms.calendar, kind=order.kind, urgency=order.urgency, start=order.lead.assigned_at, round=1
    )
    await check(town, order.id)
    return order.lead.reply.due, order.upstream.due, own.due


async def test_a_redo_has_its_own_limit_once_theirs_is_past(town: Town) -> None:
    theirs = MONDAY + timedelta(days=3)
    handed = UP_BY(theirs)
    due, standing, own = await redo_due(town, handed.later(days=4).called_back_above(**BAD))
    assert (due, standing) == (own, None)


async def test_theirs_binds_a_redo_while_it_lies_ahead(town: Town) -> None:
    theirs = MONDAY + timedelta(days=3)
    due, standing, own = await redo_due(town, UP_BY(theirs).called_back_above(**BAD))
    assert standing == theirs
    assert due < min(theirs, own)


async def test_the_limit_that_they_set_for_the_redo_binds_it(town: Town) -> None:
    anew = MONDAY + timedelta(days=6)
    due, standing, own = await redo_due(
        town, UP_BY(MONDAY + timedelta(days=3)).later(days=4).called_back_above(due=anew, **BAD)
    )
    assert standing == anew
    assert due < min(anew, own)


def UP_BY(theirs: datetime) -> WorkOrder:  # noqa: N802 - it stands beside UP
    return a_work_order().handed_down(due=theirs).dispatched_to("water").signed().handled().answered_up()


# What the platform is told


async def test_the_platform_is_told_of_its_orders_and_of_no_others(town: Town) -> None:
    roads = (UP.acknowledged().called_back_above(), SIGNED.asking_for(RequestKind.EXTENSION).with_consent_asked())
    for road in roads:
        order = await road.made_in(town)
        rows = await town.database.collection(OutboxRow).find({"consumer": EXCHANGE, "subject": order.id}).to_list()
        events = await town.office.orders.events(order)
        told = [event.sequence for event in events if Action(event.type) in TOLD_ABOVE]
        assert sorted(row["sequence"] for row in rows) == told
        assert told
    own = await a_work_order().dispatched_to("water").signed().handled().called_back().closed().made_in(town)
    assert not await town.database.collection(OutboxRow).find({"consumer": EXCHANGE, "subject": own.id}).to_list()


async def test_the_timeline_tells_it_in_words(town: Town) -> None:
    road = SIGNED.asking_for(RequestKind.EXTENSION).with_consent_asked().consented_to()
    order = (
        await road.replied(not_waiting_because="不影响。")
        .approved()
        .accepted()
        .answered_up()
        .acknowledged()
        .made_in(town)
    )
    key = town.office.data_key(order)
    told = Told(order.order, await town.office.orders.events(order), key, lambda unit: unit, lambda at: f"{at:%d}")
    words = {entry.action: entry.words for entry in timeline(told, REVIEWER)}
    assert words[A.ASK_CONSENT] == "征求上级意见：延期。"
    assert words[A.ANSWER_UP] == "上报答复。"
    assert words[A.ACKNOWLEDGE] == "上级签收。"
    above = {entry.action: (entry.words, dict(entry.texts)) for entry in timeline(told, UPSTREAM)}
    assert A.ASK_CONSENT not in above
    assert above[A.ANSWER_UP] == ("热线已向上级平台上报答复。", {"answer": "已修复，群众满意。"})


# Who may what

TABLE = """
                   own str dev ope dis chi rev cal sup lea clk hed coc coh cty oth ups adm hal non
ask_consent        .   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   -   .   .   .
consent            .   .   .   -   -   -   -   -   -   -   -   -   -   -   -   .   Y   .   .   .
refuse_consent     .   .   .   -   -   -   -   -   -   -   -   -   -   -   -   .   Y   .   .   .
answer_up          .   .   .   -   -   -   Y   -   -   -   -   -   -   -   -   .   -   .   .   .
acknowledge        .   .   .   -   -   -   -   -   -   -   -   -   -   -   -   .   Y   .   .   .
call_back          .   .   .   -   -   -   -   -   -   -   -   -   -   -   -   .   Y   .   .   .
upstream_desk      -   -   -   Y   Y   Y   Y   Y   Y   Y   -   -   -   -   -   -   -   -   -   -
supplement         .   .   .   Y   -   -   -   -   -   -   -   -   -   -   -   .   -   .   .   .
withdraw           .   .   .   Y   -   -   -   -   -   -   -   -   -   -   -   .   -   .   .   .
"""

Try = Callable[[Town, Actor, str], Awaitable[object]]


async def _asked(town: Town, id: str) -> str:
    document = await town.office.orders.by_id(id)
    assert document is not None
    return document.order.request.id if document.order.request else "none"


async def _consent(town: Town, actor: Actor, id: str) -> object:
    return await upstream.consent(town.office, actor, id, request=await _asked(town, id))


async def _refuse(town: Town, actor: Actor, id: str) -> object:
    return await upstream.refuse_consent(town.office, actor, id, request=await _asked(town, id), reason="不同意。")


async def _desk(town: Town, actor: Actor, _: str) -> object:
    return await town.office.orders.upstream_desk(actor, UpstreamTask.HANDLE, PageRequest(), town.clock.now())


async def _call_back(town: Town, actor: Actor, id: str) -> object:
    return await upstream.call_back(town.office, actor, id, round=0, reached=True, solved=True, grade=1)


TRIES: dict[str, tuple[WorkOrder, Try]] = {
    "ask_consent": (SIGNED.asking_for(RequestKind.EXTENSION), ACTS[A.ASK_CONSENT]),
    "consent": (SIGNED.asking_for(RequestKind.EXTENSION).with_consent_asked(), _consent),
    "refuse_consent": (SIGNED.asking_for(RequestKind.EXTENSION).with_consent_asked(), _refuse),
    "answer_up": (ACCEPTED, ACTS[A.ANSWER_UP]),
    "acknowledge": (UP, ACTS[A.ACKNOWLEDGE]),
    "call_back": (UP, _call_back),
    "upstream_desk": (SIGNED, _desk),
    "supplement": (SIGNED, ACTS[A.SUPPLEMENT]),
    "withdraw": (SIGNED, ACTS[A.WITHDRAW]),
}


@pytest.mark.parametrize("name", TRIES)
async def test_who_may_do_what_with_an_order_from_above(town: Town, name: str) -> None:
    header, *lines = TABLE.strip("\n").splitlines()
    assert header.split() == list(EVERYBODY)
    row = next(dict(zip(EVERYBODY, line.split()[1:], strict=True)) for line in lines if line.split()[0] == name)
    road, attempt = TRIES[name]
    rival = Actor(id="upstream:rival", roles=frozenset({Role.UPSTREAM}))
    for who, actor in (*EVERYBODY.items(), ("rival", rival)):
        order = await road.made_in(town)
        try:
            await attempt(town, actor, order.id)
            outcome = "Y"
        except NotFound:
            outcome = "."
        except (NotAllowed, ConsentAwaited, CalledBackAbove):
            outcome = "-"
        assert outcome == row.get(who, "-" if name == "upstream_desk" else "."), who
