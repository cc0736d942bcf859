"""What each figure is made of: the contract, as a table. Pure.

Everything that is counted is an entry of one family, under one outcome; of a family's entries every figure takes some
as its numerator and more as its denominator, and lists the others with the reason why they are left out. So a figure's
numerator is never more than its denominator, and the parts always sum to the family.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Family(StrEnum):
    """What is counted, and the moment whose local day it counts by."""

    INTAKE = "intake"
    """Orders, by when they were received."""
    DISPATCH = "dispatch"
    """Lead assignments of a first round, by when they were dispatched."""
    RETURN = "return"
    """Decided requests of lead assignments for a return, by when they were decided."""
    SIGN = "sign"
    """Assignments, by when they are to be signed for."""
    CONTACT = "contact"
    """Assignments whose citizen the unit has to call, by when."""
    REPLY = "reply"
    """Assignments, by their final deadline."""
    YELLOW = "yellow"
    """Assignments, by when the light of their final deadline turns yellow."""
    CALLBACK = "callback"
    """Orders, by when they first came to the callback."""
    RATING = "rating"
    """Orders that were rated or came to rest without, by when the latest valid answer was given."""
    SUPERVISION = "supervision"
    """Supervisions, by when they were opened."""
    SUPERVISION_ANSWER = "supervision_answer"
    """Supervisions that a unit has to answer, by when."""
    HANDLING = "handling"
    """Orders that were not left out, by the 办结 of their first round; under how long it took, see `handling`."""
    CLOSING = "closing"
    """Orders that were archived, by when."""


class Outcome(StrEnum):
    """What became of what is counted, as far as it is known. `LATE_OPEN` and `NOT_DUE` are told apart at reading."""

    # Left out of every rate
    EXCLUDED = "excluded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    # Of an order
    COMPLETED = "completed"
    AT_ONCE = "at_once"
    PENDING = "pending"
    # Of a dispatch
    KEPT = "kept"
    RETURNED = "returned"
    # Of a request for a return
    REFUSED = "refused"
    # Of something with a deadline
    ON_TIME = "on_time"
    LATE = "late"
    OPEN = "open"
    LATE_OPEN = "late_open"
    NOT_DUE = "not_due"
    EXTENDED_ON_TIME = "extended_on_time"
    EXTENDED_LATE = "extended_late"
    EXTENDED_OPEN = "extended_open"
    EXTENDED_LATE_OPEN = "extended_late_open"
    EXTENDED_NOT_DUE = "extended_not_due"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    UNNEEDED = "unneeded"
    UNJUDGED = "unjudged"
    # Of a callback
    CALLED = "called"
    REDONE = "redone"
    WAITING = "waiting"
    NOT_CALLED = "not_called"
    # Of a rating: solved or not, and the grade
    SOLVED_1 = "solved_1"
    SOLVED_2 = "solved_2"
    SOLVED_3 = "solved_3"
    SOLVED_4 = "solved_4"
    SOLVED_5 = "solved_5"
    UNSOLVED_1 = "unsolved_1"
    UNSOLVED_2 = "unsolved_2"
    UNSOLVED_3 = "unsolved_3"
    UNSOLVED_4 = "unsolved_4"
    UNSOLVED_5 = "unsolved_5"
    UNREACHED = "unreached"
    # Of a supervision
    SUPERVISED = "supervised"
    SUPERVISED_OVERDUE = "supervised_overdue"
    # Of an order that rests
    ARCHIVED = "archived"


OUTCOME_NAMES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.EXCLUDED: "剔除",
        Outcome.REJECTED: "不予受理",
        Outcome.WITHDRAWN: "已撤单",
        Outcome.MERGED: "已合并",
        Outcome.COMPLETED: "已办结",
        Outcome.AT_ONCE: "直接解答",
        Outcome.PENDING: "未办结",
        Outcome.KEPT: "未退单",
        Outcome.RETURNED: "已退单",
        Outcome.REFUSED: "退单申请被驳回",
        Outcome.ON_TIME: "按时",
        Outcome.LATE: "逾期完成",
        Outcome.OPEN: "未完成",
        Outcome.LATE_OPEN: "逾期未完成",
        Outcome.NOT_DUE: "未到期",
        Outcome.EXTENDED_ON_TIME: "延期后按时",
        Outcome.EXTENDED_LATE: "延期后逾期完成",
        Outcome.EXTENDED_OPEN: "延期后未完成",
        Outcome.EXTENDED_LATE_OPEN: "延期后逾期未完成",
        Outcome.EXTENDED_NOT_DUE: "已延期，未到期",
        Outcome.SUSPENDED: "挂起中",
        Outcome.REPLACED: "承办单位变更，由承接单位计算",
        Outcome.UNNEEDED: "到期前已结束，无需办理",
        Outcome.UNJUDGED: "导入的工单，期限未知",
        Outcome.CALLED: "已回访",
        Outcome.REDONE: "回访后重办",
        Outcome.WAITING: "待回访",
        Outcome.NOT_CALLED: "无需回访（匿名，或上级未回访）",
        Outcome.UNREACHED: "回访未接通，无评价",
        Outcome.SUPERVISED: "已督办",
        Outcome.SUPERVISED_OVERDUE: "因逾期督办",
        Outcome.ARCHIVED: "已归档",
        **{
            Outcome(f"{said}_{grade}"): f"{word}，{name}"
            for said, word in (("solved", "已解决"), ("unsolved", "未解决"))
            for grade, name in enumerate(("非常满意", "满意", "基本满意", "不满意", "非常不满意"), start=1)
        },
    }
)
"""Each outcome in Chinese; for what is left out of a rate, it is the reason why."""

EXCLUDED = frozenset({Outcome.EXCLUDED, Outcome.REJECTED, Outcome.WITHDRAWN, Outcome.MERGED})

BY_CLOCK: Mapping[Outcome, tuple[Outcome, Outcome]] = MappingProxyType(
    {
        Outcome.OPEN: (Outcome.LATE_OPEN, Outcome.NOT_DUE),
        Outcome.EXTENDED_OPEN: (Outcome.EXTENDED_LATE_OPEN, Outcome.EXTENDED_NOT_DUE),
    }
)
"""What is still open, once it is past due and before."""


class Figure(StrEnum):
    """A figure; each value's Chinese name is in `DEFINITIONS`."""

    RECEIVED = "received"
    COMPLETED = "completed"
    ANSWERED_AT_ONCE = "answered_at_once"
    ARCHIVED = "archived"
    ON_TIME = "on_time"
    TURNED_YELLOW = "turned_yellow"
    TURNED_RED = "turned_red"
    SIGNED_ON_TIME = "signed_on_time"
    CONTACTED_ON_TIME = "contacted_on_time"
    RETURNED = "returned"
    RETURN_REFUSED = "return_refused"
    EXTENDED = "extended"
    REDONE = "redone"
    CALLED_BACK = "called_back"
    SOLVED = "solved"
    SATISFIED = "satisfied"
    SUPERVISED = "supervised"
    SUPERVISED_OVERDUE = "supervised_overdue"
    SUPERVISION_ANSWERED = "supervision_answered"


