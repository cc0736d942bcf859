"""Starting and stopping everything: clean, in order, and with one clear sentence when something is in the way."""

import asyncio
import os
import re
import signal
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foundation.changes import Change
from foundation.database import Database
from foundation.engine import EngineProgram, running_engine
from foundation.faults import ExitCode
from foundation.outbox import Lease, OutboxRow
from runtime.migrations import known_migrations
from tests.runtime.processes import (
    PATIENCE_SECONDS,
    Running,
    children_of,
    environment,
    free_port,
    status,
    zhengtong,
)
from workorders.lifecycle.recording import PROJECTOR

needs_ps = pytest.mark.skipif(not Path("/proc").exists(), reason="reads the processes of Linux")


def one_clear_sentence(said: str) -> bool:
    lines = said.strip().splitlines()
    return lines[-1].startswith("zhengtong: ") and lines[-1].endswith(".") and "Traceback" not in said


@needs_ps
@pytest.mark.kills_database
def test_it_starts_answers_restarts_a_dead_child_and_stops_cleanly(
    engine_program: EngineProgram, tmp_path: Path
) -> None:
    port = free_port()
    env = environment(tmp_path, ZHENGTONG_PORT=str(port), ZHENGTONG_PROCESSES="2")
    with Running("serve", env=env, log=tmp_path / "log") as running:
        running.wait_until_said("The API answers")
        children = children_of(running.process.pid)
        web = [pid for pid, command in children.items() if "runtime.web" in command]
        assert len(web) == 2
        assert status(f"http://127.0.0.1:{port}/readyz") == 200

        os.kill(web[0], signal.SIGKILL)
        running.wait_until_said("The API process ended by SIGKILL; it starts again in 0.5 s.")

        second = zhengtong("serve", env={**env, "ZHENGTONG_DATA_DIR": str(tmp_path / "other")})
        assert second.returncode == ExitCode.PORT_TAKEN
        assert one_clear_sentence(second.stderr)

        begun = time.monotonic()
        assert running.interrupt() == 0
        assert time.monotonic() - begun < 20
    assert "Traceback" not in running.said()
    assert status(f"http://127.0.0.1:{port}/healthz") is None
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert running_engine(tmp_path / "data", engine_program.kind) is None


@needs_ps
@pytest.mark.kills_database
def test_an_engine_that_dies_ends_everything_with_a_sentence(engine_program: EngineProgram, tmp_path: Path) -> None:
    with Running("worker", env=environment(tmp_path), log=tmp_path / "log") as running:
        running.wait_until_said("Database:")
        engine = running_engine(tmp_path / "data", engine_program.kind)
        while not any("runtime.worker" in command for command in children_of(running.process.pid).values()):
            time.sleep(0.05)
        children = children_of(running.process.pid)
        assert engine is not None
        os.kill(engine.pid, signal.SIGKILL)
        assert running.end() == ExitCode.ENGINE_DIED
    assert one_clear_sentence(running.said()), running.said()
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


@needs_ps
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path, mongodb_uri: str) -> None:
    env = environment(tmp_path, ZHENGTONG_MONGODB_URI=mongodb_uri, ZHENGTONG_DATABASE="test_supervisor_killed")
    with Running("worker", env=env, log=tmp_path / "log") as running:
        while not (children := children_of(running.process.pid)):
            time.sleep(0.05)
        time.sleep(1)
        running.process.kill()
        running.end()
        end = time.monotonic() + 20
        while any(Path(f"/proc/{pid}").exists() for pid in children):
            assert time.monotonic() < end
            time.sleep(0.05)


async def test_a_worker_that_is_stopped_leaves_the_lead_to_the_next(
    tmp_path: Path, mongodb_uri: str, database: Database
) -> None:
    await database.prepare([OutboxRow, Lease])
    row = OutboxRow.of(PROJECTOR, "nobody's", 1, datetime.now(UTC), {})
    await database.save(Change().insert(row))
    env = environment(tmp_path, ZHENGTONG_MONGODB_URI=mongodb_uri, ZHENGTONG_DATABASE=database.mongo.name)
    with Running("worker", env=env, log=tmp_path / "log") as running:
        end = time.monotonic() + PATIENCE_SECONDS
        while await database.get(OutboxRow, row.id) is not None:
            assert time.monotonic() < end, running.said()
            await asyncio.sleep(0.05)
        assert await database.get(Lease, PROJECTOR) is not None
        assert await asyncio.to_thread(running.interrupt) == 0
    assert await database.get(Lease, PROJECTOR) is None


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = zhengtong("serve", env=environment(tmp_path, ZHENGTONG_PORT=str(port)))
    assert ended.returncode == ExitCode.PORT_TAKEN
    assert one_clear_sentence(ended.stderr)
    assert f"Port {port} on 127.0.0.1 is taken" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    ended = zhengtong("serve", env=environment(tmp_path, ZHENGTONG_PORT=str(free_port())))
    assert ended.returncode == ExitCode.DATA_FOLDER
    assert one_clear_sentence(ended.stderr)
    assert str(tmp_path / "data") in ended.stderr


