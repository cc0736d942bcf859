"""The one way to the database: connecting, preparing collections, and saving changes."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC
from typing import Any, TypeVar

from beanie import init_beanie
from pymongo import AsyncMongoClient, ReplaceOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from foundation.changes import AlreadyClaimed, Change, Conditional, StaleWrite
from foundation.documents import Stored
from foundation.errors import Busy

Raw = dict[str, Any]
D = TypeVar("D", bound=Stored)
R = TypeVar("R")

TRANSACTION_TRIES = 12
DUPLICATE_KEY = 11000


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
            serverSelectionTimeoutMS=5_000,
            w="majority",
            journal=True,
        )
        self.mongo: AsyncDatabase[Raw] = self.client[name]

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

        async def write(session: AsyncClientSession | None) -> None:
            for conditional in change.conditionals:
                await self._write_conditional(conditional, session)
            for model, ids in change.discards.items():
                await self.collection(model).delete_many({"_id": {"$in": ids}}, session=session)
            for model, documents in change.puts.items():
                writes = [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in documents]
                await self.collection(model).bulk_write(writes, session=session)
            for model, documents in change.inserts.items():
                await self._insert(model, documents, session)

        if change.is_one_write:
            await write(None)
        else:
            await self.transact(write)

    async def transact(self, body: Callable[[AsyncClientSession], Awaitable[R]]) -> R:
        """Run `body` in a transaction; again, from its start, after a transient error.

        `body` awaits nothing but the database. A commit whose outcome is unknown is retried as a commit, alone.
        """
        for attempt in range(TRANSACTION_TRIES):
            async with self.client.start_session() as session:
                try:
                    await session.start_transaction()
                    result = await body(session)
                    await _commit(session)
                    return result
                except PyMongoError as error:
                    if session.in_transaction:
                        await session.abort_transaction()
                    if not error.has_error_label("TransientTransactionError"):
                        raise
                except BaseException:
                    if session.in_transaction:
                        await session.abort_transaction()
                    raise
            await asyncio.sleep(secrets.randbelow(1_000) / 1_000_000 * 2 ** min(attempt + 2, 8))
        raise Busy

    async def _write_conditional(self, conditional: Conditional, session: AsyncClientSession | None) -> None:
        collection = self.collection(conditional.model)
        matched: int
        if conditional.replacement is not None:
            replaced = await collection.replace_one(conditional.filter, conditional.replacement, session=session)
            matched = replaced.matched_count
        elif conditional.operations is not None:
            updated = await collection.update_one(conditional.filter, conditional.operations, session=session)
            matched = updated.matched_count
        else:
            matched = (await collection.delete_one(conditional.filter, session=session)).deleted_count
        if matched == 0:
            raise StaleWrite(conditional.model.collection_name())

    async def _insert(self, model: type[Stored], documents: Sequence[Any], session: AsyncClientSession | None) -> None:
        name = model.collection_name()
        try:
            if len(documents) == 1:
                await self.mongo[name].insert_one(documents[0], session=session)
            else:
                await self.mongo[name].insert_many(documents, session=session)
        except BulkWriteError as error:
            first = (error.details or {}).get("writeErrors", [{}])[0]
            if first.get("code") == DUPLICATE_KEY:
                raise AlreadyClaimed(name, str(documents[first["index"]]["_id"])) from None
            raise
        except DuplicateKeyError:
            raise AlreadyClaimed(name, str(documents[0]["_id"])) from None


async def _commit(session: AsyncClientSession) -> None:
    for attempt in range(TRANSACTION_TRIES):
        try:
            await session.commit_transaction()
            return
        except PyMongoError as error:
            unknown = error.has_error_label("UnknownTransactionCommitResult")
            if not unknown or attempt == TRANSACTION_TRIES - 1:
                raise
            await asyncio.sleep(0.02 * 2**attempt)
