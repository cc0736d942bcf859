"""The embedded engine: one at a time in a folder, found again, taken over from a starter that was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pymongo import MongoClient

from foundation.database import Database
from foundation.engine import (
    EmbeddedEngine,
    EngineKind,
    EngineProgram,
    find_engine,
    other_engines_data,
    running_engine,
    uri_of,
)
from foundation.engine.store import StoreFolder
from foundation.faults import DataFolderFault, EngineDied, EngineMissing
from foundation.settings import EngineChoice


def test_data_is_found_again_and_the_folder_has_one_engine_at_a_time(
    engine_program: EngineProgram, tmp_path: Path
) -> None:
    with EmbeddedEngine.start(engine_program, tmp_path) as engine:
        running = running_engine(tmp_path, engine_program.kind)
        assert running is not None
        assert (uri_of(running.port), running.durable) == (engine.uri, True)
        with pytest.raises(DataFolderFault, match="already running"):
            EmbeddedEngine.start(engine_program, tmp_path)
        with MongoClient[dict[str, object]](engine.uri) as client:
            client["city"]["orders"].insert_one({"_id": "one"})
    assert running_engine(tmp_path, engine_program.kind) is None
    with (
        EmbeddedEngine.start(engine_program, tmp_path) as engine,
        MongoClient[dict[str, object]](engine.uri) as client,
    ):
        assert client["city"]["orders"].find_one() == {"_id": "one"}
    assert other_engines_data(tmp_path, engine_program.kind.other) == tmp_path / engine_program.kind
    assert other_engines_data(tmp_path, engine_program.kind) is None


def test_a_new_rust_store_is_prepared_before_it_is_used(tmp_path: Path) -> None:
    try:
        rust = find_engine(EngineChoice.RUST)
    except EngineMissing as missing:
        pytest.skip(str(missing))
    folder = StoreFolder(tmp_path, EngineKind.RUST)
    folder.draft.mkdir(parents=True)
    (folder.draft / "WiredTiger.wt").write_bytes(b"half of a preparation that was broken off")
    with EmbeddedEngine.start(rust, tmp_path) as engine, MongoClient[dict[str, object]](engine.uri) as client:
        assert len(list(folder.store.glob("secantus_documents_sh*"))) == 16
        assert not folder.draft.exists()
        assert "preparation" not in client.list_database_names()
        limit = client.admin.command("getParameter", 1, transactionLifetimeLimitSeconds=1)
        assert limit["transactionLifetimeLimitSeconds"] == 5


def test_the_store_is_private(engine_program: EngineProgram, tmp_path: Path) -> None:
    with EmbeddedEngine.start(engine_program, tmp_path, durable=False):
        folder = StoreFolder(tmp_path, engine_program.kind)
        private = [folder.path, folder.store, *folder.store.iterdir(), folder.log]
        assert [path for path in private if path.stat().st_mode & 0o077] == []


@pytest.mark.kills_database
def test_an_engine_whose_starter_was_killed_is_ended_before_the_next_opens_its_store(
    engine_program: EngineProgram, tmp_path: Path
) -> None:
    script = (
        "import sys, time; from pathlib import Path; from foundation.engine import *\n"
        f"engine = EmbeddedEngine.start(EngineProgram(EngineKind({str(engine_program.kind)!r}),"
        f" Path({str(engine_program.path)!r})), Path({str(tmp_path)!r}), durable=False)\n"
        "print(engine.pid, flush=True); time.sleep(600)"
    )
    starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    orphan = int(starter.stdout.readline())
    starter.kill()
    starter.wait()
    starter.stdout.close()
    os.kill(orphan, 0)
    assert running_engine(tmp_path, engine_program.kind) is None, "nobody would ever end it"
    with EmbeddedEngine.start(engine_program, tmp_path, durable=False) as engine:
        assert engine.pid != orphan
        assert _ended(orphan)


def _ended(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_folder_that_cannot_be_written_is_named(engine_program: EngineProgram, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DataFolderFault, match="cannot be written"):
        EmbeddedEngine.start(engine_program, tmp_path / "file")


def test_an_engine_that_does_not_come_up_says_why(tmp_path: Path) -> None:
    program = tmp_path / "engine"
    program.write_text("#!/bin/sh\necho the disk is on fire\nexit 7\n")
    program.chmod(0o700)
    with pytest.raises(EngineDied, match="ended at its start with code 7: the disk is on fire"):
        EmbeddedEngine.start(EngineProgram(EngineKind.PYTHON, program), tmp_path)
    with pytest.raises(EngineDied, match="cannot be started"):
        EmbeddedEngine.start(EngineProgram(EngineKind.PYTHON, tmp_path / "absent"), tmp_path)


@pytest.mark.kills_database
def test_an_engine_that_is_killed_is_noticed(engine_program: EngineProgram, tmp_path: Path) -> None:
    with EmbeddedEngine.start(engine_program, tmp_path, durable=False) as engine:
        assert engine.exit_code() is None
        engine.kill()
        assert engine.exit_code() == -signal.SIGKILL


def test_a_missing_rust_engine_is_told_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match="make engine"):
        find_engine(EngineChoice.RUST)
    assert find_engine(EngineChoice.AUTO).kind is EngineKind.PYTHON


async def test_tests_share_a_server_but_not_data(database: Database) -> None:
    assert await database.mongo.list_collection_names() == []
