"""Signed daily checkpoints 每日存证, and the walk that proves every chain."""

import asyncio
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from foundation.chain import (
    Checkpoint,
    CheckpointFault,
    Fault,
    Finding,
    Head,
    OpenedText,
    TextLoss,
    sign_checkpoint,
    verify_chain,
    verify_checkpoint,
)
from foundation.changes import AlreadyClaimed, Change
from foundation.crypto import BadSignature, CryptoError, Keyring, Signer, UnknownKey
from foundation.database import Database
from foundation.documents import Stored
from foundation.events import Event, event_id, text_place
from foundation.ids import new_id
from foundation.paging import EARLIEST, LATEST
from foundation.walking import MILLISECOND, in_windows
from foundation.working_time import Calendar
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.projecting import OrderProjection

SETTLES = timedelta(minutes=5)
"""How long after midnight a day is signed: by then the projector has applied what was committed before."""

HEADS_PER_PAGE = 1_000


class SignedDay(Stored):
    """A checkpoint (`_id` is its local day)."""

    heads: int
    root: str
    previous: str
    key: str
    signature: bytes
    until: datetime
    """The heads are those of all orders that changed since the `until` of the one before, as they were then."""
    attempt: str | None = None
    """Which of the day's attempts it is whose pages of heads were signed; the first release wrote no other's."""

    class Settings:
        name = "checkpoints"

    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.id, self.heads, self.root, self.previous, self.key, self.signature)

    @property
    def pages(self) -> list[str]:
        """The ids of its pages of heads."""
        return [page_id(self.id, self.attempt, page) for page in range(math.ceil(self.heads / HEADS_PER_PAGE))]


class SignedHeads(Stored):
    """A page of the heads that a checkpoint signed: chain, sequence and hash of each."""

    heads: list[tuple[str, int, str]]

    class Settings:
        name = "checkpoint_heads"


def page_id(day: str, attempt: str | None, page: int) -> str:
    return f"{day}:{page:06d}" if attempt is None else f"{day}:{attempt}:{page:06d}"


