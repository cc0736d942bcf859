"""The worker's sweeps run beside each other; one that fails holds up none of the others."""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from foundation.clock import SettableClock
from runtime.worker import Sweep, run_sweeps

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOON = timedelta(milliseconds=1)


async def test_a_sweep_is_repeated_at_once_while_it_finds_work_and_the_last_batch_is_finished() -> None:
    stopping = asyncio.Event()
    left, calls = 5, 0

    async def work(now: datetime) -> int:
        nonlocal left, calls
        calls += 1
        left = max(0, left - 1)
        if not left:
            stopping.set()
            await asyncio.sleep(0.01)
            calls += 100
        return left

    await asyncio.wait_for(
        run_sweeps([Sweep("work", work, every=timedelta(hours=1))], SettableClock(NOON), stopping), 5
    )
    assert calls == 105


async def test_a_sweep_that_fails_is_tried_again_and_holds_up_nobody() -> None:
    stopping = asyncio.Event()
    tried, done = 0, 0

    async def failing(now: datetime) -> int:
        nonlocal tried
        tried += 1
        raise RuntimeError("the database is away")

    async def healthy(now: datetime) -> int:
        nonlocal done
        done += 1
        if tried >= 3:
            stopping.set()
        return 0

    with structlog.testing.capture_logs() as logs:
        await asyncio.wait_for(
            run_sweeps(
                [Sweep("failing", failing, every=SOON), Sweep("healthy", healthy, every=SOON)],
                SettableClock(NOON),
                stopping,
            ),
            5,
        )
    assert done >= 3
    pauses = [entry["again_in"] for entry in logs if entry["event"] == "sweep_failed"]
    assert pauses == sorted(pauses)
    assert pauses[0] == 0.002
