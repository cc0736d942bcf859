"""States 状态 and actions 动作 of an order, and the one table that joins them.

A pair that is not in `TRANSITIONS` is illegal, for everybody. Each action has one target, or leaves the state as it is.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    RECEIVED = "received"  # 待派单
    DISPATCHED = "dispatched"  # 待签收
    IN_PROGRESS = "in_progress"  # 办理中
    UNIT_REVIEW = "unit_review"  # 单位审核
    HOTLINE_REVIEW = "hotline_review"  # 热线审核
    CALLBACK = "callback"  # 待回访
    CLOSED = "closed"  # 已归档
    REJECTED = "rejected"  # 不予受理
    WITHDRAWN = "withdrawn"  # 已撤单


ENDED = frozenset({Status.CLOSED, Status.REJECTED, Status.WITHDRAWN})
"""Where an order rests for good: nothing is reopened, a new order is linked to the old one."""


class Action(StrEnum):
    INTAKE = "intake"  # 受理
    ANSWER_NOW = "answer_now"  # 即答
    REJECT = "reject"  # 不予受理
    RECLASSIFY = "reclassify"  # 改类
    SUPPLEMENT = "supplement"  # 补充
    DISPATCH = "dispatch"  # 派单
    ADJUDICATE = "adjudicate"  # 裁定
    SIGN = "sign"  # 签收 by the lead unit
    CO_SIGN = "co_sign"  # 签收 by a co or delegated unit
    REQUEST_RETURN = "request_return"  # 申请退单
    GRANT_RETURN = "grant_return"
    REFUSE_RETURN = "refuse_return"
    REQUEST_EXTENSION = "request_extension"  # 申请延期
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    REQUEST_SUSPENSION = "request_suspension"  # 申请挂起
    GRANT_SUSPENSION = "grant_suspension"
    REFUSE_SUSPENSION = "refuse_suspension"
    REQUEST_COMPLEX = "request_complex"  # 申请疑难
    GRANT_COMPLEX = "grant_complex"
    REFUSE_COMPLEX = "refuse_complex"
    RESUME = "resume"  # 恢复办理
    CONTACT = "contact"  # 联系市民
    DELEGATE = "delegate"  # 转派
    CO_REPLY = "co_reply"  # 协办回复
    SUBMIT_REPLY = "submit_reply"  # 提交回复
    UNIT_APPROVE = "unit_approve"  # 单位审核通过
    UNIT_SEND_BACK = "unit_send_back"  # 单位审核退回
    HOTLINE_ACCEPT = "hotline_accept"  # 热线审核通过
    HOTLINE_SEND_BACK = "hotline_send_back"  # 热线审核退回
    CALLBACK_ATTEMPT = "callback_attempt"  # 回访
    RATE = "rate"  # 评价
    CALLBACK_CLOSE = "callback_close"  # 回访归档
    CALLBACK_REDO = "callback_redo"  # 重办
    FINAL_ANSWER = "final_answer"  # 最终答复
    WITHDRAW = "withdraw"  # 撤单
    URGE = "urge"  # 催办
    REPLACE = "replace"  # 承办单位变更
    LIGHT = "light"  # 亮灯: time crossed a line of a deadline
    CORRECT_CALENDAR = "correct_calendar"  # 更正日历: open deadlines by a corrected calendar
    # Of what a platform above handed down, and of nothing else:
    ASK_CONSENT = "ask_consent"  # 征求上级意见
    ANSWER_UP = "answer_up"  # 上报答复
    ACKNOWLEDGE = "acknowledge"  # 上级签收
    # Of duplicates:
    MERGE = "merge"  # 合并 into another order, its main order 主单
    UNMERGE = "unmerge"  # 取消合并
    ADOPT = "adopt"  # what a merge does to the main order
    RELEASE = "release"  # what an unmerge does to the main order
    FOLLOW_PARENT = "follow_parent"  # 随主单答复
    # Supervision and meetings.
    SUPERVISE = "supervise"  # 督办
    INSTRUCT = "instruct"  # 领导批示
    ANSWER_SUPERVISION = "answer_supervision"  # 督办回复
    CLOSE_SUPERVISION = "close_supervision"  # 督办办结
    MEET = "meet"  # 会议研究
    # Emergencies: the duty roster is called by phone.
    CALL_DUTY = "call_duty"  # 通知值班人员: whose turn it is to be called
    PHONE_DUTY = "phone_duty"  # 登记通知电话: what came of a call
    CONFIRM_CALL = "confirm_call"  # 值班确认 by the unit itself
    # Whether it counts in the rates 考核.
    FILE_APPEAL = "file_appeal"  # 申诉 by a unit
    WITHDRAW_APPEAL = "withdraw_appeal"  # 撤回申诉
    DECIDE_APPEAL = "decide_appeal"  # 审核申诉: upheld, it excludes the order
    EXCLUDE = "exclude"  # 剔除
    READMIT = "readmit"  # 恢复计入


ONLY_UPSTREAM = frozenset({Action.ASK_CONSENT, Action.ANSWER_UP, Action.ACKNOWLEDGE})
"""What happens to orders that a platform above handed down only."""


ONLY_PHONED = frozenset({Action.PHONE_DUTY, Action.CONFIRM_CALL})
"""What is done while a phone task is open only."""


BEFORE_CALLBACK = (
    Status.RECEIVED,
    Status.DISPATCHED,
    Status.IN_PROGRESS,
    Status.UNIT_REVIEW,
    Status.HOTLINE_REVIEW,
)
_WITH_UNIT = (Status.DISPATCHED, Status.IN_PROGRESS, Status.UNIT_REVIEW, Status.HOTLINE_REVIEW)
_JUDGED = (Status.IN_PROGRESS, Status.UNIT_REVIEW, Status.HOTLINE_REVIEW)


def _table() -> Mapping[tuple[Status, Action], Status]:  # noqa: PLR0915
    moves: dict[tuple[Status, Action], Status] = {}

    def move(action: Action, *sources: Status, to: Status) -> None:
        moves.update({(source, action): to for source in sources})

    def stay(action: Action, *sources: Status) -> None:
        moves.update({(source, action): source for source in sources})

    # At the hotline's desk.
    move(Action.ANSWER_NOW, Status.RECEIVED, to=Status.CLOSED)
    move(Action.REJECT, Status.RECEIVED, to=Status.REJECTED)
    move(Action.DISPATCH, Status.RECEIVED, to=Status.DISPATCHED)
    move(Action.ADJUDICATE, Status.RECEIVED, to=Status.DISPATCHED)
    stay(Action.RECLASSIFY, *BEFORE_CALLBACK)
    # At the unit.
    move(Action.SIGN, Status.DISPATCHED, to=Status.IN_PROGRESS)
    stay(Action.CO_SIGN, *_WITH_UNIT)
    stay(Action.CONTACT, Status.DISPATCHED, Status.IN_PROGRESS)
    stay(Action.DELEGATE, Status.IN_PROGRESS)
    stay(Action.CO_REPLY, *_JUDGED)
    move(Action.SUBMIT_REPLY, Status.IN_PROGRESS, to=Status.UNIT_REVIEW)
    move(Action.UNIT_APPROVE, Status.UNIT_REVIEW, to=Status.HOTLINE_REVIEW)
    move(Action.UNIT_SEND_BACK, Status.UNIT_REVIEW, to=Status.IN_PROGRESS)
    stay(Action.REPLACE, *_WITH_UNIT)
    # Requests of the unit, decided by a dispatcher.
    stay(Action.REQUEST_RETURN, Status.DISPATCHED, Status.IN_PROGRESS)
    move(Action.GRANT_RETURN, Status.DISPATCHED, Status.IN_PROGRESS, to=Status.RECEIVED)
    stay(Action.REFUSE_RETURN, Status.DISPATCHED, Status.IN_PROGRESS)
    for request in (Action.REQUEST_EXTENSION, Action.REQUEST_SUSPENSION, Action.REQUEST_COMPLEX):
        stay(request, Status.IN_PROGRESS)
    for decision in (
        Action.GRANT_EXTENSION,
        Action.REFUSE_EXTENSION,
        Action.GRANT_COMPLEX,
        Action.REFUSE_COMPLEX,
        Action.REFUSE_SUSPENSION,
    ):
        stay(decision, *_JUDGED)
    stay(Action.GRANT_SUSPENSION, Status.IN_PROGRESS)
    stay(Action.RESUME, Status.IN_PROGRESS)
    # Back at the hotline.
    move(Action.HOTLINE_ACCEPT, Status.HOTLINE_REVIEW, to=Status.CALLBACK)
    move(Action.HOTLINE_SEND_BACK, Status.HOTLINE_REVIEW, to=Status.IN_PROGRESS)
    stay(Action.CALLBACK_ATTEMPT, Status.CALLBACK)
    move(Action.CALLBACK_CLOSE, Status.CALLBACK, to=Status.CLOSED)
    move(Action.CALLBACK_REDO, Status.CALLBACK, to=Status.IN_PROGRESS)
    move(Action.FINAL_ANSWER, Status.CALLBACK, to=Status.CLOSED)
    # Between the hotline and the platform above.
    stay(Action.ASK_CONSENT, *_WITH_UNIT)
    stay(Action.ANSWER_UP, Status.CALLBACK)
    stay(Action.ACKNOWLEDGE, Status.CALLBACK)
    # The citizen's own.
    stay(Action.SUPPLEMENT, *BEFORE_CALLBACK, Status.CALLBACK)
    stay(Action.URGE, *BEFORE_CALLBACK)
    stay(Action.RATE, Status.CALLBACK, Status.CLOSED)
    move(Action.WITHDRAW, *BEFORE_CALLBACK, to=Status.WITHDRAWN)
    # Time's own.
    stay(Action.LIGHT, *BEFORE_CALLBACK, Status.CALLBACK)
    stay(Action.CORRECT_CALENDAR, *BEFORE_CALLBACK, Status.CALLBACK)
    # Merging: the main order may lose a child whatever became of it.
    stay(Action.MERGE, *BEFORE_CALLBACK)
    stay(Action.UNMERGE, *BEFORE_CALLBACK)
    stay(Action.ADOPT, *BEFORE_CALLBACK)
    stay(Action.RELEASE, *Status)
    move(Action.FOLLOW_PARENT, *BEFORE_CALLBACK, to=Status.CALLBACK)
    # Beside the road: supervision and meetings, until the order rests.
    for beside in (Action.SUPERVISE, Action.INSTRUCT, Action.CLOSE_SUPERVISION, Action.MEET):
        stay(beside, *BEFORE_CALLBACK, Status.CALLBACK)
    stay(Action.ANSWER_SUPERVISION, *_WITH_UNIT, Status.CALLBACK)
    # By phone, as long as the unit may not know of it.
    for call in (Action.CALL_DUTY, Action.PHONE_DUTY, Action.CONFIRM_CALL):
        stay(call, Status.DISPATCHED, Status.IN_PROGRESS)
    # Beside the road, and after it: what was withdrawn or rejected is in no rate anyway.
    for counted in (Action.FILE_APPEAL, Action.WITHDRAW_APPEAL, Action.DECIDE_APPEAL, Action.EXCLUDE):
        stay(counted, *BEFORE_CALLBACK, Status.CALLBACK, Status.CLOSED)
    stay(Action.READMIT, *Status)
    return MappingProxyType(moves)


TRANSITIONS = _table()
"""(state, action) → next state. `INTAKE` makes an order, so it has no row: it starts at `RECEIVED`."""


class AssignmentState(StrEnum):
    """One unit's stay 承办: only the lead's moves the order."""

    PENDING = "pending"  # 待签收
    SIGNED = "signed"  # 已签收
    REPLIED = "replied"  # 已回复
    ENDED = "ended"  # 已结束


class Step(StrEnum):
    """What may happen to an assignment."""

    SIGN = "sign"
    REPLY = "reply"
    SEND_BACK = "send_back"
    END = "end"


ASSIGNMENT_TRANSITIONS: Mapping[tuple[AssignmentState, Step], AssignmentState] = MappingProxyType(
    {
        (AssignmentState.PENDING, Step.SIGN): AssignmentState.SIGNED,
        (AssignmentState.SIGNED, Step.REPLY): AssignmentState.REPLIED,
        (AssignmentState.REPLIED, Step.SEND_BACK): AssignmentState.SIGNED,
        (AssignmentState.PENDING, Step.END): AssignmentState.ENDED,
        (AssignmentState.SIGNED, Step.END): AssignmentState.ENDED,
        (AssignmentState.REPLIED, Step.END): AssignmentState.ENDED,
    }
)


class AssignmentRole(StrEnum):
    LEAD = "lead"  # 主办
    CO = "co"  # 协办
    DELEGATED = "delegated"  # 转派


class AssignmentEnd(StrEnum):
    """How a stay ended."""

    ACCEPTED = "accepted"  # 回复被热线采纳
    RETURNED = "returned"  # 退单
    REPLACED = "replaced"  # 单位变更
    ORDER_ENDED = "order_ended"  # 工单结束
    FOLLOWED = "followed"  # 随主单答复


class RequestKind(StrEnum):
    """What a unit may ask for 申请; each has its three actions."""

    RETURN = "return"
    EXTENSION = "extension"
    SUSPENSION = "suspension"
    COMPLEX = "complex"

    @property
    def ask(self) -> Action:
        return Action(f"request_{self}")

    @property
    def grant(self) -> Action:
        return Action(f"grant_{self}")

    @property
    def refuse(self) -> Action:
        return Action(f"refuse_{self}")


NEEDS_CONSENT = frozenset({RequestKind.RETURN, RequestKind.EXTENSION, RequestKind.SUSPENSION})
"""What a unit gets for an upstream order only with its platform's consent; the longer limit stays within theirs."""

