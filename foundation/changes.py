"""One change: everything that an action writes, gathered first and saved in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from foundation.documents import Stored

Filter = Mapping[str, Any]


class StaleWrite(Exception):
    """A precondition of a conditional write did not hold any more: judge again from a fresh read of `collection`."""

    def __init__(self, collection: str = "") -> None:
        super().__init__(collection)
        self.collection = collection


class AlreadyClaimed(Exception):
    """A document that had to be new exists: `collection` and `key` name it."""

    def __init__(self, collection: str, key: str) -> None:
        super().__init__(f"{collection} {key}")
        self.collection, self.key = collection, key


@dataclass(frozen=True, slots=True)
class Write:
    """One write as MongoDB's `bulkWrite` command has it, without the name of the collection."""

    model: type[Stored]
    kind: str
    operation: Mapping[str, Any]

    @property
    def document_id(self) -> str:
        """The `_id` that an insert claims."""
        return str(self.operation["document"]["_id"])


@dataclass(slots=True)
class Change:
    """Writes that stand or fall together.

    Contested writes run first, in the order they were added, so that a lost race costs least. `Database.save` runs all
    of them as one command.
    """

    contested: list[Write] = field(default_factory=list)
    others: list[Write] = field(default_factory=list)

    def insert(self, *documents: Stored) -> Self:
        """Add documents that must not exist yet."""
        for document in documents:
            self.others.append(Write(type(document), "insert", {"document": document.stored()}))
        return self

    def replace(self, document: Stored, *, expecting: Filter) -> Self:
        """Replace the whole document, if the stored one still matches `expecting`."""
        return self._contest(type(document), document.id, document.stored(), expecting)

    def update(
        self, model: type[Stored], id: str, operations: Mapping[str, Any], *, expecting: Filter | None = None
    ) -> Self:
        """Apply update operators to one document, if it exists and still matches `expecting`."""
        return self._contest(model, id, operations, expecting)

    def delete(self, model: type[Stored], id: str, *, expecting: Filter | None = None) -> Self:
        """Delete one document, if it exists and still matches `expecting`."""
        where = {"_id": id, **(expecting or {})}
        self.contested.append(Write(model, "delete", {"filter": where, "multi": False}))
        return self

    def discard(self, model: type[Stored], ids: Sequence[str]) -> Self:
        """Delete those of the documents that exist."""
        self.others.append(Write(model, "delete", {"filter": {"_id": {"$in": list(ids)}}, "multi": True}))
        return self

    def include(self, other: "Change") -> Self:
        """Add all of another change, so that both stand or fall together."""
        self.contested.extend(other.contested)
        self.others.extend(other.others)
        return self

    def put(self, *documents: Stored) -> Self:
        """Write whole documents, new or not: for what only one process writes at a time."""
        for document in documents:
            stored = document.stored()
            operation = {"filter": {"_id": document.id}, "updateMods": stored, "multi": False, "upsert": True}
            self.others.append(Write(type(document), "update", operation))
        return self

    def add(self, model: type[Stored], id: str, amounts: Mapping[str, int], *, first: Mapping[str, Any]) -> Self:
        """Add to counts, each at its path, in a document that is made with `first` if it is missing: for what only one
        process writes at a time."""
        mods = {"$inc": dict(amounts), "$setOnInsert": dict(first)}
        operation = {"filter": {"_id": id}, "updateMods": mods, "multi": False, "upsert": True}
        self.others.append(Write(model, "update", operation))
        return self

    def _contest(self, model: type[Stored], id: str, mods: Mapping[str, Any], expecting: Filter | None) -> Self:
        where = {"_id": id, **(expecting or {})}
        self.contested.append(Write(model, "update", {"filter": where, "updateMods": mods, "multi": False}))
        return self
