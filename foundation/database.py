"""The one way to the database: connecting, preparing collections, and saving changes."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC
from time import monotonic
from typing import Any, TypeVar

from beanie import init_beanie
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

from foundation.changes import AlreadyClaimed, Change, StaleWrite, Write
from foundation.densities import Densities
from foundation.documents import Stored
from foundation.errors import Busy

Raw = dict[str, Any]
D = TypeVar("D", bound=Stored)
R = TypeVar("R")

TRANSACTION_TRIES = 12
GONE_SECONDS = 5.0
IDLE_SECONDS = 120.0
"""Less than firewalls (some 4 min) and the Python engine (5 min) let a connection idle before they close it: the driver
reads nothing from an idle connection, and would find out by a request that fails."""
COMMIT_PAUSE = 0.02
"""Seconds before an unknown commit is asked for again, then growing: some 5 s in all, the life of a transaction."""
DUPLICATE_KEY = 11000
WRITE_CONFLICT = 112
TRANSIENT = "TransientTransactionError"


class Database:
    """One city's database, through one pool of at most 50 connections per process.

    Times read are aware and in UTC. Writes are acknowledged by a majority and journalled. The driver's own retries are
    off: an action that runs again after a lost answer finds its idempotency key instead.
    """

    def __init__(self, uri: str, name: str) -> None:
        self.client: AsyncMongoClient[Raw] = AsyncMongoClient(
            uri,
            tz_aware=True,
            tzinfo=UTC,
            retryWrites=False,
            maxPoolSize=50,
            maxIdleTimeMS=round(IDLE_SECONDS * 1_000),
            serverSelectionTimeoutMS=5_000,
            w="majority",
            journal=True,
        )
        self.mongo: AsyncDatabase[Raw] = self.client[name]
        self.densities = Densities()

    async def prepare(self, models: Sequence[type[Stored]]) -> None:
        """Make the collections and indexes of `models` that are missing, and bind the models; safe to repeat."""
        existing = set(await self.mongo.list_collection_names())
        await init_beanie(self.mongo, document_models=list(models))
        for model in models:
            if model.collection_name() not in existing and not model.get_settings().indexes:
                await self.mongo.create_collection(model.collection_name(), check_exists=False)

    async def bind(self, models: Sequence[type[Stored]]) -> None:
        """Bind the models without touching collections or indexes, which `prepare` made."""
        await init_beanie(self.mongo, document_models=list(models), skip_indexes=True)

    async def close(self) -> None:
        await self.client.close()

    def collection(self, model: type[Stored]) -> AsyncCollection[Raw]:
        return self.mongo[model.collection_name()]

    async def get(self, model: type[D], id: str) -> D | None:
        """The document with this `_id`, or None."""
        raw = await self.collection(model).find_one({"_id": id})
        return None if raw is None else model.load(raw)

    async def get_many(self, model: type[D], ids: Sequence[str]) -> dict[str, D]:
        """Those of a page's worth of documents that exist, by `_id`."""
        cursor = self.collection(model).find({"_id": {"$in": list(ids)}})
        return {raw["_id"]: model.load(raw) async for raw in cursor}

    async def save(self, change: Change) -> None:
        """Save all of a change or nothing of it.

        Raises `StaleWrite` when a precondition did not hold, `AlreadyClaimed` when an inserted `_id` exists, `Busy`
        when contention outlasted the bounded number of tries. Any other failure leaves nothing written, save a lost
        connection at the commit: then the change is either there or not, and an idempotency key tells which.
        """

        writes = [*change.contested, *change.others]
        if len(writes) == 1 and not writes[0].operation.get("multi"):
            await _again(lambda: self._run(writes, len(change.contested), None))
        elif writes:
            await self.transact(lambda session: self._run(writes, len(change.contested), session))

    async def transact(self, body: Callable[[AsyncClientSession], Awaitable[R]]) -> R:
        """Run `body` in a transaction; again, from its start, after a transient error.

        `body` awaits nothing but the database. A commit whose outcome is unknown is retried as a commit, alone.
        """

        async def once() -> R:
            async with self.client.start_session() as session:
                await session.start_transaction()
                try:
                    result = await body(session)
                except BaseException:
                    await session.abort_transaction()
                    raise
                await _commit(session)
                return result

        return await _again(once)

    async def insert_many(self, documents: Mapping[type[Stored], Sequence[Raw]], session: AsyncClientSession) -> None:
        """Insert new documents by the hundred, one command for each collection, in a transaction.

        Raises `AlreadyClaimed`.
        """
        for model, raws in documents.items():
            try:
                await self.collection(model).insert_many(raws, session=session)
            except BulkWriteError as fault:
                failed = fault.details["writeErrors"][0]
                _raise_failed(Write(model, "insert", {"document": raws[failed["index"]]}), failed)

    async def _run(self, writes: Sequence[Write], contested: int, session: AsyncClientSession | None) -> None:
        """Run all writes as one command; the first `contested` of them must each find their document."""
        names = list(dict.fromkeys(write.model.collection_name() for write in writes))
        number = {name: index for index, name in enumerate(names)}
        command: Raw = {
            "bulkWrite": 1,
            "ops": [{write.kind: number[write.model.collection_name()], **write.operation} for write in writes],
            "nsInfo": [{"ns": f"{self.mongo.name}.{name}"} for name in names],
            "ordered": True,
            "errorsOnly": False,
        }
        if session is None:
            command["writeConcern"] = {"w": "majority", "j": True}
        reply = await self.client.admin.command(command, session=session)
        for result in reply["cursor"]["firstBatch"]:
            write = writes[result["idx"]]
            if not result["ok"]:
                _raise_failed(write, result)
            if result["idx"] < contested and result["n"] == 0:
                raise StaleWrite(write.model.collection_name())


def _raise_failed(write: Write, result: Raw) -> None:
    if result["code"] == DUPLICATE_KEY and write.kind == "insert":
        raise AlreadyClaimed(write.model.collection_name(), write.document_id)
    error = OperationFailure(result.get("errmsg", ""), result["code"], result)
    if result["code"] == WRITE_CONFLICT:
        error._add_error_label(TRANSIENT)
    raise error


async def _again(once: Callable[[], Awaitable[R]]) -> R:
    """Run it until it fails with no transient error, with growing pauses. Raises `Busy` after the bounded tries.

    A server that is gone is tried again for five seconds in all, not for five seconds at every try.
    """
    ends = monotonic() + GONE_SECONDS
    for attempt in range(TRANSACTION_TRIES):
        try:
            return await once()
        except PyMongoError as error:
            if not error.has_error_label(TRANSIENT) or _is_gone(error, ends):
                raise
        await asyncio.sleep(secrets.randbelow(1_000) / 1_000_000 * 2 ** min(attempt + 2, 8))
    raise Busy


async def _commit(session: AsyncClientSession) -> None:
    ends = monotonic() + GONE_SECONDS
    for attempt in range(TRANSACTION_TRIES):
        try:
            await session.commit_transaction()
            return
        except PyMongoError as error:
            unknown = error.has_error_label("UnknownTransactionCommitResult")
            if not unknown or attempt == TRANSACTION_TRIES - 1 or _is_gone(error, ends):
                raise
            await asyncio.sleep(COMMIT_PAUSE * 2 ** min(attempt, 5))


def _is_gone(error: PyMongoError, ends: float) -> bool:
    return isinstance(error, ConnectionFailure) and monotonic() > ends
