"""`figures rebuild`: the figures made anew from the events, beside those that are read, while the system runs.

A new generation is counted while the projector goes on: whoever rebuilds leads it for as long, and keeps both
generations up with what happens. Then the new one is read, in one write, and the old one deleted. Broken off at any
point, the old one stays; the next rebuild begins with clearing away what was begun.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from foundation.changes import Change
from foundation.clock import Clock
from foundation.database import Database
from foundation.walking import ID_CHARACTERS
from workorders.lifecycle.documents import OrderDocument
from workorders.statistics.checking import Projecting, orders_in_pieces
from workorders.statistics.documents import STATE, CountedOrder, FiguresState, Rollup, counted_id, cut_of
from workorders.statistics.projecting import count_anew, current_generation
from workorders.statistics.recounting import orders_from_events
from workorders.statistics.tallying import Dimension


async def rebuild(
    database: Database,
    zone: ZoneInfo,
    projecting: Projecting,
    clock: Clock,
    progress: Callable[[int], None] = lambda orders: None,
) -> int:
    """Make the figures anew; answers of how many orders. `progress` is told how many are counted.

    Raises `StaleWrite` if another process takes the lead meanwhile, `BrokenLog`.
    """
    old = await current_generation(database)
    new = old + 1

    async def beside(changed: Mapping[str, OrderDocument], now: datetime) -> Change:
        return await count_anew(database, zone, new, [document.order for document in changed.values()])

    leader = projecting(beside)
    await leader.take_over(clock.now())
    try:
        await _clear(database, new)
        counted = 0
        for character in ID_CHARACTERS:
            async for sequences in orders_in_pieces(database, character):
                orders = await orders_from_events(database, sequences)
                await leader.save(await count_anew(database, zone, new, list(orders.values())), clock.now())
                counted += len(orders)
                progress(counted)
            while await leader.sweep(clock.now()):
                pass
        await leader.save(Change().put(FiguresState(_id=STATE, generation=new)), clock.now())
    finally:
        await leader.resign()
    await _clear(database, old)
    return counted


async def _clear(database: Database, generation: int) -> None:
    """Delete a generation that nobody reads, in pieces. Safe to repeat."""
    for character in ID_CHARACTERS:
        bounds = {"$gte": counted_id(generation, character), "$lt": counted_id(generation, chr(ord(character) + 1))}
        await database.collection(CountedOrder).delete_many({"_id": bounds})
    for dimension in Dimension:
        await database.collection(Rollup).delete_many({"cut": cut_of(generation, dimension)})
