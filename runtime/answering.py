"""Answering HTTP on one socket of this process."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

import uvicorn
import uvloop
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.processes import live_and_die_with_parent
from runtime.sockets import listen

SHUTDOWN_SECONDS = 5
"""What open requests and subscriptions get before they are cut off."""
HEADER_SECONDS = 10.0
"""What a client gets from connecting, or from its request's first byte, to the end of the request's headers."""
LARGEST_FRAME = 1 << 20
"""Bytes of one message on a WebSocket."""


Around = Callable[[], AbstractAsyncContextManager[None]]


class PromptProtocol(HttpToolsProtocol):
    """Closes connections whose headers do not come: the library would wait for them for good."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._waiting is None:
            self._wait()

    def on_headers_complete(self) -> None:
        self._wait_no_longer()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_longer()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _wait_no_longer(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def answer(app: ASGIApp, host: str, port: int, around: Around = nullcontext) -> None:
    """Answer requests until SIGTERM, or until the supervisor is gone, within `around`. Raises `PortTaken`, and what
    `around` raises on entering.
    """
    listener = listen(host, port)
    config = uvicorn.Config(
        app,
        http=PromptProtocol,
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME,
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

    async def serve() -> None:
        async with around():
            await server.serve(sockets=[listener])

    with listener:
        uvloop.run(serve())
