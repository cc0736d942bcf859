"""Deadlines 期限: rule packs, clocks and lights of the 12345 hotline. Everything here is pure.

    rules = shipped_pack()                    # a RulePack 规则包: a city's limits, switches and caps, from TOML
    calendar = shipped_calendar("cn")         # foundation.working_time
    due = reply_due(rules, calendar, kind=Kind.HELP, urgency=Urgency.NORMAL, start=dispatched_at)
    due = extended(rules, calendar, due, working_days=3)
    light(due, at=now)      # green, yellow, red

    values   Kind 诉求类型, Urgency 紧急程度, Term 期限, Limit 时限, and the Deadline with all that it came from
    packs    RulePack and shipped_pack; the packs themselves in packs/*.toml, with their sources
    clocks   one function per term, <term>_due; and what moves a deadline: extended, resumed,
             brought_forward, within_parent, within_upstream, shifted
    caps     whether an extension or a suspension is within the pack's caps
    lights   light, and turns_yellow for the timer
    wording  limit_in_words, as everybody reads it

A deadline names the pack and the calendar that it was computed by, so a later rule never changes a past verdict. To
compute one anew (reclassified, a corrected calendar), call its `_due` again with its first start, then
`shifted(rules, calendar, fresh, old.shifts)`.
"""

from workorders.deadlines.caps import (
    ExtensionsUsedUp,
    ExtensionTooLong,
    SuspensionsUsedUp,
    SuspensionTooLong,
    check_extension,
    check_suspension,
)
from workorders.deadlines.clocks import (
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
    sign_due,
    supervision_due,
    within_parent,
    within_upstream,
)
from workorders.deadlines.lights import Light, light, turns_yellow
from workorders.deadlines.packs import RulePack, shipped_pack
from workorders.deadlines.values import (
    BroughtForward,
    Deadline,
    Extension,
    Kind,
    Limit,
    LimitUnit,
    SupervisionLevel,
    Suspension,
    Term,
    Urgency,
)

__all__ = [
    "BroughtForward",
    "Deadline",
    "Extension",
    "ExtensionTooLong",
    "ExtensionsUsedUp",
    "Kind",
    "Light",
    "Limit",
    "LimitUnit",
    "RulePack",
    "SupervisionLevel",
    "Suspension",
    "SuspensionTooLong",
    "SuspensionsUsedUp",
    "Term",
    "Urgency",
    "brought_forward",
    "callback_due",
    "check_extension",
    "check_suspension",
    "citizen_due",
    "contact_due",
    "dispatch_due",
    "extended",
    "hotline_review_due",
    "light",
    "limit_end",
    "rectification_due",
    "reply_due",
    "resumed",
    "return_window_due",
    "shifted",
    "shipped_pack",
    "sign_due",
    "supervision_due",
    "turns_yellow",
    "within_parent",
    "within_upstream",
]
