"""Complaints that repeat: the same thing at the same place, so many times in so many days, is supervised by rule.

A consumer of the outbox counts, so that no intake waits for it: one bounded range of the index over topic and time.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from foundation.changes import Change
from foundation.clock import SettableClock
from foundation.outbox import Applied, Consumer, OutboxRow
from foundation.paging import instant
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Office
from workorders.lifecycle.policy.case import RULES, Case, Decision
from workorders.lifecycle.policy.supervision import may_repeat, on_repeated
from workorders.lifecycle.recording import REPEATED
from workorders.lifecycle.states import Status, SupervisionCause

MOST_COUNTED = 500

NOT_COUNTED = frozenset({Status.REJECTED, Status.WITHDRAWN})

log = structlog.get_logger()


class _Settled(Exception):
    """There is nothing to do any more."""


def repeat_watcher(office: Office) -> Consumer:
    """The consumer that looks at each new order once. Told twice, it supervises once: the order says so itself."""

    async def apply(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        failed = set()
        at_now = replace(office, clock=SettableClock(now))
        for row in rows:
            try:
                await _look(at_now, row.subject)
            except Exception as error:
                log.warning("repeat_not_looked_at", row=row.id, error=type(error).__name__)
                failed.add(row.id)
        return Applied(Change(), frozenset(failed))

    return Consumer(office.database, REPEATED, apply)


async def _look(office: Office, id: str) -> None:
    document = await office.orders.by_id(id)
    if document is None or not await is_repeated(office, document):
        return

    def decide(case: Case) -> Decision:
        decision = on_repeated(case)
        if decision is None:
            raise _Settled
        return decision

    try:
        await office.act(RULES, id, decide)
    except _Settled:
        return


async def is_repeated(office: Office, document: OrderDocument) -> bool:
    """Whether an order is one of so many complaints about one thing, none of which is supervised for that already.

    Those that came later count too: whoever is looked at last sees all, in whatever order they were saved.
    """
    order = document.order
    rules = (await office.library.recorded(order.rules, order.calendar)).rules.supervision
    if not rules.repeated or not _counts(document):
        return False
    around = timedelta(days=rules.repeated_days)
    bounds = {"$gte": instant(order.received_at - around), "$lt": instant(order.received_at + around)}
    cursor = office.database.collection(OrderDocument).find({"topic": document.topic, "received_key": bounds})
    raws = await cursor.sort("received_key", -1).limit(MOST_COUNTED).to_list()
    alike = [each for each in map(OrderDocument.load, raws) if _counts(each)]
    return len(alike) >= rules.repeated_times and not any(map(_watched, alike))


def _counts(document: OrderDocument) -> bool:
    return may_repeat(document.order) and document.status not in NOT_COUNTED


def _watched(document: OrderDocument) -> bool:
    return any(each.open and each.cause is SupervisionCause.REPEATED for each in document.order.supervisions)
