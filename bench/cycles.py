"""Over HTTP, against two API processes and a worker: the load test of DIGIT, its spike, the desk, the memory.

DIGIT publishes 37 life cycles/s at 100,000 stored complaints and 6.3/s at 1,000,000, on 16 cores; and 57 % of errors in
a spike from 1 to 35 and back.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

import orjson

from bench.city import Place, found, opened, short_cycle, tokens
from bench.driving import Client
from bench.loading import HALF_A_YEAR, load
from bench.processors import children, processor_seconds, resident_megabytes
from bench.rows import Row, at_least, at_most, median, percentile, told
from foundation.paging import EARLIEST, LATEST, instant
from runtime.composition import App
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.states import Status

PORT = 18400
STORED = 50_000
CYCLES_PER_SECOND = 40.0
P95_MILLISECONDS = 250.0
SPIKE = [(1, 5), (35, 10), (1, 5)]
API_MEGABYTES = 250.0
DESK_TIMES = 3.0
DESK_ROUNDS = 150
DATABASE = "bench_cycles"
DESK = """{ hotlineDesk(status: IN_PROGRESS, first: 20) { __typename ... on OrderConnection { edges { cursor node {
  id number status receivedAt title } } pageInfo { hasNextPage endCursor } } ... on Problem { code message } } }"""


@dataclass(frozen=True, slots=True)
class Serving:
    """Two API processes and a worker, by the process ids of the commands that watch over them."""

    serve: int
    worker: int

    def api_megabytes(self) -> float:
        """The largest resident set of an API process."""
        return max(resident_megabytes(pid) for pid in self._running(self.serve, "runtime.web"))

    def processor_seconds(self) -> dict[str, float]:
        """What each part has used so far."""
        parts = {
            "API": self._running(self.serve, "runtime.web"),
            "worker": self._running(self.worker, "runtime.worker"),
        }
        return {name: sum(map(processor_seconds, pids)) for name, pids in parts.items()}

    def _running(self, parent: int, module: str) -> list[int]:
        return [pid for pid, command in children(parent) if module in command]


@asynccontextmanager
async def serving(place: Place, database: str, folder: Path) -> AsyncIterator[Serving]:
    """`zhengtong serve` and `zhengtong worker` on that database."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ZHENGTONG_")}
    env |= {
        "ZHENGTONG_MONGODB_URI": place.uri,
        "ZHENGTONG_DATABASE": database,
        "ZHENGTONG_DATA_DIR": str(place.folder),
        "ZHENGTONG_PORT": str(PORT),
        "ZHENGTONG_PROCESSES": "2",
        "ZHENGTONG_ENVIRONMENT": "production",
        # Nobody in the load gives a phone: nothing is sent.
        "ZHENGTONG_SMS_GATEWAY_URL": "http://127.0.0.1:9",
        "ZHENGTONG_SMS_GATEWAY_TOKEN": "none",
    }
    for name in ("key_encryption_keys", "hash_keys", "signing_keys"):
        env[f"ZHENGTONG_{name.upper()}"] = (place.folder / "keys" / name).read_text()
    command = [str(Path(sys.executable).parent / "zhengtong")]
    started = [_started([*command, what], env, folder) for what in ("serve", "worker")]
    try:
        await asyncio.to_thread(_answers, PORT)
        yield Serving(*(process.pid for process in started))
    finally:
        for process in started:
            process.send_signal(signal.SIGINT)
        for process in started:
            await asyncio.to_thread(process.wait, 60)


def _started(command: list[str], env: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "serving.log").open("ab") as log:
        return subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)


def _answers(port: int) -> None:
    end = monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            if monotonic() > end:
                raise
        asyncio.run(asyncio.sleep(0.2))


async def drive(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Let the load generator run."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.driving", json.dumps(plan), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return dict(json.loads(out))


async def measure(place: Place, *, stored: int = STORED) -> list[Row]:
    """Rows of the load test, the spike, the desk and the memory."""
    async with opened(place, DATABASE) as app:
        await found(app, short_cycle())
        await load(app, stored, HALF_A_YEAR)
        async with serving(place, DATABASE, place.folder):
            pass  # a first start prepares the database
        async with serving(place, DATABASE, place.folder) as served:
            rows = await _steady(app, place, served, stored)
            rows += await _spike(app)
            rows += await _desk(app)
            return [
                *rows,
                at_most("an API process's memory after the load", served.api_megabytes(), "MB", API_MEGABYTES),
            ]


async def _steady(app: App, place: Place, served: Serving, stored: int) -> list[Row]:
    before = {**served.processor_seconds(), "engine": processor_seconds(place.engine)}
    result = await drive({"port": PORT, "tokens": await tokens(app)})
    after = {**served.processor_seconds(), "engine": processor_seconds(place.engine)}
    name = f"DIGIT's load test with {stored:,} orders stored"
    if result["failures"]:
        print(f"    failures: {result['failures']}")
    rows = [
        at_least(f"{name}: life cycles", result["cycles"] / result["seconds"], "per s", CYCLES_PER_SECOND),
        at_most(f"{name}: p95 of a call", percentile(result["milliseconds"], 95), "ms", P95_MILLISECONDS),
        told(f"{name}: median of a call", median(result["milliseconds"]), "ms"),
        at_most(f"{name}: failures", sum(result["failures"].values()), "", 0),
    ]
    spent = {part: after[part] - before[part] for part in after} | {"load generator": result["processor_seconds"]}
    cycles = result["started"]
    return rows + [
        told(f"{name}: processor time of a life cycle, {part}", seconds / cycles * 1e3, "ms")
        for part, seconds in spent.items()
    ]


async def _spike(app: App) -> list[Row]:
    result = await drive({"port": PORT, "tokens": await tokens(app), "rates": SPIKE})
    if result["failures"]:
        print(f"    failures: {result['failures']}")
    return [
        at_most("spike 1 to 35 to 1 per s: failures", sum(result["failures"].values()), "", 0),
        told("spike 1 to 35 to 1 per s: p95 of a call", percentile(result["milliseconds"], 95), "ms"),
    ]


async def _desk(app: App) -> list[Row]:
    """A desk page of 20 over HTTP against the same page straight from the driver, in turns."""
    token = (await tokens(app))["dispatcher"]
    collection = app.database.collection(OrderDocument)
    # The bounds that the page itself ends up with: it starts where the soonest due one is.
    where = {"status": Status.IN_PROGRESS, "due_key": {"$gte": instant(EARLIEST), "$lt": instant(LATEST)}}
    last = (await collection.find(where).sort("due_key", 1).limit(20).to_list())[-1]["due_key"]
    where["due_key"] = {"$gte": instant(EARLIEST), "$lte": last}
    over_http, straight = list[float](), list[float]()
    client = Client(PORT)
    for _ in range(DESK_ROUNDS):
        begin = perf_counter()
        answer = await client.post(token, {"query": DESK})
        over_http.append((perf_counter() - begin) * 1e3)
        begin = perf_counter()
        page = await collection.find(where).sort("due_key", 1).limit(20).to_list()
        orjson.dumps(page, default=bytes.hex)
        straight.append((perf_counter() - begin) * 1e3)
    edges = orjson.loads(answer)["data"]["hotlineDesk"].get("edges")
    if not edges or len(edges) != len(page):
        raise AssertionError(f"not a page of 20: {answer[:500]!r}")
    return [
        at_most(
            "a desk page of 20 over HTTP against PyMongo and orjson",
            median(over_http) / median(straight),
            "×",
            DESK_TIMES,
        ),
        told("a desk page of 20 over HTTP", median(over_http), "ms"),
    ]
