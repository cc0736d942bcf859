"""At the units: signing, first contact, delegating down the tree, replying, the head's review, a successor."""

from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.errors import NotAllowed
from tests.workorders.lifecycle.builders import MOMENT, WorkOrder, a_work_order, order_of, request
from tests.workorders.lifecycle.invariants import check, log_of, picture
from tests.workorders.lifecycle.test_requests import local
from tests.workorders.lifecycle.town import (
    CHIEF,
    UNITS,
    Town,
    clerk_of,
    head_of,
)
from workorders.deadlines.values import Kind, Urgency
from workorders.lifecycle import dispatching, handling
from workorders.lifecycle.errors import (
    AlreadyAssigned,
    AlreadyReplied,
    AlreadySigned,
    NotAbolished,
    NotBelow,
    NotSigned,
    NotSuccessor,
    UnitAbolished,
    UnitComplainedOf,
    UnknownUnit,
    WaitsForOthers,
    WrongAssignment,
)
from workorders.lifecycle.facts import Approved, Contacted, Signed
from workorders.lifecycle.states import Action, AssignmentEnd, AssignmentRole, AssignmentState, RequestKind, Status

DISPATCHED = a_work_order().dispatched_to("water", "heating")
SIGNED = DISPATCHED.signed()


async def facts_of(town: Town, id: str, action: Action) -> list[object]:
    document = await town.office.orders.by_id(id)
    assert document is not None
    return [fact for done, fact, _ in await log_of(town, document) if done is action]


# Signing 签收 and first contact 联系


async def test_signing_is_judged_by_the_limit_and_the_order_moves_with_its_lead_only(town: Town) -> None:
    order = await DISPATCHED.co_signed_by("heating").at_the_limit().signed().made_in(town)
    late = await DISPATCHED.overdue().signed().made_in(town)
    assert [fact.on_time for fact in await facts_of(town, order.id, Action.SIGN) if isinstance(fact, Signed)] == [True]
    assert [fact.on_time for fact in await facts_of(town, late.id, Action.SIGN) if isinstance(fact, Signed)] == [False]
    with pytest.raises(AlreadySigned):
        await handling.co_sign(town.office, clerk_of("heating"), order.id)
    with pytest.raises(NotAllowed):
        await handling.co_sign(town.office, clerk_of("water"), order.id)
    waiting = await DISPATCHED.co_signed_by("heating").made_in(town)
    assert waiting.order.status is Status.DISPATCHED


async def test_only_the_first_call_that_reaches_the_citizen_is_judged(town: Town) -> None:
    order = await SIGNED.contacted(reached=False).later(hours=20).contacted().later(days=9).contacted().made_in(town)
    facts = [fact for fact in await facts_of(town, order.id, Action.CONTACT) if isinstance(fact, Contacted)]
    assert [(fact.reached, fact.first, fact.on_time) for fact in facts] == [
        (False, False, None),
        (True, True, True),
        (True, False, None),
    ]
    assert order.order.lead is not None
    assert order.order.lead.contacted_at == local(17, 5)
    late = await SIGNED.later(days=2).contacted().made_in(town)
    assert [f.on_time for f in await facts_of(town, late.id, Action.CONTACT) if isinstance(f, Contacted)] == [False]


async def test_the_anonymous_cannot_be_contacted_so_no_limit_runs(town: Town) -> None:
    order = (await a_work_order().anonymous().dispatched_to("water").made_in(town)).order
    assert order.lead is not None
    assert order.lead.contact is None


# Delegation 转派


async def test_a_unit_delegates_down_its_own_tree_within_its_own_deadline(town: Town) -> None:
    order = (
        await SIGNED.later(days=2).delegated_to("water-east").co_signed_by("water-east").later(hours=1)
        .delegated_to("water-east-2", by="water-east").made_in(town)
    ).order  # fmt: skip
    lead, _, child, grandchild = order.assignments
    assert (child.role, child.parent, child.ancestors) == (
        AssignmentRole.DELEGATED,
        lead.id,
        ("city", "water", "water-east"),
    )
    assert grandchild.parent == child.id
    assert lead.reply.due == child.reply.due == grandchild.reply.due == local(23)
    assert lead.open
    assert order.status is Status.IN_PROGRESS
    await check(town, order.id)


@pytest.mark.parametrize(
    ("to", "by", "error"),
    [
        ("heating", "water", NotBelow),
        ("water", "water", NotBelow),
        ("city", "water", NotBelow),
        ("nowhere", "water", UnknownUnit),
        ("gone", "water", UnitAbolished),
        ("water-east", "heating", NotSigned),
        ("water-east", "police", Exception),
    ],
)
async def test_it_goes_nowhere_else(town: Town, to: str, by: str, error: type[Exception]) -> None:
    order = await SIGNED.made_in(town)
    town.units = {**UNITS, "water-east": replace(UNITS["water-east"], ancestors=("city", "heating", "water-east"))}
    if by == "water":
        town.units = None
    seen = await picture(town)
    with pytest.raises(error):
        await handling.delegate(town.office, clerk_of(by), order.id, to=to)
    assert await picture(town) == seen


