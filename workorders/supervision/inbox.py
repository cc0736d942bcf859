"""What this room needs of others to tell people something: who they are, and their inbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from foundation.changes import Change
from identity.actors import Role


class People(Protocol):
    """Who holds a role."""

    async def of(self, role: Role, unit: str | None) -> Sequence[str]:
        """The actor ids of those who hold it at this very unit, or anywhere."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell one person, without personal data of citizens. The same `source` again is the same notice."""

    recipient: str
    source: str
    topic: str
    title: str
    body: str
    order: str | None = None


class Digest(Protocol):
    """Lines to add to what one person finds gathered under `source`: each a text and the order that it is about."""

    @property
    def recipient(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def lines(self) -> Sequence[tuple[str, str | None]]: ...
    @property
    def shown(self) -> int:
        """How many lines are kept to be shown; all are counted."""
        ...

    def body(self, total: int) -> str:
        """What is said above the lines, of which there are so many by now."""
        ...


class Inbox(Protocol):
    """Adds to a change what is then told with it, or not at all."""

    async def deliver(self, change: Change, notices: Sequence[Notice], now: datetime) -> None: ...
    async def gather(self, change: Change, digests: Sequence[Digest], now: datetime) -> None: ...
