"""The life of one demo order: everybody in turn takes the action that the plot wants, through the use cases.

A life is an async generator: it yields the moment at which it wants to go on, and acts when it is asked for the next
one, by which time the clock stands there. Whoever drives many lives therefore decides on the order of all actions.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from foundation.clock import SettableClock
from foundation.working_time import Calendar
from identity.actors import Actor, Role
from identity.subjects import device_actor
from runtime.demo import tables
from runtime.demo.city import DemoCity
from runtime.demo.stories import Plot, Twist
from runtime.demo.writing import Writer
from workorders.deadlines import Kind, Urgency
from workorders.lifecycle import dispatching, handling, intake, reviewing
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.intake import Report
from workorders.lifecycle.office import Office
from workorders.lifecycle.states import AssignmentRole, AssignmentState, RequestKind, Status
from workorders.lifecycle.values import Assignment, Order, Outcome, Reporter, Upstream

SELF_SERVICE = ("mini_program", "app", "web")
"""Channels by which citizens report themselves; the others are taken down by an operator."""
UPSTREAM = Actor("upstream:province", frozenset({Role.UPSTREAM}), label="省12345平台")
OUTCOMES = ((Outcome.SOLVED, 70), (Outcome.EXPLAINED, 17), (Outcome.PLANNED, 8), (Outcome.UNSOLVABLE, 5))


@dataclass(frozen=True, slots=True)
class Stage:
    """What all lives share: the office, the city, its people, and today."""

    office: Office
    city: DemoCity
    calendar: Calendar
    around_the_clock: Calendar
    staff: Mapping[str, Actor]
    residents: Sequence[Actor]
    today: datetime

    def one_of(self, role: str, random: Random) -> Actor:
        """Somebody of the hotline: `operator`, `operator2` …"""
        return random.choice([actor for login, actor in self.staff.items() if login.rstrip("0123456789") == role])

    def calendar_of(self, unit: str) -> Calendar:
        return self.around_the_clock if self.city.units[unit].round_the_clock else self.calendar

    def clerk(self, unit: str) -> Actor:
        return self.staff[f"{unit}.clerk"]

    def head(self, unit: str) -> Actor:
        return self.staff[f"{unit}.head"]


class Life:
    """One order; `tell` it once."""

    def __init__(self, stage: Stage, plot: Plot, seed: int) -> None:
        self.stage, self.plot = stage, plot
        # A clock and an office of its own: lives that do not touch may act at the same time, each at its moment.
        self.clock = SettableClock(plot.received)
        self.office = replace(stage.office, clock=self.clock)
        self.random = Random(f"life {seed} {plot.number}")  # noqa: S311 (plausible, not secret)
        self.writer = Writer(self.random, stage.city, plot.place, plot.leaf)
        if plot.spot is not None:
            self.writer.at(plot.spot)
        self.calendar = stage.calendar
        self.id, self.begun = "", False
        self._telling = self._tell()

    async def go_on(self, moment: datetime) -> datetime | None:
        """Act at this moment, and answer when to go on; None once it is over. The first time it is taken in."""
        self.clock.set(moment)
        if not self.begun:
            self.begun = True
            await self._intake()
        return await anext(self._telling, None)

    async def _tell(self) -> AsyncIterator[datetime]:
        """From the hotline's desk to the plot's stop."""
        plot = self.plot
        async for moment in self._at_the_desk():
            yield moment
        if plot.stop in (Status.RECEIVED, Status.REJECTED) or plot.has(Twist.ANSWERED):
            return
        async for moment in self._dispatching():
            yield moment
        if plot.stop in (Status.RECEIVED, Status.DISPATCHED):
            return
        async for moment in self._working():
            yield moment
        if plot.stop is Status.WITHDRAWN or (plot.stop is Status.IN_PROGRESS and not plot.has(Twist.REDONE)):
            return
        async for moment in self._replying(self.plot.reply_after):
            yield moment
        if plot.stop in (Status.UNIT_REVIEW, Status.HOTLINE_REVIEW) or plot.reporter is Reporter.ANONYMOUS:
            return
        async for moment in self._called_back():
            yield moment

    # Time

    def _after(self, shortest: int, longest: int) -> datetime:
        """Some minutes from now: of working time, or by the clock when it is urgent. An open story always stays
        short of today, so that it reaches its stop."""
        return self._after_span(timedelta(minutes=self.random.randint(shortest, longest)))

    def _after_span(self, span: timedelta) -> datetime:
        now = self.clock.now()
        if self.plot.urgency is Urgency.NORMAL:
            then = self.calendar.add(now, span) + timedelta(seconds=self.random.randrange(50))
        else:
            then = now + span
        return then if then < self.stage.today else now + (self.stage.today - now) * 0.3

    async def _keep_the_units_hours(self) -> None:
        """Go by the calendar of the unit that has the order."""
        self.calendar = self.stage.calendar_of(self._lead(await self._order()).unit)

    # The hotline

    async def _intake(self) -> None:
        plot, stage = self.plot, self.stage
        resident = stage.city.residents[plot.resident]
        complaint = self.writer.complaint(plot.kind)
        actor, reporter_id = self._reporting()
        anonymous = plot.reporter is Reporter.ANONYMOUS
        category = stage.city.categories[plot.leaf].path
        complained_of = None
        if plot.has(Twist.COMPLAINS_OF_UNIT):
            today = stage.calendar.local_date(self.clock.now())
            routing = await self.office.router.route(category, plot.place.path, today, frozenset())
            complained_of = routing.lead if routing is not None else None
        upstream = None
        if plot.channel == "upstream":
            due = self.clock.now() + timedelta(days=7)
            upstream = Upstream(source="province", number=f"SN{plot.number:08}", due=due)
        report = Report(
            channel=plot.channel,
            kind=plot.kind,
            category=plot.leaf,
            place=plot.place.id,
            title=complaint.title,
            detail=complaint.detail + ("请为我保密。" if plot.reporter is Reporter.CONFIDENTIAL else ""),
            urgency=plot.urgency,
            reporter=plot.reporter,
            reporter_id=reporter_id,
            name=None if anonymous else resident.name,
            phone=None if anonymous else resident.mobile,
            address=complaint.address,
            complained_of=complained_of,
            upstream=upstream,
        )
        self.id = (await intake.take_in(self.office, actor, report)).id

    def _reporting(self) -> tuple[Actor, str | None]:
        """Who takes it in, and whose order it is."""
        plot, resident = self.plot, self.stage.residents[self.plot.resident]
        if plot.channel == "upstream":
            return UPSTREAM, None
        if plot.channel not in SELF_SERVICE:
            known = None if plot.reporter is Reporter.ANONYMOUS else resident.id
            return self._hotline("operator"), known
        if plot.reporter is Reporter.ANONYMOUS:
            return device_actor(f"device:demo-{plot.number}", None), None
        return resident, None

    def _hotline(self, role: str) -> Actor:
        return self.stage.one_of(role, self.random)

    async def _at_the_desk(self) -> AsyncIterator[datetime]:
        plot, office = self.plot, self.office
        if plot.has(Twist.ANSWERED):
            yield self.clock.now() + timedelta(seconds=self.random.randint(60, 400))
            if (await self._order()).status is Status.RECEIVED:
                answer = self.writer.phrase("answers_now")
                await intake.answer_now(office, self._hotline("operator"), self.id, answer=answer)
        elif plot.has(Twist.REJECTED):
            yield self._after(5, 60)
            channel, reason = self.random.choice((("人民法院", 0), ("110", 1), ("劳动人事争议仲裁委员会", 2)))
            text = tables.phrases()["reject_reasons"][reason]
            await intake.reject(office, self._hotline("dispatcher"), self.id, channel=channel, reason=text)
        elif plot.has(Twist.RECLASSIFIED):
            yield self._after(3, 20)
            order = await self._order()
            siblings = [leaf for leaf in self.stage.city.leaves if leaf[:4] == plot.leaf[:4]]
            await dispatching.reclassify(
                office,
                self._hotline("dispatcher"),
                self.id,
                kind=order.kind if order.kind is not Kind.HELP else Kind.COMPLAINT,
                urgency=order.urgency,
                category=self.random.choice(siblings),
                place=plot.place.id,
                reason="根据市民描述核对后调整分类。",
            )

    async def _dispatching(self) -> AsyncIterator[datetime]:
        plot = self.plot
        if (await self._order()).status is Status.RECEIVED:
            yield self._after(2, 40)
            await self._dispatch()
        returns = 2 if plot.has(Twist.RETURNED_TWICE) else 1 if plot.has(Twist.RETURNED) else 0
        for turn in range(returns):
            last = turn == returns - 1
            async for moment in self._returned():
                yield moment
            if last and plot.stop is Status.RECEIVED:
                return
            yield self._after(5, 40)
            lead = self._suggested(await self._order())
            if turn == 0:
                await self._dispatch(lead)
            else:
                chief = self._hotline("chief")
                note = "经研究，按属地管理原则由你单位牵头办理，不得再退。"
                await dispatching.adjudicate(self.office, chief, self.id, lead=lead, note=note)

    async def _dispatch(self, lead: str | None = None) -> None:
        """As the catalogue says, or to the street or district where it says nothing."""
        order, office = await self._order(), self.office
        co: tuple[str, ...] = ()
        if lead is None:
            excluded = frozenset({order.complained_of} if order.complained_of else ())
            today = self.stage.calendar.local_date(self.clock.now())
            routing = await office.router.route(order.category, order.place, today, excluded)
            lead, co = (routing.lead, routing.co) if routing is not None else (self._suggested(order), ())
        note = "请按时限办理并主动联系市民。" if self.random.random() < 0.3 else None
        await dispatching.dispatch(office, self._hotline("dispatcher"), self.id, lead=lead, co=co, note=note)

    def _suggested(self, order: Order) -> str:
        """The street where it happened, else its district: whichever has not had the order yet."""
        had = {assignment.unit for assignment in order.assignments}
        units = self.stage.city.units
        for place in reversed(order.place[1:3]):
            forbidden = order.complained_of is not None and order.complained_of in units[place].path
            if place not in had and not forbidden:
                return place
        return "urban" if order.complained_of != "urban" else "approval"

    async def _returned(self) -> AsyncIterator[datetime]:
        """The unit asks to return it, and the dispatcher grants it."""
        await self._keep_the_units_hours()
        yield self._after(20, 70)
        await self._ask_return()
        yield self._after(10, 50)
        self.calendar = self.stage.calendar
        note = self.writer.phrase("return_granted")
        dispatcher = self._hotline("dispatcher")
        await dispatching.grant(self.office, dispatcher, self.id, kind=RequestKind.RETURN, note=note)

    async def _ask_return(self) -> None:
        order = await self._order()
        await handling.request_return(
            self.office,
            self.stage.clerk(self._lead(order).unit),
            self.id,
            reason=self.writer.phrase("return_reasons"),
            suggested_unit=self._suggested(order),
        )

    # The unit

    async def _working(self) -> AsyncIterator[datetime]:
        plot, office = self.plot, self.office
        await self._keep_the_units_hours()
        async for moment in self._signing():
            yield moment
        if plot.has(Twist.RETURN_PENDING, Twist.RETURN_REFUSED):
            yield self._after(10, 60)
            await self._ask_return()
        if plot.has(Twist.RETURN_REFUSED):
            yield self._after(10, 60)
            reason = self.writer.phrase("return_refused")
            dispatcher = self._hotline("dispatcher")
            await dispatching.refuse(office, dispatcher, self.id, kind=RequestKind.RETURN, reason=reason)
        async for moment in self._contacting():
            yield moment
        if plot.has(Twist.WITHDRAWN):
            yield self._after(30, 400)
            reason = self.writer.phrase("withdraw_reasons")
            await intake.withdraw(office, self._hotline("operator"), self.id, reason=reason)
            return
        if plot.has(Twist.DELEGATED):
            async for moment in self._delegating():
                yield moment
        async for moment in self._asking():
            yield moment

    async def _signing(self) -> AsyncIterator[datetime]:
        office = self.office
        if self.plot.has(Twist.NEVER_SIGNED):
            due = self._lead(await self._order()).sign.due
            yield min(due + timedelta(minutes=1), self._after(300, 400))
        else:
            yield self._after(5, 60) if self.plot.urgency is Urgency.NORMAL else self._after(2, 12)
        order = await self._order()
        if order.status is Status.DISPATCHED:
            await handling.sign(office, self.stage.clerk(self._lead(order).unit), self.id)
        for other in self._others(order, AssignmentState.PENDING):
            yield self._after(2, 20)
            if other in self._others(await self._order(), AssignmentState.PENDING):
                await handling.co_sign(office, self.stage.clerk(other), self.id)

    async def _contacting(self) -> AsyncIterator[datetime]:
        plot, office = self.plot, self.office
        clerk = self.stage.clerk(self._lead(await self._order()).unit)
        if plot.has(Twist.UNREACHED_FIRST):
            yield self._after(10, 60)
            await handling.contact(office, clerk, self.id, reached=False, said=self.writer.phrase("unreached_notes"))
        if plot.reporter is Reporter.OPEN:
            yield self._after(10, 120) if plot.urgency is Urgency.NORMAL else self._after(3, 12)
            await handling.contact(office, clerk, self.id, reached=True, said=self.writer.phrase("contact_notes"))
        if plot.has(Twist.SUPPLEMENTED):
            yield self._after(20, 200)
            text = self.writer.phrase("supplements")
            await intake.supplement(office, self._hotline("operator"), self.id, text=text)
        if plot.has(Twist.URGED):
            yield self._after(200, 700)
            await intake.urge(office, self._hotline("operator"), self.id, text=self.writer.phrase("urges"))

    async def _delegating(self) -> AsyncIterator[datetime]:
        office, stage = self.office, self.stage
        lead = self._lead(await self._order()).unit
        below = [unit.id for unit in stage.city.units.values() if unit.parent == lead]
        if not below:
            return
        child = self.random.choice(below)
        yield self._after(10, 60)
        note = self.writer.phrase("delegate_notes")
        await handling.delegate(office, stage.clerk(lead), self.id, to=child, note=note)
        yield self._after(10, 60)
        if child in self._others(await self._order(), AssignmentState.PENDING):
            await handling.co_sign(office, stage.clerk(child), self.id)

    async def _asking(self) -> AsyncIterator[datetime]:
        """What the unit asks for beside a return, and what becomes of it."""
        plot, office = self.plot, self.office
        asked = next((kind for kind, twists in _REQUESTS.items() if plot.has(*twists)), None)
        if asked is None:
            return
        clerk = self.stage.clerk(self._lead(await self._order()).unit)
        yield self._after_span(plot.reply_after * self.random.uniform(0.4, 0.6))
        reason = self.writer.phrase(f"{asked}_reasons")
        if asked is RequestKind.EXTENSION:
            days = self.random.randint(1, 3)
            await handling.request_extension(office, clerk, self.id, reason=reason, working_days=days)
        elif asked is RequestKind.SUSPENSION:
            await handling.request_suspension(office, clerk, self.id, reason=reason, working_days=10)
        else:
            await handling.request_complex(office, clerk, self.id, reason=reason)
        if plot.has(Twist.EXTENSION_PENDING, Twist.SUSPENSION_PENDING, Twist.COMPLEX_PENDING):
            return
        yield self._after(20, 120)
        dispatcher = self._hotline("dispatcher")
        if plot.has(Twist.EXTENSION_REFUSED):
            reason = self.writer.phrase("extension_refused")
            await dispatching.refuse(office, dispatcher, self.id, kind=asked, reason=reason)
        else:
            note = self.writer.phrase("extension_granted")
            await dispatching.grant(office, dispatcher, self.id, kind=asked, note=note)
        if plot.has(Twist.SUSPENDED):
            yield self._after(450, 1_300)
            await handling.resume(office, clerk, self.id, note="暂停事由已消除，恢复办理。")

    async def _replying(self, after: timedelta) -> AsyncIterator[datetime]:
        """The reply with both reviews; sent back once where the plot wants it."""
        await self._keep_the_units_hours()
        plot, office = self.plot, self.office
        if plot.urgency is Urgency.EMERGENCY:
            after = timedelta(minutes=self.random.randint(20, 60))
        elif plot.urgency is Urgency.URGENT:
            after = timedelta(minutes=self.random.randint(90, 900))
        yield self._after_span(after)
        async for moment in self._others_reply():
            yield moment
        await self._submit()
        if plot.stop is Status.UNIT_REVIEW:
            return
        first = (await self._order()).round == 0
        yield self._after(10, 120) if plot.urgency is Urgency.NORMAL else self._after(2, 10)
        head = self.stage.head(self._lead(await self._order()).unit)
        if plot.has(Twist.SENT_BACK_BY_HEAD) and first:
            await handling.send_back(office, head, self.id, reason=self.writer.phrase("send_back_unit"))
            yield self._after(30, 200)
            await self._submit()
            yield self._after(10, 60)
        await handling.approve(office, head, self.id)
        if plot.stop is Status.HOTLINE_REVIEW:
            return
        self.calendar = self.stage.calendar
        yield self._after(15, 250)
        reviewer = self._hotline("reviewer")
        if plot.has(Twist.SENT_BACK_BY_HOTLINE) and first:
            await reviewing.send_back(office, reviewer, self.id, reason=self.writer.phrase("send_back_hotline"))
            yield self._after(60, 400)
            await self._submit()
            yield self._after(10, 60)
            await handling.approve(office, head, self.id)
            yield self._after(15, 120)
        await reviewing.accept(office, reviewer, self.id)

    async def _others_reply(self) -> AsyncIterator[datetime]:
        for other in self._others(await self._order(), AssignmentState.SIGNED):
            answer = self.writer.phrase("co_replies")
            await handling.co_reply(self.office, self.stage.clerk(other), self.id, answer=answer)
            yield self._after(5, 60)

    async def _submit(self) -> None:
        order = await self._order()
        unit = self.stage.city.units[self._lead(order).unit]
        outcome = self.random.choices([one for one, _ in OUTCOMES], [weight for _, weight in OUTCOMES])[0]
        today = self.stage.calendar.local_date(self.clock.now())
        waiting = self._others(order, AssignmentState.PENDING, AssignmentState.SIGNED)
        await handling.submit_reply(
            self.office,
            self.stage.clerk(unit.id),
            self.id,
            outcome=outcome,
            answer=self.writer.reply(unit, unit.phone, outcome, today),
            internal_note=self.writer.phrase("internal_notes") if self.random.random() < 0.4 else None,
            not_waiting_because="协办事项不影响答复，后续另行告知。" if waiting else None,
        )

    # After the reply

    async def _called_back(self) -> AsyncIterator[datetime]:
        plot, office = self.plot, self.office
        if plot.has(Twist.RATED, Twist.RATED_BADLY):
            yield self._after(10, 300)
            citizen = self.stage.residents[plot.resident]
            good = plot.has(Twist.RATED)
            grade, said = (self.random.choice((1, 1, 2)), "callback_good") if good else (5, "callback_bad")
            comment = self.writer.phrase(said)
            await reviewing.rate(office, citizen, self.id, grade=grade, solved=good, comment=comment)
            return
        if plot.stop is Status.CALLBACK:
            return
        agent = self._hotline("callback")
        if plot.has(Twist.UNREACHED):
            for _ in range(3):
                yield self._after(60, 400)
                said = self.writer.phrase("callback_unreached")
                await reviewing.callback_attempt(office, agent, self.id, reached=False, said=said)
            yield self._after(1, 5)
            await reviewing.callback_close(office, agent, self.id, note="三次回访均未接通。")
            return
        if plot.has(Twist.REDONE):
            async for moment in self._redone(agent):
                yield moment
            if plot.stop is Status.IN_PROGRESS or plot.has(Twist.FINALLY_ANSWERED):
                return
        yield self._after(30, 500)
        await self._attempt(agent, good=True)
        yield self.clock.now() + timedelta(minutes=2)
        await reviewing.callback_close(office, agent, self.id)

    async def _redone(self, agent: Actor) -> AsyncIterator[datetime]:
        office = self.office
        yield self._after(30, 400)
        await self._attempt(agent, good=False)
        yield self._after(10, 100)
        reason = self.writer.phrase("redo_reasons")
        await reviewing.callback_redo(office, self._hotline("dispatcher"), self.id, reason=reason)
        if self.plot.stop is Status.IN_PROGRESS:
            return
        async for moment in self._replying(timedelta(minutes=self.random.randint(200, 900))):
            yield moment
        if self.plot.has(Twist.FINALLY_ANSWERED):
            yield self._after(30, 300)
            await self._attempt(agent, good=False)
            yield self._after(30, 200)
            answer = self.writer.phrase("final_answers")
            await reviewing.final_answer(office, self._hotline("supervisor"), self.id, answer=answer)

    async def _attempt(self, agent: Actor, *, good: bool) -> None:
        grade = self.random.choice((1, 1, 1, 2, 2, 3)) if good else self.random.choice((4, 5))
        await reviewing.callback_attempt(
            self.office,
            agent,
            self.id,
            reached=True,
            solved=good and self.random.random() < 0.92,
            grade=grade,
            wants_redo=not good,
            said=self.writer.phrase("callback_good" if good else "callback_bad"),
        )

    # Looking

    async def _order(self) -> Order:
        """As it is now: time itself may have acted on it."""
        document: OrderDocument | None = await self.office.orders.by_id(self.id)
        if document is None:
            raise LookupError(self.id)
        return document.order

    def _lead(self, order: Order) -> Assignment:
        lead = order.lead
        if lead is None:
            raise LookupError(f"{order.number} has no lead unit")
        return lead

    def _others(self, order: Order, *states: AssignmentState) -> list[str]:
        """Co and delegated units whose part is in one of these states."""
        return [a.unit for a in order.assignments if a.role is not AssignmentRole.LEAD and a.state in states]


_REQUESTS = {
    RequestKind.EXTENSION: (Twist.EXTENDED, Twist.EXTENSION_REFUSED, Twist.EXTENSION_PENDING),
    RequestKind.SUSPENSION: (Twist.SUSPENDED, Twist.STILL_SUSPENDED, Twist.SUSPENSION_PENDING),
    RequestKind.COMPLEX: (Twist.COMPLEX, Twist.COMPLEX_PENDING),
}
