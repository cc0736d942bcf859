"""When things are due, by the default pack and the city's calendar (DESIGN §4.3)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.working_time import Calendar, CalendarDefinition, shipped_calendar
from workorders.deadlines import (
    Deadline,
    Extension,
    Kind,
    Limit,
    LimitUnit,
    Suspension,
    Term,
    Urgency,
    brought_forward,
    callback_due,
    citizen_due,
    contact_due,
    dispatch_due,
    extended,
    hotline_review_due,
    limit_end,
    rectification_due,
    reply_due,
    resumed,
    return_window_due,
    shifted,
    shipped_pack,
    sign_due,
    within_parent,
    within_upstream,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
RULES = shipped_pack()
CITY = shipped_calendar("cn")
ALWAYS = shipped_calendar("24x7")

NORMAL, URGENT, EMERGENCY = Urgency.NORMAL, Urgency.URGENT, Urgency.EMERGENCY
FRIDAY = "2026-11-20T16:00"
HOLIDAY = "2026-10-02T10:00"  # in the week of National Day; Saturday the 10th is worked


def at(text: str) -> datetime:
    """A moment of the city's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def help_reply(start: str = FRIDAY) -> Deadline:
    return reply_due(RULES, CITY, kind=Kind.HELP, urgency=NORMAL, start=at(start))


@pytest.mark.parametrize(
    ("urgency", "start", "due"),
    [
        (NORMAL, FRIDAY, "2026-11-23T11:15"),
        (NORMAL, HOLIDAY, "2026-10-08T13:15"),
        (URGENT, FRIDAY, "2026-11-20T16:30"),
        (EMERGENCY, HOLIDAY, "2026-10-02T10:30"),
    ],
)
def test_dispatch_takes_half_a_working_day_and_urgent_30_minutes(urgency: Urgency, start: str, due: str) -> None:
    assert dispatch_due(RULES, CITY, urgency=urgency, start=at(start)).due == at(due)


@pytest.mark.parametrize(
    ("urgency", "start", "due"),
    [
        (NORMAL, FRIDAY, "2026-11-23T09:30"),
        (NORMAL, "2026-11-20T11:30", "2026-11-20T14:30"),
        (NORMAL, HOLIDAY, "2026-10-08T10:30"),
        (URGENT, "2026-11-21T03:00", "2026-11-21T03:30"),
        (EMERGENCY, "2026-11-21T03:00", "2026-11-21T03:30"),
    ],
)
def test_signing_takes_two_working_hours_and_urgent_30_minutes(urgency: Urgency, start: str, due: str) -> None:
    assert sign_due(RULES, CITY, urgency=urgency, start=at(start)).due == at(due)


@pytest.mark.parametrize(
    ("urgency", "start", "due", "basis"),
    [
        # 24 hours by the clock …
        (NORMAL, "2026-11-19T10:00", "2026-11-20T10:00", "contact.normal"),
        # … but over a weekend two working hours after the sign limit, Monday 09:30.
        (NORMAL, FRIDAY, "2026-11-23T11:30", "contact.after_sign"),
        (NORMAL, HOLIDAY, "2026-10-08T13:30", "contact.after_sign"),
        (URGENT, FRIDAY, "2026-11-21T04:00", "contact.percent_of_reply.urgent"),
        (EMERGENCY, FRIDAY, "2026-11-20T17:00", "contact.percent_of_reply.emergency"),
    ],
)
def test_first_contact(urgency: Urgency, start: str, due: str, basis: str) -> None:
    deadline = contact_due(RULES, CITY, kind=Kind.COMPLAINT, urgency=urgency, start=at(start))
    assert (deadline.due, deadline.basis, deadline.term) == (at(due), basis, Term.CONTACT)


