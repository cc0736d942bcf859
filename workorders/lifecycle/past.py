"""What an order leaves behind whose events happened elsewhere, before it came here: an import's documents.

They are those that the use cases would have written, made without the detour over a model for each, for an import makes
them by the hundred thousand. Nobody is told of the events: what is long past is no news.
"""

from collections.abc import Sequence
from datetime import datetime

from foundation.chain import GENESIS
from foundation.crypto import Keyring
from foundation.database import Raw
from foundation.documents import Stored
from foundation.events import Event, event_document, event_id
from foundation.outbox import OutboxRow, outbox_id
from foundation.paging import time_key
from foundation.timers import Timer
from workorders.deadlines.packs import RulePack
from workorders.lifecycle.documents import (
    NumberClaim,
    OrderDocument,
    PhoneDesk,
    UnitDesk,
    UpstreamClaim,
    UpstreamDesk,
)
from workorders.lifecycle.intake import blank_document, upstream_key
from workorders.lifecycle.lines import next_moment
from workorders.lifecycle.recording import PROJECTOR, WATCH_TIMER, Step, event_fields
from workorders.lifecycle.values import Order

Documents = dict[type[Stored], list[Raw]]
"""Documents to be inserted, as the database keeps them, by their models."""


def add_past_order(
    documents: Documents,
    history: Sequence[tuple[Step, datetime]],
    keyring: Keyring,
    rules: RulePack,
    now: datetime,
) -> OrderDocument:
    """Add all that an order writes that was never here: `history` is each event with its time, the intake first.

    It is watched from `now` on, like any other.
    """
    order, texts, key = history[-1][0].after, history[0][0].decision.texts, keyring.new_data_key()
    head = GENESIS
    for step, at in history:
        event = event_document(**event_fields(order.id, step, key, at), previous=head)
        _add(documents, Event, event)
        head = event["hash"]
    document = blank_document(keyring, order, key, texts).changed(head=head)
    moment = next_moment(order, rules)
    if moment is not None:
        timer = Timer.at(moment, WATCH_TIMER, order.id, sequence=order.version)
        _add(documents, Timer, timer.stored())
        document = document.changed(watched_at=moment, watched_by=timer.id)
    _add(documents, OrderDocument, document.stored())
    _add(documents, NumberClaim, {"_id": order.number, "v": 1, "order": order.id})
    if order.upstream is not None:
        _add(documents, UpstreamClaim, {"_id": upstream_key(order.upstream), "v": 1, "order": order.id})
    for assignment in order.assignments:
        _add(documents, UnitDesk, UnitDesk.of(order, assignment).stored())
    if (phoned := PhoneDesk.of(order)) is not None:
        _add(documents, PhoneDesk, phoned.stored())
    if (above := UpstreamDesk.of(order)) is not None:
        _add(documents, UpstreamDesk, above.stored())
    _add(documents, OutboxRow, _outbox_row(PROJECTOR, order, now))
    return document


def _outbox_row(consumer: str, order: Order, now: datetime) -> Raw:
    event = event_id(order.id, order.version)
    return {
        "_id": outbox_id(event, consumer),
        "v": 1,
        "consumer": consumer,
        "subject": order.id,
        "sequence": order.version,
        "key": time_key(now, event),
        "data": {},
        "tries": 0,
    }


def _add(documents: Documents, model: type[Stored], document: Raw) -> None:
    documents.setdefault(model, []).append(document)
