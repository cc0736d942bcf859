"""What the projector does for the figures, in the transaction that takes its rows from the outbox.

Of every order that changed it counts anew what the order adds to the figures, and applies the difference to what it had
counted before: a row that comes twice, late or out of turn changes nothing. What falls into a locked month is noted as
a correction. No action writes anything for the figures.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from foundation.changes import Change
from foundation.database import Database
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.values import Order
from workorders.statistics.correcting import Locks, corrections_of, noted
from workorders.statistics.counting import entries_of
from workorders.statistics.documents import (
    STATE,
    Correction,
    CountedOrder,
    FiguresState,
    add_cells,
    counted_id,
    counted_in,
)
from workorders.statistics.tallying import NOTHING, Counted, moved, traits_of

FIRST_GENERATION = 1


async def current_generation(database: Database) -> int:
    """The generation that is read."""
    state = await database.get(FiguresState, STATE)
    return FIRST_GENERATION if state is None else state.generation


class FiguresFold:
    """A fold of the projector: keeps the generation that is read up with what happens."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database, self._zone = database, zone

    async def __call__(self, changed: Mapping[str, OrderDocument], now: datetime) -> Change:
        if not changed:
            return Change()
        state = await self._database.get(FiguresState, STATE)
        generation = FIRST_GENERATION if state is None else state.generation
        locks = Locks.of(state, now)
        return await count_anew(
            self._database, self._zone, generation, [each.order for each in changed.values()], locks
        )


async def count_anew(
    database: Database, zone: ZoneInfo, generation: int, orders: Sequence[Order], locks: Locks | None = None
) -> Change:
    """What it takes to bring these orders' part in the figures of a generation up to date; nothing if it is. With
    `locks`, what changes in a locked month is noted as corrections."""
    ids = [counted_id(generation, order.id) for order in orders]
    found = await database.collection(CountedOrder).find({"_id": {"$in": ids}}, {"entries": 1, "traits": 1}).to_list()
    known = {raw["_id"]: counted_in(raw) for raw in found}
    change, steps, corrections = Change(), list[tuple[Counted, Counted]](), list[Correction]()
    for id, order in zip(ids, orders, strict=True):
        before, after = known.get(id, NOTHING), (entries_of(order, zone), traits_of(order))
        if before != after:
            change.put(CountedOrder.of(generation, order, after[0]))
            steps.append((before, after))
            if locks is not None:
                corrections += corrections_of(order, before, after, locks)
    add_cells(change, generation, moved(steps))
    return noted(change, corrections)
