"""What can go wrong with an order, told to the person who tried.

Conflict
├── WrongState           the table of states has no such row
├── AlreadyHandedDown    an upstream number that is an order already
├── RequestStillOpen / NoOpenRequest
├── ReturnWindowOver / ReturnsUsedUp / OnlyAdjudication / NotDisputed / CannotReturn
├── DeadlinePassed / CapReached
├── Suspended / NotSuspended
├── WrongAssignment / NotSigned / AlreadySigned / AlreadyReplied / AlreadyAssigned
├── WaitsForOthers       the lead's reply must say why it does not wait
├── RedoAsked / RedoUsedUp / RedoLeft
├── AttemptsLeft
├── NotHandedDown        only orders of a platform above are answered up
├── NeedsConsent / ConsentAwaited
├── AnsweredUpAlready / NotAnsweredUp / AcknowledgedAlready / AnotherRound
├── CalledBackAbove      the platform above calls back, not we
├── NotRatable / AlreadyRated
├── NotAbolished         only an abolished unit is replaced
├── Muted                a merged order is worked on as its main order
├── AlreadyMerged / NotMerged / IntoMerged / MergedEnough
└── InRedo / MainLessUrgent / UpstreamIsMain / MainAtComplainedOf   what is not merged
├── NoSuchSupervision / SupervisionOver / SupervisionAlreadyAnswered / SupervisionUnanswered / TooManySupervisions
├── AlreadyMet
├── NoPhoneTask / CallMovedOn
└── NotAbolished         only an abolished unit is replaced
InvalidInput
├── UnknownUnit / UnitAbolished / UnitComplainedOf
├── RedoNeedsUnit / RedoElsewhere
├── NotBelow             delegation goes down the own tree
├── NotSuccessor
├── IntoItself
└── AnswerMissing / GradeUnknown
RateLimited
└── UrgedEnough
"""

from foundation.errors import Conflict, InvalidInput, RateLimited
from workorders.lifecycle.states import Action, Status

STATUS_NAMES = {
    Status.RECEIVED: "待派单",
    Status.DISPATCHED: "待签收",
    Status.IN_PROGRESS: "办理中",
    Status.UNIT_REVIEW: "单位审核",
    Status.HOTLINE_REVIEW: "热线审核",
    Status.CALLBACK: "待回访",
    Status.CLOSED: "已归档",
    Status.REJECTED: "不予受理",
    Status.WITHDRAWN: "已撤单",
}

ACTION_NAMES = {
    Action.INTAKE: "受理",
    Action.ANSWER_NOW: "即答",
    Action.REJECT: "不予受理",
    Action.RECLASSIFY: "改类",
    Action.SUPPLEMENT: "补充",
    Action.DISPATCH: "派单",
    Action.ADJUDICATE: "裁定派单",
    Action.SIGN: "签收",
    Action.CO_SIGN: "签收",
    Action.REQUEST_RETURN: "申请退单",
    Action.GRANT_RETURN: "同意退单",
    Action.REFUSE_RETURN: "驳回退单申请",
    Action.REQUEST_EXTENSION: "申请延期",
    Action.GRANT_EXTENSION: "同意延期",
    Action.REFUSE_EXTENSION: "驳回延期申请",
    Action.REQUEST_SUSPENSION: "申请挂起",
    Action.GRANT_SUSPENSION: "同意挂起",
    Action.REFUSE_SUSPENSION: "驳回挂起申请",
    Action.REQUEST_COMPLEX: "申请疑难",
    Action.GRANT_COMPLEX: "同意疑难申请",
    Action.REFUSE_COMPLEX: "驳回疑难申请",
    Action.RESUME: "恢复办理",
    Action.CONTACT: "联系市民",
    Action.DELEGATE: "转派",
    Action.CO_REPLY: "回复主办单位",
    Action.SUBMIT_REPLY: "提交回复",
    Action.UNIT_APPROVE: "单位审核通过",
    Action.UNIT_SEND_BACK: "单位审核退回",
    Action.HOTLINE_ACCEPT: "热线审核通过",
    Action.HOTLINE_SEND_BACK: "热线审核退回",
    Action.CALLBACK_ATTEMPT: "回访",
    Action.RATE: "评价",
    Action.CALLBACK_CLOSE: "归档",
    Action.CALLBACK_REDO: "重办",
    Action.FINAL_ANSWER: "最终答复",
    Action.WITHDRAW: "撤单",
    Action.URGE: "催办",
    Action.REPLACE: "变更承办单位",
    Action.LIGHT: "亮灯",
    Action.CORRECT_CALENDAR: "按更正的日历重新计算时限",
    Action.ASK_CONSENT: "征求上级意见",
    Action.ANSWER_UP: "上报答复",
    Action.ACKNOWLEDGE: "上级签收",
    Action.MERGE: "并入其他工单",
    Action.UNMERGE: "取消合并",
    Action.ADOPT: "作为主单合并其他工单",
    Action.RELEASE: "移出合并的工单",
    Action.FOLLOW_PARENT: "随主单答复",
    Action.SUPERVISE: "督办",
    Action.INSTRUCT: "批示",
    Action.ANSWER_SUPERVISION: "回复督办",
    Action.CLOSE_SUPERVISION: "办结督办",
    Action.MEET: "记录会议结果",
    Action.CALL_DUTY: "通知值班人员",
    Action.PHONE_DUTY: "登记通知电话",
    Action.CONFIRM_CALL: "确认值班通知",
}


