"""After the accepted reply: calling back, rating, redoing, the final answer."""

from dataclasses import replace

from identity.actors import Role
from workorders.lifecycle.errors import (
    AlreadyRated,
    AnswerMissing,
    AttemptsLeft,
    CalledBackAbove,
    GradeUnknown,
    NotRatable,
    RedoAsked,
    RedoElsewhere,
    RedoLeft,
    RedoNeedsUnit,
    RedoUsedUp,
    UnitAbolished,
    UnitComplainedOf,
    UnknownUnit,
    WrongAssignment,
)
from workorders.lifecycle.facts import Attempted, Closed, Rated, Redone
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.policy.hotline import assign
from workorders.lifecycle.states import Action, AssignmentRole, Status
from workorders.lifecycle.terms import Unit
from workorders.lifecycle.values import Closing, Order, Reporter, Upstream

GRADES = range(1, 6)


def attempt(
    case: Case, *, reached: bool, solved: bool | None, grade: int | None, wants_redo: bool, said: str | None
) -> Decision:
    """回访: one call, reached or not; reached, it records solved and satisfied.

    Raises `InvalidInput` for an answer without a call that was answered.
    """
    case.open_for(Action.CALLBACK_ATTEMPT)
    if case.order.upstream is not None:
        raise CalledBackAbove
    check_answer(reached=reached, solved=solved, grade=grade)
    fact = Attempted(reached=reached, solved=solved, grade=grade, wants_redo=wants_redo and reached)
    return Decision(Action.CALLBACK_ATTEMPT, fact, {"said": said} if said else {})


def check_answer(*, reached: bool, solved: bool | None, grade: int | None) -> None:
    """That a call that was answered, and no other, says whether it is solved and how satisfied the citizen is.

    Raises `AnswerMissing`, `GradeUnknown`.
    """
    answered = (solved is not None, grade is not None)
    if answered != (reached, reached):
        raise AnswerMissing
    if grade is not None:
        _check_grade(grade)


def rate(case: Case, *, grade: int, solved: bool, comment: str | None, opened: str | None = None) -> Decision:
    """评价 by the citizen: once per round, in the callback, or of an answer at once 即答 while it is closed.

    `opened` is the linked order that a bad rating of such an answer opens. The anonymous are left out of satisfaction.
    Raises `NotRatable`, `GradeUnknown`, `AlreadyRated`.
    """
    case.open_for(Action.RATE)
    order = case.order
    answered = order.closing is Closing.ANSWERED
    if order.reporter is Reporter.ANONYMOUS or (order.status is Status.CLOSED and not answered):
        raise NotRatable
    _check_grade(grade)
    if order.rating is not None and order.rating.round == order.round:
        raise AlreadyRated
    fact = Rated(grade=grade, solved=solved, through="app", opened=opened)
    return Decision(Action.RATE, fact, {"comment": comment} if comment else {})


def close(case: Case, note: str | None) -> Decision:
    """回访归档: after an answered call, or as "unreached" after so many attempts.

    Whether a redo that the citizen asks for is justified, only a dispatcher decides. What a platform above handed down,
    that calls back; a dispatcher closes it once the answer is up and the platform let the limit pass.
    """
    case.open_for(Action.CALLBACK_CLOSE)
    order = case.order
    if order.upstream is not None:
        if not _silent_above(case):
            raise CalledBackAbove
        return Decision(Action.CALLBACK_CLOSE, Closed(closing=Closing.WITHOUT_CALLBACK), {"note": note} if note else {})
    if order.redo_asked and not case.actor.has(Role.DISPATCHER, Role.CHIEF_DISPATCHER):
        raise RedoAsked
    if order.rating is not None and order.rating.round == order.round:
        closing = Closing.RATED if order.rating.through == "app" else Closing.CALLED_BACK
    elif order.attempts >= case.terms.rules.caps.callback_attempts:
        closing = Closing.UNREACHED
    else:
        raise AttemptsLeft
    return Decision(Action.CALLBACK_CLOSE, Closed(closing=closing), {"note": note} if note else {})


def _silent_above(case: Case) -> bool:
    """Whether the platform above has the answer and did not call back in time."""
    order = case.order
    late = order.callback is not None and not order.callback.met_at(case.now)
    dispatches = case.actor.has(Role.DISPATCHER, Role.CHIEF_DISPATCHER)
    return dispatches and late and order.answered_up_at is not None and not order.redo_asked


def redo(case: Case, reason: str, named: str | None = None) -> Decision:
    """重办 at the unit whose answer it was, or its heir: a new round with its own deadline, also of an order that was
    merged. At the cap only the final answer is left.

    Another unit is `named` only where neither can take it. Raises `RedoNeedsUnit` where one must be, `RedoElsewhere`
    where none may be, and for the named one like `Case.unit`.
    """
    case.open_for(Action.CALLBACK_REDO)
    if case.order.upstream is not None and not case.order.redo_asked:
        raise CalledBackAbove
    if case.order.round >= case.terms.rules.caps.redos:
        raise RedoUsedUp
    answered_by = _answered_by(case.order)
    if answered_by is None:
        raise WrongAssignment
    unit = _redoing(case, case.terms.heir(answered_by), named)
    case, upstream = _within_a_limit_ahead(case)
    again = assign(case, unit, AssignmentRole.LEAD, number=len(case.order.assignments), round=case.order.round + 1)
    return Decision(Action.CALLBACK_REDO, Redone(assignment=again, upstream=upstream), {"reason": reason})


def _within_a_limit_ahead(case: Case) -> tuple[Case, Upstream | None]:
    """The case with the hand-down that binds a redo, and that if it changed: the platform's limit that is past was one
    for the answer before."""
    upstream = case.order.upstream
    if upstream is None or upstream.due is None or upstream.due > case.now:
        return case, None
    upstream = upstream.model_copy(update={"due": None})
    return replace(case, order=case.order.model_copy(update={"upstream": upstream})), upstream


def _redoing(case: Case, heir: str, named: str | None) -> Unit:
    try:
        unit = case.unit(heir)
    except (UnknownUnit, UnitAbolished, UnitComplainedOf):
        if named is None:
            raise RedoNeedsUnit.field("unit", RedoNeedsUnit.text) from None
        return case.unit(named)
    if named not in (None, heir):
        raise RedoElsewhere.field("unit", RedoElsewhere.text)
    return unit


def _answered_by(order: Order) -> str | None:
    """The unit that led last, or in its first round the one that led the main order."""
    if order.answered_by is not None and order.round == 0:
        return order.answered_by
    return next((a.unit for a in reversed(order.assignments) if a.role is AssignmentRole.LEAD), None)


def final_answer(case: Case, answer: str) -> Decision:
    """最终答复 at the cap, by the supervisor; names the remedies."""
    case.open_for(Action.FINAL_ANSWER)
    if case.order.round < case.terms.rules.caps.redos:
        raise RedoLeft
    return Decision(Action.FINAL_ANSWER, Closed(closing=Closing.FINAL_ANSWER), {"answer": answer})


def _check_grade(grade: int) -> None:
    if grade not in GRADES:
        raise GradeUnknown
