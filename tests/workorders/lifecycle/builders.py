"""Work orders as sentences: `await a_work_order().dispatched_to("water").signed().overdue().made_in(town)`.

A sentence is a value: each word answers a longer one, so that a beginning may be shared. Every word is a real use case,
taken by the person whose job it is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from foundation.ids import new_id
from identity.actors import Actor
from tests.workorders.lifecycle.town import (
    CALLER,
    CHIEF,
    CITIZEN,
    COMPLAINT,
    DEVICE,
    DISPATCHER,
    LEADER,
    MONDAY,
    OPERATOR,
    REVIEWER,
    SUPERVISOR,
    UPSTREAM,
    Town,
    abolish,
    clerk_of,
    head_of,
)
from workorders.deadlines.values import Kind, SupervisionLevel, Urgency
from workorders.lifecycle import dispatching, handling, intake, reviewing, upstream
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.intake import Report
from workorders.lifecycle.lines import stage_due
from workorders.lifecycle.policy import merging as policy
from workorders.lifecycle.states import ExclusionGround, RequestKind
from workorders.lifecycle.values import Order, Outcome, Reporter, Upstream
from workorders.supervision import excluding, merging, phoning, supervising

MOMENT = timedelta(milliseconds=1)

Step = Callable[[Town, Order], Awaitable[Any]]


@dataclass(frozen=True)
class WorkOrder:
    """What will have happened to an order once it is made."""

    report: Report = COMPLAINT
    reporter: Actor = CITIZEN
    steps: tuple[Step, ...] = field(default=())

    async def made_in(self, town: Town) -> OrderDocument:
        """Take the order in on Monday at 09:00, and let everything happen to it."""
        town.clock.set(MONDAY)
        report = self.report
        if report.upstream is not None and not report.upstream.number:
            report = replace(report, upstream=report.upstream.model_copy(update={"number": new_id()}))
        return await self.goes_on(town, (await intake.take_in(town.office, self.reporter, report)).id)

    async def goes_on(self, town: Town, id: str) -> OrderDocument:
        """Take the steps on an order that there is."""
        for step in self.steps:
            await step(town, await order_of(town, id))
        document = await town.office.orders.by_id(id)
        assert document is not None
        return document

    def then(self, step: Step) -> "WorkOrder":
        return replace(self, steps=(*self.steps, step))

    # As it is reported

    def reported(self, **fields: Any) -> "WorkOrder":
        return replace(self, report=replace(self.report, **fields))

    def of_kind(self, kind: Kind) -> "WorkOrder":
        return self.reported(kind=kind)

    def urgent(self) -> "WorkOrder":
        return self.reported(urgency=Urgency.URGENT)

    def emergency(self) -> "WorkOrder":
        return self.reported(urgency=Urgency.EMERGENCY)

    def against(self, unit: str) -> "WorkOrder":
        return self.reported(complained_of=unit)

    def confidential(self) -> "WorkOrder":
        return self.reported(reporter=Reporter.CONFIDENTIAL)

    def anonymous(self) -> "WorkOrder":
        return replace(self.reported(reporter=Reporter.ANONYMOUS, name=None, phone=None), reporter=DEVICE)

    def handed_down(self, due: datetime | None = None, number: str = "") -> "WorkOrder":
        """By the province, under a number of its own each time that none is given."""
        handed = Upstream(source="province", number=number, due=due)
        return replace(self.reported(upstream=handed, channel="upstream"), reporter=UPSTREAM)

    # Time

    def later(self, **delta: float) -> "WorkOrder":
        """So much later: `later(hours=2)`."""

        async def wait(town: Town, _: Order) -> None:
            town.clock.advance(timedelta(**delta))

        return self.then(wait)

    def at_the_limit(self) -> "WorkOrder":
        """At the last instant in time for the desk that it lies on."""

        async def wait(town: Town, order: Order) -> None:
            due = stage_due(order)
            assert due is not None
            town.clock.set(due)

        return self.then(wait)

    def overdue(self) -> "WorkOrder":
        """Just past what is due on the desk that it lies on."""

        async def wait(town: Town, order: Order) -> None:
            due = stage_due(order)
            assert due is not None
            town.clock.set(due + MOMENT)

        return self.then(wait)

    # At the hotline

    def answered_at_once(self) -> "WorkOrder":
        return self.then(
            lambda town, order: intake.answer_now(town.office, OPERATOR, order.id, answer="每日八点开门。")
        )

    def rejected(self) -> "WorkOrder":
        return self.then(
            lambda town, order: intake.reject(
                town.office, DISPATCHER, order.id, channel="court", reason="已进入诉讼程序。"
            )
        )

    def withdrawn(self) -> "WorkOrder":
        return self.then(lambda town, order: intake.withdraw(town.office, OPERATOR, order.id, reason="已自行解决。"))

    def dispatched_to(self, lead: str, *co: str) -> "WorkOrder":
        return self.then(lambda town, order: dispatching.dispatch(town.office, DISPATCHER, order.id, lead=lead, co=co))

    def adjudicated_to(self, lead: str) -> "WorkOrder":
        return self.then(lambda town, order: dispatching.adjudicate(town.office, CHIEF, order.id, lead=lead))

    def reclassified(
        self, *, kind: Kind = Kind.COMPLAINT, urgency: Urgency = Urgency.NORMAL, category: str = "leak"
    ) -> "WorkOrder":
        return self.then(
            lambda town, order: dispatching.reclassify(
                town.office,
                DISPATCHER,
                order.id,
                kind=kind,
                urgency=urgency,
                category=category,
                place="street",
                reason="核实后调整。",
            )
        )

    # At the unit

    def signed(self) -> "WorkOrder":
        return self.then(lambda town, order: handling.sign(town.office, _clerk(order), order.id))

    def co_signed_by(self, unit: str) -> "WorkOrder":
        return self.then(lambda town, order: handling.co_sign(town.office, clerk_of(unit), order.id))

    def contacted(self, *, reached: bool = True) -> "WorkOrder":
        return self.then(
            lambda town, order: handling.contact(
                town.office, _clerk(order), order.id, reached=reached, said="已约好上门时间。"
            )
        )

    def delegated_to(self, unit: str, *, by: str = "water") -> "WorkOrder":
        return self.then(lambda town, order: handling.delegate(town.office, clerk_of(by), order.id, to=unit))

    def co_replied_by(self, unit: str) -> "WorkOrder":
        return self.then(
            lambda town, order: handling.co_reply(town.office, clerk_of(unit), order.id, answer="我处已配合。")
        )

    def replied(self, *, not_waiting_because: str | None = None) -> "WorkOrder":
        return self.then(
            lambda town, order: handling.submit_reply(
                town.office,
                _clerk(order),
                order.id,
                outcome=Outcome.SOLVED,
                answer="已修复。",
                internal_note="换了阀门。",
                not_waiting_because=not_waiting_because,
            )
        )

    def sent_back_by_the_head(self) -> "WorkOrder":
        return self.then(
            lambda town, order: handling.send_back(town.office, _head(order), order.id, reason="不够具体。")
        )

    def approved(self) -> "WorkOrder":
        return self.then(lambda town, order: handling.approve(town.office, _head(order), order.id))

    # Asked for

    def asking_for(self, kind: RequestKind, *, days: int = 1, suggesting: str = "heating") -> "WorkOrder":
        async def ask(town: Town, order: Order) -> None:
            await request(town, order.id, kind, days=days, suggesting=suggesting)

        return self.then(ask)

    def granted(self) -> "WorkOrder":
        async def grant(town: Town, order: Order) -> None:
            assert order.request is not None
            await dispatching.grant(town.office, DISPATCHER, order.id, kind=order.request.kind)

        return self.then(grant)

    def refused(self) -> "WorkOrder":
        async def refuse(town: Town, order: Order) -> None:
            assert order.request is not None
            await dispatching.refuse(
                town.office, DISPATCHER, order.id, kind=order.request.kind, reason="理由不充分，请继续办理。"
            )

        return self.then(refuse)

    def with_consent_asked(self) -> "WorkOrder":
        async def ask(town: Town, order: Order) -> None:
            assert order.request is not None
            await dispatching.ask_consent(town.office, DISPATCHER, order.id, kind=order.request.kind, note="请予支持。")

        return self.then(ask)

    def consented_to(self) -> "WorkOrder":
        async def consent(town: Town, order: Order) -> None:
            assert order.request is not None
            await upstream.consent(town.office, UPSTREAM, order.id, request=order.request.id)

        return self.then(consent)

    def refused_above(self) -> "WorkOrder":
        async def refuse(town: Town, order: Order) -> None:
            assert order.request is not None
            await upstream.refuse_consent(
                town.office, UPSTREAM, order.id, request=order.request.id, reason="请按原时限办理。"
            )

        return self.then(refuse)

    def returned(self) -> "WorkOrder":
        return self.asking_for(RequestKind.RETURN).granted()

    def extended(self, *, days: int) -> "WorkOrder":
        return self.asking_for(RequestKind.EXTENSION, days=days).granted()

    def extended_with_consent(self, *, days: int) -> "WorkOrder":
        return self.asking_for(RequestKind.EXTENSION, days=days).with_consent_asked().consented_to()

    def suspended(self, *, days: int) -> "WorkOrder":
        return self.asking_for(RequestKind.SUSPENSION, days=days).granted()

    def resumed(self) -> "WorkOrder":
        return self.then(lambda town, order: handling.resume(town.office, _clerk(order), order.id))

    def given_the_longer_limit(self) -> "WorkOrder":
        return self.asking_for(RequestKind.COMPLEX).granted()

    def with_its_unit_abolished(self, unit: str = "water", successor: str = "heating") -> "WorkOrder":
        async def end(town: Town, _: Order) -> None:
            abolish(town, unit, successor)

        return self.then(end)

    def handed_to(self, successor: str = "heating") -> "WorkOrder":
        """The lead's assignment, to the successor of its abolished unit."""

        async def hand_on(town: Town, order: Order) -> None:
            assert order.lead is not None
            await dispatching.replace(town.office, CHIEF, order.id, assignment=order.lead.id, successor=successor)

        return self.then(hand_on)

    # By phone

    def phoned(self, *, call: int = 1, reached: bool = True) -> "WorkOrder":
        return self.then(
            lambda town, order: phoning.phone(
                town.office, OPERATOR, order.id, call=call, reached=reached, said="已电话告知。"
            )
        )

    def confirmed_by_its_unit(self) -> "WorkOrder":
        return self.then(lambda town, order: phoning.confirm(town.office, _clerk(order), order.id))

    # After the reply

    def accepted(self) -> "WorkOrder":
        return self.then(lambda town, order: reviewing.accept(town.office, REVIEWER, order.id))

    def sent_back_by_the_hotline(self) -> "WorkOrder":
        return self.then(lambda town, order: reviewing.send_back(town.office, REVIEWER, order.id, reason="答非所问。"))

    def called_back(self, *, grade: int = 1, solved: bool = True, wants_redo: bool = False) -> "WorkOrder":
        return self.then(
            lambda town, order: reviewing.callback_attempt(
                town.office, CALLER, order.id, reached=True, grade=grade, solved=solved, wants_redo=wants_redo
            )
        )

    def unreached(self, times: int = 1) -> "WorkOrder":
        async def call(town: Town, order: Order) -> None:
            for _ in range(times):
                await reviewing.callback_attempt(town.office, CALLER, order.id, reached=False)

        return self.then(call)

    def rated(self, grade: int, *, solved: bool = False, comment: str | None = None) -> "WorkOrder":
        return self.then(
            lambda town, order: reviewing.rate(
                town.office, CITIZEN, order.id, grade=grade, solved=solved, comment=comment
            )
        )

    def closed(self) -> "WorkOrder":
        return self.then(lambda town, order: reviewing.callback_close(town.office, CALLER, order.id))

    def redone(self) -> "WorkOrder":
        return self.then(
            lambda town, order: reviewing.callback_redo(town.office, DISPATCHER, order.id, reason="问题仍在。")
        )

    def finally_answered(self) -> "WorkOrder":
        return self.then(
            lambda town, order: reviewing.final_answer(
                town.office, SUPERVISOR, order.id, answer="已尽处理，可依法申请行政复议。"
            )
        )

    # Of the platform above

    def answered_up(self) -> "WorkOrder":
        return self.then(
            lambda town, order: reviewing.answer_up(town.office, REVIEWER, order.id, answer="已修复，群众满意。")
        )

    def acknowledged(self) -> "WorkOrder":
        return self.then(lambda town, order: upstream.acknowledge(town.office, UPSTREAM, order.id, round=order.round))

    def called_back_above(
        self,
        *,
        reached: bool = True,
        solved: bool | None = True,
        grade: int | None = 1,
        due: datetime | None = None,
    ) -> "WorkOrder":
        return self.then(
            lambda town, order: upstream.call_back(
                town.office,
                UPSTREAM,
                order.id,
                round=order.round,
                reached=reached,
                solved=solved if reached else None,
                grade=grade if reached else None,
                due=due,
            )
        )

    # Merging

    def beside_another(self) -> "WorkOrder":
        """With another order in the town that was just taken in."""
        return self.then(lambda town, _: intake.take_in(town.office, CITIZEN, COMPLAINT))

    def merged(self) -> "WorkOrder":
        """Merged into an order that is taken in for it."""

        async def merge(town: Town, order: Order) -> None:
            main = await intake.take_in(town.office, CITIZEN, replace(COMPLAINT, urgency=order.urgency))
            await merging.merge(town.office, DISPATCHER, order.id, into=main.id)

        return self.then(merge)

    def unmerged(self) -> "WorkOrder":
        return self.then(
            lambda town, order: merging.unmerge(town.office, DISPATCHER, order.id, reason="不是同一处漏水。")
        )

    def followed(self) -> "WorkOrder":
        """Answered as its main order."""

        async def follow(town: Town, order: Order) -> None:
            main = order.merged_into or ""
            await town.office.act(
                policy.MERGER, order.id, lambda case: policy.follow(case, main, unit="water", answer="已修复。")
            )

        return self.then(follow)

    def with_a_child(self, child: "WorkOrder | None" = None) -> "WorkOrder":
        """From its very beginning the main order of another one; that one's road is gone first."""

        async def adopt(town: Town, order: Order) -> None:
            other = await (child or WorkOrder()).made_in(town)
            await merging.merge(town.office, DISPATCHER, other.id, into=order.id)

        return replace(self, steps=(adopt, *self.steps))

    # Beside the road

    def supervised(
        self, level: SupervisionLevel = SupervisionLevel.KEY, *, shortens: bool = False, answer: bool = True
    ) -> "WorkOrder":
        return self.then(
            lambda town, order: supervising.supervise(
                town.office,
                SUPERVISOR,
                order.id,
                level=level,
                reason="市民多次来电。",
                shortens=shortens,
                requires_answer=answer,
            )
        )

    def instructed(self, *, shortens: bool = False) -> "WorkOrder":
        return self.then(
            lambda town, order: supervising.instruct(
                town.office,
                LEADER,
                order.id,
                level=SupervisionLevel.LISTED,
                instruction="请限期解决。",
                shortens=shortens,
            )
        )

    def supervision_answered(self) -> "WorkOrder":
        """The one that was opened last, by the lead's clerk."""

        async def answer(town: Town, order: Order) -> None:
            await supervising.answer(
                town.office, _clerk(order), order.id, supervision=order.supervisions[-1].id, answer="已安排专人。"
            )

        return self.then(answer)

    def supervision_closed(self, *, because: str | None = None) -> "WorkOrder":
        """The one that was opened last."""

        async def close(town: Town, order: Order) -> None:
            await supervising.close(
                town.office,
                SUPERVISOR,
                order.id,
                supervision=order.supervisions[-1].id,
                conclusion="已落实。",
                not_waiting_because=because,
            )

        return self.then(close)

    # Whether it counts

    def appealed(self, unit: str = "water", ground: ExclusionGround = ExclusionGround.FORCE_MAJEURE) -> "WorkOrder":
        """By the unit's head."""
        return self.then(
            lambda town, order: excluding.file_appeal(
                town.office, head_of(unit), order.id, ground=ground, reason="台风期间道路中断。"
            )
        )

    def appeal_withdrawn(self) -> "WorkOrder":
        """The one that was filed last."""

        async def withdraw(town: Town, order: Order) -> None:
            appeal = order.appeals[-1]
            await excluding.withdraw_appeal(town.office, head_of(appeal.unit), order.id, appeal=appeal.id)

        return self.then(withdraw)

    def appeal_decided(self, *, upheld: bool = True) -> "WorkOrder":
        """The one that was filed last."""

        async def decide(town: Town, order: Order) -> None:
            appeal = order.appeals[-1].id
            await excluding.decide_appeal(
                town.office, SUPERVISOR, order.id, appeal=appeal, upheld=upheld, reason="已核实。"
            )

        return self.then(decide)

    def excluded(self, ground: ExclusionGround = ExclusionGround.LEGACY) -> "WorkOrder":
        return self.then(
            lambda town, order: excluding.exclude(
                town.office, SUPERVISOR, order.id, ground=ground, reason="历史遗留问题。"
            )
        )

    def readmitted(self) -> "WorkOrder":
        return self.then(lambda town, order: excluding.readmit(town.office, SUPERVISOR, order.id, reason="剔除有误。"))

    # Whole stretches of the road

    def handled(self) -> "WorkOrder":
        """From a signed order to the callback."""
        return self.replied().approved().accepted()


