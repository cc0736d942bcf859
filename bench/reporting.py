"""The report of a month of 100,000 orders, issued and drawn in a process of its own: how long it takes, and how much
memory that process ever had.

Orders are the copies that figures are measured with, spread over units, categories and places.
"""

import asyncio
import json
import resource
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from bench.city import Place, found, opened
from bench.figuring import ANYBODY, BATCH, BELOW, CATEGORIES, STATES, UNITS, copies, order_of
from bench.loading import settle
from bench.rows import Row, at_most, told
from foundation.changes import Change
from foundation.clock import SettableClock
from identity import documents
from runtime.composition import App
from runtime.replay import town
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.values import Order
from workorders.statistics.definitions import Figure
from workorders.statistics.projecting import FIRST_GENERATION, count_anew
from workorders.statistics.reading import Question
from workorders.statistics.reports import jobs, reading
from workorders.statistics.reports.periods import read_period

ORDERS = 100_000
PLACES = 500
DATABASE = "bench_report"
PERIOD = "2025-06"
START = datetime(2025, 6, 1, 1, 30, tzinfo=UTC)
DAYS = 29
NOW = datetime(2025, 7, 20, tzinfo=UTC)


async def measure(place: Place, *, orders: int = ORDERS) -> list[Row]:
    async with opened(place, DATABASE, SettableClock(START)) as app:
        await _filled(app, orders)
        window = read_period(PERIOD).window
        table = await app.figures.table(ANYBODY, Question(window), NOW)
        received = table.periods[0].total.figure(Figure.RECEIVED).denominator
        command = [sys.executable, "-m", "bench.reporting", place.uri, str(place.folder), str(place.engine)]
        child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        output, _ = await child.communicate()
        assert child.returncode == 0
        made = json.loads(output.splitlines()[-1])
    return [
        at_most(f"report of a month of {received:,} orders, issued and drawn", made["seconds"], "s", 20),
        at_most("report: the most memory of the process that makes it", made["megabytes"], "MB", 300),
        told("report: its three files", made["bytes"] / 1024, "KB"),
    ]


async def _made(place: Place) -> dict[str, float]:
    """Issue the report, and say what it took."""
    async with opened(place, DATABASE, SettableClock(NOW)) as app:
        begin = perf_counter()
        job = await jobs.issue(app.reports, ANYBODY, period=PERIOD)
        while (job := await reading.report(app.database, ANYBODY, job.id)).due is not None:
            await jobs.work(app.reports, job)
        took = perf_counter() - begin
        assert job.sizes, job.fault
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {"seconds": took, "megabytes": most, "bytes": sum(job.sizes.values())}


async def _filled(app: App, number: int) -> None:
    await found(app)
    await app.database.save(_city())
    templates = [await order_of(app, status, n) for n, status in enumerate(STATES)]
    await settle(app)
    document = await app.database.collection(OrderDocument).find_one({"_id": templates[0].id})
    assert document is not None
    batch: list[Order] = []
    for n, order in enumerate(copies(templates, number, DAYS)):
        batch.append(order.model_copy(update={"place": ("all", f"place{n % PLACES}"), "number": f"{n:012}"}))
        if len(batch) == BATCH:
            await app.database.save(await count_anew(app.database, app.figures.zone, FIRST_GENERATION, batch))
            raws = [{**document, "_id": each.id, "order": each.model_dump()} for each in batch]
            await app.database.mongo[OrderDocument.collection_name()].insert_many(raws)
            batch = []


def _city() -> Change:
    """Units, categories and places that the copies are spread over."""
    change = Change()
    for n in range(UNITS):
        unit = f"unit{n}"
        path = (town.CITY, unit)
        change.put(documents.Unit(_id=unit, name=f"第{n}局", parent=town.CITY, path=path))
        for below in range(BELOW):
            id = f"{unit}-{below}"
            change.put(documents.Unit(_id=id, name=f"第{n}局{below}科", parent=unit, path=(*path, id)))
    change.put(*_leaves(documents.Category, "category", CATEGORIES, "诉求"))
    return change.put(*_leaves(documents.Place, "place", PLACES, "街道"))


def _leaves(
    model: type[documents.Category] | type[documents.Place], id: str, number: int, name: str
) -> Iterable[documents.Category | documents.Place]:
    yield model(_id="all", name="全部", parent=None, path=("all",))
    for n in range(number):
        yield model(_id=f"{id}{n}", name=f"{name}{n}", parent="all", path=("all", f"{id}{n}"))


if __name__ == "__main__":
    uri, folder, engine = sys.argv[1:]
    print(json.dumps(asyncio.run(_made(Place(uri, Path(folder), int(engine))))))
