"""Numbers that people read out: `yyMMdd` and six digits of the day.

Drawn before the transaction that uses them, in small blocks per process: an unused number is a gap, and allowed. What
makes a number unique is its claim, whose `_id` it is.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from datetime import date

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.database import Database
from foundation.documents import Stored
from foundation.errors import Busy

BLOCK = 10
TRIES = 50


class NumberCounter(Stored):
    """How far the numbers of one series and day are drawn."""

    drawn: int = 0

    class Settings:
        name = "number_counters"


class Numbers:
    """Draws numbers of one series; two processes never draw the same one."""

    def __init__(self, database: Database, series: str) -> None:
        self._database, self._series = database, series
        self._day = date.min
        self._left: list[int] = []
        self._drawing = asyncio.Lock()

    async def draw(self, day: date) -> str:
        """The next number of that local day. Raises `Busy` if other processes were faster too often."""
        async with self._drawing:  # many callers of one process wait for one block instead of each drawing their own
            if day != self._day or not self._left:
                first = await self._draw_block(f"{self._series}:{day.isoformat()}")
                self._day, self._left = day, list(range(first + BLOCK - 1, first - 1, -1))
            return f"{day:%y%m%d}{self._left.pop():06d}"

    async def draw_many(self, days: Iterable[date]) -> list[str]:
        """A number for each of these local days, in their order, of blocks drawn for nothing else.

        Raises `Busy` if other processes were faster too often.
        """
        wanted = list(days)
        last = await self._draw_blocks(Counter(wanted))
        numbers: list[str] = []
        for day in reversed(wanted):
            numbers.append(f"{day:%y%m%d}{last[day]:06d}")
            last[day] -= 1
        return numbers[::-1]

    async def _draw_blocks(self, sizes: Counter[date]) -> dict[date, int]:
        """The last number of a block of each day, all in one transaction."""
        ids = {day: f"{self._series}:{day.isoformat()}" for day in sizes}
        for _ in range(TRIES):
            current = await self._database.get_many(NumberCounter, list(ids.values()))
            change, last = Change(), {}
            for day, size in sizes.items():
                known = current.get(ids[day])
                last[day] = size + (known.drawn if known else 0)
                if known is None:
                    change.insert(NumberCounter(_id=ids[day], drawn=size))
                else:
                    expecting = {"drawn": known.drawn}
                    change.update(NumberCounter, ids[day], {"$inc": {"drawn": size}}, expecting=expecting)
            try:
                await self._database.save(change)
            except (AlreadyClaimed, StaleWrite):
                continue
            return last
        raise Busy

    async def _draw_block(self, counter: str) -> int:
        for _ in range(TRIES):
            current = await self._database.get(NumberCounter, counter)
            try:
                if current is None:
                    await self._database.save(Change().insert(NumberCounter(_id=counter, drawn=BLOCK)))
                    return 1
                await self._database.save(
                    Change().update(
                        NumberCounter, counter, {"$inc": {"drawn": BLOCK}}, expecting={"drawn": current.drawn}
                    )
                )
                return current.drawn + 1
            except (AlreadyClaimed, StaleWrite):
                continue
        raise Busy
