"""What an order's events tell 工单轨迹: to its citizen in plain words, to staff all that the reader may see. Pure.

A citizen reads no internal note, no reply before the hotline accepted it, no send-back, no name of a person. Units and
leadership never read who a confidential or anonymous citizen is, in no text either; a unit does not read what another
one said in its own house.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from foundation.crypto import DataKey
from foundation.events import Event
from identity.access import may_read_staff
from identity.actors import HOTLINE_ROLES, Actor
from workorders.deadlines.lights import Light
from workorders.deadlines.values import KIND_NAMES, LEVEL_NAMES, TERM_NAMES, URGENCY_NAMES
from workorders.lifecycle.access import BROUGHT_ALONG, SEES_ALL, may_know_reporter, owns
from workorders.lifecycle.errors import ACTION_NAMES
from workorders.lifecycle.facts import (
    FACTS,
    Accepted,
    Adopted,
    Asked,
    Attempted,
    CallConfirmed,
    ConsentAsked,
    Contacted,
    Corrected,
    Delegated,
    Dispatched,
    DutyCalled,
    DutyPhoned,
    Fact,
    Followed,
    Granted,
    Lit,
    Merged,
    Rated,
    Reclassified,
    Redone,
    Rejected,
    Released,
    Replaced,
    Replied,
    Resumed,
    Signed,
    Supervised,
    SupervisionAnswered,
)
from workorders.lifecycle.redaction import Reported, redacted
from workorders.lifecycle.states import CAUSE_NAMES, REQUEST_NAMES, Action, AssignmentRole, RequestKind
from workorders.lifecycle.values import GRADE_NAMES, OUTCOME_NAMES, THROUGH_UPSTREAM, Line, Order, Reporter, Request

PERSONAL = frozenset({"name", "phone", "address"})
"""Texts of the intake that no timeline shows: `reveal` does."""

_IN_THE_HOUSE = frozenset({Action.UNIT_APPROVE, Action.UNIT_SEND_BACK})
"""What is said within one unit: that unit and the hotline read it."""

_AT_THE_HOTLINE = frozenset({Action.MERGE, Action.UNMERGE})
"""Others are told that it happened, not which order the other one is, nor what was noted of it."""

_BY_PHONE = frozenset({Action.CALL_DUTY, Action.PHONE_DUTY})
"""Who was called, and what they said: those read it who may know the unit's people."""

_BRINGS_FILES = frozenset({Action.INTAKE, Action.SUPPLEMENT, Action.SUBMIT_REPLY})

_ASKING = frozenset(kind.ask for kind in RequestKind)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, as this reader is told. `who` is an office, or a colleague; never a citizen's name."""

    sequence: int
    at: datetime
    action: Action
    who: str
    words: str
    texts: Mapping[str, str] = field(default_factory=dict)
    attached_at: datetime | None = None
    """When the files that belong to it were attached, if it is of a kind that brings files."""


@dataclass(frozen=True, slots=True)
class Told:
    """An order with its events, and how things are called: what a timeline is made of."""

    order: Order
    events: Sequence[Event]
    key: DataKey | None
    """None once the texts were erased."""
    unit_name: Callable[[str], str]
    local: Callable[[datetime], str]
    """A moment as people write it."""


def timeline(told: Told, reader: Actor) -> list[Entry]:
    """The order's timeline for whoever may see the order: its citizen's own, or that of staff."""
    entries = _for_citizen(told, reader) if owns(reader, told.order) else _for_staff(told, reader)
    return list(entries)


def fact_of(event: Event) -> Fact:
    """What the event says. Raises `ValueError` for an event of another kind."""
    return FACTS[Action(event.type)].model_validate(event.data)


# For the citizen -----------------------------------------------------------------------------------------------------


def _for_citizen(told: Told, reader: Actor) -> Iterator[Entry]:
    for event, texts, attached_at in public_texts(told.events, told.key):
        action, fact = Action(event.type), fact_of(event)
        words = _plain_words(told, action, fact, own=event.actor == reader.id)
        if words is not None:
            who = "您" if event.actor == reader.id else _office(told, event)
            yield Entry(event.sequence, event.at, action, who, words, texts, attached_at)


