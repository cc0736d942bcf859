"""The values that an order is made of: frozen, stored inside its document, and all that the rules look at."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from workorders.deadlines.lights import Light
from workorders.deadlines.values import Deadline, Kind, SupervisionLevel, Term, Urgency, Value
from workorders.lifecycle.states import (
    BEFORE_CALLBACK,
    ENDED,
    AppealState,
    AssignmentEnd,
    AssignmentRole,
    AssignmentState,
    ExclusionGround,
    RequestKind,
    Status,
    SupervisionCause,
)


class Reporter(StrEnum):
    """How a citizen stands to the order."""

    OPEN = "open"  # 公开: the unit may call them
    CONFIDENTIAL = "confidential"  # 保密: units never see who; the hotline relays
    ANONYMOUS = "anonymous"  # 匿名: nobody knows; no callback, left out of satisfaction


class Closing(StrEnum):
    """How an order came to be archived."""

    ANSWERED = "answered"  # 即答
    CALLED_BACK = "called_back"  # 回访归档
    UNREACHED = "unreached"  # 三次未接通
    RATED = "rated"  # 市民好评自动归档
    WITHOUT_CALLBACK = "without_callback"  # 匿名, 无需回访; 或上级逾期未回访
    FINAL_ANSWER = "final_answer"  # 最终答复


CLOSING_NAMES: Mapping[Closing, str] = MappingProxyType(
    {
        Closing.ANSWERED: "即答",
        Closing.CALLED_BACK: "回访归档",
        Closing.UNREACHED: "三次未接通归档",
        Closing.RATED: "市民评价后归档",
        Closing.WITHOUT_CALLBACK: "匿名无需回访，或上级逾期未回访",
        Closing.FINAL_ANSWER: "最终答复",
    }
)


class Outcome(StrEnum):
    """What a unit's reply says was done."""

    SOLVED = "solved"  # 已解决
    EXPLAINED = "explained"  # 已解释说明
    PLANNED = "planned"  # 列入计划
    UNSOLVABLE = "unsolvable"  # 无法解决


OUTCOME_NAMES: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.SOLVED: "已解决",
        Outcome.EXPLAINED: "已解释说明",
        Outcome.PLANNED: "列入计划",
        Outcome.UNSOLVABLE: "无法解决",
    }
)


class Upstream(Value):
    """Where an order was handed down from: `source` and `number` are unique together.

    `due` is the platform's own limit for the answer of this round, None where it set none.
    """

    source: str
    number: str
    due: datetime | None = None


class Assignment(Value):
    """One stay 承办 of an order at one unit.

    `submitted_at` is when the reply was last handed in, also if it was sent back since. `replied_at` is the unit head's
    approval 办结, kept only if the hotline did not send it back: what stops the reply clock. `ancestors` is the unit's
    path, root first, itself last, as on the day it was assigned.
    """

    id: str
    unit: str
    ancestors: tuple[str, ...]
    role: AssignmentRole
    state: AssignmentState
    round: int = 0
    parent: str | None = None
    adjudicated: bool = False
    complex: bool = False
    assigned_at: datetime
    signed_at: datetime | None = None
    signed_by_rule: bool = False
    contacted_at: datetime | None = None
    submitted_at: datetime | None = None
    replied_at: datetime | None = None
    ended_at: datetime | None = None
    end: AssignmentEnd | None = None
    suspended_since: datetime | None = None
    suspended_until: datetime | None = None
    return_until: datetime | None = None
    sign: Deadline
    contact: Deadline | None = None
    reply: Deadline

    @property
    def open(self) -> bool:
        return self.state is not AssignmentState.ENDED

    @property
    def suspended(self) -> bool:
        return self.suspended_since is not None


class Request(Value):
    """One thing a unit asked for 申请; open until granted, refused or lapsed with its assignment."""

    id: str
    kind: RequestKind
    assignment: str
    asked_at: datetime
    asked_by: str
    working_days: int | None = None
    suggested_unit: str | None = None
    consent_asked_at: datetime | None = None
    """Since when the platform above is asked; then it decides."""


class RefusedReturn(Value):
    """A request for a return 退单申请 that was refused 驳回, and when; its assignment went on."""

    assignment: str
    at: datetime


class Line(Value):
    """A line that time crossed: a deadline turned yellow or red, or is so many days overdue.

    `subject` is the assignment that the deadline belongs to, or None for the order's own; `level` is 0, or the days.
    """

    term: Term
    subject: str | None
    light: Light
    level: int = 0
    at: datetime
    due: datetime

    @property
    def of(self) -> tuple[Term, str | None, datetime]:
        """The deadline that it is a line of; one that was moved is another."""
        return self.term, self.subject, self.due

    @property
    def rank(self) -> tuple[bool, int]:
        """Lines of one deadline are crossed in this order."""
        return self.light is Light.RED, self.level


class Supervision(Value):
    """One supervision 督办 of an order: open until a supervisor closes it, or the order rests.

    `due` is when the unit's answer is due; where none is required, when the supervisor means to look at it. One that
    `shortens` brought the replies within the supervised limit, and does so for units that come later while it is open.
    """

    id: str
    level: SupervisionLevel
    cause: SupervisionCause
    round: int
    opened_at: datetime
    due: Deadline
    requires_answer: bool = True
    shortens: bool = False
    answered_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.closed_at is None

    @property
    def unanswered(self) -> bool:
        """Whether it waits for the unit's answer."""
        return self.open and self.requires_answer and self.answered_at is None


class Call(Value):
    """Somebody of a duty roster whose turn it was to be called, and since when. `who` tells the people of one roster
    apart (`identity.duty.reference`) and names nobody.
    """

    who: str
    at: datetime


