"""Ctrl-C ends what runs beside the database, also when a cancellation gets lost on the way."""

import asyncio
import os
import signal

import pytest

from runtime.terminal import run_interruptibly


async def losing(cancellations: int) -> str:
    """Interrupts itself, and goes on as if it had not been cancelled that often."""
    asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGINT)
    for _ in range(cancellations):
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            continue
    await asyncio.sleep(0.2)
    return "done"


@pytest.mark.parametrize("lost", [0, 1])
def test_an_interrupt_ends_it(lost: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.terminal.CANCELLED_EVERY_SECONDS", 0.1)
    with pytest.raises(KeyboardInterrupt):
        run_interruptibly(losing(lost))


def test_what_is_not_interrupted_is_answered() -> None:
    async def body() -> int:
        await asyncio.sleep(0)
        return 5

    assert run_interruptibly(body()) == 5
