"""Counting from the events alone, as of any sequence: what the projector has to agree with."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from foundation.database import Database
from foundation.events import Event, event_id
from workorders.lifecycle.events import fact_of
from workorders.lifecycle.folding import rebuild
from workorders.lifecycle.states import Action
from workorders.lifecycle.values import Order
from workorders.statistics.counting import entries_of
from workorders.statistics.tallying import Counted, traits_of


class BrokenLog(Exception):
    """An event is missing: nothing can be counted from the events."""


async def orders_from_events(database: Database, sequences: Mapping[str, int]) -> dict[str, Order]:
    """A page's worth of orders as their events up to these sequences make them; one without events is left out.

    Raises `BrokenLog`.
    """
    wanted = [event_id(id, number) for id, last in sequences.items() for number in range(1, last + 1)]
    found = await database.get_many(Event, wanted)
    if len(found) < len(wanted):
        missing = next(id for id in wanted if id not in found)
        raise BrokenLog(f"event {missing} is missing")
    orders: dict[str, Order] = {}
    for id, last in sequences.items():
        events = [found[event_id(id, number)] for number in range(1, last + 1)]
        if events:
            orders[id] = rebuild(id, [(Action(event.type), fact_of(event), event.at) for event in events])
    return orders


async def recounted(database: Database, zone: ZoneInfo, sequences: Mapping[str, int]) -> dict[str, Counted]:
    """What each of these orders adds to the figures, as of its sequence. Raises `BrokenLog`."""
    orders = await orders_from_events(database, sequences)
    return {id: (entries_of(order, zone), traits_of(order)) for id, order in orders.items()}