def public_texts(
    events: Sequence[Event], key: DataKey | None
) -> Iterator[tuple[Event, dict[str, str], datetime | None]]:
    """Each event with the texts that its citizen may read, and when the files that belong to them were attached.

    A reply is read once the hotline accepted it, with the acceptance; also when another unit has succeeded meanwhile.
    """
    replies: dict[str, Event] = {}
    """The latest reply of each assignment."""
    for event in events:
        action, fact = Action(event.type), fact_of(event)
        if isinstance(fact, Replied):
            replies[fact.assignment] = event
        elif isinstance(fact, Replaced) and fact.gone in replies:
            replies[fact.successor.id] = replies[fact.gone]
        texts = _texts(event, key, _PUBLIC_TEXTS.get(action, frozenset()))
        attached_at = event.at if action in _BRINGS_FILES else None
        if isinstance(fact, Accepted) and fact.assignment in replies:
            reply = replies[fact.assignment]
            texts, attached_at = _texts(reply, key, {"answer"}), reply.at
        yield event, texts, attached_at


_PUBLIC_TEXTS: Mapping[Action, frozenset[str]] = MappingProxyType(
    {
        Action.INTAKE: frozenset({"title", "detail", "comment"}),
        Action.ANSWER_NOW: frozenset({"answer"}),
        Action.REJECT: frozenset({"reason"}),
        Action.SUPPLEMENT: frozenset({"text"}),
        Action.RATE: frozenset({"comment"}),
        Action.FINAL_ANSWER: frozenset({"answer"}),
        Action.WITHDRAW: frozenset({"reason"}),
        Action.URGE: frozenset({"text"}),
        Action.ANSWER_UP: frozenset({"answer"}),
        Action.FOLLOW_PARENT: frozenset({"answer"}),
    }
)


def _plain_words(told: Told, action: Action, fact: Fact, *, own: bool) -> str | None:  # noqa: PLR0911, PLR0912
    """The sentence for the citizen, or None for what is the city's own business."""
    by = "您" if own else "热线为您"
    match action, fact:
        case Action.INTAKE, _:
            return f"您的诉求已受理，工单编号{told.order.number}。"
        case Action.ANSWER_NOW, _:
            return "热线已当场答复。"
        case _, Rejected():
            return f"该诉求不属于热线受理范围，请联系{fact.channel}。"
        case _, Reclassified():
            return f"工单分类已调整，预计{told.local(fact.citizen.due)}前答复。"
        case _, Corrected() if not told.order.ended:
            return f"工作日安排有调整，预计{told.local(fact.citizen.due)}前答复。"
        case Action.SUPPLEMENT, _:
            return f"{by}补充了情况。"
        case _, Dispatched():
            return f"已派至{_lead(told, fact)}办理。"
        case Action.SIGN, Signed():
            return f"{_unit_of(told, fact.assignment)}已签收，正在办理。"
        case Action.GRANT_RETURN, _:
            return "承办单位有变动，热线正在重新派单。"
        case Action.GRANT_SUSPENSION, Granted(suspended_until=until) if until is not None:
            return f"因客观原因暂缓办理，最迟{told.local(until)}恢复。"
        case _, (Granted(citizen=due) | Resumed(citizen=due)) if due is not None:
            resumed = "已恢复办理" if action is Action.RESUME else "因情况复杂延长办理"
            return f"{resumed}，预计{told.local(due.due)}前答复。"
        case _, Contacted():
            unit = _unit_of(told, fact.assignment)
            return f"{unit}已与您联系。" if fact.reached else f"{unit}曾与您联系，未接通。"
        case _, Accepted():
            return f"{_unit_of(told, fact.assignment)}已答复，欢迎您评价。"
        case _, Attempted():
            caller = "上级平台" if fact.through == THROUGH_UPSTREAM else "热线"
            return f"{caller}已回访。" if fact.reached else f"{caller}曾回访，未接通。"
        case Action.ANSWER_UP, _:
            return "热线已向上级平台上报答复。"
        case Action.ACKNOWLEDGE, _:
            return "上级平台已签收答复。"
        case _, Rated():
            return f"您已评价：{GRADE_NAMES[fact.grade]}，{'已解决' if fact.solved else '未解决'}。"
        case Action.CALLBACK_CLOSE, _:
            return "工单已归档。"
        case _, Redone():
            return f"您的诉求由{told.unit_name(fact.assignment.unit)}重新办理。"
        case Action.FINAL_ANSWER, _:
            return "热线作出最终答复，工单已归档。"
        case Action.WITHDRAW, _:
            return f"{by}撤回了诉求。"
        case Action.URGE, _:
            return f"{by}催办。"
        case _, Replaced() if fact.successor.role is AssignmentRole.LEAD:
            return f"承办单位变更为{told.unit_name(fact.successor.unit)}。"
        case Action.MERGE, _:
            return "您的诉求与同类诉求合并办理，编号不变，办理结果将一并答复您。"
        case Action.UNMERGE, _:
            return "您的诉求转为单独办理。"
        case _, Followed():
            return f"{told.unit_name(fact.unit)}已答复，欢迎您评价。"
        case _, DutyCalled(before=0, calls=(_, *_)):
            return f"正在电话通知{told.unit_name(fact.unit)}值班人员。"
        case _, DutyPhoned(reached=True):
            return f"已电话通知{_unit_of(told, fact.assignment)}值班人员。"
        case _, CallConfirmed():
            return f"{_unit_of(told, fact.assignment)}值班人员已确认。"
        case _:
            return None


