"""One try of every action by somebody, for tests that walk all of them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date

from foundation.ids import new_id
from foundation.working_time import shipped_calendar
from identity.actors import Actor
from tests.workorders.lifecycle.builders import request
from tests.workorders.lifecycle.town import (
    CALLER,
    CHIEF,
    CITIZEN,
    DISPATCHER,
    LEADER,
    OPERATOR,
    REVIEWER,
    SUPERVISOR,
    UPSTREAM,
    Town,
    clerk_of,
    correct_the_calendar,
    head_of,
)
from workorders.deadlines.values import Kind, SupervisionLevel, Urgency
from workorders.lifecycle import correcting, dispatching, handling, intake, reviewing, upstream
from workorders.lifecycle.correcting import CALENDAR
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.facts import Adopted, Released
from workorders.lifecycle.office import TIMERS
from workorders.lifecycle.policy import merging as policy
from workorders.lifecycle.policy import passing, supervision
from workorders.lifecycle.policy import phoning as calling
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.states import Action, ExclusionGround, RequestKind, Status
from workorders.lifecycle.values import Outcome
from workorders.supervision import excluding, merging, phoning, supervising

Act = Callable[[Town, Actor, str], Awaitable[OrderDocument]]


def _ask(kind: RequestKind) -> Act:
    return lambda town, actor, id: request(town, id, kind, by=actor)


def _grant(kind: RequestKind) -> Act:
    return lambda town, actor, id: dispatching.grant(town.office, actor, id, kind=kind)


def _refuse(kind: RequestKind) -> Act:
    return lambda town, actor, id: dispatching.refuse(town.office, actor, id, kind=kind, reason="理由不充分。")


async def _replace(town: Town, actor: Actor, id: str) -> OrderDocument:
    """The last assignment, to whoever succeeded its unit."""
    document = await town.office.orders.by_id(id)
    held = document.order.assignments if document else ()
    gone, unit = (held[-1].id, held[-1].unit) if held else (f"{id}:a1", "heating")
    successor = town.terms().heir(unit)
    return await dispatching.replace(town.office, actor, id, assignment=gone, successor=successor)


async def _light(town: Town, actor: Actor, id: str) -> OrderDocument:
    """What only the system does when time has crossed a line; here it has crossed none."""
    return await town.office.act(actor, id, lambda case: passing.light(case, ()))


async def _correct_calendar(town: Town, actor: Actor, id: str) -> OrderDocument:
    """Two days that the order thought to be working days are not; the next time they are again."""
    document = await town.office.orders.by_id(id)
    as_shipped = document is None or document.order.calendar == shipped_calendar("cn").id
    correct_the_calendar(town, *((date(2026, 11, 19), date(2026, 11, 20)) if as_shipped else ()))
    return await correcting.correct(town.office, actor, id)


async def _ask_consent(town: Town, actor: Actor, id: str) -> OrderDocument:
    """On whatever its unit asked for."""
    document = await town.office.orders.by_id(id)
    request = document.order.request if document else None
    kind = request.kind if request else RequestKind.EXTENSION
    return await dispatching.ask_consent(town.office, actor, id, kind=kind, note="请予支持。")


async def _acknowledge(town: Town, actor: Actor, id: str) -> OrderDocument:
    document = await town.office.orders.by_id(id)
    round = document.order.round if document else 0
    return await upstream.acknowledge(town.office, actor, id, round=round)


async def another(town: Town, id: str) -> str:
    """Another order that may be a main order, or an id of none."""
    wanted = {"_id": {"$ne": id}, "status": Status.RECEIVED, "order.merged_into": None}
    found = await town.database.collection(OrderDocument).find_one(wanted)
    return found["_id"] if found else new_id()


async def _merge(town: Town, actor: Actor, id: str) -> OrderDocument:
    return await merging.merge(town.office, actor, id, into=await another(town, id), note="同一处漏水。")


async def _adopt(town: Town, actor: Actor, id: str) -> OrderDocument:
    """What merging does to the main order, alone."""
    adopted = Adopted(child=new_id(), number="261116000099")

    def decide(case: Case) -> Decision:
        case.open_for(Action.ADOPT)
        return Decision(Action.ADOPT, adopted)

    return await town.office.act(actor, id, decide)


async def _release(town: Town, actor: Actor, id: str) -> OrderDocument:
    """What unmerging does to the main order, alone."""

    def decide(case: Case) -> Decision:
        case.open_for(Action.RELEASE)
        return Decision(Action.RELEASE, Released(child=next(iter(case.order.children), ""), number="261116000099"))

    return await town.office.act(actor, id, decide)


async def _follow(town: Town, actor: Actor, id: str) -> OrderDocument:
    def decide(case: Case) -> Decision:
        return policy.follow(case, case.order.merged_into or "", unit="water", answer="已修复。")

    return await town.office.act(actor, id, decide)


ACTS: Mapping[Action, Act] = {
    Action.ANSWER_NOW: lambda town, actor, id: intake.answer_now(town.office, actor, id, answer="每日八点开门。"),
    Action.REJECT: lambda town, actor, id: intake.reject(
        town.office, actor, id, channel="court", reason="已进入诉讼程序。"
    ),
    Action.RECLASSIFY: lambda town, actor, id: dispatching.reclassify(
        town.office,
        actor,
        id,
        kind=Kind.HELP,
        urgency=Urgency.NORMAL,
        category="water",
        place="town",
        reason="核实后调整。",
    ),
    Action.SUPPLEMENT: lambda town, actor, id: intake.supplement(town.office, actor, id, text="水更大了。"),
    Action.DISPATCH: lambda town, actor, id: dispatching.dispatch(
        town.office, actor, id, lead="water", co=("heating",), note="请尽快。"
    ),
    Action.ADJUDICATE: lambda town, actor, id: dispatching.adjudicate(town.office, actor, id, lead="water"),
    Action.SIGN: lambda town, actor, id: handling.sign(town.office, actor, id),
    Action.CO_SIGN: lambda town, actor, id: handling.co_sign(town.office, actor, id),
    Action.RESUME: lambda town, actor, id: handling.resume(town.office, actor, id),
    Action.CONTACT: lambda town, actor, id: handling.contact(town.office, actor, id, reached=True, said="已约好。"),
    Action.DELEGATE: lambda town, actor, id: handling.delegate(town.office, actor, id, to="water-east"),
    Action.CO_REPLY: lambda town, actor, id: handling.co_reply(town.office, actor, id, answer="已配合。"),
    Action.SUBMIT_REPLY: lambda town, actor, id: handling.submit_reply(
        town.office, actor, id, outcome=Outcome.SOLVED, answer="已修复。", not_waiting_because="不影响答复。"
    ),
    Action.UNIT_APPROVE: lambda town, actor, id: handling.approve(town.office, actor, id),
    Action.UNIT_SEND_BACK: lambda town, actor, id: handling.send_back(town.office, actor, id, reason="不够具体。"),
    Action.HOTLINE_ACCEPT: lambda town, actor, id: reviewing.accept(town.office, actor, id),
    Action.HOTLINE_SEND_BACK: lambda town, actor, id: reviewing.send_back(town.office, actor, id, reason="答非所问。"),
    Action.CALLBACK_ATTEMPT: lambda town, actor, id: reviewing.callback_attempt(
        town.office, actor, id, reached=True, solved=True, grade=2
    ),
    Action.RATE: lambda town, actor, id: reviewing.rate(town.office, actor, id, grade=5, solved=False),
    Action.CALLBACK_CLOSE: lambda town, actor, id: reviewing.callback_close(town.office, actor, id),
    Action.CALLBACK_REDO: lambda town, actor, id: reviewing.callback_redo(town.office, actor, id, reason="问题仍在。"),
    Action.FINAL_ANSWER: lambda town, actor, id: reviewing.final_answer(
        town.office, actor, id, answer="可依法申请行政复议。"
    ),
    Action.WITHDRAW: lambda town, actor, id: intake.withdraw(town.office, actor, id, reason="已自行解决。"),
    Action.URGE: lambda town, actor, id: intake.urge(town.office, actor, id),
    Action.REPLACE: _replace,
    Action.LIGHT: _light,
    Action.CORRECT_CALENDAR: _correct_calendar,
    Action.ASK_CONSENT: _ask_consent,
    Action.ANSWER_UP: lambda town, actor, id: reviewing.answer_up(town.office, actor, id, answer="已修复，群众满意。"),
    Action.ACKNOWLEDGE: _acknowledge,
    Action.MERGE: _merge,
    Action.UNMERGE: lambda town, actor, id: merging.unmerge(town.office, actor, id, reason="不是同一处。"),
    Action.ADOPT: _adopt,
    Action.RELEASE: _release,
    Action.FOLLOW_PARENT: _follow,
    Action.SUPERVISE: lambda town, actor, id: supervising.supervise(
        town.office, actor, id, level=SupervisionLevel.KEY, reason="市民多次来电。", shortens=True
    ),
    Action.INSTRUCT: lambda town, actor, id: supervising.instruct(
        town.office, actor, id, level=SupervisionLevel.LISTED, instruction="请限期解决。"
    ),
    Action.ANSWER_SUPERVISION: lambda town, actor, id: supervising.answer(
        town.office, actor, id, supervision=f"{id}:s1", answer="已安排专人。"
    ),
    Action.CLOSE_SUPERVISION: lambda town, actor, id: supervising.close(
        town.office, actor, id, supervision=f"{id}:s1", conclusion="已落实。", not_waiting_because="已现场核实。"
    ),
    Action.MEET: lambda town, actor, id: town.office.act(
        actor, id, lambda case: supervision.meet(case, "meeting", "由水务局牵头。")
    ),
    Action.CALL_DUTY: lambda town, actor, id: town.office.act(actor, id, calling.move_up),
    Action.PHONE_DUTY: lambda town, actor, id: phoning.phone(town.office, actor, id, call=1, reached=True),
    Action.CONFIRM_CALL: lambda town, actor, id: phoning.confirm(town.office, actor, id),
    Action.FILE_APPEAL: lambda town, actor, id: excluding.file_appeal(
        town.office, actor, id, ground=ExclusionGround.FORCE_MAJEURE, reason="台风期间道路中断。"
    ),
    Action.WITHDRAW_APPEAL: lambda town, actor, id: excluding.withdraw_appeal(
        town.office, actor, id, appeal=f"{id}:p1"
    ),
    Action.DECIDE_APPEAL: lambda town, actor, id: excluding.decide_appeal(
        town.office, actor, id, appeal=f"{id}:p1", upheld=True, reason="情况属实。"
    ),
    Action.EXCLUDE: lambda town, actor, id: excluding.exclude(
        town.office, actor, id, ground=ExclusionGround.LEGACY, reason="历史遗留问题。"
    ),
    Action.READMIT: lambda town, actor, id: excluding.readmit(town.office, actor, id, reason="剔除有误。"),
    **{kind.ask: _ask(kind) for kind in RequestKind},
    **{kind.grant: _grant(kind) for kind in RequestKind},
    **{kind.refuse: _refuse(kind) for kind in RequestKind},
}
"""Every action but intake, with arguments that fit an order of the small town."""

RIGHT_PERSON: Mapping[Action, Actor] = {
    **{action: clerk_of("water") for action in ACTS},
    **{kind.grant: DISPATCHER for kind in RequestKind},
    **{kind.refuse: DISPATCHER for kind in RequestKind},
    Action.ANSWER_NOW: OPERATOR,
    Action.REJECT: DISPATCHER,
    Action.RECLASSIFY: DISPATCHER,
    Action.SUPPLEMENT: CITIZEN,
    Action.DISPATCH: DISPATCHER,
    Action.ADJUDICATE: CHIEF,
    Action.CO_SIGN: clerk_of("heating"),
    Action.CO_REPLY: clerk_of("heating"),
    Action.UNIT_APPROVE: head_of("water"),
    Action.UNIT_SEND_BACK: head_of("water"),
    Action.HOTLINE_ACCEPT: REVIEWER,
    Action.HOTLINE_SEND_BACK: REVIEWER,
    Action.CALLBACK_ATTEMPT: CALLER,
    Action.RATE: CITIZEN,
    Action.CALLBACK_CLOSE: CALLER,
    Action.CALLBACK_REDO: DISPATCHER,
    Action.FINAL_ANSWER: SUPERVISOR,
    Action.WITHDRAW: CITIZEN,
    Action.URGE: CITIZEN,
    Action.REPLACE: CHIEF,
    Action.LIGHT: TIMERS,
    Action.CORRECT_CALENDAR: CALENDAR,
    Action.ASK_CONSENT: DISPATCHER,
    Action.ANSWER_UP: REVIEWER,
    Action.ACKNOWLEDGE: UPSTREAM,
    Action.MERGE: DISPATCHER,
    Action.UNMERGE: DISPATCHER,
    Action.ADOPT: DISPATCHER,
    Action.RELEASE: DISPATCHER,
    Action.FOLLOW_PARENT: policy.MERGER,
    Action.SUPERVISE: SUPERVISOR,
    Action.INSTRUCT: LEADER,
    Action.CLOSE_SUPERVISION: SUPERVISOR,
    Action.MEET: SUPERVISOR,
    Action.CALL_DUTY: TIMERS,
    Action.PHONE_DUTY: OPERATOR,
    Action.FILE_APPEAL: head_of("water"),
    Action.WITHDRAW_APPEAL: head_of("water"),
    Action.DECIDE_APPEAL: SUPERVISOR,
    Action.EXCLUDE: SUPERVISOR,
    Action.READMIT: SUPERVISOR,
}
"""Who takes the action on an order that the water office leads and the heating office helps with."""
