"""Candidates 疑似重复件: orders that may be the same matter as this one, with the reasons, for a dispatcher to judge.

Simple means: the same caller, the same category at the same place, nearly the same words. Every query is bounded by a
window of days and a number of orders, whatever the city has stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from foundation.database import Database
from foundation.errors import NotAllowed
from foundation.events import Event, event_id
from foundation.paging import PageRequest, Span, page_of
from identity.actors import Actor
from workorders.lifecycle.access import ALLOWED
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Office
from workorders.lifecycle.states import BEFORE_CALLBACK, Action
from workorders.lifecycle.values import Reporter
from workorders.supervision.likeness import likeness, runs

READERS: Final = ALLOWED[Action.MERGE]
"""Whoever merges."""
WINDOW: Final = timedelta(days=15)
"""So far before and after it: what is older was answered long ago."""
MOST_READ: Final = 50
"""Orders that one of the queries looks at."""
INSTANT: Final = timedelta(milliseconds=1)
MOST_OFFERED: Final = 10
ALIKE: Final = 0.5
"""From here on two texts are nearly the same."""


class Reason(StrEnum):
    """Why two orders may be one matter."""

    SAME_CALLER = "same_caller"  # 同一来电人
    SAME_MATTER = "same_matter"  # 同一地点、同一类别
    SAME_WORDS = "same_words"  # 内容相近


REASON_NAMES: Final[Mapping[Reason, str]] = {
    Reason.SAME_CALLER: "同一来电人",
    Reason.SAME_MATTER: "同一地点、同一类别",
    Reason.SAME_WORDS: "内容相近",
}

_WEIGHTS: Final[Mapping[Reason, float]] = {Reason.SAME_CALLER: 0.4, Reason.SAME_MATTER: 0.4}
"""How sure one reason alone makes; the words, as much as they are alike."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order that may be the same matter; `score` is from 0 to 1, the higher the likelier."""

    document: OrderDocument
    reasons: tuple[Reason, ...]
    score: float


async def candidates(office: Office, actor: Actor, order: str) -> list[Candidate]:
    """The likeliest first, at most ten; none for an order that is merged or answered already.

    Raises `NotFound`, and `NotAllowed` for whoever does not merge.
    """
    document = await office.orders.visible_to(actor, order)
    if not actor.has(*READERS):
        raise NotAllowed
    if not _open(document):
        return []
    callers = [] if document.order.reporter is Reporter.ANONYMOUS else await _same_caller(office.database, document)
    matters = await _near(office.database, document, {"topic": document.topic})
    found = {each.id: each for each in (*callers, *matters) if each.id != document.id and _open(each)}
    words = await _words(office, [document, *found.values()])
    same_caller, same_matter = {each.id for each in callers}, {each.id for each in matters}
    offered = []
    for id, each in found.items():
        alike = likeness(words[document.id], words[id])
        reasons = [
            reason
            for reason, holds in (
                (Reason.SAME_CALLER, id in same_caller),
                (Reason.SAME_MATTER, id in same_matter),
                (Reason.SAME_WORDS, alike >= ALIKE),
            )
            if holds
        ]
        offered.append(Candidate(each, tuple(reasons), _score(reasons, alike)))
    offered.sort(key=lambda each: (-each.score, each.document.received_key))
    return offered[:MOST_OFFERED]


def _score(reasons: Sequence[Reason], alike: float) -> float:
    """How unlikely it is that all reasons are chance."""
    doubt = 1.0
    for reason in reasons:
        doubt *= 1 - _WEIGHTS.get(reason, alike)
    return round(1 - doubt, 2)


def _open(document: OrderDocument) -> bool:
    """Whether it may be merged, or merged into."""
    return document.order.merged_into is None and document.order.status in BEFORE_CALLBACK


async def _same_caller(database: Database, document: OrderDocument) -> list[OrderDocument]:
    """By account, and by the number that was given. A platform above hands down the orders of many."""
    found: dict[str, OrderDocument] = {}
    if document.reporter_id is not None and document.order.upstream is None:
        found |= {each.id: each for each in await _near(database, document, {"reporter_id": document.reporter_id})}
    if document.phone_hash is not None:
        found |= {each.id: each for each in await _near(database, document, {"phone_hash": document.phone_hash})}
    return [each for each in found.values() if each.order.reporter is not Reporter.ANONYMOUS]


async def _near(database: Database, document: OrderDocument, equal: Mapping[str, str]) -> list[OrderDocument]:
    """The orders next to it within the window, so many on either side; itself among them."""
    received, found = document.order.received_at, list[OrderDocument]()
    for span, descending in (
        (Span(received - WINDOW, received + INSTANT), True),
        (Span(received, received + WINDOW), False),
    ):
        page = await page_of(
            database,
            OrderDocument,
            equal,
            "received_key",
            PageRequest(MOST_READ),
            descending=descending,
            around=received,
            span=span,
        )
        found += [OrderDocument.load(raw) for raw in page.items]
    return found


async def _words(office: Office, documents: Sequence[OrderDocument]) -> dict[str, frozenset[str]]:
    """The runs of what each order's citizen wrote at intake; none once it was erased."""
    intakes = await office.database.get_many(Event, [event_id(each.id, 1) for each in documents])
    found = {}
    for document in documents:
        intake, key = intakes.get(event_id(document.id, 1)), office.data_key(document)
        said = (intake.text(name, key) if intake is not None else None for name in ("title", "detail"))
        found[document.id] = runs("".join(text for text in said if text is not None))
    return found
