"""Answering HTTP on one socket of this process."""

import uvicorn
from starlette.types import ASGIApp

from runtime.processes import live_and_die_with_parent
from runtime.sockets import listen

SHUTDOWN_SECONDS = 5
"""What open requests and subscriptions get before they are cut off."""


def answer(app: ASGIApp, host: str, port: int) -> None:
    """Answer requests until SIGTERM, or until the supervisor is gone. Raises `PortTaken`."""
    listener = listen(host, port)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="on",
        log_config=None,
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
