"""Orders, assignments and requests as clients see them. Access was checked when they were read."""

from asyncio import Task, create_task, gather
from datetime import datetime
from typing import Annotated, Self

import strawberry

import api.workorders.enums  # noqa: F401 - makes the domain's enums GraphQL enums
from api.fields import resolved
from api.identity.trees import Category, Channel, Node, Place, Unit
from api.ids import Kind as IdKind
from api.ids import global_id
from api.paging import Connection
from api.problems import Problem
from api.workorders.appeals import Appeal, Exclusion
from api.workorders.deadlines import Deadline
from api.workorders.files import File
from api.workorders.parts import MaskedReporter, NamedOrder, Rating, Upstream, named
from api.workorders.phone_tasks import PhoneTask
from api.workorders.reading import Reader
from api.workorders.routing import RoutingSuggestion
from api.workorders.supervisions import Supervision
from api.workorders.timelines import TimelineEntry, entries_of, files_of
from workorders.deadlines.lights import Light
from workorders.deadlines.values import Kind, Urgency
from workorders.lifecycle import values
from workorders.lifecycle.access import available, may_know_reporter
from workorders.lifecycle.documents import OrderDocument, task_light
from workorders.lifecycle.lines import stage_due, stage_light
from workorders.lifecycle.showing import reporter_for, title_for
from workorders.lifecycle.states import (
    Action,
    AssignmentEnd,
    AssignmentRole,
    AssignmentState,
    RequestKind,
    Status,
)
from workorders.lifecycle.timeline import Entry
from workorders.lifecycle.values import Closing, Reporter
from workorders.routing.access import READERS as ROUTING_READERS


@strawberry.type(description="What a unit asked for 申请, open until it is decided or its assignment ends.")
class Request(Node):
    kind: RequestKind
    asked_at: datetime
    working_days: int | None
    consent_asked_at: datetime | None = strawberry.field(
        description="征求上级意见: since when the platform above is asked. Then it decides."
    )
    value: strawberry.Private[values.Request]
    order_document: strawberry.Private[OrderDocument]
    reader: strawberry.Private[Reader]

    @classmethod
    def of(cls, request: values.Request, document: OrderDocument, reader: Reader) -> Self:
        return cls(
            id=global_id(IdKind.REQUEST, request.id),
            kind=request.kind,
            asked_at=request.asked_at,
            working_days=request.working_days,
            consent_asked_at=request.consent_asked_at,
            value=request,
            order_document=document,
            reader=reader,
        )

    @resolved("The unit that is believed right, for a return.")
    def suggested_unit(self) -> Unit | None:
        return Unit.of(self.reader.city, self.value.suggested_unit) if self.value.suggested_unit else None

    @resolved()
    def order(self) -> "Order":
        return Order.of(self.order_document, self.reader)


@strawberry.type(description="One stay of an order at one unit 承办.")
class Assignment(Node):
    role: AssignmentRole
    state: AssignmentState
    round: int = strawberry.field(description="0, then one per redo.")
    adjudicated: bool = strawberry.field(description="The chief dispatcher named the unit: no return.")
    complex: bool = strawberry.field(description="The longer limit was granted 疑难.")
    assigned_at: datetime
    signed_at: datetime | None
    signed_by_rule: bool
    contacted_at: datetime | None = strawberry.field(description="First time that the citizen was reached.")
    submitted_at: datetime | None
    replied_at: datetime | None = strawberry.field(description="办结: the unit head's approval.")
    ended_at: datetime | None
    end: AssignmentEnd | None
    suspended_since: datetime | None
    suspended_until: datetime | None
    return_until: datetime | None = strawberry.field(description="Until when it may be returned; null if it may not.")
    light: Light | None = strawberry.field(description="That of what the unit has to do; null when it has nothing to.")
    value: strawberry.Private[values.Assignment]
    order_document: strawberry.Private[OrderDocument]
    reader: strawberry.Private[Reader]

    @classmethod
    def of(cls, assignment: values.Assignment, document: OrderDocument, reader: Reader) -> Self:
        return cls(
            id=global_id(IdKind.ASSIGNMENT, assignment.id),
            role=assignment.role,
            state=assignment.state,
            round=assignment.round,
            adjudicated=assignment.adjudicated,
            complex=assignment.complex,
            assigned_at=assignment.assigned_at,
            signed_at=assignment.signed_at,
            signed_by_rule=assignment.signed_by_rule,
            contacted_at=assignment.contacted_at,
            submitted_at=assignment.submitted_at,
            replied_at=assignment.replied_at,
            ended_at=assignment.ended_at,
            end=assignment.end,
            suspended_since=assignment.suspended_since,
            suspended_until=assignment.suspended_until,
            return_until=assignment.return_until,
            light=task_light(document.order, assignment, max(reader.now, document.order.changed_at)),
            value=assignment,
            order_document=document,
            reader=reader,
        )

    @resolved()
    def unit(self) -> Unit:
        return Unit.of(self.reader.city, self.value.unit)

    @resolved("The assignment that it was delegated from.")
    def parent_id(self) -> strawberry.ID | None:
        return global_id(IdKind.ASSIGNMENT, self.value.parent) if self.value.parent else None

    @resolved()
    def sign_deadline(self) -> Deadline:
        return Deadline.of(self.value.sign, self.reader.zone)

    @resolved()
    def contact_deadline(self) -> Deadline | None:
        return Deadline.of(self.value.contact, self.reader.zone) if self.value.contact else None

    @resolved()
    def reply_deadline(self) -> Deadline:
        return Deadline.of(self.value.reply, self.reader.zone)

    @resolved()
    def order(self) -> "Order":
        return Order.of(self.order_document, self.reader)


