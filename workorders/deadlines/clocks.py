"""The clocks 时钟 of an order: when each thing is due (DESIGN §4.3). Pure: rules, calendar and start come in."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from foundation.working_time import Calendar
from workorders.deadlines.lights import turns_yellow
from workorders.deadlines.packs import RulePack
from workorders.deadlines.values import (
    BroughtForward,
    Deadline,
    Extension,
    Kind,
    Limit,
    LimitUnit,
    Shift,
    SupervisionLevel,
    Suspension,
    Term,
    Urgency,
)

INSTANT = timedelta(microseconds=1)


def limit_end(calendar: Calendar, limit: Limit, start: datetime) -> datetime:
    """When `limit` from `start` is over, in UTC.

    Days do not count the day of `start`. Working days are due at closing time of the last, calendar days at 24:00 of it
    (民法典 §§ 201, 203).
    """
    match limit.unit:
        case LimitUnit.WORKING_DAYS:
            return calendar.add_days(start, limit.amount)
        case LimitUnit.WORKING_MINUTES:
            return calendar.add(start, timedelta(minutes=limit.amount))
        case LimitUnit.CLOCK_MINUTES:
            return start.astimezone(UTC) + timedelta(minutes=limit.amount)
        case LimitUnit.CALENDAR_DAYS:
            return calendar.end_of_day(calendar.local_date(start) + timedelta(days=limit.amount))


def citizen_due(rules: RulePack, calendar: Calendar, *, kind: Kind, urgency: Urgency, start: datetime) -> Deadline:
    """The reply as promised to the citizen, from intake: the kind's limit, or the urgency's."""
    limit, basis = _reply_limit(rules, kind, urgency, complex=False, round=0)
    return _deadline(rules, calendar, Term.CITIZEN, limit, basis, start=start)


def dispatch_due(rules: RulePack, calendar: Calendar, *, urgency: Urgency, start: datetime) -> Deadline:
    """Dispatch 派单, from intake or from a granted return."""
    return _deadline(rules, calendar, Term.DISPATCH, rules.dispatch.of(urgency), f"dispatch.{urgency}", start=start)


def sign_due(rules: RulePack, calendar: Calendar, *, urgency: Urgency, start: datetime) -> Deadline:
    """Signing 签收, from dispatch."""
    return _deadline(rules, calendar, Term.SIGN, rules.sign.of(urgency), f"sign.{urgency}", start=start)


def contact_due(rules: RulePack, calendar: Calendar, *, kind: Kind, urgency: Urgency, start: datetime) -> Deadline:
    """First contact 首次联系, from dispatch: never due before the sign limit and some working time for the call.

    Urgent and emergency: a share of the reply limit, in clock time.
    """
    if urgency is not Urgency.NORMAL:
        reply, basis = _reply_limit(rules, kind, urgency, complex=False, round=0)
        share = Limit(unit=reply.unit, amount=max(1, reply.amount * rules.contact.percent_of_reply // 100))
        return _deadline(rules, calendar, Term.CONTACT, share, f"contact.percent_of_{basis}", start=start)
    own = _deadline(rules, calendar, Term.CONTACT, rules.contact.normal, "contact.normal", start=start)
    signed = limit_end(calendar, rules.sign.normal, start)
    floor = limit_end(calendar, rules.contact.after_sign, signed)
    if own.due >= floor:
        return own
    return _lit(
        rules,
        calendar,
        own.model_copy(
            update={
                "due": floor,
                "limit": rules.contact.after_sign,
                "basis": "contact.after_sign",
                "provisional": calendar.is_provisional(start, floor),
            }
        ),
    )


def reply_due(
    rules: RulePack,
    calendar: Calendar,
    *,
    kind: Kind,
    urgency: Urgency,
    start: datetime,
    complex: bool = False,
    round: int = 0,
) -> Deadline:
    """The unit's reply 办结, from dispatch or from the decision on a redo.

    The first that applies: complex 疑难, once approved; urgent or emergency; redo 重办 (round > 0); the kind.
    """
    limit, basis = _reply_limit(rules, kind, urgency, complex=complex, round=round)
    return _deadline(rules, calendar, Term.REPLY, limit, basis, start=start)


def return_window_due(rules: RulePack, calendar: Calendar, *, start: datetime) -> Deadline:
    """Until when the unit may ask for a return 退单, from dispatch."""
    return _deadline(rules, calendar, Term.RETURN_WINDOW, rules.return_window, "return_window", start=start)


def hotline_review_due(rules: RulePack, calendar: Calendar, *, start: datetime) -> Deadline:
    """The hotline's review 热线审核, from the unit head's approval."""
    return _deadline(rules, calendar, Term.HOTLINE_REVIEW, rules.hotline_review, "hotline_review", start=start)


def callback_due(rules: RulePack, calendar: Calendar, *, start: datetime) -> Deadline:
    """The callback 回访, from the accepted reply."""
    return _deadline(rules, calendar, Term.CALLBACK, rules.callback, "callback", start=start)


def rectification_due(rules: RulePack, calendar: Calendar, *, start: datetime) -> Deadline:
    """Putting a bad rating right 差评整改, from the rating."""
    return _deadline(rules, calendar, Term.RECTIFICATION, rules.rectification, "rectification", start=start)


def supervision_due(rules: RulePack, calendar: Calendar, *, level: SupervisionLevel, start: datetime) -> Deadline:
    """The answer to a supervision 督办, from its opening: the level's limit."""
    limit, basis = rules.supervision.of(level), f"supervision.{level}"
    return _deadline(rules, calendar, Term.SUPERVISION, limit, basis, start=start)


