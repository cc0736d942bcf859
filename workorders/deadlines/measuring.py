"""How many replies would have been on time under a pack, from when each was asked for and given. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from foundation.working_time import Calendar
from workorders.deadlines.clocks import extended, reply_due
from workorders.deadlines.packs import RulePack
from workorders.deadlines.values import Deadline, Kind, Urgency


@dataclass(frozen=True, slots=True)
class OnTime:
    """The on-time rates 按时办结率 of the same replies: `numerator` of `replies`."""

    replies: int
    by_the_limit: int
    """Within the kind's limit as it stands."""
    extended: int
    """Within it, had every extension that the pack's caps allow been granted."""
    as_complex: int
    """Within the longer limit 疑难, had it been approved for each."""
    provisional: int
    """How many rest on days whose holidays are not published."""


def measure(
    rules: RulePack,
    calendar: Calendar,
    replies: Iterable[tuple[datetime, datetime]],
    *,
    kind: Kind = Kind.HELP,
    urgency: Urgency = Urgency.NORMAL,
) -> OnTime:
    """Count replies, each given as the moment that its clock starts and the moment of 办结."""
    given = within = stretched = as_complex = provisional = 0
    for start, done in replies:
        due = reply_due(rules, calendar, kind=kind, urgency=urgency, start=start)
        long = reply_due(rules, calendar, kind=kind, urgency=urgency, start=start, complex=True)
        given += 1
        within += due.met_at(done)
        stretched += _with_all_extensions(rules, calendar, due).met_at(done)
        as_complex += long.met_at(done)
        provisional += due.provisional or long.provisional
    return OnTime(given, within, stretched, as_complex, provisional)


def _with_all_extensions(rules: RulePack, calendar: Calendar, due: Deadline) -> Deadline:
    caps, left = rules.caps, rules.caps.extension_working_days_in_all
    for _ in range(caps.extensions):
        days = min(caps.extension_working_days, left)
        if not days:
            break
        due, left = extended(rules, calendar, due, working_days=days), left - days
    return due