@pytest.mark.parametrize(
    ("kind", "given_facts", "due", "basis"),
    [
        (Kind.CONSULT, {}, "2026-11-23T17:00", "reply.consult"),
        (Kind.HELP, {}, "2026-11-27T17:00", "reply.help"),
        (Kind.COMPLAINT, {}, "2026-11-27T17:00", "reply.complaint"),
        (Kind.REPORT, {}, "2026-11-27T17:00", "reply.report"),
        (Kind.SUGGESTION, {}, "2026-11-27T17:00", "reply.suggestion"),
        (Kind.HELP, {"complex": True}, "2026-12-11T17:00", "reply.complex"),
        (Kind.HELP, {"round": 1}, "2026-11-25T17:00", "reply.redo"),
        (Kind.CONSULT, {"round": 1}, "2026-11-25T17:00", "reply.redo"),
        (Kind.HELP, {"round": 1, "complex": True}, "2026-12-11T17:00", "reply.complex"),
        (Kind.HELP, {"urgency": URGENT}, "2026-11-21T16:00", "reply.urgent"),
        (Kind.HELP, {"urgency": EMERGENCY}, "2026-11-20T18:00", "reply.emergency"),
        (Kind.HELP, {"urgency": EMERGENCY, "round": 1}, "2026-11-20T18:00", "reply.emergency"),
        (Kind.HELP, {"urgency": URGENT, "complex": True, "round": 1}, "2026-12-11T17:00", "reply.complex"),
    ],
)
def test_the_reply_by_what_the_order_is(kind: Kind, given_facts: dict[str, bool], due: str, basis: str) -> None:
    facts = {"urgency": NORMAL, **given_facts}
    deadline = reply_due(RULES, CITY, kind=kind, start=at(FRIDAY), **facts)  # type: ignore[arg-type]
    assert (deadline.due, deadline.basis) == (at(due), basis)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("urgency", Urgency)
@pytest.mark.parametrize("complex", [False, True])
@pytest.mark.parametrize("round", [0, 1])
def test_supervision_never_postpones(kind: Kind, urgency: Urgency, complex: bool, round: int) -> None:
    for day in range(14):
        start = at(FRIDAY) + timedelta(days=day, hours=7 * day)
        facts = {"kind": kind, "urgency": urgency, "complex": complex, "round": round, "start": start}
        alone = reply_due(RULES, CITY, **facts)  # type: ignore[arg-type]
        at_work = start + timedelta(days=day % 4, hours=day)
        supervised = brought_forward(RULES, CITY, alone, start=at_work)
        assert supervised.due == min(alone.due, limit_end(CITY, RULES.reply.supervised, at_work))
        for shift in (Extension(working_days=2), Suspension(start=at_work, end=at_work + timedelta(days=3))):
            moved, shortened = (shifted(RULES, CITY, each, [shift]) for each in (alone, supervised))
            assert supervised.due <= shortened.due <= moved.due
            # Computed anew, it keeps what happened in the order in which it happened.
            assert shifted(RULES, CITY, alone, shortened.shifts) == shortened


def test_the_citizens_limit_is_that_of_the_kind_or_of_the_urgency() -> None:
    for kind in Kind:
        for urgency in Urgency:
            promised = citizen_due(RULES, CITY, kind=kind, urgency=urgency, start=at(FRIDAY))
            reply = reply_due(RULES, CITY, kind=kind, urgency=urgency, start=at(FRIDAY))
            assert promised == reply.model_copy(update={"term": Term.CITIZEN})


def test_the_limits_after_the_reply_and_of_the_return_window() -> None:
    start = at(FRIDAY)
    assert return_window_due(RULES, CITY, start=start).due == at("2026-11-23T17:00")
    assert hotline_review_due(RULES, CITY, start=start).due == at("2026-11-23T17:00")
    assert callback_due(RULES, CITY, start=start).due == at("2026-11-25T17:00")
    assert rectification_due(RULES, CITY, start=start).due == at("2026-12-11T17:00")


