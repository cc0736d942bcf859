"""The two tables: every state × action of an order, every state × step of an assignment."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from tests.workorders.lifecycle.acts import ACTS, RIGHT_PERSON
from tests.workorders.lifecycle.builders import WorkOrder, a_work_order
from tests.workorders.lifecycle.invariants import check, picture
from tests.workorders.lifecycle.town import CITIZEN, MONDAY, UPSTREAM, Town, clerk_of
from workorders.deadlines.values import Urgency
from workorders.lifecycle.errors import WrongState
from workorders.lifecycle.events import FACTS
from workorders.lifecycle.facts import CoReplied, SentBack, Signed
from workorders.lifecycle.folding import apply
from workorders.lifecycle.names import ACTION_NAMES, STATUS_NAMES
from workorders.lifecycle.states import (
    ASSIGNMENT_TRANSITIONS,
    BEFORE_CALLBACK,
    ENDED,
    TRANSITIONS,
    Action,
    AssignmentState,
    RequestKind,
    Status,
    Step,
)

S, A = Status, Action

RETURNED = a_work_order().dispatched_to("water", "heating").returned()
"""Back at the dispatchers', so that the unit may see the order, whatever happens next."""

DISPATCHED = a_work_order().dispatched_to("water", "heating")
SIGNED = DISPATCHED.signed()
WAITING = "不影响答复。"
REPLIED = SIGNED.replied(not_waiting_because=WAITING)
APPROVED = REPLIED.approved()
CALLBACK = APPROVED.accepted()

TYPICAL: dict[Status, WorkOrder] = {
    S.RECEIVED: RETURNED,
    S.DISPATCHED: DISPATCHED,
    S.IN_PROGRESS: SIGNED,
    S.UNIT_REVIEW: REPLIED,
    S.HOTLINE_REVIEW: APPROVED,
    S.CALLBACK: CALLBACK,
    S.CLOSED: CALLBACK.called_back().closed(),
    S.REJECTED: RETURNED.rejected(),
    S.WITHDRAWN: DISPATCHED.withdrawn(),
}

HANDED_DOWN = a_work_order().handed_down().dispatched_to("water", "heating").signed()
ASKED_ABOVE = HANDED_DOWN.asking_for(RequestKind.EXTENSION)
ANSWERABLE = HANDED_DOWN.replied(not_waiting_because=WAITING).approved().accepted()

COUNTED = (A.FILE_APPEAL, A.WITHDRAW_APPEAL, A.DECIDE_APPEAL, A.EXCLUDE, A.READMIT)
CALLS = (A.CALL_DUTY, A.PHONE_DUTY, A.CONFIRM_CALL)

READY: dict[tuple[Status, Action], WorkOrder] = {
    # What an action needs beside the state.
    (S.RECEIVED, A.ADJUDICATE): RETURNED.dispatched_to("water").returned(),
    (S.CALLBACK, A.CALLBACK_CLOSE): CALLBACK.called_back(),
    (S.CALLBACK, A.FINAL_ANSWER): CALLBACK.redone().replied().approved().accepted(),
    (S.CLOSED, A.RATE): a_work_order().answered_at_once(),
    (S.IN_PROGRESS, A.CO_REPLY): SIGNED.co_signed_by("heating"),
    (S.UNIT_REVIEW, A.CO_REPLY): REPLIED.co_signed_by("heating"),
    (S.HOTLINE_REVIEW, A.CO_REPLY): APPROVED.co_signed_by("heating"),
    (S.IN_PROGRESS, A.RESUME): SIGNED.suspended(days=2),
    (S.DISPATCHED, A.ASK_CONSENT): a_work_order().handed_down().dispatched_to("water").asking_for(RequestKind.RETURN),
    (S.IN_PROGRESS, A.ASK_CONSENT): ASKED_ABOVE,
    (S.UNIT_REVIEW, A.ASK_CONSENT): ASKED_ABOVE.replied(not_waiting_because=WAITING),
    (S.HOTLINE_REVIEW, A.ASK_CONSENT): ASKED_ABOVE.replied(not_waiting_because=WAITING).approved(),
    (S.CALLBACK, A.ANSWER_UP): ANSWERABLE,
    (S.CALLBACK, A.ACKNOWLEDGE): ANSWERABLE.answered_up(),
    **{
        (status, A.REPLACE): TYPICAL[status].with_its_unit_abolished("heating", "police")
        for status in (S.DISPATCHED, S.IN_PROGRESS, S.UNIT_REVIEW, S.HOTLINE_REVIEW)
    },
    **{(status, A.MERGE): TYPICAL[status].beside_another() for status in BEFORE_CALLBACK},
    **{(status, A.UNMERGE): TYPICAL[status].merged() for status in BEFORE_CALLBACK},
    **{(status, A.FOLLOW_PARENT): TYPICAL[status].merged() for status in BEFORE_CALLBACK},
    **{(status, A.RELEASE): TYPICAL[status].with_a_child() for status in Status},
    **{(status, A.READMIT): TYPICAL[status].excluded() for status in set(Status) - {S.REJECTED, S.WITHDRAWN}},
    (S.REJECTED, A.READMIT): RETURNED.excluded().rejected(),
    (S.WITHDRAWN, A.READMIT): DISPATCHED.excluded().withdrawn(),
    **{(S.DISPATCHED, call): a_work_order().emergency().dispatched_to("water", "heating") for call in CALLS},
    **{(S.IN_PROGRESS, call): SIGNED.reclassified(urgency=Urgency.EMERGENCY) for call in CALLS},
}

SUPERVISED = (A.ANSWER_SUPERVISION, A.CLOSE_SUPERVISION)


