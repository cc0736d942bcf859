"""Exclusion 剔除: a supervisor's decision that an order is left out of every rate; a unit may appeal 申诉 for it.

It moves nothing on the order's road: deadlines, lights and handling go on, and taken back it leaves no trace in the
figures. An excluded order has no pending appeal: what was asked for is granted.
"""

from foundation.errors import NotAllowed
from workorders.deadlines.clocks import limit_end
from workorders.lifecycle.errors_beside import (
    AlreadyExcluded,
    AppealOver,
    AppealPending,
    AppealsUsedUp,
    AppealWindowOver,
    NoSuchAppeal,
    NotExcluded,
)
from workorders.lifecycle.facts import AppealDecided, Appealed, AppealWithdrawn, Excluded, Readmitted
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.states import Action, AssignmentEnd, ExclusionGround
from workorders.lifecycle.values import Appeal, Assignment, Exclusion, Order

MOST_OF_A_UNIT = 5
"""Appeals of one unit over an order's life, so that it stays a small document."""


def file(case: Case, ground: ExclusionGround, reason: str) -> Decision:
    """申诉 by the head of a unit that has or had the order, until the pack's window after its closing is over.

    Raises `NotAllowed` for other units, `AlreadyExcluded`, `AppealPending`, `AppealsUsedUp`, `AppealWindowOver`.
    """
    case.open_for(Action.FILE_APPEAL)
    held, order = _held(case), case.order
    if order.exclusion is not None:
        raise AlreadyExcluded
    before = [each for each in order.appeals if each.unit == held.unit]
    if any(each.pending for each in before):
        raise AppealPending
    if len(before) >= MOST_OF_A_UNIT:
        raise AppealsUsedUp(MOST_OF_A_UNIT)
    window = case.terms.rules.appeal_window
    if order.closed_at is not None and case.now > limit_end(case.terms.calendar, window, order.closed_at):
        raise AppealWindowOver
    appeal = Appeal(
        id=f"{order.id}:p{len(order.appeals) + 1}",
        assignment=held.id,
        unit=held.unit,
        ground=ground,
        filed_at=case.now,
        filed_by=case.actor.id,
    )
    return Decision(Action.FILE_APPEAL, Appealed(appeal=appeal), {"reason": reason})


def withdraw(case: Case, id: str) -> Decision:
    """撤回申诉 by the unit that filed it, or its heir. Raises `NotAllowed` for others, `NoSuchAppeal`, `AppealOver`."""
    case.open_for(Action.WITHDRAW_APPEAL)
    appeal = _appeal(case.order, id)
    if case.terms.heir(appeal.unit) != case.actor.unit_id:
        raise NotAllowed("该申诉不是您所在的单位提出的。")
    _require_pending(appeal)
    return Decision(Action.WITHDRAW_APPEAL, AppealWithdrawn(appeal=appeal.id))


def decide(case: Case, id: str, *, upheld: bool, reason: str) -> Decision:
    """审核申诉 by a supervisor: upheld 成立, it excludes the order on the appeal's ground; else 不成立.

    Raises `NotAllowed` for one's own appeal, `NoSuchAppeal`, `AppealOver`.
    """
    case.open_for(Action.DECIDE_APPEAL)
    appeal = _appeal(case.order, id)
    _require_pending(appeal)
    if appeal.filed_by == case.actor.id:
        raise NotAllowed("不能审核自己提出的申诉。")
    exclusion = _exclusion(case, appeal.ground, appeal.id) if upheld else None
    return Decision(Action.DECIDE_APPEAL, AppealDecided(appeal=appeal.id, exclusion=exclusion), {"reason": reason})


def exclude(case: Case, ground: ExclusionGround, reason: str) -> Decision:
    """剔除 by a supervisor; pending appeals are upheld with it. Raises `AlreadyExcluded`."""
    case.open_for(Action.EXCLUDE)
    if case.order.exclusion is not None:
        raise AlreadyExcluded
    return Decision(Action.EXCLUDE, Excluded(exclusion=_exclusion(case, ground)), {"reason": reason})


def readmit(case: Case, reason: str) -> Decision:
    """恢复计入 by a supervisor. Raises `NotExcluded`."""
    case.open_for(Action.READMIT)
    if case.order.exclusion is None:
        raise NotExcluded
    return Decision(Action.READMIT, Readmitted(), {"reason": reason})


def concerned(order: Order) -> list[Assignment]:
    """The stays by which a unit is concerned: those that another unit took over are that one's."""
    return [each for each in order.assignments if each.end is not AssignmentEnd.REPLACED]


def _held(case: Case) -> Assignment:
    held = [each for each in concerned(case.order) if each.unit == case.actor.unit_id]
    if not held:
        raise NotAllowed("工单没有派给您所在的单位。")
    return held[-1]


def _exclusion(case: Case, ground: ExclusionGround, appeal: str | None = None) -> Exclusion:
    return Exclusion(ground=ground, at=case.now, by=case.actor.id, appeal=appeal)


def _appeal(order: Order, id: str) -> Appeal:
    found = order.appeal(id)
    if found is None:
        raise NoSuchAppeal
    return found


def _require_pending(appeal: Appeal) -> None:
    if not appeal.pending:
        raise AppealOver
