"""What units ask for: windows, caps, what a granted request moves and what a refused one does not."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from foundation.errors import NotAllowed
from identity.actors import Role
from tests.workorders.lifecycle.builders import MOMENT, a_work_order, request
from tests.workorders.lifecycle.invariants import check, picture
from tests.workorders.lifecycle.town import (
    CITIZEN,
    Town,
    clerk_of,
    staff,
)
from workorders.deadlines.caps import ExtensionsUsedUp, ExtensionTooLong, SuspensionsUsedUp, SuspensionTooLong
from workorders.deadlines.values import Kind
from workorders.lifecycle import dispatching, handling, intake
from workorders.lifecycle.documents import RequestDesk
from workorders.lifecycle.errors import (
    AlreadyReplied,
    CannotReturn,
    CapReached,
    DeadlinePassed,
    NoOpenRequest,
    NotDisputed,
    NotSuspended,
    OnlyAdjudication,
    RequestStillOpen,
    ReturnsUsedUp,
    ReturnWindowOver,
    Suspended,
    UnitComplainedOf,
    UnknownUnit,
    WrongState,
)
from workorders.lifecycle.states import AssignmentEnd, RequestKind, Status

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local(day: int, hour: int = 17, minute: int = 0, *, month: int = 11) -> datetime:
    """A moment of late 2026 in the town's own time. The town wakes up on Monday 16 November at 09:00."""
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


SIGNED = a_work_order().dispatched_to("water", "heating").signed()

# Returns 退单


async def test_a_unit_may_return_until_the_window_closes_and_not_a_moment_longer(town: Town) -> None:
    order = await a_work_order().dispatched_to("water").made_in(town)
    lead = order.order.lead
    assert lead is not None
    assert lead.return_until == local(17)
    town.clock.set(local(17) + MOMENT)
    with pytest.raises(ReturnWindowOver):
        await request(town, order.id, RequestKind.RETURN)
    town.clock.set(local(17))
    order = await a_work_order().dispatched_to("water").made_in(town)
    town.clock.set(local(17))
    assert (await request(town, order.id, RequestKind.RETURN)).order.request is not None


async def test_a_granted_return_starts_the_dispatch_limit_anew_and_leaves_the_citizens(town: Town) -> None:
    before = await SIGNED.later(hours=2).made_in(town)
    after = await a_work_order().dispatched_to("water", "heating").signed().later(hours=3).returned().made_in(town)
    order = after.order
    assert order.status is Status.RECEIVED
    assert order.returns == 1
    assert {a.end for a in order.assignments} == {AssignmentEnd.RETURNED}
    assert order.dispatch.started_at == town.clock.now()
    assert order.dispatch.due == local(16, 16, 45)
    assert order.citizen.due == before.order.citizen.due == local(23)
    again = await dispatching.dispatch(town.office, staff("d", Role.DISPATCHER), after.id, lead="heating")
    lead = again.order.lead
    assert lead is not None
    assert lead.reply.started_at == lead.sign.started_at == town.clock.now()
    await check(town, after.id)


async def test_after_two_returns_only_the_chief_decides_and_that_unit_cannot_return(town: Town) -> None:
    once = a_work_order().dispatched_to("water").returned()
    with pytest.raises(NotDisputed):
        await once.adjudicated_to("water").made_in(town)
    twice = once.dispatched_to("heating").returned()
    with pytest.raises(OnlyAdjudication):
        await twice.dispatched_to("police").made_in(town)
    with pytest.raises(CannotReturn):
        await twice.adjudicated_to("police").asking_for(RequestKind.RETURN).made_in(town)
    order = await twice.adjudicated_to("police").signed().made_in(town)
    assert order.order.returns == 2
    assert order.order.assignments[-1].adjudicated


async def test_a_city_without_returns_dispatches_all_the_same(town: Town) -> None:
    town.cap(returns=0)
    order = await a_work_order().dispatched_to("water").made_in(town)
    with pytest.raises(ReturnsUsedUp):
        await request(town, order.id, RequestKind.RETURN)


async def test_a_unit_that_replied_cannot_return_and_one_that_returns_cannot_reply(town: Town) -> None:
    with pytest.raises(AlreadyReplied):
        await (
            SIGNED.replied(not_waiting_because="不影响。")
            .sent_back_by_the_head()
            .asking_for(RequestKind.RETURN)
            .made_in(town)
        )
    asked = SIGNED.asking_for(RequestKind.RETURN)
    with pytest.raises(RequestStillOpen):
        await asked.replied(not_waiting_because="不影响。").made_in(town)
    order = await asked.refused().replied(not_waiting_because="不影响。").made_in(town)
    assert order.order.status is Status.UNIT_REVIEW


