"""Meetings 会议 over GraphQL: called, held, cancelled, and what they decided about each order."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from api.context import Info
from api.fields import resolved
from api.identity.trees import Node
from api.ids import Kind as IdKind
from api.ids import global_id, local_id, local_ids
from api.paging import Connection, connection_of, page_request
from api.problems import Problem
from api.workorders.acting import KEY, acting, told
from api.workorders.reading import Reader, reader_of
from api.workorders.types import Order, OrderResult
from workorders.supervision import meetings
from workorders.supervision.documents import MeetingDocument, MeetingKind, MeetingState


@strawberry.type(description="An order that a meeting is about.")
class MeetingOrder:
    order: Order
    recorded: bool = strawberry.field(description="Whether its outcome is recorded; the order's timeline tells it.")


@strawberry.type(description="A meeting about some orders: 联席会议 or 督办会.")
class Meeting(Node):
    kind: MeetingKind
    state: MeetingState
    at: datetime
    agenda: str
    present: list[str] = strawberry.field(description="Who was there; empty until it is held.")
    cancelled_because: str | None
    called_by: str
    called_at: datetime
    value: strawberry.Private[MeetingDocument]
    reader: strawberry.Private[Reader]

    @classmethod
    def of(cls, meeting: MeetingDocument, reader: Reader) -> Self:
        return cls(
            id=global_id(IdKind.MEETING, meeting.id),
            kind=meeting.kind,
            state=meeting.state,
            at=meeting.at,
            agenda=meeting.agenda,
            present=list(meeting.present),
            cancelled_because=meeting.cancelled_because,
            called_by=meeting.called_label,
            called_at=meeting.called_at,
            value=meeting,
            reader=reader,
        )

    @resolved("The orders that it is about, as they were listed.")
    async def orders(self) -> list[MeetingOrder]:
        meeting, reader = self.value, self.reader
        found = await reader.services.office.orders.many(reader.actor, meeting.orders)
        listed = [found[id] for id in meeting.orders if id in found]
        return [
            MeetingOrder(order=Order.of(document, reader), recorded=meeting.id in document.order.meetings)
            for document in listed
        ]


MeetingConnection = Connection[Meeting]
MeetingResult = Annotated[
    Meeting | Problem, strawberry.union("MeetingResult", description="A meeting, or why there is none.")
]
MeetingsResult = Annotated[
    MeetingConnection | Problem,
    strawberry.union("MeetingsResult", description="A page of meetings, or why there is none."),
]


@strawberry.input
class MeetingCallInput:
    idempotency_key: str = KEY
    kind: MeetingKind
    at: datetime
    agenda: str
    orders: list[strawberry.ID] = strawberry.field(description="Orders that are still open, at most 50.")


@strawberry.input
class MeetingHoldInput:
    meeting: strawberry.ID
    idempotency_key: str = KEY
    present: list[str] = strawberry.field(description="The people present, at most 100.")


@strawberry.input
class MeetingCancelInput:
    meeting: strawberry.ID
    idempotency_key: str = KEY
    reason: str


@strawberry.input
class OrderMeetInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    meeting: strawberry.ID
    outcome: str


@strawberry.type
class MeetingMutations:
    @resolved("召集 a meeting about some orders.")
    async def meeting_call(self, info: Info, input: MeetingCallInput) -> MeetingResult:
        context = info.context
        meeting = await meetings.call(
            context.services.office,
            context.actor,
            kind=input.kind,
            at=input.at,
            agenda=input.agenda,
            orders=local_ids(IdKind.ORDER, input.orders, "orders"),
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return Meeting.of(meeting, await reader_of(context))

    @resolved("召开: who was present; from then on outcomes are recorded.")
    async def meeting_hold(self, info: Info, input: MeetingHoldInput) -> MeetingResult:
        context = info.context
        meeting = await meetings.hold(
            context.services.office,
            context.actor,
            local_id(IdKind.MEETING, input.meeting, "meeting"),
            present=input.present,
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return Meeting.of(meeting, await reader_of(context))

    @resolved("取消 before it is held.")
    async def meeting_cancel(self, info: Info, input: MeetingCancelInput) -> MeetingResult:
        context = info.context
        meeting = await meetings.cancel(
            context.services.office,
            context.actor,
            local_id(IdKind.MEETING, input.meeting, "meeting"),
            reason=input.reason,
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return Meeting.of(meeting, await reader_of(context))

    @resolved("What a meeting that was held decided about an order.")
    async def order_meet(self, info: Info, input: OrderMeetInput) -> OrderResult:
        to = acting(info, input)
        meeting = local_id(IdKind.MEETING, input.meeting, "meeting")
        document = await meetings.record_outcome(
            to.office, to.actor, to.order, meeting=meeting, outcome=input.outcome, once=to.once
        )
        return await told(info, document)


@strawberry.type
class MeetingQueries:
    @resolved("One meeting.")
    async def meeting(self, info: Info, id: strawberry.ID) -> MeetingResult:
        reader = await reader_of(info.context)
        found = await reader.services.supervisions.meeting(reader.actor, local_id(IdKind.MEETING, id, "id"))
        return Meeting.of(found, reader)

    @resolved("All meetings, the latest first.")
    async def meetings(self, info: Info, first: int = 20, after: str | None = None) -> MeetingsResult:
        reader, request = await reader_of(info.context), page_request(first, after)
        page = await reader.services.supervisions.meetings(reader.actor, request, reader.now)
        return connection_of(page, lambda meeting: Meeting.of(meeting, reader))
