"""Figures beside 100,000 counted orders against 5,000: a month of all units, a year by month; and whether they are so.

Orders are copies of a few that were made by the use cases, spread over units, categories and a year; they are counted
as the projector counts them.
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from typing import Any

from bench.city import Place, found, opened
from bench.loading import order_in, settle
from bench.rows import Row, at_most, median, percentile, told
from foundation.clock import SettableClock
from foundation.ids import new_id
from identity.actors import system_actor
from runtime.composition import App
from runtime.replay import town
from workorders.lifecycle.states import Status
from workorders.lifecycle.values import Order
from workorders.statistics.definitions import Figure
from workorders.statistics.projecting import FIRST_GENERATION, count_anew
from workorders.statistics.reading import Question, Table
from workorders.statistics.tallying import Dimension
from workorders.statistics.windows import Per, Window

FEW, MANY = 5_000, 100_000
UNITS, BELOW, CATEGORIES = 40, 3, 60
DAYS = 400
BATCH = 500
ROUNDS = 100
START = datetime(2025, 1, 2, 1, 30, tzinfo=UTC)
NOW = START + timedelta(days=DAYS + 30)
MONTH, YEAR = Window(date(2025, 6, 1), date(2025, 6, 30)), Window(date(2025, 2, 1), date(2026, 1, 31))
ANYBODY = system_actor("bench")
STATES = (Status.CLOSED, Status.CLOSED, Status.CLOSED, Status.CLOSED, Status.IN_PROGRESS, Status.RECEIVED)


async def measure(place: Place) -> list[Row]:
    async with (
        opened(place, "bench_figures_few", SettableClock(START)) as few,
        opened(place, "bench_figures_many", SettableClock(START)) as many,
    ):
        wrong = await _filled(few, FEW)
        begin = perf_counter()
        wrong += await _filled(many, MANY)
        counting = MANY / (perf_counter() - begin)
        month: tuple[list[float], list[float]] = ([], [])
        year: list[float] = []
        for n in range(ROUNDS):
            for which in (0, 1) if n % 2 else (1, 0):
                month[which].append(await _taken((few, many)[which], Question(MONTH, Dimension.UNIT)))
            if n % 4 == 0:
                year.append(await _taken(many, Question(YEAR, Dimension.UNIT, per=Per.MONTH)))
    return [
        at_most(f"figures of a month, all units: beside {MANY:,} orders, p95", percentile(month[1], 95), "ms", 50),
        at_most(
            f"figures of a month, all units: beside {MANY:,} orders against {FEW:,}",
            median(month[1]) / median(month[0]),
            "×",
            1.25,
        ),
        at_most("figures of a year by month and unit against one month", median(year) / median(month[1]), "×", 10),
        at_most("figures that differ from a count of the orders", wrong, "", 0),
        told("orders counted in batches", counting, "per s"),
    ]


async def _taken(app: App, question: Question) -> float:
    """How long it takes to read the table and work out every figure of every row."""
    begin = perf_counter()
    for period in (await _table(app, question)).periods:
        for row in (period.total, *period.rows):
            _ = row.figures
    return (perf_counter() - begin) * 1e3


async def _table(app: App, question: Question) -> Table:
    return await app.figures.table(ANYBODY, question, NOW)


async def _filled(app: App, number: int) -> int:
    """Count so many orders; answers how many units' figures are not what they were made to be."""
    await found(app)
    templates = [await order_of(app, status, n) for n, status in enumerate(STATES)]
    await settle(app)
    received: Counter[tuple[str, str]] = Counter()
    batch: list[Order] = []
    for order in copies(templates, number, DAYS):
        for unit in order.assignments[0].ancestors if order.assignments else ():
            received[unit, f"{order.received_at + timedelta(hours=8):%Y-%m}"] += 1
        batch.append(order)
        if len(batch) == BATCH:
            await app.database.save(await count_anew(app.database, app.figures.zone, FIRST_GENERATION, batch))
            batch = []
    table = await _table(app, Question(YEAR, Dimension.UNIT, per=Per.MONTH))
    wrong = 0
    for period in table.periods:
        for unit in {unit for unit, _ in received}:
            kept = period.row(unit).figure(Figure.RECEIVED).denominator
            wrong += kept != received[unit, f"{period.window.first:%Y-%m}"]
    return wrong


async def order_of(app: App, status: Status, n: int) -> Order:
    document = await app.office.orders.by_id(await order_in(app, status, n))
    assert document is not None
    return document.order


def copies(templates: list[Order], number: int, days: int) -> Iterator[Order]:
    """So many orders, spread over units, categories and days."""
    chance = random.Random("figures")
    raws = [template.model_dump() for template in templates]
    for n in range(number):
        raw = chance.choice(raws)
        unit = f"unit{chance.randrange(UNITS)}"
        path = (town.CITY, unit, f"{unit}-{chance.randrange(BELOW)}")
        category = f"category{chance.randrange(CATEGORIES)}"
        shift = timedelta(days=days * n / number)
        made = _shifted(raw, shift)
        made |= {"id": (id := new_id()), "category": ("all", category)}
        for held in made["assignments"]:
            held |= {"id": held["id"].replace(raw["id"], id), "unit": path[-1], "ancestors": path}
        yield Order.model_validate(made)


def _shifted(value: Any, shift: timedelta) -> Any:
    match value:
        case datetime():
            return value + shift
        case dict():
            return {name: _shifted(each, shift) for name, each in value.items()}
        case list() | tuple():
            return tuple(_shifted(each, shift) for each in value)
        case _:
            return value
