"""An installation's parts for the length of a command, and a database made ready for this release."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pydantic import SecretStr

from foundation.clock import Clock
from foundation.keys import read_keys
from foundation.settings import Settings
from runtime.composition import App, build
from runtime.migrations import migrate
from runtime.server import Server


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
    the names of those. Safe to repeat.

    Raises `MigrationLocked` while another process migrates.
    """
    await app.prepare()
    return await migrate(app.database, app.clock, tell)
