"""Kill -9 of a replay and of its database: taken up again, it comes to the figures of an undisturbed one."""

import asyncio
import json
import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from foundation.clock import SettableClock
from foundation.engine import EmbeddedEngine, EngineProgram, running_engine, uri_of
from foundation.faults import ExitCode
from foundation.paging import EARLIEST
from foundation.settings import Settings
from runtime.preparing import installation
from runtime.replay.reading import Column, read_messages
from runtime.server import Server
from tests.runtime.processes import Running, environment, zhengtong
from tests.runtime.recount import recount
from tests.runtime.test_replay import GOOD, assert_whole, written

KILLS = int(os.environ.get("ZHENGTONG_KILLS", "5"))
ROWS = 40 + 20 * KILLS
DATABASE = "killed"
PATIENCE_SECONDS = 90.0
INTERRUPTED = 128 + signal.SIGINT
"""What a shell makes of Ctrl-C."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Messages over two months, answered after hours or weeks; drawn, the same each time."""
    chance, begins = random.Random("replay"), datetime.fromisoformat("2019-03-01")
    rows = []
    for n in range(ROWS):
        sent = begins + timedelta(minutes=chance.randrange(60 * 24 * 60))
        replied = sent + timedelta(hours=chance.choice([1, 20, 90, 200, 500]), seconds=chance.randrange(3_600))
        rows.append(
            {**GOOD, Column.ID: f"{n}", Column.SENT_AT: sent.isoformat(), Column.REPLIED_AT: replied.isoformat()}
        )
    path = tmp_path / "messages.csv"
    path.write_bytes(written(*rows))
    return path


def done(running: Running, folder: Path, program: EngineProgram) -> int:
    """How many events the replay has noted down; -1 while its own engine does not answer.

    The engine of a replay that was killed lives on until the next one ends it, and still tells what was done before.
    """
    engine = running_engine(folder / "data", program.kind)
    if engine is None or engine.owner != running.process.pid:
        return -1
    try:
        with MongoClient[dict[str, int]](uri_of(engine.port), serverSelectionTimeoutMS=500) as client:
            mark = client[DATABASE]["replay"].find_one({"_id": "replay"})
            return -1 if mark is None else mark["done"]
    except PyMongoError:
        return -1


def run_until_it_goes_on(running: Running, folder: Path, program: EngineProgram, before: int) -> int:
    """Wait until it has done more than `before`; how much."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (reached := done(running, folder, program)) <= before:
        assert running.process.poll() is None, running.said()
        assert time.monotonic() < end, f"it does not go on: {running.said()}"
        time.sleep(0.05)
    return reached


def victims(chance: random.Random) -> Iterator[str]:
    """In turns, so that both are killed in every run."""
    for n in range(KILLS):
        yield ("replay", "engine")[n % 2] if n < 2 else chance.choice(["replay", "engine"])


@pytest.mark.timeout(60 * KILLS + 300)
@pytest.mark.kills_database
def test_killed_over_and_over_it_comes_to_the_same_figures(
    engine_program: EngineProgram, tmp_path: Path, file: Path
) -> None:
    env, chance, reached = environment(tmp_path), random.Random(5), 0
    for n, victim in enumerate(victims(chance)):
        command = ("replay", str(file), "--database", DATABASE, "--json")
        with Running(*command, env=env, log=tmp_path / f"log-{n}") as running:
            reached = run_until_it_goes_on(running, tmp_path, engine_program, reached)
            assert reached < 2 * ROWS, "the file is too short for so many kills"
            time.sleep(chance.uniform(0, 0.25))
            if victim == "replay":
                running.process.kill()
                assert running.end() == -signal.SIGKILL
            else:
                engine = running_engine(tmp_path / "data", engine_program.kind)
                assert engine is not None
                os.kill(engine.pid, signal.SIGKILL)
                assert running.end() == ExitCode.DATABASE_UNREACHABLE, running.said()
                assert "Traceback" not in running.said()

    ended = zhengtong("replay", str(file), "--database", DATABASE, "--json", env=env)
    assert ended.returncode == 0, ended.stderr
    result, expected = json.loads(ended.stdout), recount(file)
    assert (result["total"], result["months"], result["refused"]) == (expected["total"], expected["months"], [])
    with EmbeddedEngine.start(engine_program, tmp_path / "data") as engine_again:
        asyncio.run(look_inside(engine_again.uri, tmp_path / "data", file.read_bytes()))


async def look_inside(uri: str, data_dir: Path, content: bytes) -> None:
    """No action is missing, none is doubled, the outbox is empty and every chain holds."""
    settings = Settings(data_dir=data_dir, database=DATABASE, mongodb_uri=None)
    async with installation(settings, Server(uri, "the test's own"), SettableClock(EARLIEST)) as app:
        await app.open()
        await assert_whole(app, read_messages(content, ZoneInfo("Asia/Shanghai")))


def test_interrupted_by_hand_it_says_nothing_of_stacks_and_goes_on(
    engine_program: EngineProgram, tmp_path: Path, file: Path
) -> None:
    env = environment(tmp_path)
    command = ("replay", str(file), "--database", DATABASE, "--json")
    with Running(*command, env=env, log=tmp_path / "log") as running:
        reached = run_until_it_goes_on(running, tmp_path, engine_program, 0)
        assert running.interrupt() == INTERRUPTED
        assert "goes on where this one stopped" in running.said()
        assert "Traceback" not in running.said()
    assert 0 < reached < 2 * ROWS
    ended = zhengtong(*command, env=env)
    assert json.loads(ended.stdout)["months"] == recount(file)["months"]
