"""What contacts store, with its indexes."""

from datetime import datetime
from typing import ClassVar

from pymongo import IndexModel

from foundation.documents import Stored
from workorders.contacts.values import Direction, Outcome

END_OF_IDS = "~"
"""Sorts behind every character of an id."""


class ContactDocument(Stored):
    """A contact 来电来访. Without `data_key` its person was erased: time, channel and outcome stay for the figures."""

    channel: str
    direction: Direction
    at: datetime
    at_key: str
    duration_seconds: int | None
    outcome: Outcome | None
    """None while it goes on."""
    phone_hash: str | None
    data_key: bytes | None
    sealed: dict[str, bytes]
    """`phone` and `note`."""
    recorded_by: str
    recorded_label: str
    recorded_at: datetime
    orderless_key: str | None = None
    """`recorded_at~id` as long as no order hangs on it: what it is deleted by when its retention is over."""

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "contacts"
        indexes = [
            IndexModel([("at_key", 1)], name="at"),
            IndexModel([("phone_hash", 1), ("at_key", 1)], name="phone_at"),
            IndexModel([("recorded_by", 1), ("at_key", 1)], name="recorded_by_at"),
            IndexModel([("orderless_key", 1)], name="orderless"),
        ]


class ContactOrder(Stored):
    """An order that hangs on a contact. `_id` is `contact~order`, so that a contact's orders are one range of it."""

    contact: str
    order: str

    shard_key: ClassVar[str] = "contact"

    class Settings:
        name = "contact_orders"

    @classmethod
    def of(cls, contact: str, order: str) -> "ContactOrder":
        return cls(_id=f"{contact}~{order}", contact=contact, order=order)


class MaliciousMark(Stored):
    """A malicious mark 恶意标记 on a number, whose keyed hash is the `_id`. Lifted, it is deleted."""

    contact: str
    reason: str
    by: str
    by_label: str
    at: datetime
    until: datetime

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "malicious_marks"
        indexes = [IndexModel([("until", 1)], name="until", expireAfterSeconds=0)]


MODELS = (ContactDocument, ContactOrder, MaliciousMark)