@pytest.mark.parametrize(("suggested", "error"), [("nowhere", UnknownUnit), ("police", UnitComplainedOf)])
async def test_the_suggested_unit_must_be_one_that_the_order_may_go_to(
    town: Town, suggested: str, error: type[Exception]
) -> None:
    order = await a_work_order().against("police").dispatched_to("water").made_in(town)
    with pytest.raises(error):
        await request(town, order.id, RequestKind.RETURN, suggesting=suggested)


async def test_a_redo_cannot_be_returned(town: Town) -> None:
    redone = a_work_order().dispatched_to("water").signed().handled().redone()
    with pytest.raises(CannotReturn):
        await redone.asking_for(RequestKind.RETURN).made_in(town)


# One request at a time, decided by somebody else


@pytest.mark.parametrize("kind", RequestKind)
async def test_one_request_is_open_at_a_time_and_stops_nothing(town: Town, kind: RequestKind) -> None:
    order = await SIGNED.asking_for(kind).made_in(town)
    for other in RequestKind:
        with pytest.raises(RequestStillOpen):
            await request(town, order.id, other)
        if other is not kind:
            with pytest.raises(NoOpenRequest):
                await dispatching.grant(town.office, staff("d", Role.DISPATCHER), order.id, kind=other)
    lead = order.order.lead
    assert lead is not None
    assert lead.reply.due == local(23)
    contacted = await handling.contact(town.office, clerk_of("water"), order.id, reached=True, said="已约好。")
    assert contacted.order.request == order.order.request
    await check(town, order.id)


@pytest.mark.parametrize("kind", RequestKind)
async def test_a_refused_request_moves_nothing(town: Town, kind: RequestKind) -> None:
    before = (await SIGNED.made_in(town)).order
    after = (await SIGNED.asking_for(kind).later(hours=1).refused().made_in(town)).order
    assert after.request is None
    assert after.status is Status.IN_PROGRESS
    assert (after.citizen.due, after.dispatch.due) == (before.citizen.due, before.dispatch.due)
    assert [a.reply for a in after.assignments] == [a.reply for a in before.assignments]
    assert (await check(town, after.id)).returns == 0


async def test_nobody_decides_on_their_own_request(town: Town) -> None:
    both = staff("both", Role.UNIT_CLERK, Role.DISPATCHER, unit="water")
    order = await SIGNED.made_in(town)
    await request(town, order.id, RequestKind.EXTENSION, by=both)
    seen = await picture(town)
    with pytest.raises(NotAllowed):
        await dispatching.grant(town.office, both, order.id, kind=RequestKind.EXTENSION)
    with pytest.raises(NotAllowed):
        await dispatching.refuse(town.office, both, order.id, kind=RequestKind.EXTENSION, reason="不同意。")
    assert await picture(town) == seen


@pytest.mark.parametrize("kind", sorted(set(RequestKind) - {RequestKind.RETURN}))
async def test_only_a_signed_order_is_asked_for_but_a_return_comes_before(town: Town, kind: RequestKind) -> None:
    order = await a_work_order().dispatched_to("water").made_in(town)
    with pytest.raises(WrongState):
        await request(town, order.id, kind)
    co_only = await a_work_order().dispatched_to("water", "heating").signed().made_in(town)
    with pytest.raises(NotAllowed):
        await request(town, co_only.id, kind, by=clerk_of("heating"))


async def test_a_request_lapses_with_its_assignment(town: Town) -> None:
    accepted = (
        await SIGNED.asking_for(RequestKind.EXTENSION)
        .replied(not_waiting_because="不影响。")
        .approved()
        .accepted()
        .made_in(town)
    )
    withdrawn = await SIGNED.asking_for(RequestKind.COMPLEX).withdrawn().made_in(town)
    for order in (accepted, withdrawn):
        assert (await check(town, order.id)).request is None
        rows = await town.database.collection(RequestDesk).find({"order": order.id}).to_list()
        assert [row["desk"] for row in rows] == ["decided"]


# Extensions 延期


async def test_an_extension_adds_to_the_old_deadline_whenever_it_is_granted(town: Town) -> None:
    at_once = (await SIGNED.extended(days=2).made_in(town)).order
    late = (
        await SIGNED.at_the_limit().asking_for(RequestKind.EXTENSION, days=2).later(days=1).granted().made_in(town)
    ).order
    for order in (at_once, late):
        lead = order.lead
        assert lead is not None
        assert lead.reply.due == order.citizen.due == local(25)
        assert order.assignments[1].reply.due == local(25)  # the co-unit gets as much
        await check(town, order.id)


async def test_it_is_asked_for_before_the_deadline_only(town: Town) -> None:
    for kind in (RequestKind.EXTENSION, RequestKind.SUSPENSION, RequestKind.COMPLEX):
        with pytest.raises(DeadlinePassed):
            await SIGNED.overdue().asking_for(kind).made_in(town)


