"""The duty roster 值班表: who is called at a moment, in which order. Pure."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from foundation.errors import InvalidInput
from foundation.phones import BadPhone, parse_phone
from identity.documents import Contact, DutyShift

CLOCK_TIME: Final = re.compile(r"(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
DAY_MINUTES: Final = 24 * 60
MOST_CONTACTS: Final = 50
MOST_SHIFTS: Final = 50


def minutes_of(clock_time: str) -> int:
    """Minutes since midnight of `HH:MM`; 24:00 is the end of the day. Raises InvalidInput."""
    found = CLOCK_TIME.fullmatch(clock_time)
    if not found:
        raise InvalidInput.field("duty", f"值班时间“{clock_time[:8]}”有误，应为 00:00 至 24:00。")
    return DAY_MINUTES if found[1] is None else int(found[1]) * 60 + int(found[2])


def on_duty(roster: Iterable[DutyShift], local: datetime) -> tuple[Contact, ...]:
    """Who is called at that local time, first to last; several shifts at once are called in the roster's order.

    A shift whose end is at or before its start runs into the next day and belongs to the day on which it starts.
    """
    called: dict[Contact, None] = {}
    for shift in roster:
        if _covers(shift, local):
            called.update(dict.fromkeys(shift.members))
    return tuple(called)


def reference(contact: Contact) -> str:
    """Tells the people of one roster apart where nobody is to be named: six hex digits over name and phone, which many
    others would have as well. Whoever was moved to another shift or post keeps it."""
    return hashlib.sha256(f"{contact.name}\n{contact.phone}".encode()).hexdigest()[:6]


def known_as(roster: Iterable[DutyShift], who: str) -> Contact | None:
    """The person of the roster with that reference, in whatever shift; None for one who is not on it any more."""
    return next((each for shift in roster for each in shift.members if reference(each) == who), None)


def _covers(shift: DutyShift, local: datetime) -> bool:
    start, end = minutes_of(shift.start), minutes_of(shift.end)
    minute, today = local.hour * 60 + local.minute, local.isoweekday()
    if start < end:
        return today in shift.days and start <= minute < end
    yesterday = (local - timedelta(days=1)).isoweekday()
    return (today in shift.days and minute >= start) or (yesterday in shift.days and minute < end)


def checked_contacts(contacts: Sequence[Contact], area_code: str | None = None) -> tuple[Contact, ...]:
    """Contacts with a name and a number that can be called. Raises InvalidInput."""
    if len(contacts) > MOST_CONTACTS:
        raise InvalidInput.field("contacts", f"最多{MOST_CONTACTS}名联系人。")
    for contact in contacts:
        if not contact.name.strip() or len(contact.name) > 40 or not contact.name.isprintable():
            raise InvalidInput.field("contacts", "请填写联系人姓名（1至40字）。")
        if len(contact.post) > 60 or not contact.post.isprintable():
            raise InvalidInput.field("contacts", "职务最多60字。")
        try:
            parse_phone(contact.phone, area_code=area_code)
        except BadPhone:
            raise InvalidInput.field("contacts", f"联系人{contact.name}的电话号码有误。") from None
    return tuple(contacts)


def checked_roster(roster: Sequence[DutyShift], area_code: str | None = None) -> tuple[DutyShift, ...]:
    """Shifts with days, times and somebody to call. Raises InvalidInput."""
    if len(roster) > MOST_SHIFTS:
        raise InvalidInput.field("duty", f"最多{MOST_SHIFTS}个班次。")
    for shift in roster:
        if not shift.days or not set(shift.days) <= set(range(1, 8)):
            raise InvalidInput.field("duty", "值班日须为1（周一）至7（周日）。")
        if minutes_of(shift.start) == DAY_MINUTES:
            raise InvalidInput.field("duty", "值班开始时间须早于24:00。")
        minutes_of(shift.end)
        if not checked_contacts(shift.members, area_code):
            raise InvalidInput.field("duty", "每个班次至少一名值班人员。")
    return tuple(roster)