def _office(told: Told, event: Event) -> str:
    """An office, never a person."""
    return told.unit_name(event.actor_unit) if event.actor_unit else "12345热线"


# For staff -----------------------------------------------------------------------------------------------------------


def _for_staff(told: Told, reader: Actor) -> Iterator[Entry]:
    knows_reporter, at_hotline = may_know_reporter(reader, told.order), reader.has(*HOTLINE_ROLES)
    reported = _reported(told)
    for event in told.events:
        action, fact = Action(event.type), fact_of(event)
        if action in BROUGHT_ALONG and not at_hotline:
            continue  # that somebody else reported the same matter, and who
        texts = _staff_texts(told, event, action, reader)
        if not knows_reporter and not at_hotline:
            texts = {name: redacted(text, reported) for name, text in texts.items()}
        who = event.actor_label or _office(told, event)
        words, attached_at = _staff_words(told, action, fact), event.at if action in _BRINGS_FILES else None
        if action in _AT_THE_HOTLINE and not at_hotline:
            words = f"{ACTION_NAMES[action]}。"
        yield Entry(event.sequence, event.at, action, who, words, texts, attached_at)


def _staff_texts(told: Told, event: Event, action: Action, reader: Actor) -> dict[str, str]:
    if action in _BY_PHONE and not _knows_duty(told, event, reader):
        return {}
    in_the_house = action in _IN_THE_HOUSE and not reader.has(*SEES_ALL) and reader.unit_id != event.actor_unit
    not_told = in_the_house or (action in _AT_THE_HOTLINE and not reader.has(*HOTLINE_ROLES))
    return {} if not_told else _texts(event, told.key, event.sealed.keys() - PERSONAL)


def _knows_duty(told: Told, event: Event, reader: Actor) -> bool:
    """Whether the reader may know the people of the unit that was called."""
    fact = fact_of(event)
    held = told.order.assignment(fact.assignment) if isinstance(fact, DutyCalled | DutyPhoned) else None
    return held is not None and may_read_staff(reader, held.ancestors)


def _reported(told: Told) -> Reported:
    """What the intake knows of the reporter, to keep it out of texts."""
    if told.order.reporter is Reporter.OPEN or not told.events:
        return Reported()
    known = _texts(told.events[0], told.key, PERSONAL)
    return Reported(known.get("name"), known.get("phone"), known.get("address"))


