"""Tells citizens by text message what became of their order; one consumer of the outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import structlog

from foundation.changes import Change
from foundation.crypto import Keyring
from foundation.database import Database
from foundation.outbox import Applied, Consumer, OutboxRow
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.notices import message
from workorders.lifecycle.recording import NOTICES
from workorders.lifecycle.states import Action
from workorders.lifecycle.terms import TermsLibrary

log = structlog.get_logger()


class Messenger(Protocol):
    """Sends a text message; the same key again sends nothing more."""

    async def send(self, mobile: str, text: str, key: str) -> None: ...


def notifier(database: Database, keyring: Keyring, library: TermsLibrary, messenger: Messenger) -> Consumer:
    """The consumer that sends the life cycle's messages; one that cannot be sent is tried again, the others go on."""

    async def apply(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        orders = await database.get_many(OrderDocument, list({row.subject for row in rows}))
        failed = set()
        for row in rows:
            document = orders.get(row.subject)
            if document is None or document.data_key is None or "phone" not in document.sealed:
                continue
            try:
                phone = keyring.unwrap(document.data_key).open(document.sealed["phone"], f"{document.id}:phone")
                await messenger.send(phone, await _text(document, row), row.id)
            except Exception as error:
                log.warning("notice_failed", row=row.id, error=type(error).__name__)
                failed.add(row.id)
        return Applied(Change(), frozenset(failed))

    async def _text(document: OrderDocument, row: OutboxRow) -> str:
        order = document.order
        terms = await library.recorded(order.rules, order.calendar)
        due = order.citizen.due.astimezone(terms.calendar.zone)
        return message(Action(row.data["action"]), order, f"{due.month}月{due.day}日{due:%H:%M}")

    return Consumer(database, NOTICES, apply)