class Part(StrEnum):
    """Which of a figure's entries a list is of."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    LEFT_OUT = "left_out"
    MISSED = "missed"
    """未达标: what keeps a rate from its best. Where more is better that is below the line and not above, else what is
    above it; a mere count has none."""


COUNTED = (Part.NUMERATOR, Part.DENOMINATOR, Part.LEFT_OUT)
"""The parts that are told as numbers; `MISSED` follows from the first two."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure: a family's outcomes above and below the line. `left_out` is what else the family holds.

    A figure that is no rate counts what is below the line only.
    """

    name: str
    family: Family
    denominator: frozenset[Outcome]
    left_out: frozenset[Outcome]
    numerator: frozenset[Outcome] | None = None
    good_high: bool = True
    """Whether more is better, which is what a ranking goes by."""

    def outcomes(self, part: Part) -> frozenset[Outcome]:
        """Those of one part."""
        match part:
            case Part.NUMERATOR:
                return self.denominator if self.numerator is None else self.numerator
            case Part.DENOMINATOR:
                return self.denominator
            case Part.LEFT_OUT:
                return self.left_out
            case Part.MISSED if self.numerator is None:
                return frozenset()
            case Part.MISSED:
                return self.denominator - self.numerator if self.good_high else self.numerator


_SOLVED = frozenset(Outcome(f"solved_{grade}") for grade in range(1, 6))
_UNSOLVED = frozenset(Outcome(f"unsolved_{grade}") for grade in range(1, 6))
_SATISFIED = frozenset(Outcome(f"{said}_{grade}") for said in ("solved", "unsolved") for grade in range(1, 4))
_EXTENDED_DUE = frozenset({Outcome.EXTENDED_ON_TIME, Outcome.EXTENDED_LATE, Outcome.EXTENDED_LATE_OPEN})
_DUE = frozenset({Outcome.ON_TIME, Outcome.LATE, Outcome.LATE_OPEN})
_PAST = frozenset({Outcome.LATE, Outcome.LATE_OPEN})
_EXTENDED_PAST = frozenset({Outcome.EXTENDED_LATE, Outcome.EXTENDED_LATE_OPEN})
_ENDED_OTHERWISE = EXCLUDED | {
    Outcome.RETURNED,
    Outcome.REPLACED,
    Outcome.SUSPENDED,
    Outcome.UNNEEDED,
    Outcome.UNJUDGED,
    Outcome.NOT_DUE,
    Outcome.EXTENDED_NOT_DUE,
}
_SUPERVISED = frozenset({Outcome.SUPERVISED, Outcome.SUPERVISED_OVERDUE})
_TAKEN = frozenset({Outcome.COMPLETED, Outcome.AT_ONCE, Outcome.PENDING})


def _rate(
    name: str,
    family: Family,
    numerator: set[Outcome] | frozenset[Outcome],
    denominator: set[Outcome] | frozenset[Outcome],
    left_out: set[Outcome] | frozenset[Outcome] = EXCLUDED,
    *,
    good_high: bool = True,
) -> Definition:
    return Definition(name, family, frozenset(denominator), frozenset(left_out), frozenset(numerator), good_high)


DEFINITIONS: Mapping[Figure, Definition] = MappingProxyType(
    {
        Figure.RECEIVED: Definition("受理量", Family.INTAKE, _TAKEN | EXCLUDED, frozenset()),
        Figure.COMPLETED: _rate("办结率", Family.INTAKE, {Outcome.COMPLETED, Outcome.AT_ONCE}, _TAKEN),
        Figure.ANSWERED_AT_ONCE: _rate("直接解答率", Family.INTAKE, {Outcome.AT_ONCE}, _TAKEN),
        Figure.ARCHIVED: Definition("归档量", Family.CLOSING, EXCLUDED | {Outcome.ARCHIVED}, frozenset()),
        Figure.ON_TIME: _rate(
            "按时办结率",
            Family.REPLY,
            {Outcome.ON_TIME, Outcome.EXTENDED_ON_TIME},
            _DUE | _EXTENDED_DUE,
            _ENDED_OTHERWISE,
        ),
        Figure.TURNED_YELLOW: _rate("亮黄灯率", Family.YELLOW, _PAST, _DUE, _ENDED_OTHERWISE, good_high=False),
        Figure.TURNED_RED: _rate(
            "亮红灯率",
            Family.REPLY,
            _PAST | _EXTENDED_PAST,
            _DUE | _EXTENDED_DUE,
            _ENDED_OTHERWISE,
            good_high=False,
        ),
        Figure.SIGNED_ON_TIME: _rate("签收及时率", Family.SIGN, {Outcome.ON_TIME}, _DUE, _ENDED_OTHERWISE),
        Figure.CONTACTED_ON_TIME: _rate("响应率", Family.CONTACT, {Outcome.ON_TIME}, _DUE, _ENDED_OTHERWISE),
        Figure.RETURNED: _rate(
            "退单率", Family.DISPATCH, {Outcome.RETURNED}, {Outcome.KEPT, Outcome.RETURNED}, good_high=False
        ),
        Figure.RETURN_REFUSED: _rate(
            "滥用退单率", Family.RETURN, {Outcome.REFUSED}, {Outcome.REFUSED, Outcome.RETURNED}, good_high=False
        ),
        Figure.EXTENDED: _rate(
            "延时率", Family.REPLY, _EXTENDED_DUE, _DUE | _EXTENDED_DUE, _ENDED_OTHERWISE, good_high=False
        ),
        Figure.REDONE: _rate(
            "重办率",
            Family.CALLBACK,
            {Outcome.REDONE},
            {Outcome.CALLED, Outcome.REDONE},
            EXCLUDED | {Outcome.WAITING, Outcome.NOT_CALLED},
            good_high=False,
        ),
        Figure.CALLED_BACK: _rate(
            "回访率",
            Family.CALLBACK,
            {Outcome.CALLED, Outcome.REDONE},
            {Outcome.CALLED, Outcome.REDONE, Outcome.WAITING},
            EXCLUDED | {Outcome.NOT_CALLED},
        ),
        Figure.SOLVED: _rate(
            "解决率",
            Family.RATING,
            _SOLVED,
            _SOLVED | _UNSOLVED,
            EXCLUDED | {Outcome.UNREACHED, Outcome.NOT_CALLED},
        ),
        Figure.SATISFIED: _rate(
            "满意率",
            Family.RATING,
            _SATISFIED,
            _SOLVED | _UNSOLVED,
            EXCLUDED | {Outcome.UNREACHED, Outcome.NOT_CALLED},
        ),
        Figure.SUPERVISED: Definition("督办量", Family.SUPERVISION, EXCLUDED | _SUPERVISED, frozenset()),
        Figure.SUPERVISED_OVERDUE: _rate(
            "逾期督办率", Family.SUPERVISION, {Outcome.SUPERVISED_OVERDUE}, _SUPERVISED, good_high=False
        ),
        Figure.SUPERVISION_ANSWERED: _rate(
            "督办按时回复率",
            Family.SUPERVISION_ANSWER,
            {Outcome.ON_TIME},
            _DUE,
            EXCLUDED | {Outcome.UNNEEDED, Outcome.NOT_DUE},
        ),
    }
)


def counter(family: Family, outcome: Outcome | str) -> str:
    """The name under which entries of a family with an outcome are counted."""
    return f"{family}:{outcome}"


OPEN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        counter(family, outcome): (counter(family, late), counter(family, not_due))
        for family in (Family.SIGN, Family.CONTACT, Family.REPLY, Family.YELLOW, Family.SUPERVISION_ANSWER)
        for outcome, (late, not_due) in BY_CLOCK.items()
    }
)
"""The counters of what is open: those under which it counts once it is past due, and before."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of something. `rate` is None where nothing is below the line, or the figure is no rate."""

    figure: Figure
    numerator: int
    denominator: int
    left_out: Mapping[Outcome, int]

    @property
    def is_count(self) -> bool:
        """Whether it counts something, and is no rate."""
        return DEFINITIONS[self.figure].numerator is None

    @property
    def missed(self) -> int:
        """How many keep it from its best, see `Part.MISSED`."""
        if self.is_count:
            return 0
        return self.denominator - self.numerator if DEFINITIONS[self.figure].good_high else self.numerator

    @property
    def rate(self) -> float | None:
        return None if self.is_count or not self.denominator else self.numerator / self.denominator