class PhoneTask(Value):
    """The phone task 电话通知任务 of an emergency at its lead unit: up the duty roster, then with the supervisors.

    The last of `calls` is to be called, until `due`; from `escalated_at` on there is nobody left, and no due. It is
    over once the unit knows, `confirmed_at`, or its stay ended without, `ended_at`.
    """

    assignment: str
    unit: str
    opened_at: datetime
    calls: tuple[Call, ...] = ()
    due: datetime | None = None
    """Confirming is in time until then, the instant itself included."""
    escalated_at: datetime | None = None
    unreached: bool = False
    """Whoever is to be called was tried in vain, and nobody else is on turn yet."""
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def open(self) -> bool:
        return self.confirmed_at is None and self.ended_at is None


class Appeal(Value):
    """What a unit asks for 申诉 so that an order is left out of the rates; pending until a supervisor decides.

    One that is pending when the order is excluded is upheld with it; one that is pending when the order is withdrawn or
    rejected lapses.
    """

    id: str
    assignment: str
    """The stay that the unit has or had, the latest one."""
    unit: str
    ground: ExclusionGround
    filed_at: datetime
    filed_by: str
    state: AppealState = AppealState.PENDING
    ended_at: datetime | None = None

    @property
    def pending(self) -> bool:
        return self.state is AppealState.PENDING


class Exclusion(Value):
    """That an order is left out of every rate 剔除: on what ground, since when, by whose decision, and upon which
    appeal, if it was upon one."""

    ground: ExclusionGround
    at: datetime
    by: str
    appeal: str | None = None


WORST_GOOD_GRADE = 3
GRADE_NAMES: Mapping[int, str] = MappingProxyType(
    {1: "非常满意", 2: "满意", 3: "基本满意", 4: "不满意", 5: "非常不满意"}
)
THROUGH_UPSTREAM = "upstream"
"""How a callback of the platform above comes."""


class Rating(Value):
    """A citizen's verdict 评价: grade 1 非常满意 to 5 非常不满意; 1–3 are good.

    It came through the `app`, our `callback`, or that of the platform above, `upstream`.
    """

    grade: int
    solved: bool
    at: datetime
    round: int
    through: str

    @property
    def good(self) -> bool:
        return self.grade <= WORST_GOOD_GRADE


class Order(Value):
    """One thing that a citizen wants 工单, as its events make it (`workorders/lifecycle/folding.py`)."""

    id: str
    number: str
    status: Status
    version: int
    channel: str
    kind: Kind
    urgency: Urgency
    category: tuple[str, ...]
    place: tuple[str, ...]
    reporter: Reporter
    reporter_id: str | None = None
    complained_of: str | None = None
    upstream: Upstream | None = None
    linked_to: str | None = None
    followed_by: str | None = None
    """The order that was opened because this one's answer was rated badly; it is `linked_to` this one."""
    contact_record: str | None = None
    rules: str
    calendar: str
    received_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None
    closing: Closing | None = None
    citizen: Deadline
    dispatch: Deadline
    review: Deadline | None = None
    callback: Deadline | None = None
    rejected_to: str | None = None
    returns: int = 0
    round: int = 0
    attempts: int = 0
    redo_asked: bool = False
    rating: Rating | None = None
    urged_on: str | None = None
    """The local day that `urged` counts, as an ISO date."""
    urged: int = 0
    assignments: tuple[Assignment, ...] = ()
    request: Request | None = None
    refused_returns: tuple[RefusedReturn, ...] = ()
    told: tuple[Line, ...] = ()
    """The last line told of each deadline; one that is moved back to where it was is not told again."""
    answered_up_at: datetime | None = None
    """When this round's answer went to the platform above 上报答复, and when that acknowledged it 上级签收."""
    acknowledged_at: datetime | None = None
    supervisions: tuple[Supervision, ...] = ()
    meetings: tuple[str, ...] = ()
    """The meetings whose outcome for this order is recorded."""
    phone_task: PhoneTask | None = None
    """The latest one; its stay has had no other."""
    merged_into: str | None = None
    """The main order 主单 that this one was merged into; it stays known after the answer."""
    children: tuple[str, ...] = ()
    """Orders that were merged into this one; each points back by `merged_into`."""
    answered_by: str | None = None
    """The unit whose answer on the main order this one was answered with."""
    appeals: tuple[Appeal, ...] = ()
    exclusion: Exclusion | None = None
    """None while it counts like any other."""

    @property
    def muted(self) -> bool:
        """Whether it waits for its main order's answer: nobody works on it, and time does nothing to it.

        Only orders in their first round are merged, so that one that was redone after the answer goes its own way.
        """
        return self.merged_into is not None and self.round == 0 and self.status in BEFORE_CALLBACK

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def lead(self) -> Assignment | None:
        """The open lead assignment 主办; the state machine keeps it to one at most."""
        return next((a for a in self.assignments if a.role is AssignmentRole.LEAD and a.open), None)

    def supervision(self, id: str) -> Supervision | None:
        return next((s for s in self.supervisions if s.id == id), None)

    @property
    def pressing(self) -> Supervision | None:
        """The open supervision that is due first, or None if the order is not supervised."""
        return min((s for s in self.supervisions if s.open), key=lambda s: (s.due.due, s.id), default=None)

    def appeal(self, id: str) -> Appeal | None:
        return next((a for a in self.appeals if a.id == id), None)

    def assignment(self, id: str) -> Assignment | None:
        return next((a for a in self.assignments if a.id == id), None)
