"""The audit trail 审计: facts that must be accounted for, written in the transaction of what they tell."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from foundation.changes import Change
from foundation.database import Database, Raw
from foundation.errors import NotAllowed
from foundation.ids import new_id
from foundation.paging import Page, PageRequest, page_of, time_key
from identity.access import Permission, may
from identity.actors import Actor
from identity.documents import AuditEntry
from identity.errors import ReasonMissing


class Audited(StrEnum):
    """What is audited, named once, in alphabetical order. Other domains add their own names."""

    ERASURE_DONE = "erasure_done"
    ERASURE_REQUESTED = "erasure_requested"
    EXPORT = "export"
    LOGIN_UNLOCKED = "login_unlocked"
    MOBILE_CHANGED = "mobile_changed"
    PASSWORD_SET = "password_set"  # noqa: S105
    REAL_NAME_GIVEN = "real_name_given"
    REFERENCE_CHANGED = "reference_changed"
    REFRESH_REUSED = "refresh_reused"
    REVEAL = "reveal"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    STAFF_CHANGED = "staff_changed"
    STAFF_CREATED = "staff_created"
    UNIT_ABOLISHED = "unit_abolished"
    UNIT_CHANGED = "unit_changed"
    UNIT_CREATED = "unit_created"


def audited(
    actor: Actor,
    action: str,
    subject: str,
    now: datetime,
    *,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """The entry to insert in the action's own change. `subject` is a kind and an id, as in `order:uY3…`; `details` hold
    ids and codes, never personal data."""
    id = new_id()
    return AuditEntry(
        _id=id,
        at=now,
        key=time_key(now, id),
        actor=actor.id,
        actor_roles=tuple(sorted(actor.roles)),
        actor_label=actor.label,
        action=action,
        subject=subject,
        reason=reason,
        details=dict(details or {}),
    )


def checked_reason(reason: str) -> str:
    """The reason for looking at personal data: 4 to 200 characters. Raises ReasonMissing."""
    reason = " ".join(reason.split())
    if not 4 <= len(reason) <= 200 or not reason.isprintable():
        raise ReasonMissing
    return reason


class AuditTrail:
    """Records what has no other change, and reads the trail."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, entry: AuditEntry) -> None:
        await self._database.save(Change().insert(entry))

    async def about(self, actor: Actor, subject: str, request: PageRequest, now: datetime) -> Page[AuditEntry]:
        """What was done to a subject, newest first. Residents may read what concerns themselves.

        Raises NotAllowed.
        """
        if not (may(actor, Permission.READ_AUDIT) or (actor.resident_id is not None and actor.resident_id == subject)):
            raise NotAllowed
        return await self._page({"subject": subject}, request, now)

    async def by(self, actor: Actor, who: str, request: PageRequest, now: datetime) -> Page[AuditEntry]:
        """What somebody did, newest first. Raises NotAllowed."""
        if not may(actor, Permission.READ_AUDIT):
            raise NotAllowed
        return await self._page({"actor": who}, request, now)

    async def recent(self, actor: Actor, request: PageRequest, now: datetime) -> Page[AuditEntry]:
        """What anybody did, newest first. Raises NotAllowed."""
        if not may(actor, Permission.READ_AUDIT):
            raise NotAllowed
        return await self._page({}, request, now)

    async def _page(self, equal: Mapping[str, Any], request: PageRequest, now: datetime) -> Page[AuditEntry]:
        page: Page[Raw] = await page_of(self._database, AuditEntry, equal, "key", request, descending=True, around=now)
        return page.map([AuditEntry.load(raw) for raw in page.items])