def test_a_deadline_says_how_it_came_about() -> None:
    deadline = help_reply()
    assert deadline == Deadline(
        term=Term.REPLY,
        due=datetime(2026, 11, 27, 9, tzinfo=UTC),
        limit=Limit(unit=LimitUnit.WORKING_DAYS, amount=5),
        basis="reply.help",
        started_at=at(FRIDAY),
        calendar=CITY.id,
        rules=RULES.id,
        yellow_at=datetime(2026, 11, 26, 9, tzinfo=UTC),
    )
    assert Deadline.model_validate(deadline.model_dump(mode="json")) == deadline
    assert Deadline.model_validate(deadline.model_dump()) == deadline
    assert (deadline.met_at(deadline.due), deadline.met_at(deadline.due + timedelta(milliseconds=1))) == (True, False)


def test_a_unit_around_the_clock_signs_at_night() -> None:
    assert sign_due(RULES, ALWAYS, urgency=NORMAL, start=at("2026-10-02T23:00")).due == at("2026-10-03T01:00")


@pytest.mark.parametrize(
    ("limit", "start", "end"),
    [
        ({"working_minutes": 225}, FRIDAY, "2026-11-23T11:15"),
        ({"working_hours": 2}, FRIDAY, "2026-11-23T09:30"),
        ({"working_days": 2}, FRIDAY, "2026-11-24T17:00"),
        ({"clock_minutes": 90}, FRIDAY, "2026-11-20T17:30"),
        ({"clock_hours": 24}, FRIDAY, "2026-11-21T16:00"),
        # 民法典 §§ 201, 203: the day itself does not count, the last ends at 24:00.
        ({"calendar_days": 7}, FRIDAY, "2026-11-28T00:00"),
        ({"calendar_days": 1}, "2026-11-20T00:00", "2026-11-22T00:00"),
    ],
)
def test_each_sort_of_limit(limit: dict[str, int], start: str, end: str) -> None:
    assert limit_end(CITY, Limit.model_validate(limit), at(start)) == at(end)


def test_what_rests_on_unpublished_holidays_is_provisional() -> None:
    assert not help_reply("2026-12-24T10:00").provisional
    assert help_reply("2026-12-30T10:00").provisional
    urgent = reply_due(RULES, CITY, kind=Kind.HELP, urgency=URGENT, start=at("2026-12-31T20:00"))
    assert not urgent.provisional
    assert extended(RULES, CITY, help_reply("2026-12-24T10:00"), working_days=1).provisional
    assert resumed(
        RULES, CITY, help_reply("2026-12-24T10:00"), start=at("2026-12-28T09:00"), end=at("2026-12-29T09:00")
    ).provisional
    # 24:00 of the last published day still belongs to it.
    assert not contact_due(RULES, CITY, kind=Kind.HELP, urgency=NORMAL, start=at("2026-12-31T00:00")).provisional


# What moves a deadline


def test_an_extension_ends_with_the_last_working_day_granted() -> None:
    deadline = extended(RULES, CITY, help_reply(), working_days=3)
    assert (deadline.due, deadline.shifts) == (at("2026-12-02T17:00"), (Extension(working_days=3),))
    again = extended(RULES, CITY, deadline, working_days=1)
    assert (again.due, len(again.shifts)) == (at("2026-12-03T17:00"), 2)


def test_a_due_instant_at_midnight_belongs_to_the_day_that_it_ends() -> None:
    always = reply_due(RULES, ALWAYS, kind=Kind.HELP, urgency=NORMAL, start=at(FRIDAY))
    assert always.due == at("2026-11-26T00:00")
    assert extended(RULES, ALWAYS, always, working_days=1).due == at("2026-11-27T00:00")
    assert extended(RULES, CITY, always, working_days=1).due == at("2026-11-26T17:00")


