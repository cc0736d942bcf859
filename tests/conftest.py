"""One database server for the whole run: the one in ZHENGTONG_MONGODB_URI, else the embedded engine.

On the Python engine `races/`, `faults/` and what is marked `races` elsewhere are left out: it is for trying things
out, by one process at a time. Against a server that is not ours nothing that kills the database runs.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
from pymongo import AsyncMongoClient

from foundation.database import Database
from foundation.engine import EmbeddedEngine, EngineKind, EngineProgram, find_engine
from foundation.settings import Settings, read_settings
from tests.installation import installation, served

__all__ = ["installation", "served"]

# How long one example takes says more of the machine than of us.
hypothesis.settings.register_profile("zhengtong", deadline=None)
hypothesis.settings.load_profile("zhengtong")

LEFT_OUT_ON_PYTHON = ("races", "faults")
HERE = Path(__file__).parent

_settings = read_settings()
_program: EngineProgram | None = None if _settings.mongodb_uri else find_engine(_settings.engine)
_slow_engine = _program is not None and _program.kind is EngineKind.PYTHON


def pytest_report_header() -> list[str]:
    if _program is None:
        return ["database: the server in ZHENGTONG_MONGODB_URI; left out: whatever kills the database"]
    left_out = f"; left out: {', '.join(f'tests/{name}' for name in LEFT_OUT_ON_PYTHON)}" if _slow_engine else ""
    return [f"database: the {_program.kind} engine, {_program.path}{left_out}"]


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if _slow_engine and collection_path.parent == HERE and collection_path.name in LEFT_OUT_ON_PYTHON:
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = "kills_database" if _program is None else "races" if _slow_engine else None
    if left_out is None:
        return
    deselected = [item for item in items if item.get_closest_marker(left_out)]
    config.hook.pytest_deselected(items=deselected)
    items[:] = [item for item in items if item not in deselected]


@pytest.fixture(scope="session")
def engine_program() -> EngineProgram:
    """The embedded engine that this run uses, for tests that start one of their own."""
    if _program is None:
        pytest.skip("needs an embedded engine, and this run uses ZHENGTONG_MONGODB_URI")
    return _program


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server that all tests of this run share; each takes a database of its own."""
    if _settings.mongodb_uri is not None:
        yield _settings.mongodb_uri.get_secret_value()
        return
    assert _program is not None
    with EmbeddedEngine.start(_program, tmp_path_factory.mktemp("engine"), durable=False) as engine:
        yield engine.uri


@pytest.fixture(scope="module")
async def database_of_module(mongodb_uri: str) -> AsyncIterator[Database]:
    """A new database for the tests of one file, dropped afterwards. What one test leaves, the next one finds."""
    database = Database(mongodb_uri, f"test_{secrets.token_hex(6)}")
    yield database
    await database.client.drop_database(database.mongo.name)
    await database.close()


@pytest.fixture
async def database(database_of_module: Database) -> Database:
    """The file's database, emptied. Collections and indexes stay: emptying 25 takes 6 to 14 ms on either engine,
    dropping and making them anew 30 to 150 ms."""
    mongo = database_of_module.mongo
    names = await mongo.list_collection_names()
    await asyncio.gather(*(mongo[name].delete_many({}) for name in names))
    return database_of_module


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation of its own, without any of the environment's."""
    return Settings(data_dir=tmp_path / "data", mongodb_uri=None)


@pytest.fixture
async def client(mongodb_uri: str) -> AsyncIterator[AsyncMongoClient[dict[str, object]]]:
    """A bare client, for tests that look at the server itself."""
    bare: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(mongodb_uri)
    yield bare
    await bare.close()
