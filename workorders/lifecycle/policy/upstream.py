"""Of what a platform above handed down: its consent, the answer that goes up, its acknowledgement, its callback.

Everything that the platform says names what it speaks of, a request or a round, so that nothing it said before can take
effect on something later.
"""

from datetime import datetime

from foundation.errors import InvalidInput, NotAllowed
from identity.actors import Role
from workorders.lifecycle.errors import (
    AcknowledgedAlready,
    AnotherRound,
    AnsweredUpAlready,
    ConsentAwaited,
    NoOpenRequest,
    NotAnsweredUp,
    NotHandedDown,
    WrongState,
)
from workorders.lifecycle.facts import Acknowledged, AnsweredUp, Attempted, Closed, ConsentAsked
from workorders.lifecycle.policy import callback, requests
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.states import NEEDS_CONSENT, TRANSITIONS, Action, RequestKind
from workorders.lifecycle.values import THROUGH_UPSTREAM, WORST_GOOD_GRADE, Closing, Request


def ask_consent(case: Case, kind: RequestKind, note: str | None) -> Decision:
    """征求上级意见 on what a unit asked for, instead of granting it: from here on the platform decides.

    The dispatcher may still refuse it as long as the platform did not answer. Raises `NotHandedDown`, `NoOpenRequest`,
    `ConsentAwaited`; `WrongState` where it could not be granted now.
    """
    _handed_down(case, Action.ASK_CONSENT)
    request = case.order.request
    if request is None or request.kind is not kind or kind not in NEEDS_CONSENT:
        raise NoOpenRequest
    if request.consent_asked_at is not None:
        raise ConsentAwaited
    if (case.order.status, kind.grant) not in TRANSITIONS:
        raise WrongState(case.order.status, kind.grant)
    return Decision(Action.ASK_CONSENT, ConsentAsked(request=request.id), {"note": note} if note else {})


def consent(case: Case, request: str, note: str | None) -> Decision:
    """The platform's consent: the grant, with effect from when the unit asked. Raises `NoOpenRequest`."""
    return requests.grant(case, _asked(case, request).kind, note)


def refuse_consent(case: Case, request: str, reason: str) -> Decision:
    """The platform's refusal: the clocks have run on all the time. Raises `NoOpenRequest`."""
    return requests.refuse(case, _asked(case, request).kind, reason)


def answer_up(case: Case, answer: str) -> Decision:
    """上报答复: once in each round, after the reply was accepted. Raises `NotHandedDown`, `AnsweredUpAlready`."""
    _handed_down(case, Action.ANSWER_UP)
    if case.order.answered_up_at is not None:
        raise AnsweredUpAlready
    return Decision(Action.ANSWER_UP, AnsweredUp(round=case.order.round), {"answer": answer})


def acknowledge(case: Case, round: int) -> Decision:
    """上级签收 of a round's answer. Raises `AnotherRound`, `NotAnsweredUp`, `AcknowledgedAlready`."""
    _handed_down(case, Action.ACKNOWLEDGE)
    _answered(case, round)
    if case.order.acknowledged_at is not None:
        raise AcknowledgedAlready
    return Decision(Action.ACKNOWLEDGE, Acknowledged(round=round))


def call_back(
    case: Case,
    round: int,
    *,
    reached: bool,
    solved: bool | None,
    grade: int | None,
    said: str | None,
    due: datetime | None,
) -> Decision:
    """上级回访 of a round's answer; it may come before the acknowledgement. Unsolved or not satisfied it forces the
    redo, for which the platform may set a limit.

    Raises `AnotherRound`, `NotAnsweredUp`, `AnswerMissing`, `GradeUnknown`; `InvalidInput` for a limit that is past, or
    that is set for no redo.
    """
    _handed_down(case, Action.CALLBACK_ATTEMPT)
    _by_the_platform(case)
    _answered(case, round)
    callback.check_answer(reached=reached, solved=solved, grade=grade)
    bad = grade is not None and (grade > WORST_GOOD_GRADE or not solved)
    if due is not None and (not bad or due <= case.now):
        raise InvalidInput.field("due", "重办时限只随不满意或未解决的回访给出，且须晚于现在。")
    fact = Attempted(reached=reached, solved=solved, grade=grade, wants_redo=bad, through=THROUGH_UPSTREAM, due=due)
    return Decision(Action.CALLBACK_ATTEMPT, fact, {"said": said} if said else {})


def after_callback(case: Case) -> Decision | None:
    """What follows by rule from the platform's callback: a bad one forces the redo, any other closes.

    At the cap the final answer is the supervisor's; where no unit can take the redo, a dispatcher finds one.
    """
    order = case.order
    if order.redo_asked:
        return _redo_by_rule(case) if order.round < case.terms.rules.caps.redos else None
    if order.rating is not None and order.rating.round == order.round and order.rating.through == THROUGH_UPSTREAM:
        closing = Closing.CALLED_BACK
    elif order.attempts:
        closing = Closing.UNREACHED
    else:
        return None
    case.open_for(Action.CALLBACK_CLOSE)
    return Decision(Action.CALLBACK_CLOSE, Closed(closing=closing))


def _redo_by_rule(case: Case) -> Decision | None:
    try:
        return callback.redo(case, "上级回访未解决或不满意，须重办。")
    except InvalidInput:
        return None


def _handed_down(case: Case, action: Action) -> None:
    case.open_for(action)
    if case.order.upstream is None:
        raise NotHandedDown


def _by_the_platform(case: Case) -> None:
    """That nobody of the city speaks for it. Raises `NotAllowed`."""
    if not case.actor.has(Role.UPSTREAM):
        raise NotAllowed


def _asked(case: Case, request: str) -> Request:
    _by_the_platform(case)
    open_one = case.order.request
    if open_one is None or open_one.id != request or open_one.consent_asked_at is None:
        raise NoOpenRequest
    return open_one


def _answered(case: Case, round: int) -> None:
    if round != case.order.round:
        raise AnotherRound
    if case.order.answered_up_at is None:
        raise NotAnsweredUp
