"""What changes while people look: one change stream per process, fanned out inside it.

The stream is a wake-up. It runs while anybody listens; when it breaks, the orders that are watched are polled, and the
desks and inboxes are told to look again, until it runs once more.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from foundation.database import Database, Raw
from foundation.events import Event
from notifications.documents import Notice, recipient_of
from workorders.lifecycle.documents import OrderDocument, PhoneStage
from workorders.lifecycle.states import TRANSITIONS, Action, Status

GATHERED_SECONDS = 0.05
"""Events so close together are told together, with one read."""
POLL_SECONDS = 2.0
LINGER_SECONDS = 5.0
"""How long the stream goes on after the last listener left."""
MOST_PENDING = 100
"""Orders that a slow listener is behind by; beyond that it is only told to look again."""

log = structlog.get_logger()

_LEAVES: dict[Action, frozenset[Status]] = {
    action: frozenset(source for (source, each), target in TRANSITIONS.items() if each is action and target != source)
    for action in Action
}
"""The desks that an action may take an order from."""

MOVES_LIGHTS = frozenset(
    {
        *(Action.LIGHT, Action.CORRECT_CALENDAR, Action.RECLASSIFY, Action.SUPERVISE, Action.INSTRUCT),
        *(Action.GRANT_EXTENSION, Action.GRANT_SUSPENSION, Action.GRANT_COMPLEX, Action.RESUME),
    }
)
"""A line was crossed, or a deadline was moved and takes its light along."""

ORDER = "order:"
EVERY_ORDER = "orders"
"""The topic of whoever watches the whole city."""


def order_topic(order: str) -> str:
    return f"{ORDER}{order}"


def desk_topic(status: Status) -> str:
    return f"desk:{status}"


def unit_topic(unit: str) -> str:
    return f"unit:{unit}"


def phone_topic(stage: PhoneStage) -> str:
    return f"phone:{stage}"


def lights_topic(desk: str) -> str:
    """The lights of a desk, by the desk's own topic."""
    return f"lights:{desk}"


def inbox_topic(recipient: str) -> str:
    return f"inbox:{recipient}"


@dataclass(eq=False)
class Listener:
    """One subscription's mailbox: the latest state of each changed order, however slowly it is read."""

    topic: str
    version: int | None = None
    """Of the one order that is watched: what the subscriber knows already. None for a desk."""
    _pending: dict[str, OrderDocument] = field(default_factory=dict)
    _look_again: bool = False
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, document: OrderDocument) -> None:
        if self.version is not None:
            if document.version <= self.version:
                return
            self.version = document.version
        self._pending[document.id] = document
        if len(self._pending) > MOST_PENDING:
            self._pending.clear()
            self._look_again = True
        self._arrived.set()

    def look_again(self) -> None:
        self._look_again = True
        self._arrived.set()

    async def changes(self, seconds: float) -> list[OrderDocument | None] | None:
        """What changed since the last call: orders, and None for "look again"; None alone when nothing did in time."""
        try:
            await asyncio.wait_for(self._arrived.wait(), seconds)
        except TimeoutError:
            return None
        self._arrived.clear()
        found: list[OrderDocument | None] = [None] if self._look_again else []
        found += self._pending.values()
        self._pending, self._look_again = {}, False
        return found