@pytest.mark.parametrize(
    ("start", "end", "due"),
    [
        ("2026-11-24T09:00", "2026-11-24T16:00", "2026-11-27T17:00"),  # within a day: no d with start < d ≤ end
        ("2026-11-24T16:59", "2026-11-25T08:00", "2026-11-30T17:00"),
        ("2026-11-20T17:00", "2026-11-22T23:00", "2026-11-27T17:00"),  # over a weekend: no working day
        ("2026-11-23T09:00", "2026-12-07T09:00", "2026-12-11T17:00"),
        ("2026-11-24T16:00", "2026-11-24T09:00", "2026-11-27T17:00"),  # never ends before it begins
    ],
)
def test_a_suspension_moves_a_limit_in_days_by_its_working_days(start: str, end: str, due: str) -> None:
    assert resumed(RULES, CITY, help_reply(), start=at(start), end=at(end)).due == at(due)


def test_a_suspension_moves_a_limit_in_minutes_by_its_working_minutes() -> None:
    signing = sign_due(RULES, CITY, urgency=NORMAL, start=at("2026-11-20T09:00"))
    assert signing.due == at("2026-11-20T11:00")
    moved = resumed(RULES, CITY, signing, start=at("2026-11-20T10:00"), end=at("2026-11-23T09:00"))
    # Friday 10–12 and 13–17, Monday 08:30–09: 390 minutes.
    assert moved.due == CITY.add(signing.due, timedelta(minutes=390)) == at("2026-11-23T10:00")
    assert resumed(RULES, CITY, signing, start=at("2026-11-21T10:00"), end=at("2026-11-22T09:00")).due == signing.due


def test_a_suspension_moves_what_runs_by_the_clock_by_the_clock() -> None:
    urgent = reply_due(RULES, CITY, kind=Kind.HELP, urgency=URGENT, start=at(FRIDAY))
    moved = resumed(RULES, CITY, urgent, start=at("2026-11-21T00:00"), end=at("2026-11-21T05:00"))
    assert moved.due == urgent.due + timedelta(hours=5)
    week = urgent.model_copy(
        update={"limit": Limit(unit=LimitUnit.CALENDAR_DAYS, amount=7), "due": at("2026-11-28T00:00")}
    )
    assert resumed(RULES, CITY, week, start=at("2026-11-21T23:00"), end=at("2026-11-23T01:00")).due == at(
        "2026-11-30T00:00"
    )
    assert resumed(RULES, CITY, week, start=at("2026-11-21T01:00"), end=at("2026-11-21T23:00")).due == week.due


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 6, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)
LASTING = st.integers(0, 40 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds))


@given(start=MOMENTS, asked_after=LASTING, lasted=LASTING, kind=st.sampled_from(Kind))
@settings(max_examples=200)
def test_a_suspension_gives_back_exactly_the_days_that_it_took(
    start: datetime, asked_after: timedelta, lasted: timedelta, kind: Kind
) -> None:
    """Counted day by day."""
    before = reply_due(RULES, CITY, kind=kind, urgency=NORMAL, start=start)
    begin, end = start + asked_after, start + asked_after + lasted
    after = resumed(RULES, CITY, before, start=begin, end=end)
    day, taken = CITY.local_date(begin), 0
    while day < CITY.local_date(end):
        day += timedelta(days=1)
        taken += CITY.is_working_day(day)
    day, given_back = CITY.local_date(before.due), 0
    while day < CITY.local_date(after.due):
        day += timedelta(days=1)
        given_back += CITY.is_working_day(day)
    assert given_back == taken
    assert after.due == CITY.prev_open(after.due)


@given(start=MOMENTS, asked_after=LASTING, lasted=LASTING)
@settings(max_examples=200)
def test_a_suspension_gives_back_exactly_the_minutes_that_it_took(
    start: datetime, asked_after: timedelta, lasted: timedelta
) -> None:
    before = dispatch_due(RULES, CITY, urgency=NORMAL, start=start)
    begin, end = start + asked_after, start + asked_after + lasted
    after = resumed(RULES, CITY, before, start=begin, end=end)
    assert CITY.between(before.due, after.due) == CITY.between(begin, end)


