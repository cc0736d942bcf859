"""A local port that forwards to a database: an address that stays, and connections that a test can close."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from foundation.engine import uri_of

Asked = Callable[[bytes, asyncio.StreamWriter], None]
"""Told what comes in, with the way back to whoever asked."""


@asynccontextmanager
async def forwarding(
    there: Callable[[], tuple[str, int]], asked: Asked = lambda content, back: None
) -> AsyncIterator[str]:
    """The URI of the forwarding port; `there` says where the database is, at each new connection."""

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, onward = await asyncio.open_connection(*there())
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            _copy(reader, onward, lambda content: asked(content, writer)), _copy(answers, writer, lambda content: None)
        )

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    try:
        yield uri_of(server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter, tell: Callable[[bytes], None]) -> None:
    try:
        while content := await source.read(1 << 16):
            tell(content)
            target.write(content)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()
