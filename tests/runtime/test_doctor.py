"""The doctor tries what it says, and names what is missing or extra."""

import json
import secrets
from pathlib import Path

from pymongo import IndexModel

from foundation.database import Database
from foundation.documents import Stored
from foundation.settings import Settings
from runtime.collections import STORED
from runtime.doctor import describe, diagnose
from runtime.migrations import known_migrations
from runtime.server import Server
from tests.runtime.processes import environment, zhengtong


class Bench(Stored):
    class Settings:
        name = "benches"
        indexes = [IndexModel([("place", 1), ("_id", 1)], name="place"), IndexModel([("age", 1)], name="age")]


def named(settings: Settings, uri: str) -> tuple[Settings, Server]:
    chosen = settings.model_copy(update={"mongodb_uri": uri, "database": f"test_{secrets.token_hex(4)}"})
    return chosen, Server(uri, "a server")


async def test_missing_and_extra_collections_and_indexes_are_named(settings: Settings, mongodb_uri: str) -> None:
    settings, server = named(settings, mongodb_uri)
    database = Database(mongodb_uri, settings.database)
    try:
        missing = await diagnose(settings, server, [Bench])
        assert not missing.healthy
        assert missing.missing_collections == ["benches"]

        await database.prepare([Bench])
        healthy = await diagnose(settings, server, [Bench])
        assert healthy.healthy, describe(healthy)
        assert {each.name: each.holds for each in healthy.promises} == {
            "transactions": True,
            "change streams": True,
            "durability": None,
        }

        await database.mongo["benches"].drop_index("age")
        await database.mongo["benches"].drop_index("place")
        await database.mongo["benches"].create_index([("place", -1)], name="place")
        await database.mongo.create_collection("chairs")
        changed = await diagnose(settings, server, [Bench])
        assert (changed.missing_indexes, changed.extra_indexes) == (["benches.age", "benches.place"], ["benches.place"])
        assert changed.extra_collections == ["chairs"]
        assert "missing indexes: benches.age, benches.place" in describe(changed)
        names = await database.client.list_database_names()
        assert not any("_doctor_" in name for name in names)
    finally:
        await database.client.drop_database(settings.database)
        await database.close()


def test_a_migrated_installation_is_healthy(tmp_path: Path, mongodb_uri: str) -> None:
    env = environment(tmp_path)
    migrated = zhengtong("migrate", "--json", env=env)
    assert json.loads(migrated.stdout) == {"migrated": [step.name for step in known_migrations()]}, migrated.stderr
    told = zhengtong("doctor", "--json", env=env)
    diagnosis = json.loads(told.stdout)
    assert told.returncode == 0
    assert diagnosis["healthy"] is True
    assert diagnosis["collections"] == len(STORED)
    assert {each["name"]: each["holds"] for each in diagnosis["promises"]} == {
        "transactions": True,
        "change streams": True,
        "durability": True,
    }
