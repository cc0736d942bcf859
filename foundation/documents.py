"""The base of every stored document."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from beanie import Document
from pydantic import BaseModel, ConfigDict, Field


class Stored(Document):
    """A Beanie document with a text `_id` and the version of its shape.

    Beanie makes its collection and indexes; `shard_key` names the field that a sharded cluster would split by.
    Reads and writes of hot paths go through `Database` and the collection itself: Beanie's own `save`, `set` and
    `save_changes` use `find_one_and_update`, which promises less under a race than a conditional write.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=False)

    id: str = Field(alias="_id")  # type: ignore[assignment]
    v: int = 1

    shard_key: ClassVar[str] = "_id"

    # Beanie's own look the collection up for every document made, and for lazily parsed fields at every attribute read;
    # we have none. Half of what a document costs.
    if not TYPE_CHECKING:
        __init__ = BaseModel.__init__
        __getattribute__ = object.__getattribute__

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if cls.model_fields["v"].default != 1:
            # Binding turns class attributes into query expressions, which a later subclass would take as defaults.
            raise TypeError(f"{cls.__name__} is defined after documents were bound: list it in runtime.collections")

    def stored(self) -> dict[str, Any]:
        """The document as the database keeps it."""
        raw: dict[str, Any] = self.model_dump(by_alias=True, exclude={"revision_id"})
        return raw

    def changed(self, **fields: object) -> Self:
        """A copy with these fields changed, for a conditional replace."""
        copy: Self = self.model_copy(update=fields)
        return copy

    @classmethod
    def load(cls, raw: Mapping[str, Any]) -> Self:
        """The document from what the database kept."""
        document: Self = cls.model_validate(raw)
        return document

    @classmethod
    def collection_name(cls) -> str:
        return str(cls.get_collection_name())
