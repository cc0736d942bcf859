"""A thousand lights crossed in the same minute: until all are events, and told, each once."""

from time import perf_counter

from bench.city import Place, found, opened
from bench.loading import order_in
from bench.rows import Row, at_most
from foundation.clock import SettableClock, SystemClock
from foundation.events import Event
from runtime.composition import App
from workorders.lifecycle.lines import next_moment
from workorders.lifecycle.states import Action, Status

CROSSED = 1_000
SECONDS = 60.0
"""With two workers on two cores; here one process does it all."""


async def measure(place: Place) -> list[Row]:
    """Rows of the crossing, by the timers and the consumers of one worker."""
    clock = SettableClock(SystemClock().now())
    async with opened(place, "bench_lights", clock) as app:
        await found(app)
        ids = [await order_in(app, Status.DISPATCHED, n) for n in range(CROSSED)]
        await _settle(app)
        last = await app.office.orders.by_id(ids[-1])
        assert last is not None
        moment = next_moment(last.order, (await app.library.current()).rules)
        assert moment is not None
        clock.set(moment)
        begin = perf_counter()
        await _settle(app)
        seconds = perf_counter() - begin
        lit = app.database.collection(Event).find({"type": Action.LIGHT}, {"subject": 1})
        subjects = [raw["subject"] for raw in await lit.to_list()]
        missing_or_twice = len(set(ids) ^ set(subjects)) + len(subjects) - len(set(subjects))
        return [
            at_most(f"{CROSSED:,} lights crossed at once, one worker: all told", seconds, "s", SECONDS),
            at_most(f"{CROSSED:,} lights crossed at once: missing or twice", missing_or_twice, "", 0),
        ]


async def _settle(app: App) -> None:
    """Let timers and consumers work until nothing is left."""
    now = app.clock.now()
    while await app.timers.sweep(now):
        pass
    for consumer in app.consumers:
        while await consumer.sweep(now):
            pass
