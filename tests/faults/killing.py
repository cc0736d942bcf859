"""An installation under load whose parts are killed, one after the other."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import uvicorn

from foundation.clock import SystemClock
from foundation.faults import ExitCode
from runtime.stubs.sms_gateway import SmsInbox, TextMessage, sms_gateway
from tests.faults.load import Load
from tests.installation import SMS_TOKEN, Installation

KILLS = int(os.environ.get("ZHENGTONG_KILLS", "5"))
CLIENTS = 6
ACKNOWLEDGED_BETWEEN = 12
"""Acknowledged actions between two kills, at least."""


class Recorder(SmsInbox):
    """A gateway's inbox that counts how often each key was sent, for all time."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: Counter[str] = Counter()

    def take(self, key: str, message: TextMessage) -> None:
        self.sent[key] += 1
        super().take(key, message)


@asynccontextmanager
async def gateway(port: int) -> AsyncIterator[Recorder]:
    """An SMS gateway that outlives what is killed."""
    recorder = Recorder()
    app = sms_gateway(SMS_TOKEN, SystemClock(), recorder)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve())
    try:
        yield recorder
    finally:
        server.should_exit = True
        await running


async def kill_api(installation: Installation) -> None:
    installation.kill("runtime.web")


async def kill_worker(installation: Installation) -> None:
    installation.kill("runtime.worker")


async def kill_engine(installation: Installation) -> None:
    """The supervisor ends everything else with a sentence; somebody starts it again."""
    installation.kill_engine()
    code = await asyncio.to_thread(installation.process.end)
    assert code == ExitCode.ENGINE_DIED, installation.log()
    await installation.start()


Kill = Callable[[Installation], Awaitable[None]]


async def kill_under_load(installation: Installation, kills: Sequence[Kill], seed: int = 1) -> Load:
    """Let clients work, kill one part after the other at moments drawn by chance, and answer what was acknowledged."""
    chance = random.Random(seed)
    async with installation.api() as api:
        load = Load(installation.url, api.tokens)
    working = asyncio.create_task(load.run(CLIENTS))
    for kill in kills:
        await _or_fail(working, load.until_acknowledged(ACKNOWLEDGED_BETWEEN))
        await asyncio.sleep(chance.uniform(0, 0.3))
        await kill(installation)
        await installation.answers()
        async with installation.api() as api:
            load.tokens = api.tokens
    await _or_fail(working, load.until_acknowledged(ACKNOWLEDGED_BETWEEN))
    load.stopping.set()
    await working
    return load


async def _or_fail(working: "asyncio.Task[None]", waiting: Awaitable[None]) -> None:
    """Wait, but not for clients that have failed."""
    wait = asyncio.ensure_future(waiting)
    await asyncio.wait([working, wait], return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        wait.cancel()
        await working
    await wait