class Changes:
    """Tells the listeners of this process what changed, in whichever process it was done."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: dict[str, set[Listener]] = {}
        self._running: asyncio.Task[None] | None = None
        self._streaming = asyncio.Event()
        self._changed: dict[str, set[Action]] = {}
        self._arrived = asyncio.Event()

    @property
    def listening(self) -> int:
        return sum(map(len, self._listeners.values()))

    @asynccontextmanager
    async def listener(self, topic: str) -> AsyncIterator[Listener]:
        """A mailbox for a topic; from here on nothing is missed."""
        listener = Listener(topic)
        self._listeners.setdefault(topic, set()).add(listener)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run(), name="changes")
        # Without the stream the listener is told by polling.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._streaming.wait(), POLL_SECONDS)
        try:
            yield listener
        finally:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]

    async def close(self) -> None:
        """End the stream, for the end of the process."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running

    async def _run(self) -> None:
        telling = asyncio.create_task(self._tell_gathered(), name="changes-telling")
        broken = False
        try:
            while self._listeners:
                try:
                    await self._stream(after_break=broken)
                except PyMongoError as error:
                    log.warning("change_stream_broke", error=type(error).__name__)
                    self._streaming.clear()
                    broken = True
                    await asyncio.sleep(POLL_SECONDS)
                    with suppress(PyMongoError):
                        await self._poll()
        finally:
            self._streaming.clear()
            telling.cancel()

    async def _stream(self, *, after_break: bool) -> None:
        """Follow the stream until nobody has listened for a while. Raises `PyMongoError` when it breaks."""
        watched = [Event.collection_name(), Notice.collection_name()]
        written = {"operationType": {"$in": ["insert", "update", "replace"]}, "ns.coll": {"$in": watched}}
        pipeline = [{"$match": written}]
        now = asyncio.get_running_loop().time
        idle_since: float | None = None
        async with await self._database.mongo.watch(pipeline, max_await_time_ms=500) as stream:
            self._streaming.set()
            if after_break:
                await self._poll()
            while True:
                change = await stream.try_next()
                if change is not None:
                    self._note(change)
                if self._listeners:
                    idle_since = None
                elif idle_since is None:
                    idle_since = now()
                elif now() - idle_since > LINGER_SECONDS:
                    self._streaming.clear()
                    return

    def _note(self, change: Mapping[str, Any]) -> None:
        if change["ns"]["coll"] == Event.collection_name():
            self._gather(change["fullDocument"])
            return
        for listener in self._listeners.get(inbox_topic(recipient_of(change["documentKey"]["_id"])), ()):
            listener.look_again()

    def _gather(self, event: Raw) -> None:
        actions = self._changed.setdefault(event["subject"], set())
        with suppress(ValueError):  # an event of another kind of subject: no order will be found
            actions.add(Action(event["type"]))
        self._arrived.set()

    async def _tell_gathered(self) -> None:
        """Tell what came together as one, with one read."""
        while True:
            await self._arrived.wait()
            await asyncio.sleep(GATHERED_SECONDS)
            self._arrived.clear()
            changed, self._changed = self._changed, {}
            if not self._listeners:
                continue
            try:
                documents = await self._database.get_many(OrderDocument, list(changed))
            except Exception as error:
                log.warning("changed_orders_unread", error=type(error).__name__)
                self._look_again()
                continue
            for id, document in documents.items():
                self._tell(document, changed[id])

    def _tell(self, document: OrderDocument, actions: Iterable[Action]) -> None:
        order = document.order
        left = {status for action in actions for status in _LEAVES[action]}
        units = {unit for assignment in order.assignments for unit in assignment.ancestors}
        desks = [*map(desk_topic, left | {order.status}), *map(unit_topic, units)]
        topics = [order_topic(order.id), EVERY_ORDER, *desks]
        if order.phone_task is not None:
            topics += map(phone_topic, PhoneStage)
        if not MOVES_LIGHTS.isdisjoint(actions):
            topics += map(lights_topic, desks)
        for topic in topics:
            for listener in self._listeners.get(topic, ()):
                listener.tell(document)

    async def _poll(self) -> None:
        """Look at the watched orders themselves, and send the desks to look again: what the stream may have missed."""
        self._look_again()
        watched = [topic.removeprefix(ORDER) for topic in self._listeners if topic.startswith(ORDER)]
        if not watched:
            return
        for document in (await self._database.get_many(OrderDocument, watched)).values():
            for listener in self._listeners.get(order_topic(document.id), ()):
                listener.tell(document)

    def _look_again(self) -> None:
        for topic, listeners in self._listeners.items():
            if not topic.startswith(ORDER):
                for listener in listeners:
                    listener.look_again()
