"""Kill -9 of an import and of its database: taken up again, every row is imported once."""

import json
import os
import random
import signal
import time
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from foundation.engine import EngineProgram, running_engine, uri_of
from foundation.faults import ExitCode
from tests.runtime.importing import boston
from tests.runtime.processes import Running, environment, zhengtong

KILLS = int(os.environ.get("ZHENGTONG_KILLS", "3"))
ROWS = 600 + 800 * KILLS
PATIENCE_SECONDS = 90.0


def done(folder: Path, program: EngineProgram) -> int:
    """How many rows the import has noted down; -1 while its engine does not answer."""
    engine = running_engine(folder / "data", program.kind)
    if engine is None:
        return -1
    try:
        with MongoClient[dict[str, int]](uri_of(engine.port), serverSelectionTimeoutMS=500) as client:
            mark = client["zhengtong"]["imports"].find_one({})
            return -1 if mark is None else mark["done"]
    except PyMongoError:
        return -1


@pytest.mark.timeout(60 * KILLS + 300)
@pytest.mark.kills_database
def test_killed_over_and_over_it_imports_every_row_once(engine_program: EngineProgram, tmp_path: Path) -> None:
    rows = boston.made_up(ROWS)
    file = boston.write(tmp_path / "requests.csv", rows)
    env, chance, reached = environment(tmp_path), random.Random(7), 0
    command = ("import", str(file), "--mapping", "boston311", "--json")
    for n in range(KILLS):
        with Running(*command, env=env, log=tmp_path / f"log-{n}") as running:
            end = time.monotonic() + PATIENCE_SECONDS
            while (now := done(tmp_path, engine_program)) <= reached:
                assert running.process.poll() is None, running.said()
                assert time.monotonic() < end, f"it does not go on: {running.said()}"
                time.sleep(0.02)
            reached = now
            assert reached < ROWS, "the file is too short for so many kills"
            time.sleep(chance.uniform(0, 0.2))
            if n % 2 == 0:
                running.process.kill()
                assert running.end() == -signal.SIGKILL
            else:
                engine = running_engine(tmp_path / "data", engine_program.kind)
                assert engine is not None
                os.kill(engine.pid, signal.SIGKILL)
                assert running.end() == ExitCode.DATABASE_UNREACHABLE, running.said()
                assert "Traceback" not in running.said()

    ended = zhengtong(*command, env=env)
    assert ended.returncode == 0, ended.stderr
    result = json.loads(ended.stdout)
    assert (result["rows"], result["imported"], result["already"], result["refused"]) == (ROWS, ROWS, 0, [])
    assert result["verdicts"]["agree"] == boston.flagged(rows)
    assert result["overdue"] == boston.overdue(rows, "2026")
    verified = zhengtong("verify", "--json", env=env)
    assert verified.returncode == 0, verified.stdout
    assert json.loads(verified.stdout)["orders"] == ROWS
