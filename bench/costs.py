"""What operations cost beside 50,000 stored orders against 1,000, through the use cases; idle timers likewise.

Both databases stand in one engine and are asked in turns, so that whatever else the machine does is on both.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

from bench.city import Place, found, opened
from bench.loading import ALL_OPEN, ANSWER, HALF_A_YEAR, load, order_in
from bench.rows import Row, at_most, median, told
from foundation.paging import PageRequest
from runtime.composition import App
from runtime.replay import town
from workorders.lifecycle import dispatching, handling
from workorders.lifecycle.states import Status
from workorders.lifecycle.values import Outcome

FEW, MANY = 1_000, 50_000
ROUNDS = 80
ROUNDS_OF_READS = 400
"""Reads take a millisecond or two: medians of many, for the machine is shared."""
MOST = 1.25
MOST_IDLE = 1.2

Operation = Callable[[App], Awaitable[Callable[[], Awaitable[Any]]]]
"""Prepares one run, which is not measured, and answers the run."""


async def desk(app: App) -> Callable[[], Awaitable[Any]]:
    return lambda: app.office.orders.desk(town.DISPATCHER, Status.IN_PROGRESS, PageRequest(first=20), app.clock.now())


async def detail(app: App) -> Callable[[], Awaitable[Any]]:
    id = await order_in(app, Status.IN_PROGRESS)

    async def run() -> None:
        document = await app.office.orders.visible_to(town.DISPATCHER, id)
        await app.office.orders.events(document)

    return run


async def dispatch(app: App) -> Callable[[], Awaitable[Any]]:
    id = await order_in(app, Status.RECEIVED)
    return lambda: dispatching.dispatch(app.office, town.DISPATCHER, id, lead=town.UNIT)


async def sign(app: App) -> Callable[[], Awaitable[Any]]:
    id = await order_in(app, Status.DISPATCHED)
    return lambda: handling.sign(app.office, town.CLERK, id)


async def reply(app: App) -> Callable[[], Awaitable[Any]]:
    id = await order_in(app, Status.IN_PROGRESS)
    return lambda: handling.submit_reply(app.office, town.CLERK, id, outcome=Outcome.SOLVED, answer=ANSWER)


async def idle_sweep(app: App) -> Callable[[], Awaitable[Any]]:
    return lambda: app.timers.sweep(app.clock.now())


READS = (desk, idle_sweep)
OPERATIONS: dict[str, Operation] = {
    "a desk page of 20": desk,
    "an order's detail": detail,
    "dispatch": dispatch,
    "sign": sign,
    "reply": reply,
}


async def measure(place: Place) -> list[Row]:
    """Rows of all operations, and of a sweep of timers of which none is due."""
    async with AsyncExitStack() as stack:
        few = await stack.enter_async_context(opened(place, "bench_few"))
        many = await stack.enter_async_context(opened(place, "bench_many"))
        for app, number in ((few, FEW), (many, MANY)):
            await found(app)
            await load(app, number, HALF_A_YEAR)
        rows = []
        for name, operation in OPERATIONS.items():
            rows += await _against(name, operation, few, many, MOST)
        return [*rows, *await measure_idle(place)]


async def measure_idle(place: Place) -> list[Row]:
    """Rows of a sweep of timers of which none is due, however many orders are open."""
    async with AsyncExitStack() as stack:
        few = await stack.enter_async_context(opened(place, "bench_few_open"))
        many = await stack.enter_async_context(opened(place, "bench_many_open"))
        for app, number in ((few, FEW), (many, MANY)):
            await found(app)
            await load(app, number, ALL_OPEN)
        return await _against("a timer sweep with nothing due", idle_sweep, few, many, MOST_IDLE)


async def _against(name: str, operation: Operation, few: App, many: App, most: float) -> list[Row]:
    taken: tuple[list[float], list[float]] = ([], [])
    for n in range(ROUNDS_OF_READS if operation in READS else ROUNDS):
        for which in (0, 1) if n % 2 else (1, 0):
            run = await operation((few, many)[which])
            begin = perf_counter()
            await run()
            taken[which].append((perf_counter() - begin) * 1e3)
    slow, quick = median(taken[1]), median(taken[0])
    return [
        at_most(f"{name}: beside {MANY:,} orders against {FEW:,}", slow / quick, "×", most),
        told(f"{name}: beside {MANY:,} orders", slow, "ms"),
    ]