class WrongState(Conflict):
    code = "WRONG_STATE"

    def __init__(self, status: Status, action: Action) -> None:
        super().__init__(f"工单当前为“{STATUS_NAMES[status]}”，不能{ACTION_NAMES[action]}。")


class AlreadyHandedDown(Conflict):
    code = "ALREADY_HANDED_DOWN"
    text = "该上级工单已经下派过。"


class RequestStillOpen(Conflict):
    code = "REQUEST_STILL_OPEN"
    text = "已有一项申请待审批，请等待审批结果。"


class NoOpenRequest(Conflict):
    code = "NO_OPEN_REQUEST"
    text = "没有待审批的此类申请。"


class ReturnWindowOver(Conflict):
    code = "RETURN_WINDOW_OVER"
    text = "已超过退单期限，请继续办理。"


class ReturnsUsedUp(Conflict):
    code = "RETURNS_USED_UP"
    text = "退单次数已用完，不能再退单。"


class OnlyAdjudication(Conflict):
    code = "ONLY_ADJUDICATION"
    text = "该工单已退单两次，须由派单组长裁定。"


class CannotReturn(Conflict):
    code = "CANNOT_RETURN"
    text = "该工单由派单组长裁定，或已在重办，不能退单。"


class NotDisputed(Conflict):
    code = "NOT_DISPUTED"
    text = "该工单退单次数未满，请按一般程序派单。"


class DeadlinePassed(Conflict):
    code = "DEADLINE_PASSED"
    text = "已超过办理时限，不能再申请。"


class CapReached(Conflict):
    code = "CAP_REACHED"
    text = "此类申请的次数已用完。"


class Suspended(Conflict):
    code = "SUSPENDED"
    text = "工单已挂起，请先恢复办理。"


class NotSuspended(Conflict):
    code = "NOT_SUSPENDED"
    text = "工单没有挂起。"


class WaitsForOthers(Conflict):
    code = "WAITS_FOR_OTHERS"
    text = "协办或转派单位尚未回复；如不再等待，请说明原因。"


class RedoUsedUp(Conflict):
    code = "REDO_USED_UP"
    text = "该工单已重办过，只能由督办作最终答复。"


class RedoLeft(Conflict):
    code = "REDO_LEFT"
    text = "该工单尚可重办，不能作最终答复。"


class RedoNeedsUnit(InvalidInput):
    code = "REDO_NEEDS_UNIT"
    text = "原主办单位已不能承办，且没有承接单位，请指定重办单位。"


class RedoElsewhere(InvalidInput):
    code = "REDO_ELSEWHERE"
    text = "重办由原主办单位或其承接单位办理，不能指定其他单位。"


class RedoAsked(Conflict):
    code = "REDO_ASKED"
    text = "市民要求重办，须由派单员决定重办或归档。"


class AttemptsLeft(Conflict):
    code = "ATTEMPTS_LEFT"
    text = "回访未接通的次数不足，请继续回访。"


class NotHandedDown(Conflict):
    code = "NOT_HANDED_DOWN"
    text = "该工单不是上级平台下派的。"


class NeedsConsent(Conflict):
    code = "NEEDS_CONSENT"
    text = "该工单由上级平台下派，退单、延期、挂起须先征求上级意见。"


class ConsentAwaited(Conflict):
    code = "CONSENT_AWAITED"
    text = "已征求上级意见，请等待上级答复。"


class AnsweredUpAlready(Conflict):
    code = "ANSWERED_UP_ALREADY"
    text = "本轮答复已经上报。"


class NotAnsweredUp(Conflict):
    code = "NOT_ANSWERED_UP"
    text = "本轮答复尚未上报。"


class AcknowledgedAlready(Conflict):
    code = "ACKNOWLEDGED_ALREADY"
    text = "本轮答复已经签收。"


class AnotherRound(Conflict):
    code = "ANOTHER_ROUND"
    text = "该工单已不在所指的办理轮次。"


class CalledBackAbove(Conflict):
    code = "CALLED_BACK_ABOVE"
    text = "该工单由上级平台回访，请等待上级的回访结果。"


class AlreadyRated(Conflict):
    code = "ALREADY_RATED"
    text = "您已评价过，感谢您的反馈。"


