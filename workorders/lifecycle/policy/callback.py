"""After the accepted reply: calling back, rating, redoing, the final answer."""

from workorders.lifecycle.errors import (
    AlreadyRated,
    AnswerMissing,
    AttemptsLeft,
    GradeUnknown,
    RedoLeft,
    RedoUsedUp,
    WrongAssignment,
)
from workorders.lifecycle.facts import Attempted, Closed, Rated, Redone
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.policy.hotline import assign
from workorders.lifecycle.states import Action, AssignmentRole
from workorders.lifecycle.values import Closing

GRADES = range(1, 6)


def attempt(
    case: Case, *, reached: bool, solved: bool | None, grade: int | None, wants_redo: bool, said: str | None
) -> Decision:
    """回访: one call, reached or not; reached, it records solved and satisfied.

    Raises `InvalidInput` for an answer without a call that was answered.
    """
    case.open_for(Action.CALLBACK_ATTEMPT)
    if reached == (solved is None or grade is None):
        raise AnswerMissing
    if grade is not None:
        _check_grade(grade)
    fact = Attempted(reached=reached, solved=solved, grade=grade, wants_redo=wants_redo and reached)
    return Decision(Action.CALLBACK_ATTEMPT, fact, {"said": said} if said else {})


def rate(case: Case, *, grade: int, solved: bool, comment: str | None) -> Decision:
    """评价 by the citizen: once per round."""
    case.open_for(Action.RATE)
    _check_grade(grade)
    rating = case.order.rating
    if rating is not None and rating.round == case.order.round:
        raise AlreadyRated
    return Decision(
        Action.RATE, Rated(grade=grade, solved=solved, through="app"), {"comment": comment} if comment else {}
    )


def close(case: Case, note: str | None) -> Decision:
    """回访归档: after an answered call, or as "unreached" after so many attempts."""
    case.open_for(Action.CALLBACK_CLOSE)
    order = case.order
    if order.rating is not None and order.rating.round == order.round:
        closing = Closing.RATED if order.rating.through == "app" else Closing.CALLED_BACK
    elif order.attempts >= case.terms.rules.caps.callback_attempts:
        closing = Closing.UNREACHED
    else:
        raise AttemptsLeft
    return Decision(Action.CALLBACK_CLOSE, Closed(closing=closing), {"note": note} if note else {})


def redo(case: Case, reason: str) -> Decision:
    """重办 at the unit that led: a new round with its own deadline; at the cap only the final answer is left."""
    case.open_for(Action.CALLBACK_REDO)
    if case.order.round >= case.terms.rules.caps.redos:
        raise RedoUsedUp
    last = next((a for a in reversed(case.order.assignments) if a.role is AssignmentRole.LEAD), None)
    if last is None:
        raise WrongAssignment
    unit = case.unit(_heir(case, last.unit))
    again = assign(case, unit, AssignmentRole.LEAD, number=len(case.order.assignments), round=case.order.round + 1)
    return Decision(Action.CALLBACK_REDO, Redone(assignment=again), {"reason": reason})


def _heir(case: Case, unit: str) -> str:
    """The unit itself, or whoever has succeeded it meanwhile."""
    seen = {unit}
    while (known := case.terms.units.get(unit)) is not None and known.abolished and known.successor:
        unit = known.successor
        if unit in seen:
            break
        seen.add(unit)
    return unit


def final_answer(case: Case, answer: str) -> Decision:
    """最终答复 at the cap, by the supervisor; names the remedies."""
    case.open_for(Action.FINAL_ANSWER)
    if case.order.round < case.terms.rules.caps.redos:
        raise RedoLeft
    return Decision(Action.FINAL_ANSWER, Closed(closing=Closing.FINAL_ANSWER), {"answer": answer})


def _check_grade(grade: int) -> None:
    if grade not in GRADES:
        raise GradeUnknown
