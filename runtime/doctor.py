"""`zhengtong doctor`: what runs here, and whether it keeps what it promises. Each promise is tried, not looked up."""

import asyncio
import secrets
import tempfile
from collections.abc import Awaitable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pymongo import IndexModel, MongoClient
from pymongo.errors import PyMongoError

from foundation.database import Database, Raw
from foundation.documents import Stored
from foundation.engine import EmbeddedEngine, EngineKind, EngineProgram, find_engine, running_engine
from foundation.faults import EngineDied, OperatorFault
from foundation.settings import EngineChoice, Settings
from runtime.server import Server

TRIAL_WRITES = 200
EVENT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that the database is to hold; `holds` is None where it could not be tried."""

    name: str
    holds: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What `doctor` found."""

    server: str
    product: str
    version: str
    promises: list[Promise]
    collections: int
    missing_collections: list[str] = field(default_factory=list)
    extra_collections: list[str] = field(default_factory=list)
    missing_indexes: list[str] = field(default_factory=list)
    extra_indexes: list[str] = field(default_factory=list)

    @property
    def healthy(self) -> bool:
        """Every promise that could be tried holds, and nothing is missing; extra things do no harm."""
        broken = any(promise.holds is False for promise in self.promises)
        return not (broken or self.missing_collections or self.missing_indexes)

    def as_json(self) -> dict[str, Any]:
        return {"healthy": self.healthy, **asdict(self)}


async def diagnose(settings: Settings, server: Server, stored: Iterable[type[Stored]]) -> Diagnosis:
    """Look at the server and at the database of this installation; scratch databases are made and dropped."""
    database = Database(server.uri, settings.database)
    scratch = Database(server.uri, f"{settings.database[:20]}_doctor_{secrets.token_hex(4)}")
    try:
        built = await database.client.admin.command("buildInfo")
        product, version = _product(built)
        promises = [
            await _tried("transactions", _transactions(scratch)),
            await _tried("change streams", _change_stream(scratch)),
            await _tried("durability", _durability(settings, database)),
        ]
        models = list(stored)
        await database.bind(models)
        present = set(await database.mongo.list_collection_names())
        expected = {model.collection_name() for model in models}
        missing, extra = await _indexes(database, [model for model in models if model.collection_name() in present])
        return Diagnosis(
            server=server.description,
            product=product,
            version=version,
            promises=promises,
            collections=len(expected),
            missing_collections=sorted(expected - present),
            extra_collections=sorted(name for name in present - expected if not name.startswith("system.")),
            missing_indexes=missing,
            extra_indexes=extra,
        )
    finally:
        await scratch.client.drop_database(scratch.mongo.name)
        await scratch.close()
        await database.close()


def _product(built: Raw) -> tuple[str, str]:
    if "secantusVersion" in built:
        return "SecantusDB", f"{built['secantusVersion']} (speaks MongoDB {built['version']})"
    return "MongoDB", str(built["version"])


async def _tried(name: str, trial: Awaitable[Promise]) -> Promise:
    try:
        return await trial
    except (PyMongoError, OperatorFault, TimeoutError, OSError) as fault:
        return Promise(name, False, str(fault).partition(", full error:")[0] or type(fault).__name__)


async def _transactions(scratch: Database) -> Promise:
    """A transaction that is broken off leaves nothing, one that commits leaves all of it."""
    here, there = scratch.mongo["here"], scratch.mongo["there"]
    for name in ("here", "there"):
        await scratch.mongo.create_collection(name)
    async with scratch.client.start_session() as session:
        await session.start_transaction()
        await here.insert_one({"_id": "broken off"}, session=session)
        await session.abort_transaction()
    async with scratch.client.start_session() as session:
        await session.start_transaction()
        await here.insert_one({"_id": "committed"}, session=session)
        await there.insert_one({"_id": "committed"}, session=session)
        unseen = await there.find_one({"_id": "committed"})
        await session.commit_transaction()
    found = [document["_id"] async for document in here.find()] + [document["_id"] async for document in there.find()]
    if unseen is not None or found != ["committed", "committed"]:
        return Promise("transactions", False, f"expected all of one transaction and nothing of the other, got {found}")
    return Promise("transactions", True, "one committed whole, one broken off without a trace")


