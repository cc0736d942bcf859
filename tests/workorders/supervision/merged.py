"""What the tests of merging share."""

from collections.abc import Mapping

from foundation.crypto import DataKey
from foundation.outbox import Lease
from identity.actors import Actor
from tests.workorders.lifecycle.builders import order_of
from tests.workorders.lifecycle.town import UNITS, Town
from workorders.lifecycle.timeline import Entry, timeline
from workorders.lifecycle.values import Order
from workorders.lifecycle.words import Told
from workorders.supervision.following import follower


async def settled(town: Town) -> None:
    """A new worker, after the last one ended, has let children follow until nothing is left to do."""
    await town.database.collection(Lease).delete_many({})
    consumer = follower(town.database, town.office)
    while await consumer.sweep(town.clock.now()):
        pass


async def told(town: Town, id: str, reader: Actor) -> list[Entry]:
    """An order's timeline as somebody reads it."""
    document = await town.office.orders.visible_to(reader, id)
    key: DataKey | None = town.office.data_key(document)
    events = await town.office.orders.events(document)
    return timeline(Told(document.order, events, key, lambda unit: UNITS[unit].name, str), reader)


def all_said(entries: list[Entry]) -> str:
    return "\n".join(f"{entry.who} {entry.words} {dict(entry.texts)}" for entry in entries)


async def check_pointers(town: Town, ids: list[str]) -> Mapping[str, Order]:
    """Raises `AssertionError` where pointers disagree or a chain is longer than one; answers the orders."""
    orders = {id: await order_of(town, id) for id in ids}
    for id, order in orders.items():
        assert len(set(order.children)) == len(order.children)
        for child in order.children:
            assert orders[child].merged_into == id
        if order.merged_into is not None:
            assert order.children == ()
            assert id in orders[order.merged_into].children
            assert orders[order.merged_into].merged_into is None
    return orders
