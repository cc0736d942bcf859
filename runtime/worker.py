"""The worker process: `python -m runtime.worker`. Sweeps timers, outbox and whatever else is due, over and over."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
import uvloop
from pymongo.errors import PyMongoError

from foundation.clock import Clock, SystemClock
from foundation.keys import read_keys
from foundation.settings import Settings, read_settings
from identity.actors import system_actor
from notifications import retention
from runtime.composition import App, build
from runtime.logs import configure_logs
from runtime.processes import live_and_die_with_parent, run_child
from workorders.attachments import erasing as uploads
from workorders.contacts import retention as contacts
from workorders.lifecycle import succeeding
from workorders.lifecycle.checkpoints import sign_day
from workorders.statistics.reports import jobs

log = structlog.get_logger()

WORKER = system_actor("worker")
BREATH = timedelta(milliseconds=50)
"""How long a sweep that found something waits: what comes in meanwhile is one batch, not one each."""
LONGEST_PAUSE = timedelta(seconds=30)
"""How long a sweep that keeps failing waits at most before it is tried again."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Something that is to be done again and again: safe to run twice, and in several processes at once.

    `sweep(now)` answers how many things it did; as long as that is not 0 it is called again after a breath.
    """

    name: str
    sweep: Callable[[datetime], Awaitable[int]]
    every: timedelta = timedelta(seconds=1)


async def run_sweeps(sweeps: Sequence[Sweep], clock: Clock, stopping: asyncio.Event) -> None:
    """Run all sweeps beside each other until `stopping` is set; one that fails is logged and tried again later.

    A sweep that is at work when `stopping` is set finishes its batch.
    """
    async with asyncio.TaskGroup() as group:
        for each in sweeps:
            group.create_task(_repeat(each, clock, stopping), name=each.name)


async def _repeat(each: Sweep, clock: Clock, stopping: asyncio.Event) -> None:
    failures = 0
    while not stopping.is_set():
        pause = each.every
        try:
            if await each.sweep(clock.now()):
                pause = BREATH
            failures = 0
        except Exception:
            failures += 1
            pause = min(each.every * 2**failures, LONGEST_PAUSE)
            log.exception("sweep_failed", sweep=each.name, failures=failures, again_in=pause.total_seconds())
        await _sleep(pause, stopping)


async def _sleep(pause: timedelta, stopping: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), pause.total_seconds())
    except TimeoutError:
        return


def sweeps_of(app: App) -> list[Sweep]:
    """Everything that a worker of this installation does."""

    async def sign_checkpoint(now: datetime) -> int:
        terms = await app.library.current()
        return await sign_day(app.database, app.keys.signer, terms.calendar, now)

    async def finish_erasures(now: datetime) -> int:
        return await app.identity.personal_data.sweep(WORKER, now)

    async def sweep_uploads(now: datetime) -> int:
        return await uploads.sweep(app.database, now)

    contacts_kept = timedelta(days=app.settings.contact_retention_days)

    async def sweep_contacts(now: datetime) -> int:
        return await contacts.sweep(app.contacts, now, contacts_kept)

    async def hand_on(_: datetime) -> int:
        return await succeeding.hand_on(app.office)

    async def sweep_notices(now: datetime) -> int:
        return await retention.sweep(app.database, now)

    async def make_reports(now: datetime) -> int:
        return await jobs.sweep(app.reports, now)

    return [
        Sweep("timers", app.timers.sweep),
        *(Sweep(consumer.name, consumer.sweep, every=timedelta(milliseconds=500)) for consumer in app.consumers),
        Sweep("reports", make_reports),
        Sweep("successions", hand_on, every=timedelta(seconds=30)),
        Sweep("erasures", finish_erasures, every=timedelta(seconds=30)),
        Sweep("uploads", sweep_uploads, every=timedelta(minutes=10)),
        Sweep("contacts", sweep_contacts, every=timedelta(minutes=10)),
        Sweep("old_notices", sweep_notices, every=timedelta(minutes=10)),
        Sweep("checkpoint", sign_checkpoint, every=timedelta(minutes=5)),
    ]


async def work(settings: Settings) -> None:
    """Work until SIGTERM, or until the supervisor is gone."""
    configure_logs(settings, "worker")
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopping.set)
    live_and_die_with_parent(lambda: loop.call_soon_threadsafe(stopping.set))
    app = build(settings, read_keys(settings), SystemClock())
    try:
        await app.open()
        await run_sweeps(sweeps_of(app), app.clock, stopping)
        await _resign(app)
    finally:
        await app.close()


async def _resign(app: App) -> None:
    """Whoever comes next need not wait until this one's leases have run out; if the database is gone, it waits."""
    with suppress(PyMongoError):
        for consumer in app.consumers:
            await consumer.resign()


if __name__ == "__main__":
    run_child(lambda: uvloop.run(work(read_settings())))