async def test_never_to_the_unit_complained_of_nor_below_it(town: Town) -> None:
    against = a_work_order().against("water-east")
    with pytest.raises(UnitComplainedOf):
        await against.dispatched_to("water").signed().delegated_to("water-east").made_in(town)
    with pytest.raises(UnitComplainedOf):
        await a_work_order().against("water").dispatched_to("water-east").made_in(town)
    with pytest.raises(UnitComplainedOf):
        await a_work_order().against("water").dispatched_to("heating", "water").made_in(town)


async def test_a_unit_is_asked_once_and_by_one_that_still_works_on_it(town: Town) -> None:
    delegated = SIGNED.delegated_to("water-east")
    with pytest.raises(AlreadyAssigned):
        await delegated.delegated_to("water-east").made_in(town)
    answered = delegated.co_signed_by("water-east").co_replied_by("water-east")
    with pytest.raises(AlreadyReplied):
        await answered.delegated_to("water-east-2", by="water-east").made_in(town)
    with pytest.raises(NotSigned):
        await delegated.delegated_to("water-east-2", by="water-east").made_in(town)


# Replies 回复


async def test_the_lead_waits_for_the_others_or_says_why_not(town: Town) -> None:
    everybody = SIGNED.delegated_to("water-east")
    with pytest.raises(WaitsForOthers):
        await everybody.replied().made_in(town)
    one_left = everybody.co_signed_by("heating").co_replied_by("heating").co_signed_by("water-east")
    with pytest.raises(WaitsForOthers):
        await one_left.replied().made_in(town)
    assert (await one_left.co_replied_by("water-east").replied().made_in(town)).order.status is Status.UNIT_REVIEW
    order = await one_left.replied(not_waiting_because="不影响答复。").made_in(town)
    assert order.order.status is Status.UNIT_REVIEW
    answered = await handling.co_reply(town.office, clerk_of("water-east"), order.id, answer="补充说明。")
    assert answered.order.status is Status.UNIT_REVIEW
    with pytest.raises(AlreadyReplied):
        await handling.co_reply(town.office, clerk_of("water-east"), order.id, answer="再补充。")
    await check(town, order.id)


async def test_what_stops_the_reply_clock_is_the_approval_that_the_hotline_accepts(town: Town) -> None:
    alone = a_work_order().dispatched_to("water").signed().replied()
    sent_back = (await alone.sent_back_by_the_head().made_in(town)).order
    assert sent_back.status is Status.IN_PROGRESS
    again = alone.at_the_limit().approved().sent_back_by_the_hotline()
    order = (await again.made_in(town)).order
    assert order.lead is not None
    assert order.lead.replied_at is None
    assert order.lead.submitted_at is not None
    assert order.lead.reply.due == local(23)
    assert order.review is None
    late = await again.overdue().replied().approved().accepted().made_in(town)
    verdicts = [f.on_time for f in await facts_of(town, late.id, Action.UNIT_APPROVE) if isinstance(f, Approved)]
    assert verdicts == [True, False]
    stay = late.order.assignments[0]
    assert (stay.replied_at, stay.end) == (local(23) + MOMENT, AssignmentEnd.ACCEPTED)
    await check(town, late.id)


async def test_two_people_of_the_lead_unit_review_in_two_steps(town: Town) -> None:
    order = await a_work_order().dispatched_to("water").signed().replied().made_in(town)
    for nobody in (clerk_of("water"), head_of("heating"), head_of("city"), clerk_of("heating")):
        with pytest.raises(Exception, match=r"权限|未找到|主办单位"):
            await handling.approve(town.office, nobody, order.id)
    approved = await handling.approve(town.office, head_of("water"), order.id)
    assert approved.order.review is not None
    assert approved.order.review.due == local(17)


# Replacing an abolished unit 承办单位变更


