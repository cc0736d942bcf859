"""What the life cycle stores, with its indexes.

An order is one document and the only one that actions contend for. The rows of units' and dispatchers' desks repeat
parts of it, written in the same transaction, under the keys that each desk is read by.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

from pymongo import IndexModel

from foundation.documents import Stored
from foundation.paging import time_key
from workorders.lifecycle.states import AssignmentRole, AssignmentState, RequestKind, Status
from workorders.lifecycle.values import Assignment, Order, Request

FAR = "9999-12-31T00:00:00.000Z"
"""Where things without a deadline sort: behind everything, outside every page's range."""


MERGED = "merged"
"""The desk of requests that nobody decides while their order is merged."""


class OrderDocument(Stored):
    """An order 工单: its folded value, the head of its event chain, its sealed texts and the keys of its lists."""

    order: Order
    head: str
    data_key: bytes | None
    """Wrapped; destroyed when the reporter is erased."""
    sealed: dict[str, bytes]
    """`title`, `name`, `phone`, `address`: what lists and desks show, masked."""
    status: Status
    due_key: str
    received_key: str
    topic: str = ""
    """What and where: orders of one topic may be one matter. Empty until migrated."""
    reporter_id: str | None
    phone_hash: str | None
    name_hash: str | None

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "orders"
        indexes = [
            IndexModel([("status", 1), ("due_key", 1)], name="status_due"),
            IndexModel([("status", 1), ("received_key", 1)], name="status_received"),
            IndexModel([("received_key", 1)], name="received"),
            IndexModel([("topic", 1), ("received_key", 1)], name="topic_received"),
            IndexModel([("reporter_id", 1), ("received_key", 1)], name="reporter_received"),
            IndexModel([("phone_hash", 1), ("received_key", 1)], name="phone_received"),
            IndexModel([("name_hash", 1), ("received_key", 1)], name="name_received"),
        ]

    @property
    def version(self) -> int:
        return self.order.version

    def with_order(self, order: Order, head: str) -> Self:
        """The document of the same order after more events."""
        return self.changed(order=order, head=head, **order_keys(order))


def order_keys(order: Order) -> dict[str, Any]:
    """The list keys that follow from an order's value."""
    due = order.stage_due
    return {
        "status": order.status,
        "due_key": time_key(due, order.id) if due else f"{FAR}~{order.id}",
        "received_key": time_key(order.received_at, order.id),
        "topic": f"{order.category[-1]}@{order.place[-1]}",
        "reporter_id": order.reporter_id,
    }


class NumberClaim(Stored):
    """An order number 工单编号 (`_id`), claimed by the order that bears it."""

    order: str

    class Settings:
        name = "order_numbers"


class UpstreamClaim(Stored):
    """`source|number` of a hand-down (`_id`): the same hand-down twice is one order."""

    order: str

    class Settings:
        name = "upstream_numbers"


class UnitDesk(Stored):
    """A row of a unit's desk: one assignment 承办 and what is to be done about it."""

    order: str
    number: str
    unit: str
    ancestors: tuple[str, ...]
    role: AssignmentRole
    state: AssignmentState
    desk: str
    due_key: str
    assigned_key: str
    received_at: datetime

    shard_key: ClassVar[str] = "order"

    class Settings:
        name = "assignments"
        indexes = [
            IndexModel([("ancestors", 1), ("desk", 1), ("due_key", 1)], name="unit_desk_due"),
            IndexModel([("ancestors", 1), ("assigned_key", 1)], name="unit_assigned"),
        ]

    @classmethod
    def of(cls, order: Order, assignment: Assignment) -> "UnitDesk":
        desk = desk_of(order, assignment)
        due = assignment.sign.due if desk == UnitTask.SIGN else assignment.reply.due
        return cls(
            _id=assignment.id,
            order=order.id,
            number=order.number,
            unit=assignment.unit,
            ancestors=assignment.ancestors,
            role=assignment.role,
            state=assignment.state,
            desk=desk,
            due_key=time_key(due, assignment.id),
            assigned_key=time_key(assignment.assigned_at, assignment.id),
            received_at=order.received_at,
        )


class UnitTask(StrEnum):
    """What a unit has to do about an assignment: the tabs of its desk."""

    SIGN = "sign"  # 待签收
    HANDLE = "handle"  # 待办理
    SUSPENDED = "suspended"  # 已挂起
    APPROVE = "approve"  # 待审核
    WAIT = "wait"  # 已回复, 等待
    MERGED = "merged"  # 已合并, 在主单上办理
    ENDED = "ended"  # 已办结


def desk_of(order: Order, assignment: Assignment) -> UnitTask:
    """The tab of its unit's desk that an assignment lies under."""
    match assignment.state:
        case AssignmentState.ENDED:
            return UnitTask.ENDED
        case _ if order.muted:
            return UnitTask.MERGED
        case AssignmentState.PENDING:
            return UnitTask.SIGN
        case AssignmentState.SIGNED:
            return UnitTask.SUSPENDED if assignment.suspended else UnitTask.HANDLE
        case _:
            approve = assignment.role is AssignmentRole.LEAD and order.status is Status.UNIT_REVIEW
            return UnitTask.APPROVE if approve else UnitTask.WAIT


class RequestDesk(Stored):
    """A row of the dispatchers' desk of requests 申请.

    `desk` is the kind while it is open, `merged` while its order is muted, then how it ended.
    """

    order: str
    number: str
    assignment: str
    kind: RequestKind
    desk: str
    asked_key: str

    shard_key: ClassVar[str] = "order"

    class Settings:
        name = "requests"
        indexes = [IndexModel([("desk", 1), ("asked_key", 1)], name="desk_asked")]

    @classmethod
    def of(cls, order: Order, request: Request, desk: str | None = None) -> "RequestDesk":
        return cls(
            _id=request.id,
            order=order.id,
            number=order.number,
            assignment=request.assignment,
            kind=request.kind,
            desk=desk or (MERGED if order.muted else request.kind),
            asked_key=time_key(request.asked_at, request.id),
        )


MODELS: tuple[type[Stored], ...] = (NumberClaim, OrderDocument, RequestDesk, UnitDesk, UpstreamClaim)
