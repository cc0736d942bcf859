"""What becomes of the children when a main order is answered, or ends without an answer; one consumer of the outbox.

Each child is taken by an action of its own, which its own state makes happen once: a worker that dies in the middle, or
two that work beside each other, take none twice and leave none behind.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from foundation.changes import Change
from foundation.database import Database
from foundation.events import Event
from foundation.outbox import Applied, Consumer, OutboxRow
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.events import fact_of
from workorders.lifecycle.facts import Accepted, Released
from workorders.lifecycle.folding import rebuild
from workorders.lifecycle.office import Decide, Office
from workorders.lifecycle.policy import merging
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.recording import MERGING
from workorders.lifecycle.redaction import Reported, redacted
from workorders.lifecycle.states import Action
from workorders.lifecycle.timeline import public_texts

log = structlog.get_logger()


class _Settled(Exception):
    """The child has its answer, or left meanwhile: there is nothing to do."""


class Unsettled(Exception):
    """These children could not be taken; they are tried again."""


def follower(database: Database, office: Office) -> Consumer:
    """The consumer that lets children follow their main order; one that cannot be taken is tried again later."""

    async def apply(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        failed = set()
        for row in rows:
            try:
                await settle_children(office, row.subject, row.sequence)
            except Exception as error:
                log.warning("children_unsettled", row=row.id, error=type(error).__name__)
                failed.add(row.id)
        return Applied(Change(), frozenset(failed))

    return Consumer(database, MERGING, apply)


async def settle_children(office: Office, main: str, sequence: int) -> None:
    """Take the children that a main order had at its event of that sequence where that event leads them.

    An accepted reply takes them to the callback; any other end lets them go their own way. Safe to repeat. A child that
    cannot be taken now does not hold up the others. Raises `Unsettled` if there was one.
    """
    document = await office.orders.by_id(main)
    if document is None:
        return
    events = await office.orders.events(document)
    settled = events[sequence - 1]
    decide = _following(office, document, events, settled) if settled.type == Action.HOTLINE_ACCEPT else _leaving(main)
    failed = []
    for child in _waiting(main, events, sequence):
        try:
            await office.act(merging.MERGER, child, decide)
        except _Settled:
            continue
        except Exception as error:
            log.warning("child_unsettled", main=main, child=child, error=type(error).__name__)
            failed.append(child)
    if failed:
        raise Unsettled(failed)


def _waiting(main: str, events: Sequence[Event], sequence: int) -> list[str]:
    """The children as of that event, but for those that left since: if they came back, it was for a later answer."""
    entries = [(Action(event.type), fact_of(event), event.at) for event in events]
    left = {fact.child for _, fact, _ in entries[sequence:] if isinstance(fact, Released)}
    return [child for child in rebuild(main, entries[:sequence]).children if child not in left]


def _leaving(main: str) -> Decide:
    def decide(case: Case) -> Decision:
        if not merging.waits_for(case.order, main):
            raise _Settled
        return merging.unmerge(case)

    return decide


def _following(office: Office, main: OrderDocument, events: Sequence[Event], accepted: Event) -> Decide:
    """With the public answer, without anything that tells the other citizens who reported the main order."""
    fact = fact_of(accepted)
    held = main.order.assignment(fact.assignment) if isinstance(fact, Accepted) else None
    if held is None:
        raise ValueError(f"event {accepted.id} accepts no reply")
    key = office.data_key(main)
    texts: Mapping[str, str] = next((given for event, given, _ in public_texts(events, key) if event is accepted), {})
    answer = texts.get("answer")
    if answer is not None and key is not None:
        known = (
            key.open(main.sealed[name], f"{main.id}:{name}") if name in main.sealed else None
            for name in ("name", "phone", "address")
        )
        answer = redacted(answer, Reported(*known))

    def decide(case: Case) -> Decision:
        if not merging.waits_for(case.order, main.id):
            raise _Settled
        return merging.follow(case, main.id, unit=held.unit, answer=answer)

    return decide