@pytest.mark.parametrize("command", ["worker", "doctor", "migrate", "verify"])
def test_a_database_that_does_not_answer_is_named(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        uri = f"mongodb://somebody:secret@127.0.0.1:{port}/"
        monkeypatch.setattr("runtime.server.REACH_SECONDS", 0.2)
        ended = zhengtong(command, env=environment(tmp_path, ZHENGTONG_MONGODB_URI=uri))
    assert ended.returncode == ExitCode.DATABASE_UNREACHABLE
    assert one_clear_sentence(ended.stderr), ended.stderr
    assert "secret" not in ended.stderr


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("PORT", "65536", "ZHENGTONG_PORT"),
        ("PORT", "eight thousand", "ZHENGTONG_PORT"),
        ("ENGINE", "mysql", "ZHENGTONG_ENGINE"),
        ("ZONE", "Asia/Peking", "ZHENGTONG_ZONE"),
        ("MONGODB_URI", "postgres://localhost", "ZHENGTONG_MONGODB_URI"),
        ("ENVIRONMENT", "production", "ZHENGTONG_KEY_ENCRYPTION_KEYS must be given in production"),
        ("SIGNING_KEYS", "one:c2hvcnQ=", "ZHENGTONG_SIGNING_KEYS"),
        ("HOST", "198.51.100.1", "ZHENGTONG_HOST"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, complaint: str, tmp_path: Path) -> None:
    env = environment(tmp_path, ZHENGTONG_PORT=str(free_port())) | {f"ZHENGTONG_{name}": value}
    ended = zhengtong("serve", env=env)
    assert ended.returncode == ExitCode.SETTINGS, ended.stderr
    assert one_clear_sentence(ended.stderr), ended.stderr
    assert complaint in ended.stderr


def test_data_under_the_other_engine_is_named(engine_program: EngineProgram, tmp_path: Path) -> None:
    other = engine_program.kind.other
    store = tmp_path / "data" / other / "store"
    store.mkdir(parents=True)
    (store / "WiredTiger").touch()
    ended = zhengtong("migrate", env=environment(tmp_path, ZHENGTONG_ENGINE=str(engine_program.kind)))
    assert ended.returncode == 0, ended.stderr
    assert f"Data written under the {other} engine lies in {store.parent} and is not seen now" in ended.stderr


async def test_processes_that_start_at_once_on_a_new_database_all_start(
    mongodb_uri: str, database: Database, tmp_path: Path
) -> None:
    names = {"MONGODB_URI": mongodb_uri, "DATABASE": database.mongo.name}
    env = environment(tmp_path, **{f"ZHENGTONG_{name}": value for name, value in names.items()})
    started = [Running("migrate", env=env, log=tmp_path / f"log{n}") for n in range(3)]
    assert [await asyncio.to_thread(each.end) for each in started] == [0, 0, 0], [each.said() for each in started]
    said = "".join(each.said() for each in started).splitlines()
    assert [said.count(f"Migrating: {step.title}") for step in known_migrations()] == [1] * len(known_migrations())


def test_every_command_explains_itself(tmp_path: Path) -> None:
    env = environment(tmp_path)
    listed = zhengtong("--help", env=env).stdout
    commands = re.findall(r"^  ([a-z-]+)  ", listed, re.MULTILINE)
    assert {"run", "serve", "worker", "seed", "migrate", "replay", "verify", "calendar", "doctor"} <= set(commands)
    for command in commands:
        told = zhengtong(command, "--help", env=env)
        assert told.returncode == 0
        assert len(told.stdout.partition("Options:")[0]) > 100, command
