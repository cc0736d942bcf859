"""A resident's data in work orders: exported, kept where the law says so, erased by destroying the keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from foundation.changes import Change, StaleWrite
from foundation.crypto import Keyring
from foundation.database import Database
from identity.personal_data import Retained
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.repository import OrderRepository
from workorders.lifecycle.timeline import PERSONAL, public_texts

KEPT_AFTER_CLOSING = timedelta(days=3 * 365)
"""Petition and complaint files are kept for three years at least after they were closed [《信访工作条例》, 2022]."""

MOST = 5_000
"""Orders of one person that are exported or erased at once; the rest in the next go."""


class OrderPersonalData:
    """Satisfies identity's `PersonalDataHolder`."""

    name = "work_orders"

    def __init__(self, database: Database, keyring: Keyring, orders: OrderRepository) -> None:
        self._database, self._keyring, self._orders = database, keyring, orders

    async def export_of(self, resident: str) -> Sequence[Mapping[str, Any]]:
        """Every order of the resident with the texts that they gave or were told; no more than their timeline shows."""
        return [await self._exported(document) for document in await self._orders.reported_by(resident, MOST)]

    async def retained_of(self, resident: str, now: datetime) -> Sequence[Retained]:
        """Open orders, and closed ones within the years that they must be kept."""
        retained = []
        for document in await self._orders.reported_by(resident, MOST):
            order = document.order
            if not order.ended:
                retained.append(Retained(f"工单{order.number}", "工单正在办理，办结后方可删除。", needs_account=True))
            elif not _erasable(document, now):
                until = (order.changed_at + KEPT_AFTER_CLOSING).date()
                retained.append(Retained(f"工单{order.number}", "依法须保存信访和投诉档案。", until=until))
        return retained

    async def erase_of(self, resident: str, now: datetime) -> int:
        """Destroy the data keys and keyed hashes of the orders that need not be kept. The chains still hold."""
        erased = 0
        for document in await self._orders.reported_by(resident, MOST):
            if document.data_key is None or not _erasable(document, now):
                continue
            blank = document.changed(data_key=None, sealed={}, phone_hash=None, name_hash=None)
            try:
                await self._database.save(Change().replace(blank, expecting={"order.version": document.version}))
                erased += 1
            except StaleWrite:
                continue
        return erased

    async def _exported(self, document: OrderDocument) -> Mapping[str, Any]:
        order = document.order
        key = None if document.data_key is None else self._keyring.unwrap(document.data_key)
        said = []
        for event, texts, _ in public_texts(await self._orders.events(document), key):
            given = {name: event.text(name, key) for name in sorted(PERSONAL & event.sealed.keys())}
            if texts or given:
                said.append({"time": event.at.isoformat(), "what": event.type, **texts, **given})
        return {
            "number": order.number,
            "received": order.received_at.isoformat(),
            "status": order.status,
            "texts": said,
        }


def _erasable(document: OrderDocument, now: datetime) -> bool:
    order = document.order
    return order.ended and now >= order.changed_at + KEPT_AFTER_CLOSING