REQUEST_NAMES: Mapping[RequestKind, str] = MappingProxyType(
    {
        RequestKind.RETURN: "退单",
        RequestKind.EXTENSION: "延期",
        RequestKind.SUSPENSION: "挂起",
        RequestKind.COMPLEX: "疑难",
    }
)


class SupervisionCause(StrEnum):
    """Why an order is supervised 督办缘由."""

    BY_HAND = "by_hand"
    INSTRUCTION = "instruction"
    RED_LIGHT = "red_light"
    BAD_CALLBACK = "bad_callback"
    BAD_AGAIN = "bad_again"
    UPSTREAM = "upstream"
    REPEATED = "repeated"


CAUSE_NAMES: Mapping[SupervisionCause, str] = MappingProxyType(
    {
        SupervisionCause.BY_HAND: "督办员督办",
        SupervisionCause.INSTRUCTION: "领导批示",
        SupervisionCause.RED_LIGHT: "超期未办结",
        SupervisionCause.BAD_CALLBACK: "回访不满意",
        SupervisionCause.BAD_AGAIN: "重办后仍不满意",
        SupervisionCause.UPSTREAM: "上级工单",
        SupervisionCause.REPEATED: "同一地点反复投诉",
    }
)


class ExclusionGround(StrEnum):
    """Why an order is to be left out of the rates 剔除情形."""

    FORCE_MAJEURE = "force_majeure"
    LEGACY = "legacy"
    UNREASONABLE = "unreasonable"
    BEYOND_DUTY = "beyond_duty"
    VEXATIOUS = "vexatious"
    OUTSIDE_CAUSE = "outside_cause"
    OTHER = "other"


