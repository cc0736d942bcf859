"""The enums of work orders, as the domain has them, with their Chinese terms."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry

from workorders.deadlines.lights import LIGHT_NAMES, Light
from workorders.deadlines.values import (
    KIND_NAMES,
    LEVEL_NAMES,
    TERM_NAMES,
    URGENCY_NAMES,
    Kind,
    SupervisionLevel,
    Term,
    Urgency,
)
from workorders.lifecycle.documents import PhoneStage, UnitTask, UpstreamTask
from workorders.lifecycle.names import ACTION_NAMES, STATUS_NAMES
from workorders.lifecycle.states import (
    APPEAL_STATE_NAMES,
    CAUSE_NAMES,
    GROUND_NAMES,
    REQUEST_NAMES,
    ROLE_NAMES,
    Action,
    AppealState,
    AssignmentEnd,
    AssignmentRole,
    AssignmentState,
    ExclusionGround,
    RequestKind,
    Status,
    SupervisionCause,
)
from workorders.lifecycle.values import CLOSING_NAMES, OUTCOME_NAMES, Closing, Outcome, Reporter
from workorders.supervision.documents import MEETING_KIND_NAMES, MEETING_STATE_NAMES, MeetingKind, MeetingState


def _enum(enum: type[Enum], name: str, description: str, words: Mapping[Any, str]) -> None:
    """Make a domain's enum a GraphQL enum, each value described by its Chinese term."""
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = words[enum[value.name]]


_enum(Status, "OrderStatus", "The state of an order 工单状态.", STATUS_NAMES)
_enum(Action, "OrderAction", "What may happen to an order 工单动作.", ACTION_NAMES)
_enum(Light, "Light", "The light of a deadline 亮灯.", LIGHT_NAMES)
_enum(
    Kind,
    "OrderKind",
    "What the citizen wants 诉求类型.",
    KIND_NAMES,
)
_enum(
    Urgency,
    "Urgency",
    "How soon it must be seen to 紧急程度; all but normal run in clock time, at any hour.",
    URGENCY_NAMES,
)
_enum(
    Reporter,
    "Reporting",
    "How a citizen stands to an order.",
    {
        Reporter.OPEN: "公开：承办单位可与市民联系",
        Reporter.CONFIDENTIAL: "保密：承办单位看不到反映人，由热线转达",
        Reporter.ANONYMOUS: "匿名：任何人都看不到，不回访，不计满意度",
    },
)
_enum(
    Closing,
    "Closing",
    "How an order came to be archived 归档方式.",
    CLOSING_NAMES,
)
_enum(
    Outcome,
    "Outcome",
    "What a unit's reply says was done 办理结果.",
    OUTCOME_NAMES,
)
_enum(
    AssignmentRole,
    "AssignmentRole",
    "A unit's part in an order.",
    ROLE_NAMES,
)
_enum(
    AssignmentState,
    "AssignmentState",
    "Where one unit's stay stands.",
    {
        AssignmentState.PENDING: "待签收",
        AssignmentState.SIGNED: "已签收",
        AssignmentState.REPLIED: "已回复",
        AssignmentState.ENDED: "已结束",
    },
)
_enum(
    AssignmentEnd,
    "AssignmentEnd",
    "How a unit's stay ended.",
    {
        AssignmentEnd.ACCEPTED: "回复被热线采纳",
        AssignmentEnd.RETURNED: "退单",
        AssignmentEnd.REPLACED: "承办单位变更",
        AssignmentEnd.ORDER_ENDED: "工单结束",
        AssignmentEnd.FOLLOWED: "随主单答复",
    },
)
_enum(
    RequestKind,
    "RequestKind",
    "What a unit may ask for 申请.",
    REQUEST_NAMES,
)
_enum(
    Term,
    "Term",
    "What a deadline is set for 期限.",
    TERM_NAMES,
)
_enum(
    UnitTask,
    "UnitTask",
    "What a unit has to do about an assignment: the tabs of its desk.",
    {
        UnitTask.SIGN: "待签收",
        UnitTask.HANDLE: "待办理",
        UnitTask.SUSPENDED: "已挂起",
        UnitTask.APPROVE: "待审核",
        UnitTask.WAIT: "已回复，等待",
        UnitTask.MERGED: "已合并，在主单上办理",
        UnitTask.ENDED: "已办结",
    },
)
_enum(
    UpstreamTask,
    "UpstreamTask",
    "Where what a platform above handed down stands between it and us: the tabs of the upstream desk.",
    {
        UpstreamTask.HANDLE: "在办",
        UpstreamTask.ANSWER: "待上报",
        UpstreamTask.ACKNOWLEDGE: "待上级签收",
        UpstreamTask.CALL_BACK: "待上级回访",
        UpstreamTask.FINAL_ANSWER: "上级回访不满意，待最终答复或指定重办单位",
    },
)
_enum(
    PhoneStage,
    "PhoneStage",
    "Whose a phone task is: the desks that it lies on.",
    {PhoneStage.DUTY: "通知值班人员", PhoneStage.SUPERVISOR: "无人确认，转督办"},
)
_enum(SupervisionLevel, "SupervisionLevel", "How much weight a supervision has 督办级别, lightest first.", LEVEL_NAMES)
_enum(SupervisionCause, "SupervisionCause", "Why an order is supervised 督办缘由.", CAUSE_NAMES)
_enum(ExclusionGround, "ExclusionGround", "Why an order is to be left out of the rates 剔除情形.", GROUND_NAMES)
_enum(AppealState, "AppealState", "Where an appeal stands 申诉状态.", APPEAL_STATE_NAMES)
_enum(MeetingKind, "MeetingKind", "What a meeting is 会议类型.", MEETING_KIND_NAMES)
_enum(MeetingState, "MeetingState", "Where a meeting stands 会议状态.", MEETING_STATE_NAMES)
