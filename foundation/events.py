"""The event log: what happened to one subject, in order, never changed.

Events are the audit log and the source of subscriptions; nobody claims or polls them. What is still to be done stands
in the outbox (`foundation/outbox.py`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from foundation.chain import Link, commitment, link
from foundation.crypto import DataKey
from foundation.documents import Stored

SEQUENCE_DIGITS = 6


def event_id(subject: str, sequence: int) -> str:
    """The `_id` of a subject's n-th event; ids of one subject sort as they happened."""
    return f"{subject}:{sequence:0{SEQUENCE_DIGITS}d}"


class Event(Stored):
    """One fact about a subject, hash-chained to the one before.

    `data` holds ids, codes and times. Free text and personal data are in `sealed`, encrypted with the subject's data
    key; the chain covers only their salted commitments, so that destroying the key erases them and the chain holds.
    """

    subject: str
    sequence: int
    type: str
    type_version: int = 1
    at: datetime
    actor: str
    actor_roles: tuple[str, ...] = ()
    actor_unit: str | None = None
    actor_label: str = ""
    data: dict[str, Any]
    commitments: dict[str, str] = {}
    sealed: dict[str, bytes] = {}
    hash: str

    shard_key: ClassVar[str] = "subject"

    class Settings:
        name = "events"

    def chained_fields(self) -> dict[str, Any]:
        """What the hash covers: everything but the hash itself and the sealed texts."""
        fields: dict[str, Any] = self.model_dump(
            by_alias=True, mode="json", exclude={"revision_id", "v", "hash", "sealed"}
        )
        return fields

    def as_link(self) -> Link:
        return Link(self.sequence, self.hash, self.chained_fields(), self.commitments)

    def text(self, name: str, key: DataKey | None) -> str | None:
        """The text of that name, or None if there is none or its key was destroyed. Raises `Tampered`."""
        sealed = self.sealed.get(name)
        return None if sealed is None or key is None else key.open(sealed, text_place(self.id, name))


def text_place(event: str, name: str) -> str:
    """Where a sealed text belongs: it opens nowhere else."""
    return f"{event}:{name}"


def seal_texts(
    subject: str, sequence: int, texts: Mapping[str, str], key: DataKey
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Sealed texts and their commitments for a subject's n-th event."""
    sealed: dict[str, bytes] = {}
    commitments: dict[str, str] = {}
    for name, text in texts.items():
        place = text_place(event_id(subject, sequence), name)
        sealed[name] = key.seal(text, place)
        commitments[name] = commitment(key.commitment_salt(place), text)
    return sealed, commitments


def event_document(
    *,
    subject: str,
    sequence: int,
    type: str,
    at: datetime,
    actor: str,
    actor_roles: tuple[str, ...],
    actor_unit: str | None,
    actor_label: str,
    data: dict[str, Any],
    commitments: dict[str, str],
    sealed: dict[str, bytes],
    previous: str,
) -> dict[str, Any]:
    """A subject's n-th event as the database keeps it, linked to `previous`: what `chained(Event(…)).stored()` gives,
    at a fifth of the cost. `at` is in UTC."""
    hashed: dict[str, Any] = {
        "_id": event_id(subject, sequence),
        "subject": subject,
        "sequence": sequence,
        "type": type,
        "type_version": 1,
        "at": at.isoformat().replace("+00:00", "Z"),
        "actor": actor,
        "actor_roles": actor_roles,
        "actor_unit": actor_unit,
        "actor_label": actor_label,
        "data": data,
        "commitments": commitments,
    }
    return {**hashed, "v": 1, "at": at, "sealed": sealed, "hash": link(previous, hashed)}


def chained(event: Event, previous: str) -> Event:
    """The event with its hash, linked to `previous`."""
    return event.changed(hash=link(previous, event.chained_fields()))
