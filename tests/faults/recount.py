"""What must hold of the database after the kills, counted anew from the documents and compared with what was
acknowledged.
"""

import asyncio
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from foundation.outbox import OutboxRow
from runtime.composition import App
from tests.faults.load import Sent
from tests.workorders.lifecycle.invariants import entry_of
from workorders.lifecycle.checkpoints import Verification, verify
from workorders.lifecycle.documents import NumberClaim, OrderDocument, UnitDesk
from workorders.lifecycle.folding import rebuild
from workorders.lifecycle.notices import tells_citizen
from workorders.lifecycle.projecting import OrderProjection, Tally, desks_of
from workorders.lifecycle.states import Action
from workorders.statistics.checking import check

LESS_WITHIN_SECONDS = 90.0
"""A dead worker's leases run out after 20 s."""


async def drained(app: App) -> None:
    """Wait until the worker has done all that the outbox holds, as long as it gets less."""
    outbox = app.database.collection(OutboxRow)
    left = await outbox.count_documents({})
    while left:
        before = left
        async with asyncio.timeout(LESS_WITHIN_SECONDS):
            while (left := await outbox.count_documents({})) >= before:  # noqa: ASYNC110 - another process empties it
                await asyncio.sleep(0.2)


async def orders_of(app: App) -> dict[str, OrderDocument]:
    """All orders, by id."""
    found = await app.database.collection(OrderDocument).find({}).to_list()
    return {raw["_id"]: OrderDocument.load(raw) for raw in found}


def action_of(mutation: str) -> Action:
    """`orderHotlineAccept` → `hotline_accept`."""
    return Action(re.sub(r"(?<!^)([A-Z])", r"_\1", mutation.removeprefix("order")).lower())


async def check_actions(app: App, acknowledged: Sequence[Sent]) -> None:
    """Each order's log holds exactly the actions acknowledged of it, each once, in their order; no other order is."""
    said: dict[str, list[Action]] = defaultdict(list)
    for sent in acknowledged:
        said[sent.order.removeprefix("order:")].append(action_of(sent.name))
    orders = await orders_of(app)
    assert orders.keys() == said.keys()
    for id, document in orders.items():
        events = await app.office.orders.events(document)
        people = [Action(event.type) for event in events if not event.actor.startswith("system:")]
        assert people == said[id], id
        assert rebuild(id, [entry_of(event) for event in events]) == document.order


async def check_numbers(app: App, acknowledged: Sequence[Sent]) -> None:
    """Every order has its own number, claimed once, and it is the one that was told."""
    orders = await orders_of(app)
    claims = {raw["_id"]: raw["order"] for raw in await app.database.collection(NumberClaim).find({}).to_list()}
    assert claims == {document.order.number: id for id, document in orders.items()}
    assert {(sent.number, sent.order.removeprefix("order:")) for sent in acknowledged} == set(claims.items())


async def check_chains(app: App) -> None:
    """Every chain holds."""
    walked = Verification()
    faults = [str(fault) async for fault in verify(app.database, app.keys.keyring, app.keys.signer, walked)]
    assert faults == []
    assert walked.orders == len(await orders_of(app))


async def check_tallies(app: App) -> None:
    """What the projector keeps equals a recount of the orders: no row's effect was lost or applied twice."""
    orders = await orders_of(app)
    counted = Counter(desk for document in orders.values() for desk in desks_of(document.order))
    tallies = {raw["_id"]: raw["total"] for raw in await app.database.collection(Tally).find({}).to_list()}
    assert {desk: total for desk, total in tallies.items() if total} == dict(counted)
    projected = await app.database.collection(OrderProjection).find({}).to_list()
    assert {raw["_id"]: (raw["sequence"], raw["head"]) for raw in projected} == {
        id: (document.version, document.head) for id, document in orders.items()
    }
    rows = {raw["_id"]: UnitDesk.load(raw) for raw in await app.database.collection(UnitDesk).find({}).to_list()}
    assert rows == {a.id: UnitDesk.of(d.order, a) for d in orders.values() for a in d.order.assignments}


async def check_figures(app: App) -> None:
    """The figures equal a recount of everything from the events."""
    checked = await check(app.database, app.figures.zone, app.projector, app.clock)
    assert [str(each) for each in checked.differences] == []
    assert checked.orders == len(await orders_of(app))


async def notices_due(app: App) -> set[str]:
    """The keys of every message that citizens are owed: one per event that tells them something."""
    due = set()
    for document in (await orders_of(app)).values():
        for event in await app.office.orders.events(document):
            if tells_citizen(Action(event.type), document.order):
                due.add(f"{event.id}:notices")
    return due