async def sign_day(database: Database, signer: Signer, calendar: Calendar, now: datetime) -> int:
    """Sign the last full local day, if it is not signed yet; answers how many checkpoints were made, 0 or 1.

    Safe to run in several processes at once: the day is the checkpoint's `_id`, and each attempt has pages of its own,
    which are written one by one: after an import a day may have heads by the million. After a downtime one checkpoint
    covers all the days since the last.
    """
    today = calendar.local_date(now - SETTLES)
    day = (today - timedelta(days=1)).isoformat()
    if await database.get(SignedDay, day) is not None:
        return 0
    previous = await _last_before(database, day)
    attempt, heads = new_id(), list[Head]()
    async for page in _pages_since(database, previous.until if previous else EARLIEST, now):
        part = [(head.chain, head.sequence, head.hash) for head in page]
        id = page_id(day, attempt, len(heads) // HEADS_PER_PAGE)
        await database.save(Change().insert(SignedHeads(_id=id, heads=part)))
        heads += page
    # Hashing a million heads takes half a minute: the other sweeps go on meanwhile.
    before = previous.checkpoint() if previous else None
    signed = await asyncio.to_thread(sign_checkpoint, day, heads, before, signer)
    made = SignedDay(
        _id=day,
        heads=signed.heads,
        root=signed.root,
        previous=signed.previous,
        key=signed.key,
        signature=signed.signature,
        until=now - SETTLES,
        attempt=attempt,
    )
    try:
        await database.save(Change().insert(made))
    except AlreadyClaimed:
        await _drop_pages(database, f"{day}:{attempt}:", f"{day}:{attempt};")
        return 0
    # What others tried for this day, and were killed or came too late.
    await _drop_pages(database, f"{day}:", f"{day}:{attempt}:")
    await _drop_pages(database, f"{day}:{attempt};", f"{day};")
    return 1


async def _drop_pages(database: Database, first: str, end: str) -> None:
    await database.collection(SignedHeads).delete_many({"_id": {"$gte": first, "$lt": end}})


async def _last_before(database: Database, day: str) -> SignedDay | None:
    newest = database.collection(SignedDay).find({"_id": {"$gte": "2000", "$lt": day}}).sort("_id", -1).limit(1)
    found = await newest.to_list()
    return SignedDay.load(found[0]) if found else None


async def _pages_since(database: Database, since: datetime, now: datetime) -> AsyncIterator[list[Head]]:
    """The projected heads of all orders that changed since, by the page.

    An order that changes again meanwhile is met again with its later head, or by the next checkpoint.
    """
    page: list[Head] = []
    async for raw in in_windows(database, OrderProjection, "changed_key", since, now + MILLISECOND):
        page.append(Head(raw["_id"], raw["sequence"], raw["head"]))
        if len(page) == HEADS_PER_PAGE:
            yield page
            page = []
    if page:
        yield page


@dataclass(slots=True)
class Verification:
    """What `verify` walked, and what it found."""

    orders: int = 0
    events: int = 0
    checkpoints: int = 0
    erased: int = 0


async def verify(
    database: Database, keyring: Keyring, signer: Signer, walked: Verification
) -> AsyncIterator[Finding | CheckpointFault | CryptoError]:
    """Walk every checkpoint and every order's chain, and yield each fault; `walked` counts along.

    Memory stays flat: orders are read in windows of a day.
    """
    signed: dict[str, list[Head]] = {}
    async for fault in _verify_checkpoints(database, signer, signed, walked):
        yield fault
    async for raw in in_windows(database, OrderDocument, "received_key", EARLIEST, LATEST):
        document = OrderDocument.load(raw)
        walked.orders += 1
        events = [Event.load(raw) for raw in await _events(database, document.id)]
        walked.events += len(events)
        head = Head(document.id, document.version, document.head)
        openings = _Openings(document, events, keyring)
        for finding in verify_chain(
            head,
            [event.as_link() for event in events],
            signed=signed.pop(document.id, []),
            open_text=openings.open,
        ):
            if finding.is_fault:
                yield finding
            else:
                walked.erased += 1
    for chain, heads in signed.items():
        last = max(head.sequence for head in heads)
        yield Finding(chain, Fault.CUT_OFF, 1, f"the order is gone; a checkpoint signed its event {last}")


async def _verify_checkpoints(
    database: Database, signer: Signer, signed: dict[str, list[Head]], walked: Verification
) -> AsyncIterator[CheckpointFault | CryptoError]:
    previous: Checkpoint | None = None
    days = await database.collection(SignedDay).find({"_id": {"$gte": "2000", "$lt": "3"}}).sort("_id", 1).to_list()
    for raw in days:
        day = SignedDay.load(raw)
        checkpoint, heads = day.checkpoint(), list[Head]()
        for id in day.pages:
            page = await database.get(SignedHeads, id)
            heads += [Head(*head) for head in page.heads] if page is not None else ()
        walked.checkpoints += 1
        try:
            verify_checkpoint(checkpoint, heads, previous, signer.verifier)
        except (CheckpointFault, UnknownKey, BadSignature) as fault:
            yield fault
        else:
            for head in heads:
                signed.setdefault(head.chain, []).append(head)
        previous = checkpoint


async def _events(database: Database, order: str) -> Sequence[Mapping[str, object]]:
    bounds = {"$gte": event_id(order, 0), "$lt": f"{order};"}
    return await database.collection(Event).find({"_id": bounds}).sort("_id", 1).to_list()


class _Openings:
    """Opens an order's texts, or says why not."""

    def __init__(self, document: OrderDocument, events: Sequence[Event], keyring: Keyring) -> None:
        self._key = None if document.data_key is None else keyring.unwrap(document.data_key)
        self._events = {event.sequence: event for event in events}

    def open(self, sequence: int, name: str) -> OpenedText | TextLoss:
        event = self._events[sequence]
        if self._key is None:
            return TextLoss.ERASED
        if name not in event.sealed:
            return TextLoss.MISSING
        place = text_place(event.id, name)
        try:
            return OpenedText(self._key.commitment_salt(place), self._key.open(event.sealed[name], place))
        except CryptoError:
            return OpenedText(b"", "")
