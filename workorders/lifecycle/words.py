"""What each event says, as a sentence: to the citizen in plain words, to staff by what was done. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from foundation.crypto import DataKey
from foundation.events import Event
from workorders.deadlines.lights import Light
from workorders.deadlines.values import KIND_NAMES, LEVEL_NAMES, TERM_NAMES, URGENCY_NAMES
from workorders.lifecycle.events import fact_of
from workorders.lifecycle.facts import (
    Accepted,
    Adopted,
    AppealDecided,
    Appealed,
    AppealWithdrawn,
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
    Excluded,
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
from workorders.lifecycle.names import ACTION_NAMES
from workorders.lifecycle.states import (
    CAUSE_NAMES,
    GROUND_NAMES,
    REQUEST_NAMES,
    Action,
    AssignmentRole,
    RequestKind,
)
from workorders.lifecycle.values import GRADE_NAMES, OUTCOME_NAMES, THROUGH_UPSTREAM, Line, Order, Request

_ASKING = frozenset(kind.ask for kind in RequestKind)


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


def plain_words(told: Told, action: Action, fact: Fact, *, own: bool) -> str | None:  # noqa: PLR0911, PLR0912
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


def office_of(told: Told, event: Event) -> str:
    """An office, never a person."""
    return told.unit_name(event.actor_unit) if event.actor_unit else "12345热线"


def staff_words(told: Told, action: Action, fact: Fact) -> str:  # noqa: PLR0911, PLR0912
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
        case Appealed():
            return f"{told.unit_name(fact.appeal.unit)}{what}：请求剔除，{GROUND_NAMES[fact.appeal.ground]}。"
        case AppealWithdrawn():
            return f"{_appellant(told, fact.appeal)}{what}。"
        case AppealDecided():
            how = "不成立，照常计入考核" if fact.exclusion is None else "成立，工单剔除，不计入考核"
            return f"{what}：{_appellant(told, fact.appeal)}的申诉{how}。"
        case Excluded():
            return f"{what}：{GROUND_NAMES[fact.exclusion.ground]}，不计入考核。"
        case _:
            return f"{what}。"


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


def _lead(told: Told, fact: Dispatched) -> str:
    lead = next((a for a in fact.assignments if a.role is AssignmentRole.LEAD), None)
    return told.unit_name(lead.unit) if lead else "承办单位"


def _request_of(told: Told, id: str) -> Request | None:
    asked = (fact_of(event) for event in told.events if event.type in _ASKING)
    return next((fact.request for fact in asked if isinstance(fact, Asked) and fact.request.id == id), None)


def _unit_of(told: Told, assignment: str) -> str:
    held = told.order.assignment(assignment)
    return told.unit_name(held.unit) if held else "承办单位"


def _appellant(told: Told, appeal: str) -> str:
    found = told.order.appeal(appeal)
    return told.unit_name(found.unit) if found else "承办单位"
