"""One change: everything that an action writes, gathered first and saved in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from foundation.documents import Stored

Filter = Mapping[str, Any]


class StaleWrite(Exception):
    """A precondition of a conditional write did not hold any more: judge again from a fresh read."""


class AlreadyClaimed(Exception):
    """A document that had to be new exists: `collection` and `key` name it."""

    def __init__(self, collection: str, key: str) -> None:
        super().__init__(f"{collection} {key}")
        self.collection, self.key = collection, key


@dataclass(frozen=True, slots=True)
class Conditional:
    """A write of one document by `_id` that must still match `expecting`."""

    model: type[Stored]
    filter: Filter
    replacement: Mapping[str, Any] | None = None
    operations: Mapping[str, Any] | None = None

    @property
    def deletes(self) -> bool:
        return self.replacement is None and self.operations is None


@dataclass(slots=True)
class Change:
    """Writes that stand or fall together.

    Conditional writes run first, in the order they were added, so that a lost race costs least; then one
    `insert_many` per collection. `Database.save` runs it.
    """

    inserts: dict[type[Stored], list[Mapping[str, Any]]] = field(default_factory=dict)
    conditionals: list[Conditional] = field(default_factory=list)
    discards: dict[type[Stored], list[str]] = field(default_factory=dict)
    puts: dict[type[Stored], list[Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def is_one_write(self) -> bool:
        """Whether one command does it all, so that no transaction is needed."""
        inserted = sum(map(len, self.inserts.values()))
        return len(self.conditionals) + inserted == 1 and not self.discards and not self.puts

    def insert(self, *documents: Stored) -> Self:
        """Add documents that must not exist yet."""
        for document in documents:
            self.inserts.setdefault(type(document), []).append(document.stored())
        return self

    def replace(self, document: Stored, *, expecting: Filter) -> Self:
        """Replace the whole document, if the stored one still matches `expecting`."""
        where = {"_id": document.id, **expecting}
        self.conditionals.append(Conditional(type(document), where, replacement=document.stored()))
        return self

    def update(
        self, model: type[Stored], id: str, operations: Mapping[str, Any], *, expecting: Filter | None = None
    ) -> Self:
        """Apply update operators to one document, if it exists and still matches `expecting`."""
        self.conditionals.append(Conditional(model, {"_id": id, **(expecting or {})}, operations=operations))
        return self

    def delete(self, model: type[Stored], id: str, *, expecting: Filter | None = None) -> Self:
        """Delete one document, if it exists and still matches `expecting`."""
        self.conditionals.append(Conditional(model, {"_id": id, **(expecting or {})}))
        return self

    def discard(self, model: type[Stored], ids: Sequence[str]) -> Self:
        """Delete those of the documents that exist, in one command."""
        self.discards.setdefault(model, []).extend(ids)
        return self

    def put(self, *documents: Stored) -> Self:
        """Write whole documents, new or not, in one command: for what only one process writes at a time."""
        for document in documents:
            self.puts.setdefault(type(document), []).append(document.stored())
        return self