async def _change_stream(scratch: Database) -> Promise:
    collection = scratch.mongo["watched"]
    await scratch.mongo.create_collection("watched")
    async with await collection.watch() as stream, asyncio.timeout(EVENT_SECONDS):
        await collection.insert_one({"_id": "seen"})
        event = await anext(stream)
    seen = event["operationType"] == "insert" and event["documentKey"]["_id"] == "seen"
    return Promise("change streams", seen, "a write was reported" if seen else f"an unexpected event: {event}")


async def _durability(settings: Settings, database: Database) -> Promise:
    if settings.mongodb_uri is not None:
        return await _server_durability(database)
    kind, durable = _running(settings)
    if not durable:
        return Promise("durability", False, "the running engine was started without --sync-on-commit")
    program = find_engine(EngineChoice(kind))
    return await asyncio.to_thread(_engine_durability, program, settings.data_dir)


def _running(settings: Settings) -> tuple[EngineKind, bool]:
    choice = settings.engine
    for kind in list(EngineKind) if choice is EngineChoice.AUTO else [EngineKind(choice)]:
        running = running_engine(settings.data_dir, kind)
        if running is not None:
            return kind, running.durable
    raise EngineDied("The engine has ended meanwhile.")


def _engine_durability(program: EngineProgram, data_dir: Path) -> Promise:
    """On a store of its own on the same disk: what was acknowledged before kill -9 is there afterwards."""
    with tempfile.TemporaryDirectory(prefix=".doctor-", dir=data_dir) as folder:
        with EmbeddedEngine.start(program, Path(folder)) as engine:
            with _client(engine) as client:
                for number in range(TRIAL_WRITES):
                    client["trial"]["writes"].insert_one({"_id": number})
            engine.kill()
        with EmbeddedEngine.start(program, Path(folder)) as engine, _client(engine) as client:
            found = len(list(client["trial"]["writes"].find()))
    detail = f"{found} of {TRIAL_WRITES} acknowledged writes were there after kill -9"
    return Promise("durability", found == TRIAL_WRITES, detail)


def _client(engine: EmbeddedEngine) -> MongoClient[Raw]:
    return MongoClient(engine.uri, serverSelectionTimeoutMS=10_000)


async def _server_durability(database: Database) -> Promise:
    """A server that is not ours is not killed: it is asked."""
    status = await database.client.admin.command("serverStatus")
    engine = status.get("storageEngine", {})
    if engine.get("persistent") is False:
        return Promise("durability", False, f"the storage engine {engine.get('name')} keeps everything in memory")
    return Promise(
        "durability", None, "not tried on a server of yours; every write waits for a majority and the journal"
    )


async def _indexes(database: Database, models: Iterable[type[Stored]]) -> tuple[list[str], list[str]]:
    """Indexes that are declared but not there, and the other way round, as `collection.index`."""
    missing, extra = [], []
    for model in models:
        present = await database.mongo[model.collection_name()].index_information()
        declared = {index.document["name"]: _keys(index.document["key"]) for index in _declared(model)}
        stored = {name: _keys(dict(index["key"])) for name, index in present.items() if name != "_id_"}
        missing += [f"{model.collection_name()}.{name}" for name, keys in declared.items() if stored.get(name) != keys]
        extra += [f"{model.collection_name()}.{name}" for name, keys in stored.items() if declared.get(name) != keys]
    return sorted(missing), sorted(extra)


def _keys(key: Any) -> list[tuple[str, Any]]:
    return list(key.items())


def _declared(model: type[Stored]) -> list[IndexModel]:
    return list(getattr(getattr(model, "Settings", None), "indexes", []))


def describe(diagnosis: Diagnosis) -> str:
    """The diagnosis for a person."""
    lines = [
        f"Server          {diagnosis.server}",
        f"Version         {diagnosis.product} {diagnosis.version}",
    ]
    words = {True: "holds", False: "BROKEN", None: "not tried"}
    lines += [f"{each.name.capitalize():<15} {words[each.holds]}: {each.detail}" for each in diagnosis.promises]
    lines.append(f"Collections     {diagnosis.collections} belong to this release")
    for title, names in (
        ("missing", diagnosis.missing_collections),
        ("extra", diagnosis.extra_collections),
        ("missing indexes", diagnosis.missing_indexes),
        ("extra indexes", diagnosis.extra_indexes),
    ):
        if names:
            lines.append(f"  {title}: {', '.join(names)}")
    lines.append(
        "Everything holds." if diagnosis.healthy else "Something is wrong; `zhengtong migrate` makes what is missing."
    )
    return "\n".join(lines)
