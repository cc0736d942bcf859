"""Mutations of intake 受理: taking in, answering at once, rejecting; and what stays the citizen's own."""

from datetime import datetime

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind as IdKind
from api.ids import local_id, local_ids, optional_id
from api.workorders.acting import KEY, OrderReasonInput, acting, told
from api.workorders.types import OrderResult
from identity.actors import Role
from workorders.attachments import attaching
from workorders.contacts.recording import hanging_on
from workorders.deadlines.values import Kind, Urgency
from workorders.lifecycle import intake
from workorders.lifecycle.values import Reporter, Upstream


@strawberry.input(description="Where an order was handed down from; source and number are unique together.")
class UpstreamInput:
    source: str
    number: str
    due: datetime | None = None


@strawberry.input(description="What somebody reports, as taken down.")
class OrderIntakeInput:
    idempotency_key: str = KEY
    channel: strawberry.ID
    kind: Kind
    category: strawberry.ID
    place: strawberry.ID
    title: str = strawberry.field(description="One line, at most 100 characters.")
    detail: str = strawberry.field(description="At most 10,000 characters.")
    urgency: Urgency = Urgency.NORMAL
    reporting: Reporter = Reporter.OPEN
    reporter: strawberry.ID | None = strawberry.field(
        default=None, description="The caller's account, if an operator knows it. Citizens report for themselves."
    )
    name: str | None = None
    phone: str | None = None
    address: str | None = None
    complained_of: strawberry.ID | None = strawberry.field(
        default=None, description="The unit complained of: the order goes neither there nor below it."
    )
    upstream: UpstreamInput | None = None
    linked_to: strawberry.ID | None = strawberry.field(default=None, description="The closed order that it follows on.")
    contact: strawberry.ID | None = strawberry.field(
        default=None, description="The contact 来电来访 that it hangs on, for operators."
    )
    attachments: list[strawberry.ID] = strawberry.field(default_factory=list)


@strawberry.input
class OrderAnswerNowInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    answer: str


@strawberry.input
class OrderRejectInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    channel: str = strawberry.field(description="The right place for it: 110, 119, 120, courts, arbitration …")
    reason: str


@strawberry.input
class OrderSupplementInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    text: str
    attachments: list[strawberry.ID] = strawberry.field(default_factory=list)


@strawberry.input
class OrderUrgeInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    text: str | None = None


@strawberry.type
class IntakeMutations:
    @resolved("受理: number the order, promise a date, dispatch it where the catalogue says so.")
    async def order_intake(self, info: Info, input: OrderIntakeInput) -> OrderResult:
        context = info.context
        actor = context.actor
        once = context.once(info.field_name, input.idempotency_key, input)
        # Only an operator takes down somebody else's matter.
        caller = optional_id(IdKind.RESIDENT, input.reporter, "reporter") if actor.has(Role.OPERATOR) else None
        if caller is not None:
            await context.services.identity.residents.require_known(caller, "reporter")
        services, contact = context.services, optional_id(IdKind.CONTACT, input.contact, "contact")
        report = intake.Report(
            channel=local_id(IdKind.CHANNEL, input.channel, "channel"),
            kind=input.kind,
            category=local_id(IdKind.CATEGORY, input.category, "category"),
            place=local_id(IdKind.PLACE, input.place, "place"),
            title=input.title,
            detail=input.detail,
            urgency=input.urgency,
            reporter=input.reporting,
            reporter_id=caller,
            name=input.name,
            phone=input.phone,
            address=input.address,
            complained_of=optional_id(IdKind.UNIT, input.complained_of, "complainedOf"),
            upstream=Upstream(source=input.upstream.source, number=input.upstream.number, due=input.upstream.due)
            if input.upstream
            else None,
            linked_to=optional_id(IdKind.ORDER, input.linked_to, "linkedTo"),
            contact_record=contact,
            attachments=local_ids(IdKind.FILE, input.attachments, "attachments"),
        )
        beside = await hanging_on(services.contacts, actor, contact)
        return await told(info, await attaching.take_in(services.attachments, actor, report, once=once, beside=beside))

    @resolved("即答: closed at first contact.")
    async def order_answer_now(self, info: Info, input: OrderAnswerNowInput) -> OrderResult:
        to = acting(info, input)
        return await told(
            info, await intake.answer_now(to.office, to.actor, to.order, answer=input.answer, once=to.once)
        )

    @resolved("不予受理, naming the right channel.")
    async def order_reject(self, info: Info, input: OrderRejectInput) -> OrderResult:
        to = acting(info, input)
        document = await intake.reject(
            to.office, to.actor, to.order, channel=input.channel, reason=input.reason, once=to.once
        )
        return await told(info, document)

    @resolved("补充, until the order is archived.")
    async def order_supplement(self, info: Info, input: OrderSupplementInput) -> OrderResult:
        to = acting(info, input)
        attachments = local_ids(IdKind.FILE, input.attachments, "attachments")
        document = await attaching.supplement(
            info.context.services.attachments,
            to.actor,
            to.order,
            text=input.text,
            attachments=attachments,
            once=to.once,
        )
        return await told(info, document)

    @resolved("催办: counted, limited per day.")
    async def order_urge(self, info: Info, input: OrderUrgeInput) -> OrderResult:
        to = acting(info, input)
        return await told(info, await intake.urge(to.office, to.actor, to.order, text=input.text, once=to.once))

    @resolved("撤单, before the callback, by the citizen or on the citizen's recorded request.")
    async def order_withdraw(self, info: Info, input: OrderReasonInput) -> OrderResult:
        to = acting(info, input)
        return await told(info, await intake.withdraw(to.office, to.actor, to.order, reason=input.reason, once=to.once))
