"""`figures rebuild`: the figures made anew from the events, beside those that are read, while the system runs.

A new generation is counted while the projector goes on: whoever rebuilds leads it for as long, and keeps both
generations up with what happens. Then the new one is read, in one write, and the old one deleted. Broken off at any
point, the old one stays; the next rebuild begins with clearing away what was begun. What was issued stays as it is:
where the new counts of a locked month differ, that is one more correction, of no order.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from foundation.changes import Change
from foundation.clock import Clock
from foundation.database import Database
from foundation.walking import ID_CHARACTERS, starting_with
from workorders.lifecycle.documents import OrderDocument
from workorders.statistics.checking import Projecting, orders_in_pieces
from workorders.statistics.correcting import Locks, noted, rebuilt
from workorders.statistics.documents import CountedOrder, Rollup, counted_id, cut_of
from workorders.statistics.locking import state_of, unaccounted
from workorders.statistics.projecting import count_anew
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
    leader = projecting(beside := _Beside(database, zone))

    async def keep() -> None:
        """The lead."""
        await leader.save(Change(), clock.now())

    await leader.take_over(clock.now())
    try:
        state = await state_of(database)
        # Of a number of its own: whoever loses the lead to another rebuild clears away nothing of that one's.
        new, left = max(state.generation, *state.others, 0) + 1, state.others
        await leader.save(Change().put(state.changed(others=(*left, new))), clock.now())
        for generation in left:
            await _clear(database, generation, keep)
        await leader.save(Change().put(state.changed(others=(new,))), clock.now())
        beside.generation = new
        counted = 0
        for character in ID_CHARACTERS:
            async for sequences in orders_in_pieces(database, character):
                orders = await orders_from_events(database, sequences)
                await leader.save(await count_anew(database, zone, new, list(orders.values())), clock.now())
                counted += len(orders)
                progress(counted)
            while await leader.sweep(clock.now()):
                pass
        corrections = []
        locks = Locks.of(state, clock.now())
        for month in sorted(locks.months) if locks else ():
            await keep()
            if locks and (cells := await unaccounted(database, new, month)):
                corrections.append(rebuilt(month, cells, locks.at))
        made = state.changed(generation=new, others=(state.generation,))
        await leader.save(noted(Change().put(made), corrections), clock.now())
        await _clear(database, state.generation, keep)
        await leader.save(Change().put(made.changed(others=())), clock.now())
    finally:
        await leader.resign()
    return counted


@dataclass(slots=True)
class _Beside:
    """A fold of the projector: keeps the generation that is being made up with what happens."""

    database: Database
    zone: ZoneInfo
    generation: int | None = None

    async def __call__(self, changed: Mapping[str, OrderDocument], now: datetime) -> Change:
        if self.generation is None or not changed:
            return Change()
        orders = [document.order for document in changed.values()]
        return await count_anew(self.database, self.zone, self.generation, orders)


async def _clear(database: Database, generation: int, keep: Callable[[], Awaitable[None]]) -> None:
    """Delete a generation that nobody reads, in pieces. Safe to repeat."""
    for character in ID_CHARACTERS:
        bounds = starting_with(counted_id(generation, character))
        await database.collection(CountedOrder).delete_many({"_id": bounds})
        await keep()
    for dimension in Dimension:
        await database.collection(Rollup).delete_many({"cut": cut_of(generation, dimension)})
        await keep()
