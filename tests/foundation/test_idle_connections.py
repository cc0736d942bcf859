"""A connection that is idle for minutes may be closed from over there, as firewalls and the Python engine do.

The driver would notice at the next request, and fail it.
"""

import asyncio

import pytest
from pymongo.uri_parser import parse_uri

import foundation.database
from foundation.database import Database
from tests.forwarding import forwarding

IDLE_SECONDS = 0.1


async def test_a_request_after_idle_minutes_does_not_meet_a_closed_connection(
    mongodb_uri: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foundation.database, "IDLE_SECONDS", IDLE_SECONDS)
    (there,) = parse_uri(mongodb_uri)["nodelist"]
    carried_find: list[asyncio.StreamWriter] = []

    def asked(content: bytes, back: asyncio.StreamWriter) -> None:
        if b"find\0" in content:  # not the driver's own watching
            carried_find.append(back)

    async with forwarding(lambda: there, asked) as uri:
        through = Database(uri, database.mongo.name)
        try:
            await through.mongo["things"].find_one({})
            await asyncio.sleep(2 * IDLE_SECONDS)
            (idle,) = carried_find
            idle.close()
            await idle.wait_closed()
            await through.mongo["things"].insert_one({"_id": "written"})
        finally:
            await through.close()
    assert await database.mongo["things"].find_one({}) == {"_id": "written"}
