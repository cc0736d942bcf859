"""What an order's events tell 工单轨迹: to its citizen in plain words, to staff all that the reader may see. Pure.

A citizen reads no internal note, no reply before the hotline accepted it, no send-back, no name of a person. Units and
leadership never read who a confidential or anonymous citizen is, in no text either; a unit does not read what another
one said in its own house, nor what it appealed with, nor why that was decided so.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from foundation.crypto import DataKey
from foundation.events import Event
from identity.access import may_read_staff
from identity.actors import HOTLINE_ROLES, Actor
from workorders.lifecycle.access import BROUGHT_ALONG, SEES_ALL, may_know_reporter, owns
from workorders.lifecycle.events import fact_of
from workorders.lifecycle.facts import (
    Accepted,
    AppealDecided,
    Appealed,
    DutyCalled,
    DutyPhoned,
    Replaced,
    Replied,
)
from workorders.lifecycle.names import ACTION_NAMES
from workorders.lifecycle.redaction import Reported, redacted
from workorders.lifecycle.states import Action
from workorders.lifecycle.values import Reporter
from workorders.lifecycle.words import Told, office_of, plain_words, staff_words

PERSONAL = frozenset({"name", "phone", "address"})
"""Texts of the intake that no timeline shows: `reveal` does."""

_IN_THE_HOUSE = frozenset({Action.UNIT_APPROVE, Action.UNIT_SEND_BACK})
"""What is said within one unit: that unit and the hotline read it."""

_AT_THE_HOTLINE = frozenset({Action.MERGE, Action.UNMERGE})
"""Others are told that it happened, not which order the other one is, nor what was noted of it."""

_BY_PHONE = frozenset({Action.CALL_DUTY, Action.PHONE_DUTY})
"""Who was called, and what they said: those read it who may know the unit's people."""

_BRINGS_FILES = frozenset({Action.INTAKE, Action.SUPPLEMENT, Action.SUBMIT_REPLY})


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, as this reader is told. `who` is an office, or a colleague; never a citizen's name."""

    sequence: int
    at: datetime
    action: Action
    who: str
    words: str
    texts: Mapping[str, str] = field(default_factory=dict)
    attached_at: datetime | None = None
    """When the files that belong to it were attached, if it is of a kind that brings files."""


def timeline(told: Told, reader: Actor) -> list[Entry]:
    """The order's timeline for whoever may see the order: its citizen's own, or that of staff."""
    entries = _for_citizen(told, reader) if owns(reader, told.order) else _for_staff(told, reader)
    return list(entries)


# For the citizen -----------------------------------------------------------------------------------------------------


def _for_citizen(told: Told, reader: Actor) -> Iterator[Entry]:
    for event, texts, attached_at in public_texts(told.events, told.key):
        action, fact = Action(event.type), fact_of(event)
        words = plain_words(told, action, fact, own=event.actor == reader.id)
        if words is not None:
            who = "您" if event.actor == reader.id else office_of(told, event)
            yield Entry(event.sequence, event.at, action, who, words, texts, attached_at)


def public_texts(
    events: Sequence[Event], key: DataKey | None
) -> Iterator[tuple[Event, dict[str, str], datetime | None]]:
    """Each event with the texts that its citizen may read, and when the files that belong to them were attached.

    A reply is read once the hotline accepted it, with the acceptance; also when another unit has succeeded meanwhile.
    """
    replies: dict[str, Event] = {}
    """The latest reply of each assignment."""
    for event in events:
        action, fact = Action(event.type), fact_of(event)
        if isinstance(fact, Replied):
            replies[fact.assignment] = event
        elif isinstance(fact, Replaced) and fact.gone in replies:
            replies[fact.successor.id] = replies[fact.gone]
        texts = _texts(event, key, _PUBLIC_TEXTS.get(action, frozenset()))
        attached_at = event.at if action in _BRINGS_FILES else None
        if isinstance(fact, Accepted) and fact.assignment in replies:
            reply = replies[fact.assignment]
            texts, attached_at = _texts(reply, key, {"answer"}), reply.at
        yield event, texts, attached_at