def brought_forward(rules: RulePack, calendar: Calendar, deadline: Deadline, *, start: datetime) -> Deadline:
    """A reply's deadline under a supervision 督办 that shortens, since `start`: the earlier of it and the supervised
    limit from then. Never later than it was; what is granted afterwards comes on top.
    """
    return shifted(rules, calendar, deadline, [BroughtForward(start=start, limit=rules.reply.supervised)])


def within_parent(rules: RulePack, calendar: Calendar, own: Deadline, parent: Deadline) -> Deadline:
    """The deadline of a unit that was delegated to: at the latest when the parent's is. What was granted stays its own,
    so that it is computed anew from its own first start.
    """
    if own.due <= parent.due:
        return own
    sooner = own.model_copy(update={"due": parent.due, "basis": "parent", "provisional": parent.provisional})
    return _lit(rules, calendar, sooner)


def within_upstream(rules: RulePack, calendar: Calendar, own: Deadline, theirs: datetime) -> Deadline:
    """The earlier of our deadline and the platform's limit less some working days.

    If that is past when ours starts, half of what is left until theirs; where nothing is left it is due at once.
    """
    days = rules.upstream.ahead_working_days
    ahead = calendar.shift_days(theirs, -days) if days else theirs
    if ahead <= own.started_at:
        rest = max(theirs - own.started_at, timedelta(0))
        ahead = _whole_ms(own.started_at + rest * rules.upstream.percent_of_rest / 100)
    if own.due <= ahead:
        return own
    provisional = calendar.is_provisional(own.started_at, theirs)
    sooner = own.model_copy(update={"due": ahead, "basis": "upstream", "provisional": provisional})
    return _lit(rules, calendar, sooner)


def extended(rules: RulePack, calendar: Calendar, deadline: Deadline, *, working_days: int) -> Deadline:
    """The deadline plus a granted extension 延期: closing time of the n-th working day after the old one's day."""
    return shifted(rules, calendar, deadline, [Extension(working_days=working_days)])


def resumed(rules: RulePack, calendar: Calendar, deadline: Deadline, *, start: datetime, end: datetime) -> Deadline:
    """The deadline moved by a suspension 挂起 that lasted from `start` to `end`.

    A limit in minutes moves by the working minutes that it lasted (in clock time by the clock's), a limit in days by
    the days d with start < d ≤ end, working days or calendar days as the limit's.
    """
    return shifted(rules, calendar, deadline, [Suspension(start=start, end=end)])


def shifted(rules: RulePack, calendar: Calendar, deadline: Deadline, shifts: Iterable[Shift]) -> Deadline:
    """The deadline with these applied in order: also to carry one's shifts over to a limit computed anew."""
    before = deadline
    for shift in shifts:
        due = _moved(calendar, deadline, shift)
        by_the_clock = deadline.limit.runs_by_the_clock and isinstance(shift, Suspension)
        deadline = deadline.model_copy(
            update={
                "due": due,
                "calendar": calendar.id,
                "shifts": (*deadline.shifts, shift),
                "provisional": deadline.provisional
                or (not by_the_clock and calendar.is_provisional(deadline.started_at, due)),
            }
        )
    return deadline if deadline is before else _lit(rules, calendar, deadline)


def _moved(calendar: Calendar, deadline: Deadline, shift: Shift) -> datetime:
    if isinstance(shift, BroughtForward):
        return min(deadline.due, limit_end(calendar, shift.limit, shift.start))
    # A day ends at 24:00, which is the next date's 00:00: the day of a due instant is that of the moment before it.
    last = deadline.due - INSTANT
    if isinstance(shift, Extension):
        return calendar.add_days(last, shift.working_days)
    first_day, last_day = calendar.local_date(shift.start), calendar.local_date(shift.end)
    match deadline.limit.unit:
        case LimitUnit.WORKING_MINUTES:
            lasted = calendar.between(shift.start, shift.end)
            return calendar.add(deadline.due, lasted) if lasted > timedelta(0) else deadline.due
        case LimitUnit.CLOCK_MINUTES:
            return deadline.due + max(shift.end - shift.start, timedelta(0))
        case LimitUnit.WORKING_DAYS:
            days = calendar.working_days_between(first_day, last_day)
            return calendar.add_days(last, days) if days > 0 else deadline.due
        case LimitUnit.CALENDAR_DAYS:
            days = max((last_day - first_day).days, 0)
            return calendar.end_of_day(calendar.local_date(last) + timedelta(days=days))


def _reply_limit(rules: RulePack, kind: Kind, urgency: Urgency, *, complex: bool, round: int) -> tuple[Limit, str]:
    reply = rules.reply
    if complex:
        return reply.complex, "reply.complex"
    if urgency is Urgency.EMERGENCY:
        return reply.emergency, "reply.emergency"
    if urgency is Urgency.URGENT:
        return reply.urgent, "reply.urgent"
    if round:
        return reply.redo, "reply.redo"
    return reply.of_kind(kind), f"reply.{kind}"


def _deadline(
    rules: RulePack, calendar: Calendar, term: Term, limit: Limit, basis: str, *, start: datetime
) -> Deadline:
    due = limit_end(calendar, limit, start)
    return Deadline(
        term=term,
        due=due,
        limit=limit,
        basis=basis,
        started_at=start,
        calendar=calendar.id,
        rules=rules.id,
        provisional=not limit.runs_by_the_clock and calendar.is_provisional(start, due),
        yellow_at=turns_yellow(rules, calendar, limit, start=start, due=due),
    )


def _lit(rules: RulePack, calendar: Calendar, deadline: Deadline) -> Deadline:
    """The deadline with the first instant of yellow that belongs to where it is due now."""
    yellow = turns_yellow(rules, calendar, deadline.limit, start=deadline.started_at, due=deadline.due)
    return deadline.model_copy(update={"yellow_at": yellow})


def _whole_ms(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
