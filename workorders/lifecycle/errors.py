"""What can go wrong with an order on its road, told to the person who tried; beside the road, see `errors_beside`.

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
└── NotAbolished         only an abolished unit is replaced
InvalidInput
├── UnknownUnit / UnitAbolished / UnitComplainedOf
├── RedoNeedsUnit / RedoElsewhere
├── NotBelow             delegation goes down the own tree
├── NotSuccessor
└── AnswerMissing / GradeUnknown
RateLimited
└── UrgedEnough
"""

from foundation.errors import Conflict, InvalidInput, RateLimited
from workorders.lifecycle.names import ACTION_NAMES, STATUS_NAMES
from workorders.lifecycle.states import Action, Status


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
