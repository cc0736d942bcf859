"""The database server of this installation: the one that is named, or an embedded engine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError

from foundation.engine import (
    EmbeddedEngine,
    EngineKind,
    find_engine,
    other_engines_data,
    running_engine,
    uri_of,
)
from foundation.faults import DatabaseUnreachable, SettingsFault
from foundation.settings import EngineChoice, Settings

REACH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. `engine` is set when this process started it, and then it ends with this process."""

    uri: str
    description: str
    engine: EmbeddedEngine | None = None


@contextmanager
def database_server(settings: Settings, tell: Callable[[str], None]) -> Iterator[Server]:
    """The named server; else the embedded engine that already runs on the data folder, or one started for as long as
    the context lasts. `tell` is told what a person ought to know, for instance of data under the other engine.

    Raises `SettingsFault`, `DatabaseUnreachable`, `EngineMissing`, `EngineDied`, `DataFolderFault`.
    """
    if settings.mongodb_uri is not None:
        uri = settings.mongodb_uri.get_secret_value()
        yield Server(uri, check_reachable(uri))
        return
    for kind in _kinds(settings.engine):
        running = running_engine(settings.data_dir, kind)
        if running is not None:
            yield Server(uri_of(running.port), f"the {kind} engine that already runs on {settings.data_dir / kind}")
            return
    program = find_engine(settings.engine)
    unseen = other_engines_data(settings.data_dir, program.kind)
    if unseen is not None:
        tell(
            f"Data written under the {program.kind.other} engine lies in {unseen} and is not seen now; "
            f"ZHENGTONG_ENGINE={program.kind.other} uses it."
        )
    with EmbeddedEngine.start(program, settings.data_dir) as engine:
        where = settings.data_dir / program.kind
        yield Server(engine.uri, f"the embedded {program.kind} engine ({program.path.name}), data in {where}", engine)


def check_reachable(uri: str) -> str:
    """Make sure that the server answers and can do transactions; says in a few words what it is.

    Raises `SettingsFault` when the URI or the server is of the wrong kind, `DatabaseUnreachable`.
    """
    milliseconds = int(REACH_SECONDS * 1000)
    try:
        with MongoClient[dict[str, Any]](
            uri, serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds
        ) as client:
            hello = client.admin.command("hello")
            hosts = ", ".join(f"{host}:{port}" for host, port in sorted(client.nodes)) or "the named hosts"
    except (InvalidURI, ConfigurationError, ValueError) as fault:
        raise SettingsFault(f"ZHENGTONG_MONGODB_URI is not usable: {brief(fault)}.") from None
    except PyMongoError as fault:
        raise DatabaseUnreachable(
            f"The database in ZHENGTONG_MONGODB_URI does not answer within {REACH_SECONDS:.0f} s: {brief(fault)}."
        ) from None
    if hello.get("msg") == "isdbgrid":
        return f"the sharded cluster behind {hosts}"
    if "setName" not in hello:
        raise SettingsFault(
            "The server in ZHENGTONG_MONGODB_URI stands alone; transactions need a replica set, of one member at least."
        )
    return f"the replica set {hello['setName']} at {hosts}"


def _kinds(choice: EngineChoice) -> list[EngineKind]:
    return list(EngineKind) if choice is EngineChoice.AUTO else [EngineKind(choice)]


def brief(fault: Exception) -> str:
    """The driver's first words, without its long description of the topology."""
    first = str(fault).partition(", Timeout:")[0].partition(" (configured timeouts")[0]
    return first.rstrip(".") or type(fault).__name__