async def test_extensions_are_capped_in_number_and_in_length(town: Town) -> None:
    order = await SIGNED.made_in(town)
    for days in (-1, 0, 4, 1000):
        with pytest.raises(ExtensionTooLong):
            await request(town, order.id, RequestKind.EXTENSION, days=days)
    with pytest.raises(ExtensionsUsedUp):
        await SIGNED.extended(days=1).extended(days=1).extended(days=1).extended(days=1).made_in(town)
    town.cap(extension_working_days_in_all=4)
    with pytest.raises(ExtensionTooLong):
        await SIGNED.extended(days=3).extended(days=2).made_in(town)


async def test_an_extended_redo_leaves_what_the_citizen_was_promised_at_first(town: Town) -> None:
    redone = a_work_order().dispatched_to("water").signed().handled().called_back(grade=5).redone()
    before = (await redone.made_in(town)).order
    after = (await redone.extended(days=1).suspended(days=1).later(days=1).resumed().made_in(town)).order
    assert before.lead is not None
    assert after.lead is not None
    assert after.lead.reply.due > before.lead.reply.due == local(19)
    assert after.citizen == before.citizen


# Suspensions 挂起


async def test_a_suspension_shifts_limits_in_days_by_the_working_days_it_lasted(town: Town) -> None:
    suspended = SIGNED.later(days=1, hours=1).suspended(days=10)  # from Tuesday 10:00
    order = (await suspended.later(days=3, hours=5).resumed().made_in(town)).order  # on Friday 15:00
    assert order.lead is not None
    assert order.lead.reply.due == order.citizen.due == local(26)
    assert not order.lead.suspended
    over_the_weekend = (await suspended.later(days=4, hours=5).resumed().made_in(town)).order  # on Saturday
    assert over_the_weekend.citizen.due == local(26)


async def test_it_counts_from_the_asking_and_never_longer_than_was_granted(town: Town) -> None:
    asked = SIGNED.asking_for(RequestKind.SUSPENSION, days=2)  # on Monday
    granted = (await asked.later(days=1).granted().made_in(town)).order
    assert granted.lead is not None
    assert granted.lead.suspended_since == local(16, 9)
    assert granted.lead.suspended_until == local(18)
    late = (await asked.granted().later(days=20).resumed().made_in(town)).order
    assert late.citizen.due == local(25)


async def test_while_suspended_a_unit_can_only_resume(town: Town) -> None:
    order = await SIGNED.suspended(days=5).made_in(town)
    for kind in RequestKind:
        with pytest.raises(Suspended):
            await request(town, order.id, kind)
    with pytest.raises(Suspended):
        await SIGNED.suspended(days=5).replied(not_waiting_because="不影响。").made_in(town)
    with pytest.raises(Suspended):
        await SIGNED.suspended(days=5).delegated_to("water-east").made_in(town)
    with pytest.raises(NotSuspended):
        await SIGNED.suspended(days=5).resumed().resumed().made_in(town)


async def test_suspensions_are_capped_and_may_end_at_the_same_closing_time(town: Town) -> None:
    order = await SIGNED.made_in(town)
    for days in (0, 16):
        with pytest.raises(SuspensionTooLong):
            await request(town, order.id, RequestKind.SUSPENSION, days=days)
    twice = SIGNED.suspended(days=2).resumed().suspended(days=2)  # both until Wednesday 17:00
    assert (await check(town, (await twice.made_in(town)).id)).lead is not None
    with pytest.raises(SuspensionsUsedUp):
        await twice.resumed().asking_for(RequestKind.SUSPENSION).made_in(town)


async def test_a_dispatcher_may_resume_and_another_units_clerk_may_not(town: Town) -> None:
    order = await SIGNED.suspended(days=2).made_in(town)
    with pytest.raises(NotAllowed):
        await handling.resume(town.office, clerk_of("heating"), order.id)
    resumed = await handling.resume(town.office, staff("d", Role.DISPATCHER), order.id)
    assert resumed.order.lead is not None
    assert not resumed.order.lead.suspended


# The longer limit 疑难


async def test_a_complex_order_has_fifteen_days_from_its_first_start_once(town: Town) -> None:
    complex = SIGNED.extended(days=2).later(days=1).given_the_longer_limit()
    order = (await complex.made_in(town)).order
    assert order.lead is not None
    assert order.lead.complex
    assert order.lead.reply.due == order.citizen.due == local(9, month=12)  # Monday the 7th and two days
    with pytest.raises(CapReached):
        await complex.asking_for(RequestKind.COMPLEX).made_in(town)


async def test_a_consultation_has_its_own_limit(town: Town) -> None:
    order = (await a_work_order().of_kind(Kind.CONSULT).dispatched_to("water").made_in(town)).order
    assert order.citizen.due == local(17)
    again = await intake.urge(town.office, CITIZEN, order.id)
    assert again.order.citizen == order.citizen
