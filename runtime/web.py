"""One API process: `python -m runtime.web`, on a port that all API processes share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from api.app import create_app
from foundation.clock import SystemClock
from foundation.keys import read_keys
from foundation.settings import Settings, read_settings
from runtime.composition import build
from runtime.processes import live_and_die_with_parent, run_child
from runtime.sockets import listen

SHUTDOWN_SECONDS = 5
"""What open requests and subscriptions get before they are cut off."""


def application(settings: Settings) -> ASGIApp:
    """The HTTP application of one process, over the database in the settings."""
    app = build(settings, read_keys(settings), SystemClock())

    @asynccontextmanager
    async def around() -> AsyncIterator[None]:
        await app.open()
        try:
            yield
        finally:
            await app.close()

    return create_app(app, around)


def answer(app: ASGIApp, host: str, port: int) -> None:
    """Answer requests until SIGTERM, or until the supervisor is gone. Raises `PortTaken`."""
    listener = listen(host, port)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    live_and_die_with_parent(stop)
    with listener:
        server.run(sockets=[listener])


def serve(settings: Settings) -> None:
    """Run this process's share of the API until SIGTERM."""
    answer(application(settings), settings.host, settings.port)


if __name__ == "__main__":
    run_child(lambda: serve(read_settings()))