async def test_a_successor_takes_over_deadlines_delegations_and_the_open_request(town: Town) -> None:
    made = SIGNED.contacted().delegated_to("water-east").asking_for(RequestKind.EXTENSION, days=2)
    before = (await made.made_in(town)).order
    lead = before.lead
    assert lead is not None
    after = (await made.with_its_unit_abolished("water", "police").handed_to("police").made_in(town)).order
    heir = after.lead
    assert heir is not None
    kept = {"role", "round", "state", "sign", "contact", "reply", "signed_at", "contacted_at", "return_until"}
    assert heir.model_dump(include=kept - {"sign", "contact", "reply"}) == lead.model_dump(
        include=kept - {"sign", "contact", "reply"}
    )
    assert (heir.sign.due, heir.reply.due) == (lead.sign.due, lead.reply.due)
    assert heir.unit == "police"
    assert heir.ancestors == ("city", "police")
    assert after.status is Status.IN_PROGRESS
    assert [a.parent for a in after.assignments if a.role is AssignmentRole.DELEGATED] == [heir.id]
    assert after.request is not None
    assert after.request.assignment == heir.id
    gone = after.assignments[0]
    assert (gone.end, gone.ancestors) == (AssignmentEnd.REPLACED, ("city", "water"))
    await check(town, after.id)
    town.units = None
    granted = await made.with_its_unit_abolished("water", "police").handed_to("police").granted().made_in(town)
    assert granted.order.lead is not None
    assert granted.order.lead.reply.due == local(25)


@pytest.mark.parametrize(
    "stretch",
    [
        DISPATCHED,
        SIGNED.suspended(days=3),
        SIGNED.replied(not_waiting_because="不影响。"),
        SIGNED.replied(not_waiting_because="不影响。").approved(),
    ],
    ids=["dispatched", "suspended", "in unit review", "in hotline review"],
)
async def test_the_state_stays_and_the_heir_goes_on_from_there(town: Town, stretch: WorkOrder) -> None:
    before = (await stretch.made_in(town)).order
    handed = (await stretch.with_its_unit_abolished().handed_to("heating").made_in(town)).order
    assert handed.status is before.status
    assert await check(town, handed.id) == handed
    assert handed.lead is not None
    assert before.lead is not None
    assert handed.lead.suspended_until == before.lead.suspended_until


async def test_a_unit_that_succeeds_the_lead_still_gives_its_help(town: Town) -> None:
    """The heating office helped; now it leads too, and both its stays can be worked on."""
    order = await DISPATCHED.with_its_unit_abolished("water", "heating").handed_to("heating").made_in(town)
    office, clerk = town.office, clerk_of("heating")
    await handling.sign(office, clerk, order.id)
    await handling.co_sign(office, clerk, order.id)
    await handling.co_reply(office, clerk, order.id, answer="配合完毕。")
    roles = {a.role: a.state for a in (await check(town, order.id)).assignments if a.open}
    assert roles == {AssignmentRole.LEAD: AssignmentState.SIGNED, AssignmentRole.CO: AssignmentState.REPLIED}


async def test_a_unit_that_helped_already_helps_again_for_the_one_it_succeeds(town: Town) -> None:
    helped = SIGNED.co_signed_by("heating").co_replied_by("heating").delegated_to("water-east")
    order = await helped.with_its_unit_abolished("water-east", "heating").made_in(town)
    office, clerk, gone = town.office, clerk_of("heating"), order.order.assignments[2].id
    await dispatching.replace(office, CHIEF, order.id, assignment=gone, successor="heating")
    await handling.co_sign(office, clerk, order.id)
    await handling.co_reply(office, clerk, order.id, answer="配合完毕。")
    states = [a.state for a in (await check(town, order.id)).assignments if a.unit == "heating"]
    assert states == [AssignmentState.REPLIED, AssignmentState.REPLIED]


async def test_only_an_abolished_unit_is_replaced_and_only_by_its_successor(town: Town) -> None:
    order = await SIGNED.made_in(town)
    lead = order.order.lead
    assert lead is not None

    async def hand(assignment: str, successor: str) -> None:
        await dispatching.replace(town.office, CHIEF, order.id, assignment=assignment, successor=successor)

    with pytest.raises(NotAbolished):
        await hand(lead.id, "heating")
    town.units = {**UNITS, "water": replace(UNITS["water"], abolished=True, successor="heating")}
    with pytest.raises(NotSuccessor):
        await hand(lead.id, "police")
    with pytest.raises(WrongAssignment):
        await hand(f"{order.id}:a9", "heating")
    await hand(lead.id, "heating")
    with pytest.raises(WrongAssignment):
        await hand(lead.id, "heating")
    assert len((await order_of(town, order.id)).assignments) == 3


async def test_a_successor_that_is_complained_of_is_no_way_out(town: Town) -> None:
    order = await a_work_order().against("police").dispatched_to("water").made_in(town)
    town.units = {**UNITS, "water": replace(UNITS["water"], abolished=True, successor="police")}
    with pytest.raises(UnitComplainedOf):
        await dispatching.replace(town.office, CHIEF, order.id, assignment=f"{order.id}:a1", successor="police")


# Reclassifying 改类


