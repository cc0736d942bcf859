"""What an event says: one frozen value per action, holding ids, codes, times and computed deadlines, never free text.

A fact carries every deadline that the action set, so that the log alone rebuilds the order: no rule pack, no calendar
and no clock is needed to read it again. `events.FACTS` says which action carries which fact.
"""

from datetime import datetime

from workorders.deadlines.values import Deadline, Kind, Urgency, Value
from workorders.lifecycle.values import (
    Appeal,
    Assignment,
    Call,
    Closing,
    Exclusion,
    Line,
    Outcome,
    Reporter,
    Request,
    Supervision,
    Upstream,
)


class Fact(Value):
    """The part of an event that the fold reads."""


class Received(Fact):
    number: str
    channel: str
    kind: Kind
    urgency: Urgency
    category: tuple[str, ...]
    place: tuple[str, ...]
    reporter: Reporter
    reporter_id: str | None
    complained_of: str | None
    upstream: Upstream | None
    linked_to: str | None
    contact_record: str | None
    rules: str
    calendar: str
    citizen: Deadline
    dispatch: Deadline
    attachments: tuple[str, ...] = ()


class Noted(Fact):
    """Something was said; only its text, sealed beside the event, and the files named here."""

    attachments: tuple[str, ...] = ()


class Rejected(Fact):
    channel: str
    """The right place for it: `110`, `119`, `120`, `court`, `arbitration` …"""


class Moved(Fact):
    """New deadlines of one assignment."""

    assignment: str
    sign: Deadline
    contact: Deadline | None
    reply: Deadline
    return_until: datetime | None = None
    """None if it stays as it was."""


class Reclassified(Fact):
    kind: Kind
    urgency: Urgency
    category: tuple[str, ...]
    place: tuple[str, ...]
    citizen: Deadline
    dispatch: Deadline
    moved: tuple[Moved, ...]


class Dispatched(Fact):
    assignments: tuple[Assignment, ...]
    routing_rule: str | None = None


class Signed(Fact):
    assignment: str
    by_rule: bool
    on_time: bool


class Asked(Fact):
    request: Request


class Granted(Fact):
    """A granted request, with what it moved: deadlines from the asking on, or a fresh dispatch limit after a return."""

    request: str
    reply: Deadline | None = None
    citizen: Deadline | None = None
    dispatch: Deadline | None = None
    suspended_until: datetime | None = None
    others: tuple[Moved, ...] = ()
    """The co and delegated units that are still at work get as much."""


class Refused(Fact):
    request: str


class Resumed(Fact):
    assignment: str
    reply: Deadline
    citizen: Deadline
    others: tuple[Moved, ...] = ()


class Contacted(Fact):
    assignment: str
    reached: bool
    first: bool
    """Whether this is the first time that the citizen was reached 首次联系; `on_time` judges only that one."""
    on_time: bool | None


class Delegated(Fact):
    delegated: Assignment


class CoReplied(Fact):
    assignment: str


class Replied(Fact):
    assignment: str
    outcome: Outcome
    waits_for_nobody: bool
    """False if co or delegated units were still at work, and the reply says why it did not wait."""
    attachments: tuple[str, ...] = ()


class Approved(Fact):
    assignment: str
    on_time: bool
    review: Deadline


class SentBack(Fact):
    assignment: str


class Accepted(Fact):
    assignment: str
    callback: Deadline


class Attempted(Fact):
    reached: bool
    solved: bool | None = None
    grade: int | None = None
    wants_redo: bool = False
    through: str = "callback"
    due: datetime | None = None
    """The limit that the platform above set for the redo that it wants."""


class Rated(Fact):
    grade: int
    solved: bool
    through: str
    opened: str | None = None
    """The linked order that a bad rating of an answer at once opened, in the same transaction."""


class Closed(Fact):
    closing: Closing


class Redone(Fact):
    assignment: Assignment
    upstream: Upstream | None = None
    """The hand-down as it stands from here on, if it changed: a limit that is past does not bind the redo."""


class Urged(Fact):
    day: str


class Replaced(Fact):
    """Another unit stands in for an abolished one, with its role, round, deadlines, delegations and open request."""

    gone: str
    successor: Assignment


class Answerable(Fact):
    """A new deadline of one supervision's answer."""

    supervision: str
    due: Deadline


class Corrected(Fact):
    """A corrected calendar, and by it every deadline that still ran; the others as they were."""

    calendar: str
    citizen: Deadline
    dispatch: Deadline
    review: Deadline | None
    callback: Deadline | None
    moved: tuple[Moved, ...]
    supervisions: tuple[Answerable, ...] = ()


class Lit(Fact):
    """Lines that time crossed since the event before, in the order of time; each is told in one event only."""

    lines: tuple[Line, ...]


class ConsentAsked(Fact):
    """The platform above is asked whether it consents to what a unit asked for."""

    request: str


class AnsweredUp(Fact):
    round: int


class Acknowledged(Fact):
    round: int


class Merged(Fact):
    """`number` is the main order's, for those who may read it."""

    parent: str
    number: str


class Unmerged(Fact):
    parent: str


class Adopted(Fact):
    """A child, which bears that number, with the children of its own that it brought along."""

    child: str
    number: str
    brought: tuple[str, ...] = ()


class Released(Fact):
    child: str
    number: str


class Followed(Fact):
    """Answered with the reply that was accepted on the main order."""

    parent: str
    unit: str
    callback: Deadline


class Supervised(Fact):
    """A supervision was opened, with the replies that it brought forward."""

    supervision: Supervision
    moved: tuple[Moved, ...] = ()


class SupervisionAnswered(Fact):
    supervision: str
    on_time: bool


class SupervisionClosed(Fact):
    supervision: str


class Met(Fact):
    meeting: str


class DutyCalled(Fact):
    """Whose turn it is to be called about an emergency, from now until `due`: the last of `calls`.

    Those before it had their turn while no worker was there to say so. From `escalated_at` on it is the supervisors'.
    """

    assignment: str
    unit: str
    before: int
    """How many had their turn before `calls`."""
    calls: tuple[Call, ...]
    due: datetime | None
    escalated_at: datetime | None = None


class DutyPhoned(Fact):
    """The phone task's n-th call, or one by the supervisors after all of them, as somebody made it."""

    assignment: str
    call: int
    reached: bool


class CallConfirmed(Fact):
    assignment: str


class Appealed(Fact):
    appeal: Appeal


class AppealWithdrawn(Fact):
    appeal: str


class AppealDecided(Fact):
    """The exclusion is what an upheld appeal comes to; None if it was rejected."""

    appeal: str
    exclusion: Exclusion | None = None


class Excluded(Fact):
    exclusion: Exclusion


class Readmitted(Fact):
    """It counts again, as if it had never been excluded."""
