"""Facts turned into messages to the citizen: which events tell them something, and in what words; and which events the
platform above, supervisors and units are told of."""

from workorders.lifecycle.states import TRANSITIONS, Action, RequestKind, Status
from workorders.lifecycle.values import Order, Reporter

TOLD = frozenset({Action.INTAKE, Action.REJECT, Action.HOTLINE_ACCEPT, Action.FINAL_ANSWER, Action.FOLLOW_PARENT})

TOLD_ABOVE = frozenset(
    {
        *(action for (source, action), target in TRANSITIONS.items() if target is not source),
        *(kind.refuse for kind in RequestKind),  # by the dispatcher, it takes back what the platform was asked
        Action.ASK_CONSENT,
        Action.ANSWER_UP,
    }
)

TELLS_OF_EXCLUSION = frozenset({Action.FILE_APPEAL, Action.DECIDE_APPEAL, Action.EXCLUDE, Action.READMIT})
"""What supervisors or the units concerned are told of in their inbox."""


def tells_citizen(action: Action, after: Order) -> bool:
    """Whether the citizen gets a message about this: the anonymous get none."""
    return action in TOLD and after.reporter is not Reporter.ANONYMOUS


def tells_platform(action: Action, after: Order) -> bool:
    """Whether the platform that handed the order down is told of this."""
    return after.upstream is not None and action in TOLD_ABOVE


def message(action: Action, order: Order, due: str) -> str:
    """The message, without personal data; `due` is the promised local date and time."""
    match action:
        case Action.INTAKE:
            return f"【12345】您的诉求已受理，工单编号{order.number}，预计{due}前答复。"
        case Action.REJECT:
            return f"【12345】您的诉求（编号{order.number}）不属于热线受理范围，请在小程序查看办理渠道。"
        case Action.HOTLINE_ACCEPT | Action.FOLLOW_PARENT if order.status is not Status.CLOSED:
            return f"【12345】您的诉求（编号{order.number}）已答复，请在小程序查看并评价。"
        case _:
            return f"【12345】您的诉求（编号{order.number}）已办结，请在小程序查看。"
