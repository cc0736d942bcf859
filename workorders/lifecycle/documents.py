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
from workorders.deadlines.lights import Light
from workorders.deadlines.values import SupervisionLevel
from workorders.lifecycle.lines import light_of, stage_due, stage_light
from workorders.lifecycle.states import AssignmentRole, AssignmentState, RequestKind, Status, SupervisionCause
from workorders.lifecycle.values import Appeal, Assignment, Order, Request, Supervision

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
    light: Light | None = None
    """That of the desk that it lies on, as of its last event: crossing a line is one."""
    watched_at: datetime | None = None
    """When the timer that watches it is due."""
    watched_by: str | None = None
    """That timer; None for one that an earlier release set."""

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
    due = stage_due(order)
    return {
        "status": order.status,
        "due_key": time_key(due, order.id) if due else f"{FAR}~{order.id}",
        "received_key": time_key(order.received_at, order.id),
        "topic": f"{order.category[-1]}@{order.place[-1]}",
        "reporter_id": order.reporter_id,
        "light": stage_light(order, order.changed_at),
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
    light: Light | None = None
    """That of what is to be done, as of the order's last event; None when the unit has nothing to do."""
    excluded: bool = False

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
        deadline = assignment.sign if desk == UnitTask.SIGN else assignment.reply
        return cls(
            _id=assignment.id,
            order=order.id,
            number=order.number,
            unit=assignment.unit,
            ancestors=assignment.ancestors,
            role=assignment.role,
            state=assignment.state,
            desk=desk,
            due_key=time_key(deadline.due, assignment.id),
            assigned_key=time_key(assignment.assigned_at, assignment.id),
            received_at=order.received_at,
            light=task_light(order, assignment, order.changed_at),
            excluded=order.exclusion is not None,
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


def _open_desk(order: Order, request: Request) -> str:
    return MERGED if order.muted else request_desk(request.kind, consent_asked=request.consent_asked_at is not None)


def task_light(order: Order, assignment: Assignment, at: datetime) -> Light | None:
    """The light of what the unit has to do about an assignment, or None when it has nothing to do."""
    match desk_of(order, assignment):
        case UnitTask.WAIT | UnitTask.MERGED | UnitTask.ENDED:
            return None
        case UnitTask.SIGN:
            return light_of(order, assignment.sign, at)
        case _:
            return light_of(order, assignment.reply, at)


class RequestDesk(Stored):
    """A row of the dispatchers' desk of requests 申请.

    `desk` is `request_desk` while it is open, `merged` while its order is muted, then `decided`.
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
            desk=desk or _open_desk(order, request),
            asked_key=time_key(request.asked_at, request.id),
        )


def request_desk(kind: RequestKind, *, consent_asked: bool) -> str:
    """Where an open request lies: with the dispatchers, or with the platform above that is asked for its consent."""
    return f"{kind}:consent" if consent_asked else kind


class UpstreamTask(StrEnum):
    """Where what a platform above handed down stands between it and us: the tabs of the upstream desk."""

    HANDLE = "handle"  # 在办
    ANSWER = "answer"  # 待上报
    ACKNOWLEDGE = "acknowledge"  # 待上级签收
    CALL_BACK = "call_back"  # 待上级回访
    FINAL_ANSWER = "final_answer"  # 待最终答复: the platform is not satisfied, and no redo follows by rule


def upstream_task(order: Order) -> UpstreamTask | None:
    """The tab of the upstream desk that an order lies under; None for what rests, or is none of a platform's."""
    if order.upstream is None or order.ended:
        return None
    if order.status is not Status.CALLBACK:
        return UpstreamTask.HANDLE
    if order.redo_asked:
        return UpstreamTask.FINAL_ANSWER
    if order.answered_up_at is None:
        return UpstreamTask.ANSWER
    return UpstreamTask.CALL_BACK if order.acknowledged_at else UpstreamTask.ACKNOWLEDGE


class UpstreamDesk(Stored):
    """A row of the desk of upstream orders 上级工单 that are open; `_id` is the order's."""

    number: str
    desk: UpstreamTask
    due_key: str

    class Settings:
        name = "upstream_orders"
        indexes = [IndexModel([("desk", 1), ("due_key", 1)], name="desk_due")]

    @classmethod
    def of(cls, order: Order) -> "UpstreamDesk | None":
        task = upstream_task(order)
        if task is None:
            return None
        return cls(_id=order.id, number=order.number, desk=task, due_key=str(order_keys(order)["due_key"]))


class SupervisionDesk(Stored):
    """A row of the supervisors' desk: one supervision 督办; `desk` is `OPEN` or `OVER`."""

    order: str
    number: str
    level: SupervisionLevel
    cause: SupervisionCause
    unanswered: bool
    pressing: bool
    """Whether it is its order's open one that is due first: leadership's desk shows an order once."""
    desk: str
    due_key: str

    shard_key: ClassVar[str] = "order"

    OPEN: ClassVar[str] = "open"
    OVER: ClassVar[str] = "over"

    class Settings:
        name = "supervisions"
        indexes = [IndexModel([("desk", 1), ("due_key", 1)], name="desk_due")]

    @classmethod
    def of(cls, order: Order, supervision: Supervision) -> "SupervisionDesk":
        return cls(
            _id=supervision.id,
            order=order.id,
            number=order.number,
            level=supervision.level,
            cause=supervision.cause,
            unanswered=supervision.unanswered,
            pressing=supervision == order.pressing,
            desk=cls.OPEN if supervision.open else cls.OVER,
            due_key=time_key(supervision.due.due, supervision.id),
        )


class PhoneStage(StrEnum):
    """Whose a phone task 电话通知任务 is: the desks that it lies on."""

    DUTY = "duty"  # 值班人员: the roster is called
    SUPERVISOR = "supervisor"  # 督办: nobody on the roster confirmed


class PhoneDesk(Stored):
    """A row of the desk of open phone tasks; `_id` is the order's. It is due when the next is called, or since the
    supervisors have it."""

    number: str
    unit: str
    desk: PhoneStage
    due_key: str

    class Settings:
        name = "phone_tasks"
        indexes = [IndexModel([("desk", 1), ("due_key", 1)], name="desk_due")]

    @classmethod
    def of(cls, order: Order) -> "PhoneDesk | None":
        task = order.phone_task
        if task is None or not task.open or order.muted:
            return None
        due = task.due or task.escalated_at or task.opened_at
        desk = PhoneStage.SUPERVISOR if task.escalated_at else PhoneStage.DUTY
        return cls(_id=order.id, number=order.number, unit=task.unit, desk=desk, due_key=time_key(due, order.id))


class AppealDesk(Stored):
    """A row of the supervisors' and of its unit's list of appeals 申诉; `desk` is `PENDING` or `SETTLED`."""

    order: str
    number: str
    ancestors: tuple[str, ...]
    """The path of the unit that filed it, of the day of its assignment."""
    desk: str
    filed_key: str

    shard_key: ClassVar[str] = "order"

    PENDING: ClassVar[str] = "pending"
    SETTLED: ClassVar[str] = "settled"

    class Settings:
        name = "appeals"
        indexes = [
            IndexModel([("desk", 1), ("filed_key", 1)], name="desk_filed"),
            IndexModel([("ancestors", 1), ("desk", 1), ("filed_key", 1)], name="unit_desk_filed"),
        ]

    @classmethod
    def of(cls, order: Order, appeal: Appeal) -> "AppealDesk":
        held = order.assignment(appeal.assignment)
        return cls(
            _id=appeal.id,
            order=order.id,
            number=order.number,
            ancestors=held.ancestors if held is not None else (appeal.unit,),
            desk=cls.PENDING if appeal.pending else cls.SETTLED,
            filed_key=time_key(appeal.filed_at, appeal.id),
        )


MODELS: tuple[type[Stored], ...] = (
    AppealDesk,
    NumberClaim,
    OrderDocument,
    PhoneDesk,
    RequestDesk,
    SupervisionDesk,
    UnitDesk,
    UpstreamClaim,
    UpstreamDesk,
)
