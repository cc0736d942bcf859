"""The life of one demo order: everybody in turn takes the action that the plot wants, through the use cases.

A life is told by async generators: they yield the moment at which they want to go on, and act when they are asked for
the next one. Whoever drives many lives therefore decides on the order of all actions.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import structlog

from foundation.errors import DomainError
from identity.actors import Actor, Role
from identity.subjects import device_actor
from runtime.demo import tables, unit_scenes
from runtime.demo.players import Player, Stage
from runtime.demo.stories import Plot, Twist
from workorders.deadlines import Kind
from workorders.exchange.documents import platform_actor_id
from workorders.lifecycle import dispatching, intake, reviewing, upstream
from workorders.lifecycle.intake import Report
from workorders.lifecycle.states import RequestKind, Status
from workorders.lifecycle.values import Reporter, Upstream

log = structlog.get_logger()

SELF_SERVICE = ("mini_program", "app", "web")
"""Channels by which citizens report themselves; the others are taken down by an operator."""
UPSTREAM_ID = "province"
UPSTREAM = Actor(platform_actor_id(UPSTREAM_ID), frozenset({Role.UPSTREAM}), label="省12345平台")


class Life(Player):
    """One order, from its intake to where its plot stops."""

    def __init__(self, stage: Stage, plot: Plot, seed: int) -> None:
        super().__init__(stage, plot, seed)
        self.begun = self.abandoned = False
        self._telling = self._tell()

    async def go_on(self, moment: datetime) -> datetime | None:
        """Act at this moment, and answer when to go on; None once it is over. The first time it is taken in."""
        self.clock.set(moment)
        if not self.begun:
            self.begun = True
            await self._intake()
        try:
            return await anext(self._telling, None)
        except DomainError as refused:
            # Today may fall on any day of any calendar: a plot that does not fit it costs one story, not the city.
            log.warning("demo_story_abandoned", story=self.plot.number, code=refused.code)
            self.abandoned = True
            return None

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
        async for moment in unit_scenes.working(self):
            yield moment
        if plot.stop is Status.WITHDRAWN or (plot.stop is Status.IN_PROGRESS and not plot.has(Twist.REDONE)):
            return
        async for moment in unit_scenes.replying(self, self.plot.reply_after):
            yield moment
        if plot.stop in (Status.UNIT_REVIEW, Status.HOTLINE_REVIEW) or plot.reporter is Reporter.ANONYMOUS:
            return
        async for moment in self._called_back():
            yield moment
        async for moment in unit_scenes.appealing(self):
            yield moment

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
        handed_down = None
        if plot.channel == "upstream":
            due = self.clock.now() + timedelta(days=7)
            handed_down = Upstream(source=UPSTREAM_ID, number=f"SN{plot.number:08}", due=due)
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
            upstream=handed_down,
        )
        self.id = (await intake.take_in(self.office, actor, report)).id

    def _reporting(self) -> tuple[Actor, str | None]:
        """Who takes it in, and whose order it is."""
        plot, resident = self.plot, self.stage.residents[self.plot.resident]
        if plot.channel == "upstream":
            return UPSTREAM, None
        if plot.channel not in SELF_SERVICE:
            known = None if plot.reporter is Reporter.ANONYMOUS else resident.id
            return self.hotline("operator"), known
        if plot.reporter is Reporter.ANONYMOUS:
            return device_actor(f"device:demo-{plot.number}", None), None
        return resident, None

    async def _at_the_desk(self) -> AsyncIterator[datetime]:
        plot, office = self.plot, self.office
        if plot.has(Twist.ANSWERED):
            yield self.clock.now() + timedelta(seconds=self.random.randint(60, 400))
            if (await self.order()).status is Status.RECEIVED:
                answer = self.writer.phrase("answers_now")
                await intake.answer_now(office, self.hotline("operator"), self.id, answer=answer)
        elif plot.has(Twist.REJECTED):
            yield self.after(5, 60)
            channel, reason = self.random.choice((("人民法院", 0), ("110", 1), ("劳动人事争议仲裁委员会", 2)))
            text = tables.phrases()["reject_reasons"][reason]
            await intake.reject(office, self.hotline("dispatcher"), self.id, channel=channel, reason=text)
        elif plot.has(Twist.RECLASSIFIED):
            yield self.after(3, 20)
            order = await self.order()
            siblings = [leaf for leaf in self.stage.city.leaves if leaf[:4] == plot.leaf[:4]]
            await dispatching.reclassify(
                office,
                self.hotline("dispatcher"),
                self.id,
                kind=order.kind if order.kind is not Kind.HELP else Kind.COMPLAINT,
                urgency=order.urgency,
                category=self.random.choice(siblings),
                place=plot.place.id,
                reason="根据市民描述核对后调整分类。",
            )

    async def _dispatching(self) -> AsyncIterator[datetime]:
        plot = self.plot
        if (await self.order()).status is Status.RECEIVED:
            yield self.after(2, 40)
            await self._dispatch()
        returns = 2 if plot.has(Twist.RETURNED_TWICE) else 1 if plot.has(Twist.RETURNED) else 0
        for turn in range(returns):
            last = turn == returns - 1
            async for moment in self._returned():
                yield moment
            if last and plot.stop is Status.RECEIVED:
                return
            yield self.after(5, 40)
            lead = self.suggested(await self.order())
            if turn == 0:
                await self._dispatch(lead)
            else:
                chief = self.hotline("chief")
                note = "经研究，按属地管理原则由你单位牵头办理，不得再退。"
                await dispatching.adjudicate(self.office, chief, self.id, lead=lead, note=note)

    async def _dispatch(self, lead: str | None = None) -> None:
        """As the catalogue says, or to the street or district where it says nothing."""
        order, office = await self.order(), self.office
        co: tuple[str, ...] = ()
        if lead is None:
            excluded = frozenset({order.complained_of} if order.complained_of else ())
            today = self.stage.calendar.local_date(self.clock.now())
            routing = await office.router.route(order.category, order.place, today, excluded)
            lead, co = (routing.lead, routing.co) if routing is not None else (self.suggested(order), ())
        note = "请按时限办理并主动联系市民。" if self.random.random() < 0.3 else None
        await dispatching.dispatch(office, self.hotline("dispatcher"), self.id, lead=lead, co=co, note=note)

    async def _returned(self) -> AsyncIterator[datetime]:
        """The unit asks to return it, and the dispatcher grants it."""
        await self.keep_the_units_hours()
        yield self.after(20, 70)
        await unit_scenes.ask_return(self)
        yield self.after(10, 50)
        self.calendar = self.stage.calendar
        note = self.writer.phrase("return_granted")
        dispatcher = self.hotline("dispatcher")
        await dispatching.grant(self.office, dispatcher, self.id, kind=RequestKind.RETURN, note=note)

    # After the reply

    async def _called_back(self) -> AsyncIterator[datetime]:
        plot, office = self.plot, self.office
        if plot.channel == "upstream":
            async for moment in self._called_back_above():
                yield moment
            return
        if plot.has(Twist.RATED, Twist.RATED_BADLY):
            yield self.after(10, 300)
            citizen = self.stage.residents[plot.resident]
            good = plot.has(Twist.RATED)
            grade, said = (self.random.choice((1, 1, 2)), "callback_good") if good else (5, "callback_bad")
            comment = self.writer.phrase(said)
            await reviewing.rate(office, citizen, self.id, grade=grade, solved=good, comment=comment)
            return
        if plot.stop is Status.CALLBACK:
            return
        agent = self.hotline("callback")
        if plot.has(Twist.UNREACHED):
            for _ in range(3):
                yield self.after(60, 400)
                said = self.writer.phrase("callback_unreached")
                await reviewing.callback_attempt(office, agent, self.id, reached=False, said=said)
            yield self.after(1, 5)
            await reviewing.callback_close(office, agent, self.id, note="三次回访均未接通。")
            return
        if plot.has(Twist.REDONE):
            async for moment in self._redone(agent):
                yield moment
            if plot.stop is Status.IN_PROGRESS or plot.has(Twist.FINALLY_ANSWERED):
                return
        yield self.after(30, 500)
        await self._attempt(agent, good=True)
        yield self.clock.now() + timedelta(minutes=2)
        await reviewing.callback_close(office, agent, self.id)

    async def _called_back_above(self) -> AsyncIterator[datetime]:
        """The answer goes up, is acknowledged, and the platform calls back."""
        office = self.office
        yield self.after(20, 200)
        await reviewing.answer_up(office, self.hotline("reviewer"), self.id, answer=self.writer.phrase("answers_up"))
        yield self.after(5, 60)
        await upstream.acknowledge(office, UPSTREAM, self.id, round=0)
        yield self.after(200, 900)
        said = self.writer.phrase("callback_good")
        await upstream.call_back(
            office,
            UPSTREAM,
            self.id,
            round=0,
            reached=True,
            solved=True,
            grade=self.random.choice((1, 1, 2)),
            said=said,
        )

    async def _redone(self, agent: Actor) -> AsyncIterator[datetime]:
        office = self.office
        yield self.after(30, 400)
        await self._attempt(agent, good=False)
        yield self.after(10, 100)
        reason = self.writer.phrase("redo_reasons")
        await reviewing.callback_redo(office, self.hotline("dispatcher"), self.id, reason=reason)
        if self.plot.stop is Status.IN_PROGRESS:
            return
        async for moment in unit_scenes.replying(self, timedelta(minutes=self.random.randint(200, 900))):
            yield moment
        if self.plot.has(Twist.FINALLY_ANSWERED):
            yield self.after(30, 300)
            await self._attempt(agent, good=False)
            yield self.after(30, 200)
            answer = self.writer.phrase("final_answers")
            await reviewing.final_answer(office, self.hotline("supervisor"), self.id, answer=answer)

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
