"""Telling 告知: the consumer of the outbox that tells people of the lines that lights crossed, each line once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from foundation.changes import Change
from foundation.database import Database
from foundation.outbox import Applied, Consumer, OutboxRow
from foundation.paging import instant
from identity.actors import Role
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.recording import LIGHTS
from workorders.lifecycle.terms import Terms, TermsLibrary
from workorders.lifecycle.values import Line, Order
from workorders.supervision.escalation import HANDLERS, Recipients, audiences_of, recipients_of
from workorders.supervision.inbox import Inbox, Notice, People
from workorders.supervision.notices import TOPIC, LightDigest, line_body, line_title, local

log = structlog.get_logger()

FRESH: Final = timedelta(minutes=10)
"""What is told later than this after its crossing was held up by a downtime, and goes into the day's digest."""
MOST_SINGLY: Final = 10
"""More for one person in one batch go into the day's digest, all of them."""

UNHEARD_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class _Crossed:
    """One line to tell one person."""

    source: str
    line: Line
    order: str
    title: str
    body: str
    in_digest: str

    def notice(self, recipient: str) -> Notice:
        return Notice(recipient, self.source, TOPIC, self.title, self.body, self.order)


def teller(database: Database, library: TermsLibrary, people: People, inbox: Inbox) -> Consumer:
    """The consumer that tells of crossed lines whom the order's rule pack names. The data of its rows holds `lines`,
    those of one event.

    A line that is told in time is a notice of its own. What was held up, and what is too much at once, goes into one
    digest per person and local day, which counts them exactly: the rows go in the transaction that adds them.
    """

    async def apply(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        orders = await database.get_many(OrderDocument, list({row.subject for row in rows}))
        failed, told, unheard = set[str](), defaultdict[str, list[_Crossed]](list), Counter[str]()
        for row in rows:
            document = orders.get(row.subject)
            if document is None:
                continue
            try:
                found = await _told(row, document.order, unheard)
            except Exception as error:
                log.warning("line_failed", row=row.id, error=type(error).__name__)
                failed.add(row.id)
                continue
            for person, crossed in found:
                told[person].append(crossed)
        if unheard:
            log.warning("lines_told_nobody", lines=unheard.total(), by_unit=dict(unheard.most_common(UNHEARD_NAMED)))
        change = Change()
        singly, gathered = _parted(told, now)
        await inbox.deliver(change, [each.notice(person) for person, each in singly], now)
        day = (await library.current()).local_date(now).isoformat() if gathered else ""
        digests = [LightDigest(person, f"{LIGHTS}:{day}", _lines(held)) for person, held in gathered.items()]
        await inbox.gather(change, digests, now)
        return Applied(change, frozenset(failed))

    async def _told(row: OutboxRow, order: Order, unheard: Counter[str]) -> list[tuple[str, _Crossed]]:
        """Whom to tell which of a row's lines; those that nobody stands for are counted by unit."""
        terms = await library.recorded(order.rules, order.calendar)
        found = []
        for n, raw in enumerate(row.data["lines"]):
            line = Line.model_validate(raw)
            path, unit = _held(order, line, terms)
            audiences = audiences_of(terms.rules.escalation, line.light, line.level)
            persons = await _persons(recipients_of(audiences, line.term, path))
            if not persons:
                unheard[unit or "hotline"] += 1
            crossed = _crossed(f"{LIGHTS}:{instant(line.at)}:{row.id}:{n}", order, line, unit, terms)
            found += [(person, crossed) for person in persons]
        return found

    async def _persons(recipients: Iterable[Recipients]) -> dict[str, None]:
        """Each person once, however many of the audiences they are."""
        persons: dict[str, None] = {}
        for each in recipients:
            for unit in (None,) if each.units is None else each.units:
                if holders := await people.of(each.role, unit):
                    persons |= dict.fromkeys(holders)
                    break
        return persons

    return Consumer(database, LIGHTS, apply)


def _held(order: Order, line: Line, terms: Terms) -> tuple[tuple[str, ...], str | None]:
    """The path and the name of the unit that has to keep the deadline: the assignment's, or whoever succeeded it;
    neither for the hotline's own terms."""
    if HANDLERS[line.term] is not Role.UNIT_CLERK:
        return (), None
    assignment = order.assignment(line.subject) if line.subject is not None else order.lead
    if assignment is None:
        return (), None
    unit = terms.units.get(terms.heir(assignment.unit))
    return (unit.ancestors, unit.name) if unit is not None else (assignment.ancestors, None)


def _crossed(source: str, order: Order, line: Line, unit: str | None, terms: Terms) -> _Crossed:
    zone, title = terms.calendar.zone, line_title(order.number, line.term, line.light, line.level)
    return _Crossed(
        source=source,
        line=line,
        order=order.id,
        title=title,
        body=line_body(order.number, line.term, line.light, line.due, zone, unit),
        in_digest=f"{title}（期限{local(line.due, zone)}）",
    )


def _parted(
    told: dict[str, list[_Crossed]], now: datetime
) -> tuple[list[tuple[str, _Crossed]], dict[str, list[_Crossed]]]:
    """What each person is told singly, and what goes into their digest."""
    singly, gathered = list[tuple[str, _Crossed]](), dict[str, list[_Crossed]]()
    for person, crossed in told.items():
        held = [each for each in crossed if now - each.line.at > FRESH]
        if len(crossed) - len(held) > MOST_SINGLY:
            held = crossed
        else:
            singly += [(person, each) for each in crossed if now - each.line.at <= FRESH]
        if held:
            gathered[person] = held
    return singly, gathered


def _lines(held: Sequence[_Crossed]) -> tuple[tuple[str, str | None], ...]:
    """In the order in which they were crossed."""
    return tuple((each.in_digest, each.order) for each in sorted(held, key=lambda each: each.line.at))
