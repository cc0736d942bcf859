"""What can go wrong beside an order's road: merging, supervision and meetings, emergencies, exclusion.

Conflict
├── Muted                a merged order is worked on as its main order
├── AlreadyMerged / NotMerged / IntoMerged / MergedEnough
├── InRedo / MainLessUrgent / UpstreamIsMain / MainAtComplainedOf   what is not merged
├── NoSuchSupervision / SupervisionOver / SupervisionAlreadyAnswered / SupervisionUnanswered / TooManySupervisions
├── AlreadyMet
├── NoPhoneTask / CallMovedOn
├── AppealPending / AppealsUsedUp / AppealWindowOver / NoSuchAppeal / AppealOver
└── AlreadyExcluded / NotExcluded
InvalidInput
└── IntoItself
"""

from foundation.errors import Conflict, InvalidInput


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


class AppealPending(Conflict):
    code = "APPEAL_PENDING"
    text = "本单位对该工单已有一项申诉待审核，请等待审核结果。"


class AppealsUsedUp(Conflict):
    code = "APPEALS_USED_UP"

    def __init__(self, most: int) -> None:
        super().__init__(f"每个单位对一件工单最多申诉 {most} 次，不能再次申诉。")


class AppealWindowOver(Conflict):
    code = "APPEAL_WINDOW_OVER"
    text = "已超过归档后的申诉期限，不能再申诉。"


class NoSuchAppeal(Conflict):
    code = "NO_SUCH_APPEAL"
    text = "该工单没有这项申诉。"


class AppealOver(Conflict):
    code = "APPEAL_OVER"
    text = "该项申诉已有结果或已撤回。"


class AlreadyExcluded(Conflict):
    code = "ALREADY_EXCLUDED"
    text = "该工单已经剔除，不计入考核，无需再次剔除或申诉。"


class NotExcluded(Conflict):
    code = "NOT_EXCLUDED"
    text = "该工单没有剔除，本来就计入考核。"