def measured(counts: Mapping[str, int]) -> dict[Figure, Measured]:
    """Every figure, from how many entries there are of each counter."""
    above, below = _ZEROS.copy(), _ZEROS.copy()
    left_out: dict[Figure, dict[Outcome, int]] = {}
    for name, number in counts.items():
        if number:
            for figure, part, outcome in _USES.get(name, ()):
                if part is Part.NUMERATOR:
                    above[figure] += number
                elif part is Part.DENOMINATOR:
                    below[figure] += number
                else:
                    left_out.setdefault(figure, {})[outcome] = number
    return {figure: Measured(figure, above[figure], below[figure], left_out.get(figure, _NOTHING)) for figure in _ZEROS}


def _uses() -> Mapping[str, Sequence[tuple[Figure, Part, Outcome]]]:
    uses: dict[str, list[tuple[Figure, Part, Outcome]]] = {}
    for figure, definition in DEFINITIONS.items():
        for part in COUNTED:
            for outcome in definition.outcomes(part):
                uses.setdefault(counter(definition.family, outcome), []).append((figure, part, outcome))
    return uses


_ZEROS = dict.fromkeys(Figure, 0)
_NOTHING: Mapping[Outcome, int] = MappingProxyType({})
_USES = _uses()
"""Where each counter counts: a table has thousands of figures, and each counter is in a few of them only."""
