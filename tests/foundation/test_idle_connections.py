"""A connection that is idle for minutes may be closed from over there, as firewalls and the Python engine do.

The driver would notice at the next request, and fail it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pymongo.uri_parser import parse_uri

import foundation.database
from foundation.database import Database
from foundation.engine import uri_of

IDLE_SECONDS = 0.1


class Firewall:
    """Forwards to the database, and closes what carried a `find` when told to: not the driver's own watching."""

    def __init__(self, uri: str) -> None:
        (self._there,) = parse_uri(uri)["nodelist"]
        self._carried_find: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        try:
            yield uri_of(server.sockets[0].getsockname()[1])
        finally:
            server.close()

    async def close_idle(self) -> int:
        for writer in self._carried_find:
            writer.close()
            await writer.wait_closed()
        return len(self._carried_find)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._there)

        async def asked() -> None:
            while content := await reader.read(1 << 16):
                if b"find\0" in content:
                    self._carried_find.append(writer)
                back.write(content)
            back.close()

        async def answered() -> None:
            while content := await there.read(1 << 16):
                writer.write(content)
            writer.close()

        await asyncio.gather(asked(), answered())


async def test_a_request_after_idle_minutes_does_not_meet_a_closed_connection(
    mongodb_uri: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foundation.database, "IDLE_SECONDS", IDLE_SECONDS)
    firewall = Firewall(mongodb_uri)
    async with firewall.answering() as uri:
        through = Database(uri, database.mongo.name)
        try:
            await through.mongo["things"].find_one({})
            await asyncio.sleep(2 * IDLE_SECONDS)
            assert await firewall.close_idle() == 1
            await through.mongo["things"].insert_one({"_id": "written"})
        finally:
            await through.close()
    assert await database.mongo["things"].find_one({}) == {"_id": "written"}