@strawberry.type(description="One thing that a citizen wants of the city 工单.")
class Order(Node):
    number: str = strawberry.field(description="工单编号: `yyMMdd` and six digits.")
    status: Status
    kind: Kind
    urgency: Urgency
    reporting: Reporter
    version: int = strawberry.field(description="Grows by one with every event.")
    received_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    closing: Closing | None
    due: datetime | None = strawberry.field(description="The deadline of the desk that it lies on now.")
    light: Light | None = strawberry.field(description="Its light 亮灯; null while nothing is due.")
    round: int = strawberry.field(description="0, then one per redo 重办.")
    rejected_to: str | None = strawberry.field(description="The right channel for what was rejected.")
    document: strawberry.Private[OrderDocument]
    reader: strawberry.Private[Reader]
    telling: strawberry.Private[Task[list[Entry]] | None] = None
    """The events are read once, however many fields tell of them."""

    @classmethod
    def of(cls, document: OrderDocument, reader: Reader) -> Self:
        order = document.order
        return cls(
            id=global_id(IdKind.ORDER, order.id),
            number=order.number,
            status=order.status,
            kind=order.kind,
            urgency=order.urgency,
            reporting=order.reporter,
            version=order.version,
            received_at=order.received_at,
            changed_at=order.changed_at,
            closed_at=order.closed_at,
            closing=order.closing,
            due=stage_due(order),
            light=stage_light(order, max(reader.now, order.changed_at)),
            round=order.round,
            rejected_to=order.rejected_to,
            document=document,
            reader=reader,
        )

    @resolved("What it is about, without numbers that identify people; null once erased.")
    def title(self) -> str | None:
        return title_for(self.reader.actor, self.document, self.reader.key(self.document))

    @resolved()
    def channel(self) -> Channel:
        return Channel.of(self.reader.city, self.document.order.channel)

    @resolved()
    def category(self) -> Category:
        return Category.of(self.reader.city, self.document.order.category[-1])

    @resolved()
    def place(self) -> Place:
        return Place.of(self.reader.city, self.document.order.place[-1])

    @resolved("Null where the reader may not know it: confidential from units, anonymous from all.")
    def reporter(self) -> MaskedReporter | None:
        known = reporter_for(self.reader.actor, self.document, self.reader.key(self.document))
        return MaskedReporter.of(known) if known else None

    @resolved("The lead unit's open assignment 主办.")
    def lead(self) -> Assignment | None:
        lead = self.document.order.lead
        return Assignment.of(lead, self.document, self.reader) if lead else None

    @resolved("Every stay at every unit, in order. Empty for citizens.")
    def assignments(self) -> list[Assignment]:
        if not self.reader.actor.is_staff:
            return []
        return [Assignment.of(each, self.document, self.reader) for each in self.document.order.assignments]

    @resolved("What its unit asked for and nobody decided yet. Null for citizens.")
    def request(self) -> Request | None:
        request = self.document.order.request
        if request is None or not self.reader.actor.is_staff:
            return None
        return Request.of(request, self.document, self.reader)

    @resolved("Every supervision 督办 of it, in order. Empty for citizens.")
    def supervisions(self) -> list[Supervision]:
        if not self.reader.actor.is_staff:
            return []
        return [Supervision.of(each, self.reader.zone) for each in self.document.order.supervisions]

    @resolved("剔除: that it is left out of every rate; null while it counts, and for citizens.")
    def exclusion(self) -> Exclusion | None:
        exclusion = self.document.order.exclusion
        return Exclusion.of(exclusion) if exclusion is not None and self.reader.actor.is_staff else None

    @resolved("Every appeal 申诉 of a unit for that, in order. Empty for citizens.")
    def appeals(self) -> list[Appeal]:
        if not self.reader.actor.is_staff:
            return []
        return [Appeal.of(each, self.reader) for each in self.document.order.appeals]

    @resolved("The phone task of an emergency at its unit, the latest. Null for citizens.")
    def phone_task(self) -> PhoneTask | None:
        task = self.document.order.phone_task
        return PhoneTask.of(task, self.reader) if task is not None and self.reader.actor.is_staff else None

    @resolved("市民时限: the reply as promised to the citizen.")
    def citizen_deadline(self) -> Deadline:
        return Deadline.of(self.document.order.citizen, self.reader.zone)

    @resolved()
    def dispatch_deadline(self) -> Deadline:
        return Deadline.of(self.document.order.dispatch, self.reader.zone)

    @resolved()
    def review_deadline(self) -> Deadline | None:
        review = self.document.order.review
        return Deadline.of(review, self.reader.zone) if review else None

    @resolved()
    def callback_deadline(self) -> Deadline | None:
        callback = self.document.order.callback
        return Deadline.of(callback, self.reader.zone) if callback else None

    @resolved("How often it was returned 退单.")
    def returns(self) -> int:
        return self.document.order.returns

    @resolved("Calls back so far, in this round.")
    def callback_attempts(self) -> int:
        return self.document.order.attempts

    @resolved("The citizen asked for a redo 重办, and nobody decided yet.")
    def redo_asked(self) -> bool:
        return self.document.order.redo_asked

    @resolved("The latest verdict.")
    def rating(self) -> Rating | None:
        rating = self.document.order.rating
        return Rating.of(rating) if rating is not None else None

    @resolved()
    def upstream(self) -> Upstream | None:
        return Upstream.of(self.document.order, self.reader.actor)

    @resolved("The unit complained of: the order goes neither there nor below it.")
    def complained_of(self) -> Unit | None:
        unit = self.document.order.complained_of
        return Unit.of(self.reader.city, unit) if unit else None

    @resolved("The closed order that it follows on. Null for whoever may not know the reporter: it may name them.")
    def linked_to(self) -> strawberry.ID | None:
        order = self.document.order
        known = may_know_reporter(self.reader.actor, order)
        return global_id(IdKind.ORDER, order.linked_to) if order.linked_to and known else None

    @resolved("What the reader's roles may do with it in its state; the rules judge the rest.")
    def available_actions(self) -> list[Action]:
        return available(self.reader.actor, self.document.order)

    @resolved("主单: the order that it was merged into. For the hotline alone.")
    async def merged_into(self) -> NamedOrder | None:
        main = self.document.order.merged_into
        found = await named((main,), self.reader) if main and self.reader.actor.is_hotline else []
        return found[0] if found else None

    @resolved("The orders that were merged into it, in that order. For the hotline alone; empty for all others.")
    async def children(self) -> list[NamedOrder]:
        return await named(self.document.order.children, self.reader) if self.reader.actor.is_hotline else []

    @resolved("What the citizen said at intake; from units, whoever must not be known is taken out. Null once erased.")
    async def detail(self) -> str | None:
        entries = await self._entries()
        return entries[0].texts.get("detail") if entries else None

    @resolved("轨迹: for its citizen in plain words, for staff everything that they may see, in order.")
    async def timeline(self) -> list[TimelineEntry]:
        entries, files = await gather(self._entries(), files_of(self.document, self.reader))
        return [TimelineEntry.of(entry, files) for entry in entries]

    @resolved("Its files that the reader may see, oldest first.")
    async def files(self) -> list[File]:
        return await files_of(self.document, self.reader)

    @resolved("What the dispatch catalogue says today; null for those who do not dispatch.")
    async def routing(self) -> RoutingSuggestion | None:
        order, reader = self.document.order, self.reader
        if not reader.actor.has(*ROUTING_READERS):
            return None
        today = reader.now.astimezone(reader.zone).date()
        excluded = frozenset({order.complained_of} if order.complained_of else ())
        found = await reader.services.router.explain(reader.actor, order.category, order.place, today, excluded)
        return RoutingSuggestion.of(found, reader.city)

    async def _entries(self) -> list[Entry]:
        if self.telling is None:
            self.telling = create_task(entries_of(self.document, self.reader))
        return await self.telling


OrderResult = Annotated[Order | Problem, strawberry.union("OrderResult", description="An order, or why there is none.")]
OrderConnection = Connection[Order]
OrdersResult = Annotated[
    OrderConnection | Problem, strawberry.union("OrdersResult", description="A page of orders, or why there is none.")
]
AssignmentConnection = Connection[Assignment]
AssignmentsResult = Annotated[
    AssignmentConnection | Problem,
    strawberry.union("AssignmentsResult", description="A page of assignments, or why there is none."),
]
RequestConnection = Connection[Request]
RequestsResult = Annotated[
    RequestConnection | Problem,
    strawberry.union("RequestsResult", description="A page of requests, or why there is none."),
]