GROUND_NAMES: Mapping[ExclusionGround, str] = MappingProxyType(
    {
        ExclusionGround.FORCE_MAJEURE: "不可抗力",
        ExclusionGround.LEGACY: "政策或历史遗留问题",
        ExclusionGround.UNREASONABLE: "诉求不合理",
        ExclusionGround.BEYOND_DUTY: "非本单位职责或超出职权",
        ExclusionGround.VEXATIOUS: "重复缠访或恶意投诉",
        ExclusionGround.OUTSIDE_CAUSE: "承办单位以外的原因",
        ExclusionGround.OTHER: "其他",
    }
)


class AppealState(StrEnum):
    """Where an appeal 申诉 stands."""

    PENDING = "pending"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


APPEAL_STATE_NAMES: Mapping[AppealState, str] = MappingProxyType(
    {
        AppealState.PENDING: "待审核",
        AppealState.UPHELD: "成立",
        AppealState.REJECTED: "不成立",
        AppealState.WITHDRAWN: "已撤回",
        AppealState.LAPSED: "已失效",
    }
)

ROLE_NAMES: Mapping[AssignmentRole, str] = MappingProxyType(
    {AssignmentRole.LEAD: "主办", AssignmentRole.CO: "协办", AssignmentRole.DELEGATED: "转派"}
)