_PUBLIC_TEXTS: Mapping[Action, frozenset[str]] = MappingProxyType(
    {
        Action.INTAKE: frozenset({"title", "detail", "comment"}),
        Action.ANSWER_NOW: frozenset({"answer"}),
        Action.REJECT: frozenset({"reason"}),
        Action.SUPPLEMENT: frozenset({"text"}),
        Action.RATE: frozenset({"comment"}),
        Action.FINAL_ANSWER: frozenset({"answer"}),
        Action.WITHDRAW: frozenset({"reason"}),
        Action.URGE: frozenset({"text"}),
        Action.ANSWER_UP: frozenset({"answer"}),
        Action.FOLLOW_PARENT: frozenset({"answer"}),
    }
)


# For staff -----------------------------------------------------------------------------------------------------------


def _for_staff(told: Told, reader: Actor) -> Iterator[Entry]:
    knows_reporter, at_hotline = may_know_reporter(reader, told.order), reader.has(*HOTLINE_ROLES)
    reported = _reported(told)
    for event in told.events:
        action, fact = Action(event.type), fact_of(event)
        if action in BROUGHT_ALONG and not at_hotline:
            continue  # that somebody else reported the same matter, and who
        texts = _staff_texts(told, event, action, reader)
        if not knows_reporter and not at_hotline:
            texts = {name: redacted(text, reported) for name, text in texts.items()}
        who = event.actor_label or office_of(told, event)
        words, attached_at = staff_words(told, action, fact), event.at if action in _BRINGS_FILES else None
        if action in _AT_THE_HOTLINE and not at_hotline:
            words = f"{ACTION_NAMES[action]}。"
        yield Entry(event.sequence, event.at, action, who, words, texts, attached_at)


def _staff_texts(told: Told, event: Event, action: Action, reader: Actor) -> dict[str, str]:
    if _is_another_units(told, event, reader) or (action in _BY_PHONE and not _knows_duty(told, event, reader)):
        return {}
    in_the_house = action in _IN_THE_HOUSE and not reader.has(*SEES_ALL) and reader.unit_id != event.actor_unit
    not_told = in_the_house or (action in _AT_THE_HOTLINE and not reader.has(*HOTLINE_ROLES))
    return {} if not_told else _texts(event, told.key, event.sealed.keys() - PERSONAL)


def _is_another_units(told: Told, event: Event, reader: Actor) -> bool:
    """Whether it is an appeal, or the decision on one, of a unit that is neither the reader's nor below it."""
    match fact_of(event):
        case Appealed(appeal=filed):
            appeal = told.order.appeal(filed.id)
        case AppealDecided(appeal=id):
            appeal = told.order.appeal(id)
        case _:
            return False
    held = told.order.assignment(appeal.assignment) if appeal is not None else None
    return not reader.has(*SEES_ALL) and (held is None or reader.unit_id not in held.ancestors)


def _knows_duty(told: Told, event: Event, reader: Actor) -> bool:
    """Whether the reader may know the people of the unit that was called."""
    fact = fact_of(event)
    held = told.order.assignment(fact.assignment) if isinstance(fact, DutyCalled | DutyPhoned) else None
    return held is not None and may_read_staff(reader, held.ancestors)


def _reported(told: Told) -> Reported:
    """What the intake knows of the reporter, to keep it out of texts."""
    if told.order.reporter is Reporter.OPEN or not told.events:
        return Reported()
    known = _texts(told.events[0], told.key, PERSONAL)
    return Reported(known.get("name"), known.get("phone"), known.get("address"))


def _texts(event: Event, key: DataKey | None, names: AbstractSet[str]) -> dict[str, str]:
    opened = {name: event.text(name, key) for name in sorted(names)}
    return {name: text for name, text in opened.items() if text is not None}
