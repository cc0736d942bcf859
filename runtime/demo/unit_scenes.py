"""What happens at the unit: signing, contacting, delegating, asking, replying. Scenes of a life, told by a player."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from runtime.demo.players import Player
from runtime.demo.stories import Twist
from workorders.deadlines import Urgency
from workorders.lifecycle import dispatching, handling, intake, reviewing
from workorders.lifecycle.policy.phoning import turn
from workorders.lifecycle.states import AssignmentRole, AssignmentState, ExclusionGround, RequestKind, Status
from workorders.lifecycle.values import Outcome, Reporter
from workorders.supervision import excluding
from workorders.supervision import phoning as calls

OUTCOMES = ((Outcome.SOLVED, 70), (Outcome.EXPLAINED, 17), (Outcome.PLANNED, 8), (Outcome.UNSOLVABLE, 5))
REQUESTS = {
    RequestKind.EXTENSION: (Twist.EXTENDED, Twist.EXTENSION_REFUSED, Twist.EXTENSION_PENDING),
    RequestKind.SUSPENSION: (Twist.SUSPENDED, Twist.STILL_SUSPENDED, Twist.SUSPENSION_PENDING),
    RequestKind.COMPLEX: (Twist.COMPLEX, Twist.COMPLEX_PENDING),
}

GROUNDS = (ExclusionGround.FORCE_MAJEURE, ExclusionGround.LEGACY, ExclusionGround.OUTSIDE_CAUSE)


async def ask_return(player: Player) -> None:
    order = await player.order()
    await handling.request_return(
        player.office,
        player.stage.clerk(player.lead(order).unit),
        player.id,
        reason=player.writer.phrase("return_reasons"),
        suggested_unit=player.suggested(order),
    )


async def working(player: Player) -> AsyncIterator[datetime]:
    plot, office = player.plot, player.office
    await player.keep_the_units_hours()
    if plot.urgency is Urgency.EMERGENCY:
        async for moment in phoning(player):
            yield moment
    async for moment in signing(player):
        yield moment
    if plot.has(Twist.RETURN_PENDING, Twist.RETURN_REFUSED):
        yield player.after(10, 60)
        await ask_return(player)
    if plot.has(Twist.RETURN_REFUSED):
        yield player.after(10, 60)
        reason = player.writer.phrase("return_refused")
        dispatcher = player.hotline("dispatcher")
        await dispatching.refuse(office, dispatcher, player.id, kind=RequestKind.RETURN, reason=reason)
    async for moment in contacting(player):
        yield moment
    if plot.has(Twist.WITHDRAWN):
        yield player.after(30, 400)
        reason = player.writer.phrase("withdraw_reasons")
        await intake.withdraw(office, player.hotline("operator"), player.id, reason=reason)
        return
    if plot.has(Twist.DELEGATED):
        async for moment in delegating(player):
            yield moment
    async for moment in asking(player):
        yield moment
    if plot.stop is Status.IN_PROGRESS:
        async for moment in appealing(player):
            yield moment


async def phoning(player: Player) -> AsyncIterator[datetime]:
    """An operator calls whoever of the duty roster is on turn; now and then it is the second who answers."""
    reached = player.random.random() < 0.7
    yield player.after(1, 3)
    for answered in (True,) if reached else (False, True):
        task = (await player.order()).phone_task
        if task is None or not task.open:
            return
        said = player.writer.phrase("phone_notes") if answered else None
        operator = player.hotline("operator")
        await calls.phone(player.office, operator, player.id, call=turn(task), reached=answered, said=said)


async def signing(player: Player) -> AsyncIterator[datetime]:
    office = player.office
    if player.plot.has(Twist.NEVER_SIGNED):
        due = player.lead(await player.order()).sign.due
        yield min(due + timedelta(minutes=1), player.after(300, 400))
    else:
        yield player.after(5, 60) if player.plot.urgency is Urgency.NORMAL else player.after(2, 12)
    order = await player.order()
    if order.status is Status.DISPATCHED:
        await handling.sign(office, player.stage.clerk(player.lead(order).unit), player.id)
    for other in player.others(order, AssignmentState.PENDING):
        yield player.after(2, 20)
        if other in player.others(await player.order(), AssignmentState.PENDING):
            await handling.co_sign(office, player.stage.clerk(other), player.id)


async def contacting(player: Player) -> AsyncIterator[datetime]:
    plot, office = player.plot, player.office
    clerk = player.stage.clerk(player.lead(await player.order()).unit)
    if plot.has(Twist.UNREACHED_FIRST):
        yield player.after(10, 60)
        await handling.contact(office, clerk, player.id, reached=False, said=player.writer.phrase("unreached_notes"))
    if plot.reporter is Reporter.OPEN:
        yield player.after(10, 120) if plot.urgency is Urgency.NORMAL else player.after(3, 12)
        await handling.contact(office, clerk, player.id, reached=True, said=player.writer.phrase("contact_notes"))
    if plot.has(Twist.SUPPLEMENTED):
        yield player.after(20, 200)
        text = player.writer.phrase("supplements")
        await intake.supplement(office, player.hotline("operator"), player.id, text=text)
    if plot.has(Twist.URGED):
        yield player.after(200, 700)
        await intake.urge(office, player.hotline("operator"), player.id, text=player.writer.phrase("urges"))


async def delegating(player: Player) -> AsyncIterator[datetime]:
    office, stage = player.office, player.stage
    lead = player.lead(await player.order()).unit
    below = [unit.id for unit in stage.city.units.values() if unit.parent == lead]
    if not below:
        return
    child = player.random.choice(below)
    yield player.after(10, 60)
    note = player.writer.phrase("delegate_notes")
    await handling.delegate(office, stage.clerk(lead), player.id, to=child, note=note)
    yield player.after(10, 60)
    if child in player.others(await player.order(), AssignmentState.PENDING):
        await handling.co_sign(office, stage.clerk(child), player.id)


async def asking(player: Player) -> AsyncIterator[datetime]:
    """What the unit asks for beside a return, and what becomes of it."""
    plot, office = player.plot, player.office
    asked = next((kind for kind, twists in REQUESTS.items() if plot.has(*twists)), None)
    if asked is None:
        return
    clerk = player.stage.clerk(player.lead(await player.order()).unit)
    yield player.after_span(plot.reply_after * player.random.uniform(0.4, 0.6))
    reason = player.writer.phrase(f"{asked}_reasons")
    if asked is RequestKind.EXTENSION:
        days = player.random.randint(1, 3)
        await handling.request_extension(office, clerk, player.id, reason=reason, working_days=days)
    elif asked is RequestKind.SUSPENSION:
        await handling.request_suspension(office, clerk, player.id, reason=reason, working_days=10)
    else:
        await handling.request_complex(office, clerk, player.id, reason=reason)
    if plot.has(Twist.EXTENSION_PENDING, Twist.SUSPENSION_PENDING, Twist.COMPLEX_PENDING):
        return
    yield player.after(20, 120)
    dispatcher = player.hotline("dispatcher")
    if plot.has(Twist.EXTENSION_REFUSED):
        reason = player.writer.phrase("extension_refused")
        await dispatching.refuse(office, dispatcher, player.id, kind=asked, reason=reason)
    else:
        note = player.writer.phrase("extension_granted")
        await dispatching.grant(office, dispatcher, player.id, kind=asked, note=note)
    if plot.has(Twist.SUSPENDED):
        yield player.after(450, 1_300)
        await handling.resume(office, clerk, player.id, note="暂停事由已消除，恢复办理。")


async def replying(player: Player, after: timedelta) -> AsyncIterator[datetime]:
    """The reply with both reviews; sent back once where the plot wants it."""
    await player.keep_the_units_hours()
    plot, office = player.plot, player.office
    if plot.urgency is Urgency.EMERGENCY:
        after = timedelta(minutes=player.random.randint(20, 60))
    elif plot.urgency is Urgency.URGENT:
        after = timedelta(minutes=player.random.randint(90, 900))
    yield player.after_span(after)
    async for moment in others_reply(player):
        yield moment
    await submit(player)
    if plot.stop is Status.UNIT_REVIEW:
        return
    first = (await player.order()).round == 0
    yield player.after(10, 120) if plot.urgency is Urgency.NORMAL else player.after(2, 10)
    head = player.stage.head(player.lead(await player.order()).unit)
    if plot.has(Twist.SENT_BACK_BY_HEAD) and first:
        await handling.send_back(office, head, player.id, reason=player.writer.phrase("send_back_unit"))
        yield player.after(30, 200)
        await submit(player)
        yield player.after(10, 60)
    await handling.approve(office, head, player.id)
    if plot.stop is Status.HOTLINE_REVIEW:
        return
    player.calendar = player.stage.calendar
    yield player.after(15, 250)
    reviewer = player.hotline("reviewer")
    if plot.has(Twist.SENT_BACK_BY_HOTLINE) and first:
        await reviewing.send_back(office, reviewer, player.id, reason=player.writer.phrase("send_back_hotline"))
        yield player.after(60, 400)
        await submit(player)
        yield player.after(10, 60)
        await handling.approve(office, head, player.id)
        yield player.after(15, 120)
    await reviewing.accept(office, reviewer, player.id)


async def appealing(player: Player) -> AsyncIterator[datetime]:
    """The head asks that the order be left out of the rates, and a supervisor decides; or does so of themselves."""
    plot, office = player.plot, player.office
    if not plot.has(Twist.APPEAL_PENDING, Twist.APPEAL_UPHELD, Twist.APPEAL_REJECTED, Twist.EXCLUDED):
        return
    ground, supervisor = player.random.choice(GROUNDS), player.hotline("supervisor")
    reason = player.writer.phrase(f"appeal_{ground}")
    yield player.after(60, 400)
    if plot.has(Twist.EXCLUDED):
        await excluding.exclude(office, supervisor, player.id, ground=ground, reason=reason)
        return
    leads = [each for each in (await player.order()).assignments if each.role is AssignmentRole.LEAD]
    head = player.stage.head(leads[-1].unit)
    await excluding.file_appeal(office, head, player.id, ground=ground, reason=reason)
    if plot.has(Twist.APPEAL_PENDING):
        return
    yield player.after(60, 900)
    upheld = plot.has(Twist.APPEAL_UPHELD)
    appeal = (await player.order()).appeals[-1].id
    reason = player.writer.phrase("appeal_upheld" if upheld else "appeal_rejected")
    await excluding.decide_appeal(office, supervisor, player.id, appeal=appeal, upheld=upheld, reason=reason)


async def others_reply(player: Player) -> AsyncIterator[datetime]:
    for other in player.others(await player.order(), AssignmentState.SIGNED):
        answer = player.writer.phrase("co_replies")
        await handling.co_reply(player.office, player.stage.clerk(other), player.id, answer=answer)
        yield player.after(5, 60)


async def submit(player: Player) -> None:
    order = await player.order()
    unit = player.stage.city.units[player.lead(order).unit]
    outcome = player.random.choices([one for one, _ in OUTCOMES], [weight for _, weight in OUTCOMES])[0]
    today = player.stage.calendar.local_date(player.clock.now())
    waiting = player.others(order, AssignmentState.PENDING, AssignmentState.SIGNED)
    await handling.submit_reply(
        player.office,
        player.stage.clerk(unit.id),
        player.id,
        outcome=outcome,
        answer=player.writer.reply(unit, unit.phone, outcome, today),
        internal_note=player.writer.phrase("internal_notes") if player.random.random() < 0.4 else None,
        not_waiting_because="协办事项不影响答复，后续另行告知。" if waiting else None,
    )
