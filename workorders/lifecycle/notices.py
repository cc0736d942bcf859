"""Facts turned into messages to the citizen: which events tell them something, and in what words."""

from workorders.lifecycle.states import Action, Status
from workorders.lifecycle.values import Order, Reporter

TOLD = frozenset({Action.INTAKE, Action.REJECT, Action.HOTLINE_ACCEPT, Action.FINAL_ANSWER, Action.FOLLOW_PARENT})


def tells_citizen(action: Action, after: Order) -> bool:
    """Whether the citizen gets a message about this: the anonymous get none."""
    return action in TOLD and after.reporter is not Reporter.ANONYMOUS


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
