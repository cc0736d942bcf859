"""Emergencies 特急: the lead unit's duty roster is called by phone, one after the other, until the unit knows.

A stay has one phone task, which opens by rule with whatever made the order an emergency at that unit. Whoever does not
confirm within the rule pack's limit, or is not reached, is followed by the next on the roster of that moment who was
not called yet; after the last of them it is the supervisors' matter. So each person has one turn, and it ends.
"""

from datetime import datetime

from foundation.errors import InvalidInput
from identity.documents import Contact
from identity.duty import reference
from workorders.deadlines import clocks
from workorders.deadlines.values import Urgency
from workorders.lifecycle.errors_beside import CallMovedOn, NoPhoneTask
from workorders.lifecycle.facts import CallConfirmed, DutyCalled, DutyPhoned
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.states import TRANSITIONS, Action
from workorders.lifecycle.values import Assignment, Call, PhoneTask

PHONED = frozenset({Urgency.EMERGENCY})
"""What is not left lying on a desk until somebody looks."""


def by_rule(case: Case) -> Decision | None:
    """通知值班人员: the first of the roster, for a stay that has no phone task; the next, if one was tried in vain."""
    order = case.order
    if order.urgency not in PHONED or (order.status, Action.CALL_DUTY) not in TRANSITIONS:
        return None
    lead, task = order.lead, order.phone_task
    if lead is None:
        return None
    if task is None or task.assignment != lead.id:
        return _call(case, lead, (), case.now)
    in_vain = task.open and task.unreached and task.due is not None
    return _call(case, lead, task.calls, case.now) if in_vain else None


def move_up(case: Case) -> Decision:
    """The turn of the next, as time has it: those whose turn is over by now too are passed in the same event.

    Raises `NoPhoneTask` also when it is the supervisors' already.
    """
    case.open_for(Action.CALL_DUTY)
    lead, task = case.lead(Action.CALL_DUTY), _open(case)
    if task.due is None:
        raise NoPhoneTask
    return _call(case, lead, task.calls, min(task.due, case.now))


def _call(case: Case, lead: Assignment, before: tuple[Call, ...], moment: datetime) -> Decision:
    """Whose turn it is now if it was the next one's at `moment`, each by the roster as it was then."""
    case.open_for(Action.CALL_DUTY)
    rules, calendar = case.terms.rules, case.terms.calendar
    calls, named = list[Call](), list[Contact]()
    had = {call.who for call in before}
    due: datetime | None = None
    while due is None or due < case.now:
        moment = due or moment
        on_turn = next((each for each in case.terms.on_duty(lead.unit, moment) if reference(each) not in had), None)
        if on_turn is None:
            due = None
            break
        calls.append(Call(who=reference(on_turn), at=moment))
        had.add(calls[-1].who)
        named.append(on_turn)
        due = clocks.limit_end(calendar, rules.acknowledge, moment)
    fact = DutyCalled(
        assignment=lead.id,
        unit=lead.unit,
        before=len(before),
        calls=tuple(calls),
        due=due,
        escalated_at=moment if due is None else None,
    )
    texts = {"on_duty": "、".join(f"{each.name}（{each.post}）" if each.post else each.name for each in named)}
    return Decision(Action.CALL_DUTY, fact, texts if named else {})


def phone(case: Case, *, call: int, reached: bool, said: str | None) -> Decision:
    """登记通知电话: the phone task's n-th call, counted from 1, as the hotline made it; after the last on the roster
    the next number stands for the supervisors' own.

    Reached, whoever it was, the unit knows. Not reached, the next is on turn at once. Raises `NoPhoneTask`,
    `CallMovedOn` for one not reached whose turn is over; `InvalidInput` for a call that is still to come.
    """
    case.open_for(Action.PHONE_DUTY)
    task = _open(case)
    now = turn(task)
    if not 1 <= call <= now:
        raise InvalidInput.field("call", f"通知序号须为 1 至 {now}。")
    if not reached and call < now:
        raise CallMovedOn
    fact = DutyPhoned(assignment=task.assignment, call=call, reached=reached)
    return Decision(Action.PHONE_DUTY, fact, {"said": said} if said else {})


def turn(task: PhoneTask) -> int:
    """Which call is to be made now, counted from 1."""
    return len(task.calls) + (task.escalated_at is not None)


def confirm(case: Case) -> Decision:
    """值班确认 by the lead unit itself. Raises `NoPhoneTask`, `NotAllowed`."""
    case.open_for(Action.CONFIRM_CALL)
    lead = case.lead(Action.CONFIRM_CALL)
    _open(case)
    return Decision(Action.CONFIRM_CALL, CallConfirmed(assignment=lead.id))


def _open(case: Case) -> PhoneTask:
    task = case.order.phone_task
    if task is None or not task.open:
        raise NoPhoneTask
    return task
