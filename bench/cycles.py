"""Over HTTP, against two API processes and a worker: the load test of DIGIT, its spike, the desk, the memory.

DIGIT publishes 37 life cycles/s at 100,000 stored complaints and 6.3/s at 1,000,000, on 16 cores; and 57 % of errors in
a spike from 1 to 35 and back.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from time import perf_counter
from typing import Any

import orjson

from bench.city import Place, found, opened, short_cycle, tokens
from bench.driving import Client
from bench.loading import HALF_A_YEAR, load
from bench.processors import at_rest, processor_seconds
from bench.rows import Row, at_least, at_most, median, percentile, told
from bench.serving import PORT, Serving, serving
from foundation.paging import EARLIEST, LATEST, instant
from runtime.composition import App
from workorders.lifecycle.checkpoints import sign_day
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.states import Status
from workorders.statistics.reading import first_uncounted

STORED = 50_000
CYCLES_PER_SECOND = 40.0
P95_MILLISECONDS = 250.0
SPIKE = [(1, 5), (35, 10), (1, 5)]
API_MEGABYTES = 250.0
LAG_SECONDS = 2.0
LOOK_SECONDS = 0.25
DESK_TIMES = 3.0
DESK_LIT_TIMES = 1.1
DESK_ROUNDS = 150
DATABASE = "bench_cycles"
DESK = """{ hotlineDesk(status: IN_PROGRESS, first: 20) { __typename ... on OrderConnection { edges { cursor node {
  id number status receivedAt title } } pageInfo { hasNextPage endCursor } } ... on Problem { code message } } }"""
DESK_LIT = DESK.replace("receivedAt", "receivedAt light")


async def drive(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Let the load generator run."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.driving", json.dumps(plan), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return dict(json.loads(out))


async def measure(place: Place) -> list[Row]:
    """Rows of the load test, the spike, the desk and the memory."""
    rows = await store(place, STORED)
    async with opened(place, DATABASE) as app, serving(place, DATABASE) as served:
        rows += await _steady(app, place, served, STORED)
        rows += await _spike(app)
        rows += await _desk(app)
        memory = served.api_megabytes()
    return [*rows, at_most("an API process's memory after the load", memory, "MB", API_MEGABYTES)]


async def store(place: Place, number: int) -> list[Row]:
    """Store so many orders, with nothing left to do for a worker; how long the last of it took."""
    async with opened(place, DATABASE) as app:
        await found(app, short_cycle())
        await load(app, number, HALF_A_YEAR)
        signing = await _sign_seconds(app)
    # What is measured is work beside stored orders, not beside what the engine still has to do with new ones.
    waited = await at_rest(place.engine)
    return [
        told(f"the first checkpoint, with the heads of {number:,} orders", signing, "s"),
        told(f"the engine is at rest after {number:,} orders were stored", waited, "s"),
    ]


async def load_test(place: Place, number: int) -> list[Row]:
    """Rows of the load test alone, beside what `store` stored; the first is of life cycles per second."""
    async with opened(place, DATABASE) as app, serving(place, DATABASE) as served:
        return await _steady(app, place, served, number)


async def _sign_seconds(app: App) -> float:
    """How long the checkpoint takes that a worker would sign at its start: of all that was stored."""
    calendar, begin = (await app.library.current()).calendar, perf_counter()
    await sign_day(app.database, app.keys.signer, calendar, app.clock.now())
    return perf_counter() - begin


async def _steady(app: App, place: Place, served: Serving, stored: int) -> list[Row]:
    before = {**served.processor_seconds(), "engine": processor_seconds(place.engine)}
    driving = asyncio.create_task(drive({"port": PORT, "tokens": await tokens(app)}))
    lags = [await _lag_seconds(app)]
    while not driving.done():
        await asyncio.sleep(LOOK_SECONDS)
        lags.append(await _lag_seconds(app))
    result = await driving
    after = {**served.processor_seconds(), "engine": processor_seconds(place.engine)}
    name = f"DIGIT's load test with {stored:,} orders stored"
    if result["failures"]:
        print(f"    failures: {result['failures']}")
    rows = [
        at_least(f"{name}: life cycles", result["cycles"] / result["seconds"], "per s", CYCLES_PER_SECOND),
        at_most(f"{name}: p95 of a call", percentile(result["milliseconds"], 95), "ms", P95_MILLISECONDS),
        told(f"{name}: median of a call", median(result["milliseconds"]), "ms"),
        at_most(f"{name}: failures", sum(result["failures"].values()), "", 0),
        at_most(f"{name}: p95 of how far the figures are behind", percentile(lags, 95), "s", LAG_SECONDS),
    ]
    spent = {part: after[part] - before[part] for part in after} | {"load generator": result["processor_seconds"]}
    cycles = result["started"]
    return rows + [
        told(f"{name}: processor time of a life cycle, {part}", seconds / cycles * 1e3, "ms")
        for part, seconds in spent.items()
    ]


async def _lag_seconds(app: App) -> float:
    """How long ago the first thing happened that is not counted yet."""
    waiting = await first_uncounted(app.database)
    return 0.0 if waiting is None else (app.clock.now() - waiting).total_seconds()


async def _spike(app: App) -> list[Row]:
    result = await drive({"port": PORT, "tokens": await tokens(app), "rates": SPIKE})
    if result["failures"]:
        print(f"    failures: {result['failures']}")
    return [
        at_most("spike 1 to 35 to 1 per s: failures", sum(result["failures"].values()), "", 0),
        told("spike 1 to 35 to 1 per s: p95 of a call", percentile(result["milliseconds"], 95), "ms"),
    ]


async def _desk(app: App) -> list[Row]:
    """A desk page of 20 over HTTP against the same page straight from the driver, and against one with lights, in
    turns."""
    token = (await tokens(app))["dispatcher"]
    collection = app.database.collection(OrderDocument)
    # The bounds that the page itself ends up with: it starts where the soonest due one is.
    where = {"status": Status.IN_PROGRESS, "due_key": {"$gte": instant(EARLIEST), "$lt": instant(LATEST)}}
    last = (await collection.find(where).sort("due_key", 1).limit(20).to_list())[-1]["due_key"]
    where["due_key"] = {"$gte": instant(EARLIEST), "$lte": last}
    client = Client(PORT)

    async def straight() -> int:
        page = await collection.find(where).sort("due_key", 1).limit(20).to_list()
        orjson.dumps(page, default=bytes.hex)
        return len(page)

    async def over_http(query: str) -> int:
        answer = await client.post(token, {"query": query})
        return len(orjson.loads(answer)["data"]["hotlineDesk"]["edges"])

    ways = {"straight": straight, "http": lambda: over_http(DESK), "lit": lambda: over_http(DESK_LIT)}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(DESK_ROUNDS):
        for name, way in ways.items():
            begin = perf_counter()
            length = await way()
            taken[name].append((perf_counter() - begin) * 1e3)
            if length != 20:
                raise AssertionError(f"not a page of 20: {name}")
    page = {name: median(each) for name, each in taken.items()}
    return [
        at_most(
            "a desk page of 20 over HTTP against PyMongo and orjson", page["http"] / page["straight"], "×", DESK_TIMES
        ),
        at_most("a desk page of 20 with lights against one without", page["lit"] / page["http"], "×", DESK_LIT_TIMES),
        told("a desk page of 20 over HTTP", page["http"], "ms"),
    ]
