"""The wall screens 大屏 that are watched in this process: however many watch the same one, it is read once.

A board is read anew when something changed and the projector has counted it, and now and then without: days begin and
deadlines pass by themselves. It is shown when it differs from the one before.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final

import structlog

from api.logs import where
from api.services import Services
from api.workorders.changes import EVERY_ORDER, Changes, unit_topic
from workorders.statistics.board import Board, read_board
from workorders.statistics.reading import first_uncounted

LEAST_SECONDS: Final = 1.5
"""Between two readings of one board: with the projector's half second, what happened is shown within two."""
MOST_SECONDS: Final = 30.0
"""How old a board may become while nothing happens."""
COUNTED_SECONDS: Final = 1.0
"""How long a reading waits for the projector at most; it reads again then."""
LOOK_SECONDS: Final = 0.1

log = structlog.get_logger()


class Screen:
    """One board and those who watch it."""

    def __init__(self, services: Services, changes: Changes, unit: str | None) -> None:
        self._services, self._changes, self._unit = services, changes, unit
        self._board: Board | None = None
        self._number = 0
        self._news = asyncio.Event()
        self.watched = 0
        self.running = asyncio.create_task(self._run(), name="screen")

    async def next(self, seen: int, seconds: float) -> tuple[Board | None, int]:
        """The board that is shown, with its number, once that is another than was seen; None if none is in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._number == seen:
                    await self._news.wait()
        return (self._board if self._number != seen else None), self._number

    async def _run(self) -> None:
        topic = EVERY_ORDER if self._unit is None else unit_topic(self._unit)
        now, happened = asyncio.get_running_loop().time, None
        async with self._changes.listener(topic) as listener:
            while True:
                begun = now()
                if await self._read(happened):
                    changed = await listener.changes(MOST_SECONDS)
                    happened = self._services.clock.now() if changed is not None else None
                await asyncio.sleep(begun + LEAST_SECONDS - now())

    async def _read(self, happened: datetime | None) -> bool:
        """Read the board and show it; whether everything up to then is in it."""
        services = self._services
        try:
            counted = happened is None or await self._counted(happened)
            city, now = await services.identity.directory.snapshot(), services.clock.now()
            board = await read_board(services.figures, services.office.orders, city, self._unit, now)
        except Exception as error:
            log.warning("board_unread", error=type(error).__name__, where=where(error))
            return False
        if self._board is None or board.shows() != self._board.shows():
            self._board, self._number = board, self._number + 1
            self._news.set()
            self._news = asyncio.Event()
        return counted

    async def _counted(self, happened: datetime) -> bool:
        """Wait until the projector has counted what happened by then; whether it did in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(COUNTED_SECONDS):
                while (waiting := await first_uncounted(self._services.database)) and waiting <= happened:  # noqa: ASYNC110 - another process counts
                    await asyncio.sleep(LOOK_SECONDS)
                return True
        return False


class Screens:
    """Every board that is watched in this process, by whose it is."""

    def __init__(self, services: Services, changes: Changes) -> None:
        self._services, self._changes = services, changes
        self._screens: dict[str | None, Screen] = {}

    @asynccontextmanager
    async def watched(self, unit: str | None) -> AsyncIterator[Screen]:
        """The board of a unit, or of the city, which is kept for as long as somebody watches it."""
        screen = self._screens.get(unit)
        if screen is None:
            screen = self._screens[unit] = Screen(self._services, self._changes, unit)
        screen.watched += 1
        try:
            yield screen
        finally:
            screen.watched -= 1
            if not screen.watched:
                del self._screens[unit]
                await _ended(screen)

    async def close(self) -> None:
        """End all of them, for the end of the process."""
        for screen in self._screens.values():
            await _ended(screen)


async def _ended(screen: Screen) -> None:
    screen.running.cancel()
    with suppress(asyncio.CancelledError):
        await screen.running
