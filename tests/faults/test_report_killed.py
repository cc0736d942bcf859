"""Kill -9 of whatever makes a report, and of the database under it: taken up again, it is issued once and whole."""

import json
import os
import random
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from foundation.engine import EngineProgram, running_engine, uri_of
from foundation.faults import ExitCode
from tests.runtime.processes import Running, environment, zhengtong

KILLS = int(os.environ.get("ZHENGTONG_KILLS", "3"))
ORDERS = 40
LEASE_SECONDS = 30
PATIENCE_SECONDS = 120.0
LAST_MONTH = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")


def tries(folder: Path, program: EngineProgram) -> int:
    """How often the report was taken; -1 while its engine does not answer."""
    engine = running_engine(folder / "data", program.kind)
    if engine is None:
        return -1
    try:
        with MongoClient[dict[str, int]](uri_of(engine.port), serverSelectionTimeoutMS=500) as client:
            job = client["zhengtong"]["reports"].find_one({})
            return 0 if job is None else job["tries"]
    except PyMongoError:
        return -1


def issued(command: tuple[str, ...], env: dict[str, str]) -> dict[str, Any]:
    """What the command answers where nobody kills it."""
    ended = zhengtong(*command, env=env)
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout))


@pytest.mark.timeout((LEASE_SECONDS + 60) * KILLS + 600)
@pytest.mark.kills_database
def test_killed_over_and_over_a_month_is_issued_once(engine_program: EngineProgram, tmp_path: Path) -> None:
    env, chance = environment(tmp_path), random.Random(3)
    assert zhengtong("seed", "--orders", str(ORDERS), env=env).returncode == 0
    command = ("report", "--period", LAST_MONTH, "--issue", "--out", str(tmp_path / "out"), "--json")
    for n in range(KILLS):
        with Running(*command, env=env, log=tmp_path / f"log-{n}") as running:
            end = time.monotonic() + PATIENCE_SECONDS
            while tries(tmp_path, engine_program) <= n and running.process.poll() is None:
                assert time.monotonic() < end, f"it does not go on: {running.said()}"
                time.sleep(0.02)
            if running.process.poll() is not None:
                # The kill before came too late: what is issued is given again.
                assert n > 0, running.said()
                assert running.end() == 0, running.said()
                break
            time.sleep(chance.uniform(0, 0.8))
            if n % 2 == 0:
                running.process.kill()
                assert running.end() in (-signal.SIGKILL, 0)
            else:
                engine = running_engine(tmp_path / "data", engine_program.kind)
                assert engine is not None
                os.kill(engine.pid, signal.SIGKILL)
                assert running.end() in (ExitCode.DATABASE_UNREACHABLE, 0), running.said()
                assert "Traceback" not in running.said()

    told = issued(command, env)
    assert told["state"] == "issued"
    files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert sorted(Path(name).suffix for name in files) == [".docx", ".pdf", ".xlsx"]
    assert issued(command, env) == told
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == files
    checked = zhengtong("figures", "check", "--json", env=env)
    assert checked.returncode == 0, checked.stdout
    assert json.loads(checked.stdout)["differences"] == []
