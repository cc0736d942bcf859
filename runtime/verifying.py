"""`zhengtong verify`: the walk over every chain and checkpoint, with its progress, and its answer in words."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from foundation.chain import CheckpointFault, Finding
from foundation.crypto import CryptoError
from foundation.database import Database
from foundation.keys import Keys
from runtime.collections import STORED
from workorders.lifecycle.checkpoints import Verification, verify
from workorders.lifecycle.documents import OrderDocument

TICK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class NamedFault:
    """What is wrong and where: `order` and `event` are None for a checkpoint."""

    fault: str
    detail: str
    order: str | None = None
    event: int | None = None

    def __str__(self) -> str:
        where = "a checkpoint" if self.order is None else f"order {self.order}, event {self.event}"
        return f"{where}: {self.fault.replace('_', ' ')}: {self.detail}"


@dataclass(slots=True)
class Walk:
    """How far it came, and everything that was found wrong."""

    walked: Verification = field(default_factory=Verification)
    faults: list[NamedFault] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self.walked), "faults": [asdict(fault) for fault in self.faults]}

    def summary(self) -> str:
        walked = self.walked
        return (
            f"{walked.orders} orders with {walked.events} events and {walked.checkpoints} checkpoints walked; "
            f"the texts of {walked.erased} orders are erased; {len(self.faults)} faults."
        )


def named(fault: Finding | CheckpointFault | CryptoError) -> NamedFault:
    """A fault of the walk in the words of the command."""
    if isinstance(fault, Finding):
        return NamedFault(fault.fault.value, fault.detail, fault.chain, fault.sequence)
    if isinstance(fault, CheckpointFault):
        return NamedFault("checkpoint", str(fault))
    return NamedFault("checkpoint_signature", f"{type(fault).__name__}: {fault}")


async def walk(uri: str, name: str, keys: Keys, found: Callable[[NamedFault], None]) -> Walk:
    """Walk everything in one database; `found` is told each fault when it is met. Changes nothing."""
    result = Walk()
    database = Database(uri, name)
    try:
        await database.bind(STORED)
        async with _progress(database, result.walked):
            async for fault in verify(database, keys.keyring, keys.signer, result.walked):
                result.faults.append(named(fault))
                found(result.faults[-1])
    finally:
        await database.close()
    return result


@asynccontextmanager
async def _progress(database: Database, walked: Verification) -> AsyncIterator[None]:
    """A bar on standard error for as long as the context lasts."""
    total = await database.collection(OrderDocument).estimated_document_count()
    columns = (TextColumn("orders"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("orders", total=total)

        async def follow() -> None:
            while True:
                bar.update(task, completed=walked.orders)
                await asyncio.sleep(TICK_SECONDS)

        following = asyncio.create_task(follow())
        try:
            yield
        finally:
            following.cancel()
            bar.update(task, completed=walked.orders)
