"""What notifications store."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pymongo import IndexModel

from foundation.documents import Stored


class Line(BaseModel):
    """One line of a digest: what happened, and the order that it is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    order: str | None = None


class Notice(Stored):
    """Something that one person was told. The recipient stands in front of `_id` (`notice_id`), so that a sender's own
    id is unique wherever the recipient's notices lie. `key` is when it came, or for a digest when it last grew."""

    recipient: str
    key: str
    topic: str
    title: str
    body: str
    order: str | None = None
    at: datetime
    unread: bool = True
    until: datetime
    """It is kept until then."""
    total: int = 1
    lines: tuple[Line, ...] = ()
    """The first lines of a digest, of `total`."""

    shard_key: ClassVar[str] = "recipient"

    class Settings:
        name = "notices"
        indexes = [
            IndexModel([("recipient", 1), ("key", 1)], name="recipient_key"),
            IndexModel([("recipient", 1), ("unread", 1), ("key", 1)], name="recipient_unread_key"),
            IndexModel([("until", 1)], name="until"),
        ]


def notice_id(recipient: str, source: str) -> str:
    """The `_id` of what a sender calls `source` in one person's inbox."""
    return f"{recipient}~{source}"


def recipient_of(id: str) -> str:
    """Whose inbox a notice lies in, by its `_id`."""
    return id.partition("~")[0]


MODELS = (Notice,)
