"""What lights cost: a thousand crossed at once, by two workers and with one of them killed; a life cycle with them."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from subprocess import Popen
from time import monotonic, perf_counter
from unittest.mock import patch

from bench.city import Place, found, opened, short_cycle
from bench.loading import TEMPLATES, load, order_in
from bench.rows import Row, at_most, median, told
from bench.serving import begun
from foundation.changes import Change
from foundation.events import Event
from foundation.outbox import OutboxRow
from runtime.composition import App
from workorders.deadlines.packs import RulePack
from workorders.lifecycle import recording
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.lines import next_moment
from workorders.lifecycle.policy import passing
from workorders.lifecycle.states import Action, Status

CROSSED = 1_000
SECONDS = 60.0
"""For all of them, with two workers on two cores."""
WARNING = timedelta(seconds=30)
"""Until they are crossed: the orders are stored and the workers started by then."""
KILLED_AFTER = 300
CYCLES = 150
MOST_ADDED = 1.10


async def measure(place: Place) -> list[Row]:
    """Rows of the crossing, undisturbed and with a kill, and of the life cycle."""
    return [
        *await _crossing(place, "bench_lights", "two workers"),
        *await _crossing(place, "bench_lights_killed", "two workers, one killed on the way", kill=True),
        *await _added(place),
    ]


async def _crossing(place: Place, database: str, who: str, *, kill: bool = False) -> list[Row]:
    name = f"{CROSSED:,} lights crossed at once, {who}"
    async with opened(place, database) as app:
        await found(app)
        moment = app.clock.now() + WARNING
        shift = moment - await _first_line(app)
        # The originals keep their own times: they are not crossed.
        await load(app, CROSSED + TEMPLATES, {Status.DISPATCHED: (1.0, shift, shift)})
        workers = [begun("worker", place, database) for _ in range(2)]
        try:
            await asyncio.sleep((moment - app.clock.now()).total_seconds())
            seconds = await _until_told(app, workers[0] if kill else None)
        finally:
            for worker in workers:
                worker.send_signal(signal.SIGINT)
            for worker in workers:
                await asyncio.to_thread(worker.wait, 60)
        lit = await app.database.collection(Event).find({"type": Action.LIGHT}, {"subject": 1}).to_list()
        events = Counter(raw["subject"] for raw in lit)
        wrong = abs(CROSSED - len(events)) + events.total() - len(events)
        return [
            at_most(f"{name}: all told", seconds, "s", SECONDS),
            at_most(f"{name}: missing or twice", wrong, "", 0),
        ]


async def _first_line(app: App) -> datetime:
    document = await app.office.orders.by_id(await order_in(app, Status.DISPATCHED))
    assert document is not None
    first = next_moment(document.order, (await app.library.current()).rules)
    assert first is not None
    return first


async def _until_told(app: App, doomed: Popen[bytes] | None) -> float:
    """Seconds until every light is an event and nothing of it is left to be told; kills a worker on the way."""
    begin = monotonic()
    while monotonic() - begin < 4 * SECONDS:
        lit = await app.database.collection(Event).count_documents({"type": Action.LIGHT})
        if doomed is not None and lit >= KILLED_AFTER:
            os.killpg(doomed.pid, signal.SIGKILL)
            doomed = None
        if lit >= CROSSED and await app.database.collection(OutboxRow).find_one({}) is None:
            break
        await asyncio.sleep(0.1)
    return monotonic() - begin


async def _added(place: Place) -> list[Row]:
    """A life cycle through the use cases with lights and timers against one without, in turns.

    Without what HTTP and GraphQL cost on both sides; so over HTTP they add less.
    """
    async with opened(place, "bench_lit") as app:
        await found(app, short_cycle())
        taken: tuple[list[float], list[float]] = ([], [])
        for n in range(2 * CYCLES):
            with without_lights() if n % 2 else nullcontext():
                begin = perf_counter()
                await order_in(app, Status.CLOSED, n)
                taken[n % 2].append((perf_counter() - begin) * 1e3)
        lit, unlit = median(taken[0]), median(taken[1])
        return [
            at_most(
                "a life cycle with lights and timers against one without, without HTTP", lit / unlit, "×", MOST_ADDED
            ),
            told("a life cycle with lights and timers, without HTTP", lit, "ms"),
        ]


@contextmanager
def without_lights() -> Iterator[None]:
    """No timer watches an order, and no line is looked for."""

    def unwatched(change: Change, document: OrderDocument, rules: RulePack, now: datetime) -> OrderDocument:
        return document

    with patch.object(recording, "_watched", unwatched), patch.object(passing, "crossed", lambda *_: ()):
        yield
