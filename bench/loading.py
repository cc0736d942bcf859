"""Stored orders by the ten thousand: a few are made by the use cases, the others are their copies.

A copy has ids, numbers, times and sealed texts of its own; only the hashes of its events are those of its original, for
nothing that is measured walks the chain.
"""

import asyncio
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bench.city import citizen
from foundation.database import Raw
from foundation.events import Event, event_id, text_place
from foundation.ids import new_id
from foundation.paging import instant
from foundation.timers import Timer
from runtime.composition import App
from runtime.replay import town
from workorders.deadlines.values import Kind
from workorders.lifecycle import dispatching, handling, intake, reviewing
from workorders.lifecycle.documents import NumberClaim, OrderDocument, UnitDesk
from workorders.lifecycle.intake import Report
from workorders.lifecycle.projecting import OrderProjection
from workorders.lifecycle.states import Status
from workorders.lifecycle.values import Outcome

TEMPLATES = 3
"""Originals per state."""
BATCH = 500
DETAIL = "小区门口的水管昨晚开始漏水，路面已经结冰，老人出门很不方便，请尽快派人修复。" * 3
ANSWER = "您好，您反映的问题已收悉。已安排维修队到现场更换水管，恢复供水，并清理了路面结冰。" * 2
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
SEALED_ON_ORDER = ("title", "name")

Spread = dict[Status, tuple[float, timedelta, timedelta]]
"""For each state its share, and between what shifts of time its orders lie."""

HALF_A_YEAR: Spread = {
    Status.CLOSED: (0.967, timedelta(days=-180), timedelta(days=-8)),
    Status.RECEIVED: (0.001, timedelta(hours=-3), timedelta()),
    Status.DISPATCHED: (0.002, timedelta(hours=-3), timedelta()),
    Status.IN_PROGRESS: (0.03, timedelta(days=-5), timedelta()),
}
"""What a hotline has: nearly all archived, hours of work to be dispatched and signed, days of it in progress."""
ALL_OPEN: Spread = {Status.DISPATCHED: (1.0, timedelta(hours=1), timedelta(days=30))}
"""Every one with a timer that is not due."""


def report(title: str = "小区门口水管漏水") -> Report:
    return Report(
        channel=town.CHANNEL,
        kind=Kind.COMPLAINT,
        category=town.CATEGORY,
        place=town.PLACE,
        title=title,
        detail=DETAIL,
        name="张三",
    )


async def order_in(app: App, status: Status, n: int = 0) -> str:
    """An order made by the use cases up to that state: its id."""
    who = citizen(n)
    document = await intake.take_in(app.office, who, report())
    id = document.id
    steps: list[Callable[[], Any]] = [
        lambda: dispatching.dispatch(app.office, town.DISPATCHER, id, lead=town.UNIT),
        lambda: handling.sign(app.office, town.CLERK, id),
        lambda: handling.submit_reply(app.office, town.CLERK, id, outcome=Outcome.SOLVED, answer=ANSWER),
        lambda: handling.approve(app.office, town.HEAD, id),
        lambda: reviewing.accept(app.office, town.REVIEWER, id),
        lambda: reviewing.rate(app.office, who, id, grade=1, solved=True),
    ]
    reached = {
        Status.RECEIVED: 0,
        Status.DISPATCHED: 1,
        Status.IN_PROGRESS: 2,
        Status.UNIT_REVIEW: 3,
        Status.HOTLINE_REVIEW: 4,
        Status.CALLBACK: 5,
        Status.CLOSED: 6,
    }
    table = {
        Status.RECEIVED: steps[0],
        Status.DISPATCHED: steps[1],
        Status.IN_PROGRESS: steps[2],
        Status.UNIT_REVIEW: steps[3],
        Status.HOTLINE_REVIEW: steps[4],
        Status.CALLBACK: steps[5],
    }
    while reached[document.order.status] < reached[status]:  # a switch may have taken several steps at once
        document = await table[document.order.status]()
    return id


@dataclass(frozen=True, slots=True)
class Template:
    """How all documents of an order like this one are made, by collection, and what its texts say."""

    id: str
    number: str
    recipes: "dict[str, list[Recipe]]"
    document: OrderDocument
    texts: dict[tuple[int, str], str]
    on_order: dict[str, str]


async def load(app: App, number: int, spread: Spread, *, seed: int = 1) -> None:
    """Store that many orders, spread over states and times, with nothing left to do for a worker: what time did to the
    open ones by now is done."""
    chance = random.Random(f"{seed}")
    templates: dict[Status, list[Template]] = {}
    for status in spread:
        ids = [await order_in(app, status, n) for n in range(TEMPLATES)]
        await settle(app)
        templates[status] = [await _template(app, id) for id in ids]
    states = chance.choices(list(spread), [share for share, *_ in spread.values()], k=number - TEMPLATES * len(spread))
    storing: asyncio.Task[None] | None = None
    for begin in range(0, len(states), BATCH):
        # A batch is made while the engine stores the one before.
        rows = await asyncio.to_thread(_batch, app, templates, states[begin : begin + BATCH], begin + 1, spread, chance)
        if storing is not None:
            await storing
        storing = asyncio.create_task(_store(app, rows))
    if storing is not None:
        await storing
    await settle(app)


