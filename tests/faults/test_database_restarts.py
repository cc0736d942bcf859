"""A database that is killed and comes back under its address, as a replica set does: API and worker live on and find it
again by themselves, and nothing acknowledged is lost. Who asks meanwhile waits, or is told UNAVAILABLE.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from foundation.engine import EmbeddedEngine, EngineProgram
from tests.faults import recount
from tests.faults.killing import KILLS, gateway, kill_under_load
from tests.forwarding import forwarding
from tests.installation import Installation

pytestmark = [pytest.mark.kills_database, pytest.mark.timeout(180 + 10 * KILLS)]

AWAY_SECONDS = 1.5


class Database:
    """An engine behind an address that stays while the engine is killed and started again."""

    def __init__(self, program: EngineProgram, folder: Path) -> None:
        self._program, self._folder = program, folder
        self._engine = EmbeddedEngine.start(program, folder)

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[str]:
        """Its URI, for as long as the context lasts."""
        try:
            async with forwarding(lambda: ("127.0.0.1", self._engine.port)) as uri:
                yield uri
        finally:
            await asyncio.to_thread(self._engine.stop)

    async def restart(self, installation: Installation) -> None:
        """Kill -9, and start it again on what it left."""
        self._engine.kill()
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(self._engine.stop)
        self._engine = await asyncio.to_thread(EmbeddedEngine.start, self._program, self._folder)


async def test_api_and_worker_outlive_their_database(
    engine_program: EngineProgram, tmp_path_factory: pytest.TempPathFactory
) -> None:
    database = await asyncio.to_thread(Database, engine_program, tmp_path_factory.mktemp("database"))
    async with database.answering() as uri:
        installation = Installation(tmp_path_factory.mktemp("outliving"), mongodb_uri=uri)
        installation.own_gateway = True
        await installation.make_town()
        async with gateway(installation.port + 10) as recorder:
            try:
                await installation.start()
                processes = {module: installation.pids(module) for module in ("runtime.web", "runtime.worker")}
                load = await kill_under_load(installation, [database.restart] * max(2, KILLS // 5))
                async with installation.app() as app:
                    await recount.drained(app)
                    await recount.check_actions(app, load.acknowledged)
                    await recount.check_numbers(app, load.acknowledged)
                    await recount.check_chains(app)
                    await recount.check_tallies(app)
                    assert recorder.sent.keys() == await recount.notices_due(app)
                assert {module: installation.pids(module) for module in processes} == processes, "they lived on"
                assert "Traceback" not in installation.log()
                assert "unknown_error" not in installation.log()
            finally:
                installation.stop()