def test_shifts_carry_over_to_a_limit_computed_anew() -> None:
    old = resumed(
        RULES,
        CITY,
        extended(RULES, CITY, help_reply(), working_days=2),
        start=at("2026-11-24T09:00"),
        end=at("2026-11-25T09:00"),
    )
    anew = reply_due(RULES, CITY, kind=Kind.HELP, urgency=NORMAL, complex=True, start=old.started_at)
    carried = shifted(RULES, CITY, anew, old.shifts)
    assert carried.shifts == old.shifts == (Extension(working_days=2), *_suspensions(old))
    assert CITY.working_days_between(CITY.local_date(anew.due), CITY.local_date(carried.due)) == 3
    assert shifted(RULES, CITY, help_reply(), old.shifts) == old


def _suspensions(deadline: Deadline) -> list[Suspension]:
    return [shift for shift in deadline.shifts if isinstance(shift, Suspension)]


def test_a_holiday_that_was_corrected_moves_the_deadline_computed_anew() -> None:
    corrected = Calendar(
        CalendarDefinition.model_validate(
            CITY.definition.model_dump() | {"holidays": CITY.definition.holidays | {at("2026-11-25T00:00").date()}}
        )
    )
    old = extended(RULES, CITY, help_reply(), working_days=1)
    anew = shifted(
        RULES,
        corrected,
        reply_due(RULES, corrected, kind=Kind.HELP, urgency=NORMAL, start=old.started_at),
        old.shifts,
    )
    assert (old.due, anew.due) == (at("2026-11-30T17:00"), at("2026-12-01T17:00"))
    assert anew.calendar == corrected.id != old.calendar


# Upstream


@pytest.mark.parametrize(
    ("theirs", "due", "basis"),
    [
        ("2026-12-31T17:00", "2026-11-27T17:00", "reply.help"),  # ours is earlier
        ("2026-11-27T17:00", "2026-11-26T17:00", "upstream"),  # a working day before theirs
        ("2026-11-27T10:00", "2026-11-26T10:00", "upstream"),
        ("2026-11-24T00:00", "2026-11-20T17:00", "upstream"),  # 24:00 of Monday: Friday's closing
        ("2026-11-23T10:00", "2026-11-22T01:00", "upstream"),  # that is past: half of 66 hours
        ("2026-11-20T16:00", "2026-11-20T16:00", "upstream"),  # nothing is left
        ("2026-11-19T10:00", "2026-11-20T16:00", "upstream"),
    ],
)
def test_ours_is_due_before_theirs(theirs: str, due: str, basis: str) -> None:
    deadline = within_upstream(RULES, CITY, help_reply(), at(theirs))
    assert (deadline.due, deadline.basis) == (at(due), basis)


@given(start=MOMENTS, left=st.integers(-10_000_000, 10_000_000_000), kind=st.sampled_from(Kind))
@settings(max_examples=200)
def test_ours_is_never_after_theirs_nor_before_its_start(start: datetime, left: int, kind: Kind) -> None:
    own = reply_due(RULES, CITY, kind=kind, urgency=NORMAL, start=start)
    theirs = start + timedelta(milliseconds=left)
    due = within_upstream(RULES, CITY, own, theirs).due
    assert start <= due <= own.due
    assert due <= max(theirs, start)
    assert due.microsecond % 1000 == 0


def test_what_is_delegated_is_due_with_its_parent_at_the_latest_and_keeps_its_own_start() -> None:
    one, other = help_reply(), help_reply("2026-11-23T09:00")
    assert one.due < other.due
    assert within_parent(RULES, CITY, one, other) == one
    within = within_parent(RULES, CITY, other, one)
    assert (within.due, within.started_at, within.shifts) == (one.due, other.started_at, other.shifts)
    assert within.yellow_at is not None
    assert within.yellow_at <= within.due