class NotRatable(Conflict):
    code = "NOT_RATABLE"
    text = "该工单不能评价。"


class UnknownUnit(InvalidInput):
    code = "UNKNOWN_UNIT"
    text = "没有这个单位。"


class UnitAbolished(InvalidInput):
    code = "UNIT_ABOLISHED"
    text = "该单位已撤销，请选择承接单位。"


class UnitComplainedOf(InvalidInput):
    code = "UNIT_COMPLAINED_OF"
    text = "不能将工单派给被投诉的单位或其下属单位。"


class NotBelow(InvalidInput):
    code = "NOT_BELOW"
    text = "只能转派给本单位的下级单位。"


class AlreadyAssigned(Conflict):
    code = "ALREADY_ASSIGNED"
    text = "该单位已在承办本工单。"


class NotAbolished(Conflict):
    code = "NOT_ABOLISHED"
    text = "承办单位没有撤销，不能变更承办单位；请按退单程序办理。"


class NotSuccessor(InvalidInput):
    code = "NOT_SUCCESSOR"
    text = "只能变更为被撤销单位的承接单位。"


class UrgedEnough(RateLimited):
    code = "URGED_ENOUGH"
    text = "今天已催办过，我们会督促承办单位尽快办理。"


class NoSuchSupervision(Conflict):
    code = "NO_SUCH_SUPERVISION"
    text = "该工单没有这项督办。"


class SupervisionOver(Conflict):
    code = "SUPERVISION_OVER"
    text = "该项督办已经办结。"


class SupervisionAlreadyAnswered(Conflict):
    code = "SUPERVISION_ALREADY_ANSWERED"
    text = "该项督办已经回复，请等待督办员办结。"


class SupervisionUnanswered(Conflict):
    code = "SUPERVISION_UNANSWERED"
    text = "承办单位尚未回复督办；如不再等待，请说明原因。"


class TooManySupervisions(Conflict):
    code = "TOO_MANY_SUPERVISIONS"
    text = "该工单的督办已达上限，请先办结已有的督办。"


class AlreadyMet(Conflict):
    code = "ALREADY_MET"
    text = "该会议对本工单的结果已经记录。"


class NoPhoneTask(Conflict):
    code = "NO_PHONE_TASK"
    text = "该工单没有待确认的电话通知任务。"


class CallMovedOn(Conflict):
    code = "CALL_MOVED_ON"
    text = "电话通知已转至下一人，请按当前的通知对象拨打并登记。"


class WrongAssignment(Conflict):
    code = "WRONG_ASSIGNMENT"
    text = "该承办记录不存在或已结束。"


class NotSigned(Conflict):
    code = "NOT_SIGNED"
    text = "请先签收工单。"


class AlreadySigned(Conflict):
    code = "ALREADY_SIGNED"
    text = "本单位已经签收。"


class AlreadyReplied(Conflict):
    code = "ALREADY_REPLIED"
    text = "本单位已经回复。"


class AnswerMissing(InvalidInput):
    code = "ANSWER_MISSING"
    text = "接通的回访须记录是否解决和满意度；未接通的不能记录。"


class GradeUnknown(InvalidInput):
    code = "GRADE_UNKNOWN"
    text = "满意度须为 1（非常满意）至 5（非常不满意）。"


class Muted(Conflict):
    code = "MERGED"
    text = "该工单已并入其他工单，请在主单上办理。"


class IntoItself(InvalidInput):
    code = "INTO_ITSELF"
    text = "不能将工单并入其自身。"


class AlreadyMerged(Conflict):
    code = "ALREADY_MERGED"
    text = "该工单已经合并；如需并入另一工单，请先取消合并。"


class NotMerged(Conflict):
    code = "NOT_MERGED"
    text = "该工单没有合并。"


class IntoMerged(Conflict):
    """`main` is the order that the other one was merged into."""

    code = "INTO_MERGED"

    def __init__(self, main: str, number: str = "") -> None:
        super().__init__(f"目标工单已并入工单{number}，请选择该主单。")
        self.main = main


class MergedEnough(Conflict):
    code = "MERGED_ENOUGH"

    def __init__(self, most: int) -> None:
        super().__init__(f"一件主单最多并入 {most} 件工单，请另选主单。")


class InRedo(Conflict):
    code = "IN_REDO"
    text = "该工单正在重办，不能并入其他工单。"


class MainLessUrgent(Conflict):
    code = "MAIN_LESS_URGENT"
    text = "主单的紧急程度低于该工单，请反向合并，或先对主单改类。"


class UpstreamIsMain(Conflict):
    code = "UPSTREAM_IS_MAIN"
    text = "上级工单须单独答复上级平台，只能作为主单。"


class MainAtComplainedOf(Conflict):
    code = "MAIN_AT_COMPLAINED_OF"
    text = "该工单投诉的单位可能承办主单，不能合并。"
