"""Supervisions as clients see them."""

from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

import strawberry

import api.workorders.enums  # noqa: F401 - makes the domain's enums GraphQL enums
from api.identity.trees import Node
from api.ids import Kind as IdKind
from api.ids import global_id
from api.workorders.deadlines import Deadline
from workorders.deadlines.values import SupervisionLevel
from workorders.lifecycle import values
from workorders.lifecycle.states import SupervisionCause


@strawberry.type(description="One supervision 督办 of an order, open until it is closed or the order rests.")
class Supervision(Node):
    level: SupervisionLevel
    cause: SupervisionCause
    round: int = strawberry.field(description="The order's round in which it was opened: 0, then one per redo.")
    opened_at: datetime
    due: Deadline = strawberry.field(description="When the unit's answer is due.")
    requires_answer: bool
    shortens: bool = strawberry.field(description="It brought the units' replies within the supervised limit.")
    answered_at: datetime | None
    closed_at: datetime | None

    @classmethod
    def of(cls, supervision: values.Supervision, zone: ZoneInfo) -> Self:
        return cls(
            id=global_id(IdKind.SUPERVISION, supervision.id),
            level=supervision.level,
            cause=supervision.cause,
            round=supervision.round,
            opened_at=supervision.opened_at,
            due=Deadline.of(supervision.due, zone),
            requires_answer=supervision.requires_answer,
            shortens=supervision.shortens,
            answered_at=supervision.answered_at,
            closed_at=supervision.closed_at,
        )