async def test_reclassifying_computes_what_still_runs_from_its_first_start(town: Town) -> None:
    pending = a_work_order().dispatched_to("water", "heating").later(minutes=10)
    order = (await pending.reclassified(urgency=Urgency.URGENT).made_in(town)).order
    lead = order.lead
    assert lead is not None
    assert lead.sign.due == local(16, 9, 30)
    assert lead.contact is not None
    assert lead.contact.due == local(16, 21)
    assert lead.reply.due == order.citizen.due == local(17, 9)
    assert order.dispatch.due == local(16, 13, 45)  # it was dispatched in time, as things stood then
    await check(town, order.id)
    back = (await pending.reclassified(urgency=Urgency.URGENT).reclassified().made_in(town)).order
    assert back.lead is not None
    assert (back.lead.sign.due, back.lead.reply.due) == (local(16, 11), local(23))
    await check(town, back.id)


async def test_what_was_granted_stays_granted(town: Town) -> None:
    suspended = SIGNED.suspended(days=3).later(days=2).resumed().extended(days=1)
    consult = (await suspended.reclassified(kind=Kind.CONSULT).made_in(town)).order
    assert consult.lead is not None
    assert consult.lead.reply.due == consult.citizen.due == local(20)  # Tuesday, two days suspended, one granted
    assert consult.assignments[1].reply.due == local(20)
    complex = (await SIGNED.given_the_longer_limit().reclassified(kind=Kind.HELP).made_in(town)).order
    assert complex.lead is not None
    assert complex.lead.reply.due == complex.citizen.due == local(7, month=12)


async def test_a_delegation_stays_within_its_parents_deadline(town: Town) -> None:
    late = SIGNED.later(days=3).delegated_to("water-east")
    order = (await late.reclassified(kind=Kind.HELP).made_in(town)).order
    assert [a.reply.due for a in order.assignments] == [local(23)] * 3
    shorter = (await late.reclassified(kind=Kind.CONSULT).made_in(town)).order
    assert shorter.assignments[2].reply.due == local(17)
    # On Wednesday at 10:00 both have five days left; by the clock the parent's end at 11:00, its own would at 12:00.
    resumed = SIGNED.suspended(days=3).later(days=2).resumed().later(hours=1).delegated_to("water-east")
    emergency = (await resumed.reclassified(urgency=Urgency.EMERGENCY).made_in(town)).order
    assert emergency.lead is not None
    assert emergency.assignments[2].reply.due == emergency.lead.reply.due == local(18, 11)


async def test_what_was_met_or_missed_is_not_judged_again(town: Town) -> None:
    order = await SIGNED.contacted().later(hours=1).made_in(town)
    urgent = (await SIGNED.contacted().reclassified(urgency=Urgency.EMERGENCY).made_in(town)).order
    lead, before = urgent.lead, order.order.lead
    assert lead is not None
    assert before is not None
    assert lead.sign.limit == before.sign.limit
    assert lead.contact is not None
    assert before.contact is not None
    assert lead.contact.limit == before.contact.limit
    assert lead.reply.due - lead.reply.started_at == timedelta(hours=2)


# The platform above 上级


async def test_an_upstream_order_is_due_before_the_platforms_own_limit(town: Town) -> None:
    handed = a_work_order().handed_down(due=local(19))
    order = (await handed.dispatched_to("water").made_in(town)).order
    assert order.lead is not None
    assert order.citizen.due == order.lead.reply.due == local(18)
    assert order.citizen.basis == "upstream"
    tight = (
        await a_work_order().handed_down(due=local(16, 15), number="SN2").dispatched_to("water").made_in(town)
    ).order
    assert tight.lead is not None
    assert tight.lead.reply.due == local(16, 12)  # half of what is left
    loose = (await a_work_order().handed_down(due=local(30), number="SN3").dispatched_to("water").made_in(town)).order
    assert loose.citizen.due == local(23)


async def test_the_longer_limit_and_a_new_class_stay_before_the_platforms_limit(town: Town) -> None:
    handed = a_work_order().handed_down(due=local(27)).dispatched_to("water").signed()
    complex = (await handed.given_the_longer_limit().made_in(town)).order
    assert complex.lead is not None
    assert complex.lead.reply.due == complex.citizen.due == local(26)
    handed = a_work_order().handed_down(due=local(19), number="SN2").dispatched_to("water").signed()
    extended = (await handed.extended_with_consent(days=2).reclassified(kind=Kind.HELP).made_in(town)).order
    assert extended.lead is not None
    assert extended.lead.reply.due == extended.citizen.due == local(20)


async def test_an_overdue_order_can_still_be_asked_back_within_the_window_only(town: Town) -> None:
    order = await a_work_order().of_kind(Kind.CONSULT).dispatched_to("water").overdue().signed().made_in(town)
    assert (await request(town, order.id, RequestKind.RETURN)).order.request is not None