def _asking(kind: RequestKind, status: Status) -> WorkOrder:
    """An order in that state with an open request."""
    if kind is RequestKind.RETURN:
        asked = DISPATCHED.asking_for(kind)
        return asked if status is S.DISPATCHED else asked.signed()
    asked = SIGNED.asking_for(kind)
    if status is S.IN_PROGRESS:
        return asked
    asked = asked.replied(not_waiting_because=WAITING)
    return asked if status is S.UNIT_REVIEW else asked.approved()


def ready_for(status: Status, action: Action) -> WorkOrder:
    for kind in RequestKind:
        if action in (kind.grant, kind.refuse):
            return _asking(kind, status)
    if action in SUPERVISED:
        return TYPICAL[status].supervised()
    if action in (A.WITHDRAW_APPEAL, A.DECIDE_APPEAL):
        return TYPICAL[status].appealed()
    return READY.get((status, action), TYPICAL[status])


def test_every_action_has_a_fact_a_name_and_a_way_to_be_tried() -> None:
    assert set(FACTS) == set(Action) == set(ACTION_NAMES)
    assert set(STATUS_NAMES) == set(Status)
    assert set(ACTS) == set(Action) - {Action.INTAKE}


def test_nothing_leads_out_of_rest_and_everything_else_leads_there() -> None:
    for (source, action), target in TRANSITIONS.items():
        assert source not in ENDED or (action in (A.RATE, A.RELEASE, *COUNTED) and target is source)
    reached, todo = set(), {S.RECEIVED}
    while todo:
        reached |= todo
        todo = {target for (source, _), target in TRANSITIONS.items() if source in todo} - reached
    assert reached == set(Status)
    for status in set(Status) - ENDED:
        assert {target for (source, _), target in TRANSITIONS.items() if source is status} - {status}


@pytest.mark.parametrize(("status", "action"), sorted(TRANSITIONS))
async def test_a_legal_pair_does_what_the_table_says(town: Town, status: Status, action: Action) -> None:
    before = await ready_for(status, action).made_in(town)
    assert before.order.status is status
    town.clock.advance(timedelta(minutes=1))
    after = await ACTS[action](town, RIGHT_PERSON[action], before.id)
    assert after.order.status is TRANSITIONS[status, action]
    by_rule = (status, action) == (S.CALLBACK, A.RATE)  # a bad rating is supervised
    assert after.version == before.version + 1 + by_rule
    assert after.order.changed_at == town.clock.now()
    assert await check(town, before.id) == after.order


@pytest.mark.parametrize("status", Status)
async def test_an_illegal_pair_is_refused_and_nothing_is_written(town: Town, status: Status) -> None:
    before = await TYPICAL[status].made_in(town)
    if status is S.CALLBACK:
        assert before.order.lead is None
    seen = await picture(town)
    illegal = [action for action in ACTS if (status, action) not in TRANSITIONS]
    for action in illegal:
        with pytest.raises(WrongState) as refused:
            person = RIGHT_PERSON[action]
            await ACTS[action](town, replace(person, id=CITIZEN.id) if person is UPSTREAM else person, before.id)
        assert refused.value.code == "WRONG_STATE"
        assert STATUS_NAMES[status] in refused.value.message
        assert ACTION_NAMES[action] in refused.value.message
    assert await picture(town) == seen
    assert len(illegal) + len([pair for pair in TRANSITIONS if pair[0] is status]) == len(ACTS)


LEAD_PENDING = DISPATCHED
STATES: dict[AssignmentState, WorkOrder] = {
    AssignmentState.PENDING: SIGNED,
    AssignmentState.SIGNED: SIGNED.co_signed_by("heating"),
    AssignmentState.REPLIED: SIGNED.co_signed_by("heating").co_replied_by("heating"),
}


@pytest.mark.parametrize(("state", "step"), list(product(AssignmentState, Step)))
async def test_an_assignment_moves_by_its_own_table_only(town: Town, state: AssignmentState, step: Step) -> None:
    """The help of a co-unit, which moves nothing else; ending comes with the order's end."""
    if state is AssignmentState.ENDED:
        order = (
            await STATES[AssignmentState.SIGNED].replied(not_waiting_because=WAITING).withdrawn().made_in(town)
        ).order
        order = order.model_copy(update={"status": S.IN_PROGRESS})
    else:
        order = (await STATES[state].made_in(town)).order
    held = order.assignments[1]
    assert held.state is state
    facts = {
        Step.SIGN: (A.CO_SIGN, Signed(assignment=held.id, by_rule=False, on_time=True)),
        Step.REPLY: (A.CO_REPLY, CoReplied(assignment=held.id)),
        Step.SEND_BACK: (A.UNIT_SEND_BACK, SentBack(assignment=held.id)),
        Step.END: (A.WITHDRAW, FACTS[A.WITHDRAW]()),
    }
    action, fact = facts[step]
    if step is Step.SEND_BACK:
        order = order.model_copy(update={"status": S.UNIT_REVIEW})
    if (state, step) in ASSIGNMENT_TRANSITIONS:
        moved = apply(order, action, fact, MONDAY).assignments[1]
        assert moved.state is ASSIGNMENT_TRANSITIONS[state, step]
    elif step is Step.END:
        assert apply(order, action, fact, MONDAY).assignments[1] == held  # what is over stays as it ended
    else:
        with pytest.raises(KeyError):
            apply(order, action, fact, MONDAY)


async def test_a_clerk_whose_help_is_over_cannot_act_on_the_order_again(town: Town) -> None:
    order = await RETURNED.dispatched_to("water").signed().made_in(town)
    seen = await picture(town)
    for action in (A.CO_SIGN, A.CO_REPLY, A.CONTACT):
        with pytest.raises(Exception, match="没有派给您"):
            await ACTS[action](town, clerk_of("heating"), order.id)
    assert await picture(town) == seen
