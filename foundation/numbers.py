"""Numbers that people read out: `yyMMdd` and six digits of the day.

Drawn before the transaction that uses them, in small blocks per process: an unused number is a gap, and allowed. What
makes a number unique is its claim, whose `_id` it is.
"""

import asyncio
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
