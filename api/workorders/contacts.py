"""Contacts 来电来访 over GraphQL: recording them, a number's history, malicious marks."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from api.context import Info
from api.fields import resolved
from api.identity.people import Done, DoneResult
from api.identity.trees import Channel, Node
from api.ids import Kind as IdKind
from api.ids import global_id, local_id
from api.paging import Connection, connection_of, page_request
from api.problems import Problem
from api.workorders.acting import KEY
from api.workorders.reading import Reader, reader_of
from api.workorders.spans import SpanInput, span_of
from api.workorders.types import Order
from foundation.errors import InvalidInput
from workorders.contacts import marking, reading, recording
from workorders.contacts.values import Direction, Outcome

strawberry.enum(Direction, name="ContactDirection", description="Inbound 呼入, 来访, 来信; outbound 呼出.")
strawberry.enum(Outcome, name="ContactOutcome", description="How a contact ended.")


@strawberry.type(description="One call, visit, letter or message 来电来访; any number of orders hang on it.")
class Contact(Node):
    direction: Direction
    channel: Channel
    at: datetime
    duration_seconds: int | None
    outcome: Outcome | None = strawberry.field(description="Null until it is completed.")
    phone: str | None = strawberry.field(description="Masked; null where it was withheld or erased.")
    note: str | None
    recorded_by: str
    recorded_at: datetime
    value: strawberry.Private[reading.Contact]
    reader: strawberry.Private[Reader]

    @classmethod
    def of(cls, contact: reading.Contact, reader: Reader) -> Self:
        return cls(
            id=global_id(IdKind.CONTACT, contact.id),
            direction=contact.direction,
            channel=Channel.of(reader.city, contact.channel),
            at=contact.at,
            duration_seconds=contact.duration_seconds,
            outcome=contact.outcome,
            phone=contact.masked_phone,
            note=contact.note,
            recorded_by=contact.recorded_label,
            recorded_at=contact.recorded_at,
            value=contact,
            reader=reader,
        )

    @resolved("The orders that hang on it.")
    async def orders(self) -> list[Order]:
        reader = self.reader
        found = await reading.orders_on(reader.services.contacts, reader.actor, self.value.id)
        return [Order.of(document, reader) for document in found]


@strawberry.type(description="A malicious mark 恶意标记 on a number: it warns whoever picks up, and never blocks.")
class MaliciousMark:
    reason: str
    by: str
    at: datetime
    until: datetime


@strawberry.type(description="What a number is known by 来电弹屏.")
class Caller:
    mark: MaliciousMark | None


@strawberry.type(description="A number in clear; the reading is audited.")
class RevealedPhone:
    phone: str


ContactConnection = Connection[Contact]
ContactResult = Annotated[
    Contact | Problem, strawberry.union("ContactResult", description="A contact, or why there is none.")
]
ContactsResult = Annotated[
    ContactConnection | Problem,
    strawberry.union("ContactsResult", description="A page of contacts, or why there is none."),
]
CallerResult = Annotated[
    Caller | Problem, strawberry.union("CallerResult", description="What a number is known by, or why not.")
]
RevealPhoneResult = Annotated[
    RevealedPhone | Problem, strawberry.union("RevealPhoneResult", description="The number, or why not.")
]


@strawberry.input(description="A contact as it begins, or whole.")
class RecordContactInput:
    idempotency_key: str = KEY
    channel: strawberry.ID
    direction: Direction = Direction.INBOUND
    at: datetime | None = strawberry.field(default=None, description="When it began, now without it.")
    phone: str | None = None
    duration_seconds: int | None = None
    outcome: Outcome | None = None
    note: str | None = None


@strawberry.input
class CompleteContactInput:
    idempotency_key: str = KEY
    contact: strawberry.ID
    outcome: Outcome
    duration_seconds: int | None = None
    note: str | None = None


@strawberry.input
class ContactReasonInput:
    contact: strawberry.ID
    reason: str = strawberry.field(description="4 to 200 characters; audited.")


@strawberry.input
class MarkMaliciousInput:
    contact: strawberry.ID
    reason: str = strawberry.field(description="4 to 200 characters; audited.")
    until: datetime = strawberry.field(description="At most 90 days ahead.")


@strawberry.type
class ContactQueries:
    @resolved("One contact.")
    async def contact(self, info: Info, id: strawberry.ID) -> ContactResult:
        reader = await reader_of(info.context)
        contact = local_id(IdKind.CONTACT, id, "id")
        return Contact.of(await reading.read(reader.services.contacts, reader.actor, contact), reader)

    @resolved("Contacts, newest first: of a number, or one's own, or all of a span of at most 31 days.")
    async def contacts(
        self,
        info: Info,
        phone: str | None = None,
        mine: bool = False,
        at: SpanInput | None = None,
        first: int = 20,
        after: str | None = None,
    ) -> ContactsResult:
        reader = await reader_of(info.context)
        desk, request = reader.services.contacts, page_request(first, after)
        if sum((phone is not None, mine, at is not None)) > 1:
            raise InvalidInput.field("phone", "号码、本人登记和时间范围只能选其一。")
        if phone is not None:
            page = await reading.contacts_of(desk, reader.actor, phone, request)
        elif mine:
            page = await reading.own(desk, reader.actor, request)
        else:
            page = await reading.recent(desk, reader.actor, request, span_of(at, "at") if at else None)
        return connection_of(page, lambda contact: Contact.of(contact, reader))

    @resolved("What is known of a number that calls: the warning on it. Its history is in `contacts` and `orders`.")
    async def caller(self, info: Info, phone: str) -> CallerResult:
        reader = await reader_of(info.context)
        mark = await reading.mark_of(reader.services.contacts, reader.actor, phone)
        standing = MaliciousMark(reason=mark.reason, by=mark.by_label, at=mark.at, until=mark.until) if mark else None
        return Caller(mark=standing)


@strawberry.type
class ContactMutations:
    @resolved("登记: keep one contact, whatever is marked on its number.")
    async def record_contact(self, info: Info, input: RecordContactInput) -> ContactResult:
        reader = await reader_of(info.context)
        once = info.context.once(info.field_name, input.idempotency_key, input)
        told = recording.Told(
            channel=local_id(IdKind.CHANNEL, input.channel, "channel"),
            direction=input.direction,
            at=input.at,
            phone=input.phone,
            duration_seconds=input.duration_seconds,
            outcome=input.outcome,
            note=input.note,
        )
        return Contact.of(await recording.record(reader.services.contacts, reader.actor, told, once=once), reader)

    @resolved("补全: how it ended, once.")
    async def complete_contact(self, info: Info, input: CompleteContactInput) -> ContactResult:
        reader = await reader_of(info.context)
        contact = await recording.complete(
            reader.services.contacts,
            reader.actor,
            local_id(IdKind.CONTACT, input.contact, "contact"),
            outcome=input.outcome,
            duration_seconds=input.duration_seconds,
            note=input.note,
            once=info.context.once(info.field_name, input.idempotency_key, input),
        )
        return Contact.of(contact, reader)

    @resolved("查看原号码: a contact's number in clear, with a reason, audited.")
    async def reveal_contact_phone(self, info: Info, input: ContactReasonInput) -> RevealPhoneResult:
        context, contact = info.context, local_id(IdKind.CONTACT, input.contact, "contact")
        phone = await reading.reveal_phone(context.services.contacts, context.actor, contact, input.reason)
        return RevealedPhone(phone=phone)

    @resolved("标记 the number of a contact as malicious, until then; a mark that stands is replaced.")
    async def mark_malicious(self, info: Info, input: MarkMaliciousInput) -> DoneResult:
        context, contact = info.context, local_id(IdKind.CONTACT, input.contact, "contact")
        await marking.mark(context.services.contacts, context.actor, contact, reason=input.reason, until=input.until)
        return Done()

    @resolved("解除 the malicious mark on the number of a contact.")
    async def lift_malicious_mark(self, info: Info, input: ContactReasonInput) -> DoneResult:
        context, contact = info.context, local_id(IdKind.CONTACT, input.contact, "contact")
        await marking.lift(context.services.contacts, context.actor, contact, reason=input.reason)
        return Done()
