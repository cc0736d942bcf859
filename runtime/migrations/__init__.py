"""Changes of stored data from one release to the next: numbered steps, each run once, locked and resumable.

A step is a module `step_NNNN_what_it_does.py` beside this file with

    TITLE = "what it does, for the operator"
    async def run(database: Database, done: str | None, keep: Keep) -> None

that works through its documents in a stable order in batches and calls `await keep(position)` after each. Broken off,
it is called again with the last position as `done`, so it must bear doing the batch after that position twice. It
deals only in raw documents, never in models, which are of a later date.
"""

import importlib
import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock
from foundation.database import Database, Raw
from foundation.documents import Stored
from foundation.faults import ExitCode, OperatorFault
from foundation.ids import new_id
from foundation.walking import ID_CHARACTERS, starting_with

LOCK = "lock"
LEASE = timedelta(minutes=2)
"""A batch takes seconds; a migration that was killed can be resumed by another process after this."""

Keep = Callable[[str], Awaitable[None]]
Step = Callable[[Database, str | None, Keep], Awaitable[None]]


class MigrationLocked(OperatorFault):
    """Another process is migrating."""

    exit_code: ClassVar = ExitCode.DATABASE_UNREACHABLE


class MigrationRecord(Stored):
    """One step (`_id` is its name): how far it came and when it ended. The one named `lock` says who migrates."""

    position: str | None = None
    ended: datetime | None = None
    holder: str | None = None
    until: datetime | None = None

    class Settings:
        name = "migrations"


@dataclass(frozen=True, slots=True)
class Migration:
    """A numbered step."""

    name: str
    title: str
    run: Step


def known_migrations() -> list[Migration]:
    """The steps of this release, in their order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("step_"))
    steps = (importlib.import_module(f"{__name__}.{name}") for name in names)
    return [Migration(name, step.TITLE, step.run) for name, step in zip(names, steps, strict=True)]


async def order_ids(database: Database, done: str | None, keep: Keep) -> AsyncIterator[Raw]:
    """Bounds of a sixty-fourth of all orders' ids at a time, each kept as its first character when the step comes back
    for the next; `done` is the last that was kept. None in a new city."""
    if await database.mongo["orders"].find_one({}, {"_id": 1}) is None:
        return
    for first in ID_CHARACTERS[ID_CHARACTERS.index(done) + 1 if done else 0 :]:
        yield starting_with(first)
        await keep(first)


async def migrate(
    database: Database, clock: Clock, tell: Callable[[str], None], steps: Sequence[Migration] | None = None
) -> list[str]:
    """Run the steps that have not ended yet, in order; answers their names. Safe to break off and run again.

    Raises `MigrationLocked` while another process migrates, or when its place was taken after it slept.
    """
    pending = [step for step in steps or known_migrations() if not await _has_ended(database, step)]
    if not pending:
        return []
    holder = new_id()
    await _take_lock(database, holder, clock.now())
    try:
        for step in pending:
            if not await _has_ended(database, step):
                tell(f"Migrating: {step.title}")
                await _run(database, step, holder, clock)
    finally:
        await database.collection(MigrationRecord).delete_one({"_id": LOCK, "holder": holder})
    return [step.name for step in pending]


async def _has_ended(database: Database, step: Migration) -> bool:
    record = await database.get(MigrationRecord, step.name)
    return record is not None and record.ended is not None


async def _run(database: Database, step: Migration, holder: str, clock: Clock) -> None:
    record = await database.get(MigrationRecord, step.name)
    if record is None:
        record = MigrationRecord(_id=step.name)
        await database.save(Change().insert(record))

    async def note(**fields: object) -> None:
        """Write down how far the step is, in one transaction with the proof that the lock is still ours."""
        longer = {"$set": {"until": clock.now() + LEASE}}
        change = Change().update(MigrationRecord, LOCK, longer, expecting={"holder": holder})
        try:
            await database.save(change.update(MigrationRecord, step.name, {"$set": fields}))
        except StaleWrite:
            raise MigrationLocked("Another process has taken over this migration.") from None

    async def keep(position: str) -> None:
        await note(position=position)

    await step.run(database, record.position, keep)
    await note(ended=clock.now())


async def _take_lock(database: Database, holder: str, now: datetime) -> None:
    lock = await database.get(MigrationRecord, LOCK)
    change = Change()
    if lock is None:
        change.insert(MigrationRecord(_id=LOCK, holder=holder, until=now + LEASE))
    elif lock.until is None or lock.until > now:
        raise MigrationLocked("Another process is migrating this database; wait for it to end, then start again.")
    else:
        taken = {"$set": {"holder": holder, "until": now + LEASE}}
        change.update(MigrationRecord, LOCK, taken, expecting={"holder": lock.holder})
    try:
        await database.save(change)
    except (StaleWrite, AlreadyClaimed):
        raise MigrationLocked("Another process has just begun to migrate this database.") from None
