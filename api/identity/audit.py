"""The audit trail 审计."""

from datetime import datetime
from typing import Annotated, Self

import strawberry
from strawberry.scalars import JSON

from api.context import Info
from api.fields import resolved
from api.ids import LONGEST
from api.paging import Connection, connection_of, page_request
from api.problems import Problem
from foundation.errors import InvalidInput
from identity import documents
from identity.actors import Role


@strawberry.type(description="Somebody did something that must be accounted for 审计记录.")
class AuditEntry:
    at: datetime
    actor: strawberry.ID
    actor_label: str
    actor_roles: list[Role] = strawberry.field(description="As they were then.")
    action: str
    subject: strawberry.ID = strawberry.field(description="What it was done to: `order:…`, `resident:…`, `unit:…` …")
    reason: str = strawberry.field(description="As given; empty where none is asked for.")
    details: JSON = strawberry.field(description="Ids and codes, never personal data.")

    @classmethod
    def of(cls, entry: documents.AuditEntry) -> Self:
        return cls(
            at=entry.at,
            actor=strawberry.ID(entry.actor),
            actor_label=entry.actor_label,
            actor_roles=list(entry.actor_roles),
            action=entry.action,
            subject=strawberry.ID(entry.subject),
            reason=entry.reason,
            details=JSON(entry.details),
        )


AuditConnection = Connection[AuditEntry]
AuditResult = Annotated[
    AuditConnection | Problem,
    strawberry.union("AuditResult", description="A page of the audit trail, or why there is none."),
]


@strawberry.type
class AuditQueries:
    @resolved(
        "The audit trail, newest first: about one thing, by one person, or all of it. For administrators and "
        "supervisors; residents read what concerns themselves."
    )
    async def audit_trail(
        self,
        info: Info,
        subject: strawberry.ID | None = None,
        actor: strawberry.ID | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> AuditResult:
        context, request = info.context, page_request(first, after)
        trail, reader, now = context.services.identity.audit, context.actor, context.services.clock.now()
        if subject is not None and actor is not None:
            raise InvalidInput.field("subject", "对象和操作人只能选其一。")
        if subject is not None:
            page = await trail.about(reader, _named(subject, "subject"), request, now)
        elif actor is not None:
            page = await trail.by(reader, _named(actor, "actor"), request, now)
        else:
            page = await trail.recent(reader, request, now)
        return connection_of(page, AuditEntry.of)


def _named(given: str, path: str) -> str:
    if ":" not in given or len(given) > LONGEST or not given.isprintable():
        raise InvalidInput.field(path, "编号的格式不正确。")
    return given