def a_work_order() -> WorkOrder:
    """A citizen's complaint by the app about a leaking pipe, just taken in."""
    return WorkOrder()


async def order_of(town: Town, id: str) -> Order:
    document = await town.office.orders.by_id(id)
    assert document is not None
    return document.order


async def request(
    town: Town, order: str, kind: RequestKind, *, days: int = 1, suggesting: str = "heating", by: Actor | None = None
) -> OrderDocument:
    """Ask for something as the lead's clerk, or as somebody else."""
    office, why = town.office, "情况复杂，需要协调。"
    actor = by or _clerk(await order_of(town, order))
    match kind:
        case RequestKind.RETURN:
            return await handling.request_return(office, actor, order, reason=why, suggested_unit=suggesting)
        case RequestKind.EXTENSION:
            return await handling.request_extension(office, actor, order, reason=why, working_days=days)
        case RequestKind.SUSPENSION:
            return await handling.request_suspension(office, actor, order, reason=why, working_days=days)
        case RequestKind.COMPLEX:
            return await handling.request_complex(office, actor, order, reason=why)


def _clerk(order: Order) -> Actor:
    assert order.lead is not None
    return clerk_of(order.lead.unit)


def _head(order: Order) -> Actor:
    assert order.lead is not None
    return head_of(order.lead.unit)