Rows = dict[str, list[Raw]]
"""Documents by collection."""


def _batch(
    app: App,
    templates: Mapping[Status, list[Template]],
    states: Sequence[Status],
    start: int,
    spread: Spread,
    chance: random.Random,
) -> Rows:
    rows: Rows = {}
    for n, status in enumerate(states, start):
        _, earliest, latest = spread[status]
        shift = earliest + (latest - earliest) * chance.random()
        for collection, document in _copies(app, chance.choice(templates[status]), shift, n):
            rows.setdefault(collection, []).append(document)
    return rows


async def _store(app: App, rows: Rows) -> None:
    for collection, documents in rows.items():
        await app.database.mongo[collection].insert_many(documents, ordered=False)


async def settle(app: App) -> None:
    """Let timers and consumers work until nothing is left, and leave the lead to the worker."""
    now = app.clock.now()
    while await app.timers.sweep(now):
        pass
    for consumer in app.consumers:
        while await consumer.sweep(now):
            pass
        await consumer.resign()


async def _template(app: App, id: str) -> Template:
    document = await app.office.orders.by_id(id)
    assert document is not None
    key = app.office.data_key(document)
    assert key is not None
    events = await app.office.orders.events(document)
    ranged = {"_id": {"$gte": f"{id}:", "$lt": f"{id};"}}
    timers = {"_id": {"$gte": id, "$lt": f"{id}\uffff"}}
    documents = {
        OrderDocument.collection_name(): [document.stored()],
        Event.collection_name(): [event.stored() for event in events],
        NumberClaim.collection_name(): [NumberClaim(_id=document.order.number, order=id).stored()],
        UnitDesk.collection_name(): await app.database.collection(UnitDesk).find(ranged).to_list(),
        Timer.collection_name(): await app.database.collection(Timer).find(timers).to_list(),
        OrderProjection.collection_name(): await app.database.collection(OrderProjection).find({"_id": id}).to_list(),
    }
    recipes = {name: [_recipe(each, id, document.order.number) for each in found] for name, found in documents.items()}
    return Template(
        id=id,
        number=document.order.number,
        recipes={name: [each for each in found if each is not None] for name, found in recipes.items()},
        document=document,
        texts={(event.sequence, name): str(event.text(name, key)) for event in events for name in event.sealed},
        on_order={name: key.open(document.sealed[name], f"{id}:{name}") for name in SEALED_ON_ORDER},
    )


def _copies(app: App, template: Template, shift: timedelta, n: int) -> Iterable[tuple[str, Raw]]:
    copy = _Copy(template, new_id(), f"b{n:09d}", shift)
    key = app.office.data_key(template.document)
    assert key is not None
    for collection, recipes in template.recipes.items():
        for recipe in recipes:
            made: Raw = recipe(copy)
            if collection == OrderDocument.collection_name():
                made["sealed"] = {name: key.seal(text, f"{copy.id}:{name}") for name, text in template.on_order.items()}
            elif collection == Event.collection_name():
                place = event_id(copy.id, made["sequence"])
                made["sealed"] = {
                    name: key.seal(text, text_place(place, name))
                    for (sequence, name), text in template.texts.items()
                    if sequence == made["sequence"]
                }
            yield collection, made


@dataclass(slots=True)
class _Copy:
    """What makes one order's values another's."""

    template: Template
    id: str
    number: str
    shift: timedelta
    instants: dict[str, str] = field(default_factory=dict)

    def renamed(self, value: str) -> str:
        return value.replace(self.template.id, self.id).replace(self.template.number, self.number)

    def later(self, found: re.Match[str]) -> str:
        if found[0] not in self.instants:
            self.instants[found[0]] = instant(datetime.fromisoformat(found[0]) + self.shift)
        return self.instants[found[0]]


Recipe = Callable[[_Copy], Any]


def _recipe(value: Any, id: str, number: str) -> Recipe | None:
    """How a copy comes by its part of an original's document; None for what stays as it is."""
    match value:
        case str() if len(value) > 19 and value[4] == "-" and INSTANT.search(value):
            return lambda copy: INSTANT.sub(copy.later, copy.renamed(value))
        case str() if id in value or number in value:
            return lambda copy: copy.renamed(value)
        case datetime():
            return lambda copy: value + copy.shift
        case dict():
            return _of_parts(value, {key: _recipe(each, id, number) for key, each in value.items()}, dict)
        case list() | tuple():
            return _of_parts(value, dict(enumerate(_recipe(each, id, number) for each in value)), list)
        case _:
            return None


def _of_parts(value: Any, parts: Mapping[Any, Recipe | None], container: type) -> Recipe | None:
    moving = [(place, recipe) for place, recipe in parts.items() if recipe is not None]

    def made(copy: _Copy) -> Any:
        new = container(value)
        for place, recipe in moving:
            new[place] = recipe(copy)
        return new

    return made if moving else None
