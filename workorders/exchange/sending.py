"""Tells platforms above what became of their orders: the consumer `exchange` of the outbox.

A message is sent until the platform takes it, at least once, under an id of its own by which the platform counts it
once. Those of one order are sent in their order. A platform that does not answer keeps the others waiting for one
message only.
"""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import orjson
import structlog

from foundation.changes import Change
from foundation.clock import Clock
from foundation.crypto import Keyring
from foundation.database import Database
from foundation.events import event_id
from foundation.outbox import Applied, Consumer, OutboxRow, Patience
from workorders.exchange.documents import Platform
from workorders.exchange.messages import Message, messages
from workorders.exchange.platforms import secret_of
from workorders.exchange.signing import SignedRequest
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.recording import EXCHANGE
from workorders.lifecycle.repository import OrderRepository

TIMEOUT_SECONDS = 5.0
BATCH_SECONDS = 8.0
"""After this no more is begun: with the last try it ends well within the consumer's lease."""
PATIENCE = Patience(first=timedelta(seconds=5), longest=timedelta(minutes=10), tries=1_000)
"""A platform may be away for a week."""

log = structlog.get_logger()


class NotTaken(Exception):
    """The platform did not take a message; the text says why, without what was sent."""


class Courier(Protocol):
    """Brings one message to a platform."""

    async def post(self, url: str, content: bytes, headers: dict[str, str]) -> None:
        """Raises `NotTaken`."""
        ...


class HttpCourier:
    """Posts, and waits for any 2xx; of the answer only the status is read."""

    def __init__(self, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False)

    async def post(self, url: str, content: bytes, headers: dict[str, str]) -> None:
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._client.stream("POST", url, content=content, headers=headers) as answer,
            ):
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise NotTaken(type(error).__name__) from None
        if not httpx.codes.is_success(status):
            raise NotTaken(str(status))

    async def close(self) -> None:
        await self._client.aclose()


def sender(database: Database, keyring: Keyring, clock: Clock, orders: OrderRepository, courier: Courier) -> Consumer:
    """The consumer that sends; what cannot be sent is tried again, up to a week."""

    async def apply(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        ends = asyncio.get_running_loop().time() + BATCH_SECONDS
        batch = _Batch(database, keyring, clock, orders, courier)
        for n, row in enumerate(rows):
            if n and asyncio.get_running_loop().time() > ends:
                return Applied(Change(), frozenset(batch.failed), frozenset(row.id for row in rows[n:]))
            await batch.tell(row)
        return Applied(Change(), frozenset(batch.failed))

    return Consumer(database, EXCHANGE, apply, PATIENCE)


class _Batch:
    """One batch of rows on their way."""

    def __init__(
        self, database: Database, keyring: Keyring, clock: Clock, orders: OrderRepository, courier: Courier
    ) -> None:
        self._database, self._keyring, self._clock = database, keyring, clock
        self._orders, self._courier = orders, courier
        self._done: set[str] = set()
        self._away: set[str] = set()
        """Platforms that did not take one: they are asked no more in this batch."""
        self.failed: set[str] = set()

    async def tell(self, row: OutboxRow) -> None:
        """Send one row's message, or note that it failed. What has no receiver any more is done.

        What cannot even be written down fails by itself: the others go on.
        """
        document = await self._orders.by_id(row.subject)
        platform = await self._platform(document)
        if document is None or platform is None or platform.url is None:
            self._done.add(row.id)
        elif platform.id in self._away or await self._waits(row):
            self.failed.add(row.id)
        elif await self._sent(platform, platform.url, document, row):
            self._done.add(row.id)
        else:
            self.failed.add(row.id)

    async def _platform(self, document: OrderDocument | None) -> Platform | None:
        upstream = document.order.upstream if document is not None else None
        platform = await self._database.get(Platform, upstream.source) if upstream is not None else None
        return platform if platform is not None and platform.good_keys else None

    async def _waits(self, row: OutboxRow) -> bool:
        """Whether an earlier message about the same order has not been taken yet."""
        bounds = {"$gte": event_id(row.subject, 0), "$lt": event_id(row.subject, row.sequence)}
        earlier = self._database.collection(OutboxRow).find({"_id": bounds}, {"consumer": 1})
        return any(raw["consumer"] == EXCHANGE and raw["_id"] not in self._done for raw in await earlier.to_list())

    async def _sent(self, platform: Platform, url: str, document: OrderDocument, row: OutboxRow) -> bool:
        try:
            message = await self._message(document, row)
            if message is not None:
                body = orjson.dumps(message)
                await self._courier.post(url, body, self._headers(platform, url, body, row.id))
        except NotTaken as fault:
            log.warning("exchange_not_taken", row=row.id, platform=platform.id, why=str(fault), tries=row.tries)
            self._away.add(platform.id)
            return False
        except Exception as error:
            log.warning("exchange_message_failed", row=row.id, error=type(error).__name__)
            return False
        return True

    async def _message(self, document: OrderDocument, row: OutboxRow) -> Message | None:
        key = None if document.data_key is None else self._keyring.unwrap(document.data_key)
        events = await self._orders.events(document)
        return dict(messages(document.order, events, key)).get(row.sequence)

    def _headers(self, platform: Platform, url: str, body: bytes, id: str) -> dict[str, str]:
        key = platform.good_keys[0]
        request = SignedRequest(
            method="POST",
            target=urlsplit(url).path or "/",
            body=body,
            platform=platform.id,
            key=key.id,
            timestamp=int(self._clock.now().timestamp()),
            nonce=secrets.token_urlsafe(24),
            request_id=id,
        )
        signed = request.headers(secret_of(self._keyring, platform, key))
        return {**signed, "Content-Type": "application/json"}