def _staff_words(told: Told, action: Action, fact: Fact) -> str:  # noqa: PLR0911, PLR0912
    what = ACTION_NAMES[action]
    match fact:
        case Rejected():
            return f"{what}：请市民联系{fact.channel}。"
        case Reclassified():
            named = f"{KIND_NAMES[fact.kind]}，{URGENCY_NAMES[fact.urgency]}"
            return f"{what}：{named}，市民时限{told.local(fact.citizen.due)}。"
        case Dispatched():
            co = "、".join(told.unit_name(a.unit) for a in fact.assignments if a.role is AssignmentRole.CO)
            by = f"，按派单目录规则{fact.routing_rule}自动派单" if fact.routing_rule else ""
            return f"{what}：主办{_lead(told, fact)}{f'，协办{co}' if co else ''}{by}。"
        case Signed():
            how = "，到时限由系统代为签收" if fact.by_rule and not fact.on_time else ""
            return f"{_unit_of(told, fact.assignment)}{what}{how}{'' if fact.on_time else '，超时'}。"
        case Asked():
            days = f"{fact.request.working_days}个工作日" if fact.request.working_days else ""
            to = f"，建议派往{told.unit_name(fact.request.suggested_unit)}" if fact.request.suggested_unit else ""
            return f"{_unit_of(told, fact.request.assignment)}申请{REQUEST_NAMES[fact.request.kind]}{days}{to}。"
        case Granted() | Resumed():
            moved = f"，办结时限{told.local(fact.reply.due)}" if fact.reply is not None else ""
            return f"{what}{moved}。"
        case Contacted():
            return f"{_unit_of(told, fact.assignment)}{what}：{'已接通' if fact.reached else '未接通'}。"
        case Delegated():
            return f"{what}至{told.unit_name(fact.delegated.unit)}。"
        case Replied():
            waits = "" if fact.waits_for_nobody else "，未等待协办或转派单位"
            return f"{_unit_of(told, fact.assignment)}{what}：{OUTCOME_NAMES[fact.outcome]}{waits}。"
        case ConsentAsked():
            asked = _request_of(told, fact.request)
            return f"{what}：{REQUEST_NAMES[asked.kind]}。" if asked is not None else f"{what}。"
        case Attempted() if fact.reached and fact.grade is not None:
            solved = "已解决" if fact.solved else "未解决"
            return f"{what}：{solved}，{GRADE_NAMES[fact.grade]}{'，要求重办' if fact.wants_redo else ''}。"
        case Attempted():
            return f"{what}：未接通。"
        case Rated():
            return f"市民{what}：{'已解决' if fact.solved else '未解决'}，{GRADE_NAMES[fact.grade]}。"
        case Redone():
            unit, due = told.unit_name(fact.assignment.unit), told.local(fact.assignment.reply.due)
            return f"{what}：由{unit}第{fact.assignment.round}次重办，办结时限{due}。"
        case Replaced():
            return f"{what}：{_unit_of(told, fact.gone)}由{told.unit_name(fact.successor.unit)}承接。"
        case Corrected():
            moved = f"，办结时限{told.local(fact.moved[0].reply.due)}" if fact.moved else ""
            return f"{what}{moved}。"
        case Lit():
            return f"{what}：{'；'.join(_line_words(told, line) for line in fact.lines)}。"
        case Merged():
            return f"并入工单{fact.number}，在主单上办理。"
        case Adopted():
            brought = f"，连同已并入其中的 {len(fact.brought)} 件" if fact.brought else ""
            return f"工单{fact.number}并入本单{brought}。"
        case Released():
            return f"工单{fact.number}不再并入本单。"
        case Followed():
            return f"{what}：{told.unit_name(fact.unit)}的答复已采纳。"
        case Supervised():
            opened = fact.supervision
            answer = f"，回复时限{told.local(opened.due.due)}" if opened.requires_answer else ""
            moved = "，办结时限相应提前" if fact.moved else ""
            return f"{what}：{LEVEL_NAMES[opened.level]}，{CAUSE_NAMES[opened.cause]}{answer}{moved}。"
        case SupervisionAnswered():
            return f"{what}{'' if fact.on_time else '，超时'}。"
        case DutyCalled():
            return _called_words(told, fact)
        case DutyPhoned():
            return f"{what}：第{fact.call}次，{'已接通' if fact.reached else '未接通'}。"
        case CallConfirmed():
            return f"{_unit_of(told, fact.assignment)}{what}。"
        case _:
            return f"{what}。"


# Shared --------------------------------------------------------------------------------------------------------------


def _line_words(told: Told, line: Line) -> str:
    whose = _unit_of(told, line.subject) if line.subject is not None else ""
    how = "亮黄灯" if line.light is Light.YELLOW else f"逾期{line.level}天" if line.level else "超时，亮红灯"
    return f"{whose}{TERM_NAMES[line.term]}{how}（时限{told.local(line.due)}）"


def _called_words(told: Told, fact: DutyCalled) -> str:
    unit, first, last = told.unit_name(fact.unit), fact.before + 1, fact.before + len(fact.calls)
    if not last:
        return f"{unit}当前无人值班，转督办处理。"
    if not fact.calls:
        return f"{unit}值班人员均未确认，转督办处理。"
    who = f"{unit}第{first if first == last else f'{first}至{last}'}位值班人员"
    return f"轮到电话通知{who}，" + (
        f"确认时限{told.local(fact.due)}。" if fact.due is not None else "均未确认，转督办处理。"
    )


def _texts(event: Event, key: DataKey | None, names: AbstractSet[str]) -> dict[str, str]:
    opened = {name: event.text(name, key) for name in sorted(names)}
    return {name: text for name, text in opened.items() if text is not None}


def _lead(told: Told, fact: Dispatched) -> str:
    lead = next((a for a in fact.assignments if a.role is AssignmentRole.LEAD), None)
    return told.unit_name(lead.unit) if lead else "承办单位"


def _request_of(told: Told, id: str) -> Request | None:
    asked = (fact_of(event) for event in told.events if event.type in _ASKING)
    return next((fact.request for fact in asked if isinstance(fact, Asked) and fact.request.id == id), None)


def _unit_of(told: Told, assignment: str) -> str:
    held = told.order.assignment(assignment)
    return told.unit_name(held.unit) if held else "承办单位"
