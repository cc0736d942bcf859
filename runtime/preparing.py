"""An installation's parts for the length of a command, and a database made ready for this release."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from pydantic import SecretStr

from foundation.clock import Clock
from foundation.keys import read_keys
from foundation.settings import Settings
from runtime.composition import App, build
from runtime.migrations import MigrationLocked, migrate
from runtime.server import Server

LONGEST_WAIT = 600.0
"""Seconds that a process waits for another one's migration; one that was killed is taken over after its lease."""
LOOK_AGAIN = 0.5
"""Seconds."""


@asynccontextmanager
async def installation(settings: Settings, server: Server, clock: Clock) -> AsyncIterator[App]:
    """The parts over the server that was found or started; closed at the end. Not yet bound to the database."""
    connected = settings.model_copy(update={"mongodb_uri": SecretStr(server.uri)})
    app = build(connected, read_keys(settings), clock)
    try:
        yield app
    finally:
        await app.close()


async def prepare(app: App, tell: Callable[[str], None]) -> list[str]:
    """Make the collections, indexes and first terms that are missing, then run the migrations that are due; answers
    the names of those. Safe to repeat, and in several processes at once: one migrates, the others wait for it.

    Raises `MigrationLocked` when another process has been migrating for too long.
    """
    await app.prepare()
    begin = monotonic()
    while True:
        try:
            return await migrate(app.database, app.clock, tell)
        except MigrationLocked:
            waited = monotonic() - begin
            if waited > LONGEST_WAIT:
                raise
            if waited < LOOK_AGAIN:
                tell("Waiting for another process that is migrating this database.")
        await asyncio.sleep(LOOK_AGAIN)
