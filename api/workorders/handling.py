"""Mutations of the member units: sign for, contact, delegate, ask, reply, approve."""

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind as IdKind
from api.ids import local_id, local_ids
from api.workorders.acting import KEY, OrderActionInput, OrderNoteInput, OrderReasonInput, acting, told
from api.workorders.types import OrderResult
from workorders.attachments import attaching
from workorders.lifecycle import handling
from workorders.lifecycle.values import Outcome


@strawberry.input
class OrderContactInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    reached: bool
    said: str


@strawberry.input
class OrderDelegateInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    to: strawberry.ID = strawberry.field(description="A unit below the own one.")
    note: str | None = None


@strawberry.input
class OrderCoReplyInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    answer: str


@strawberry.input
class OrderSubmitReplyInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    outcome: Outcome
    answer: str = strawberry.field(description="What the citizen is told, once the hotline accepts it.")
    internal_note: str | None = strawberry.field(default=None, description="What only the city reads.")
    not_waiting_because: str | None = strawberry.field(
        default=None, description="Why it does not wait for co or delegated units that are still at work."
    )
    attachments: list[strawberry.ID] = strawberry.field(default_factory=list, description="For the citizen.")
    internal_attachments: list[strawberry.ID] = strawberry.field(default_factory=list, description="For the city.")


@strawberry.input
class OrderRequestReturnInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    reason: str
    suggested_unit: strawberry.ID = strawberry.field(description="The unit that is believed right.")


@strawberry.input
class OrderRequestDaysInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    reason: str
    working_days: int


@strawberry.type
class HandlingMutations:
    @resolved("签收 as the lead unit.")
    async def order_sign(self, info: Info, input: OrderActionInput) -> OrderResult:
        to = acting(info, input)
        return await told(info, await handling.sign(to.office, to.actor, to.order, once=to.once))

    @resolved("签收 as a co or delegated unit.")
    async def order_co_sign(self, info: Info, input: OrderActionInput) -> OrderResult:
        to = acting(info, input)
        return await told(info, await handling.co_sign(to.office, to.actor, to.order, once=to.once))

    @resolved("联系 the citizen: reached or not, and what was said.")
    async def order_contact(self, info: Info, input: OrderContactInput) -> OrderResult:
        to = acting(info, input)
        document = await handling.contact(
            to.office, to.actor, to.order, reached=input.reached, said=input.said, once=to.once
        )
        return await told(info, document)

    @resolved("转派 to a unit below, within the own deadline.")
    async def order_delegate(self, info: Info, input: OrderDelegateInput) -> OrderResult:
        to = acting(info, input)
        unit = local_id(IdKind.UNIT, input.to, "to")
        return await told(
            info, await handling.delegate(to.office, to.actor, to.order, to=unit, note=input.note, once=to.once)
        )

    @resolved("协办回复: a co or delegated unit's part, to the unit above it.")
    async def order_co_reply(self, info: Info, input: OrderCoReplyInput) -> OrderResult:
        to = acting(info, input)
        return await told(
            info, await handling.co_reply(to.office, to.actor, to.order, answer=input.answer, once=to.once)
        )

    @resolved("提交回复 as the lead unit.")
    async def order_submit_reply(self, info: Info, input: OrderSubmitReplyInput) -> OrderResult:
        to = acting(info, input)
        document = await attaching.submit_reply(
            info.context.services.attachments,
            to.actor,
            to.order,
            outcome=input.outcome,
            answer=input.answer,
            internal_note=input.internal_note,
            not_waiting_because=input.not_waiting_because,
            attachments=local_ids(IdKind.FILE, input.attachments, "attachments"),
            internal_attachments=local_ids(IdKind.FILE, input.internal_attachments, "internalAttachments"),
            once=to.once,
        )
        return await told(info, document)

    @resolved("单位审核通过 by the unit's head: 办结, if the hotline accepts it.")
    async def order_unit_approve(self, info: Info, input: OrderNoteInput) -> OrderResult:
        to = acting(info, input)
        return await told(info, await handling.approve(to.office, to.actor, to.order, note=input.note, once=to.once))

    @resolved("单位审核退回 by the unit's head.")
    async def order_unit_send_back(self, info: Info, input: OrderReasonInput) -> OrderResult:
        to = acting(info, input)
        return await told(
            info, await handling.send_back(to.office, to.actor, to.order, reason=input.reason, once=to.once)
        )

    @resolved("申请退单 within the return window, with the unit that is believed right.")
    async def order_request_return(self, info: Info, input: OrderRequestReturnInput) -> OrderResult:
        to = acting(info, input)
        suggested = local_id(IdKind.UNIT, input.suggested_unit, "suggestedUnit")
        document = await handling.request_return(
            to.office, to.actor, to.order, reason=input.reason, suggested_unit=suggested, once=to.once
        )
        return await told(info, document)

    @resolved("申请延期 before the deadline.")
    async def order_request_extension(self, info: Info, input: OrderRequestDaysInput) -> OrderResult:
        to = acting(info, input)
        document = await handling.request_extension(
            to.office, to.actor, to.order, reason=input.reason, working_days=input.working_days, once=to.once
        )
        return await told(info, document)

    @resolved("申请挂起 before the deadline.")
    async def order_request_suspension(self, info: Info, input: OrderRequestDaysInput) -> OrderResult:
        to = acting(info, input)
        document = await handling.request_suspension(
            to.office, to.actor, to.order, reason=input.reason, working_days=input.working_days, once=to.once
        )
        return await told(info, document)

    @resolved("申请疑难: the longer limit.")
    async def order_request_complex(self, info: Info, input: OrderReasonInput) -> OrderResult:
        to = acting(info, input)
        return await told(
            info, await handling.request_complex(to.office, to.actor, to.order, reason=input.reason, once=to.once)
        )

    @resolved("恢复办理 before the suspension runs out.")
    async def order_resume(self, info: Info, input: OrderNoteInput) -> OrderResult:
        to = acting(info, input)
        return await told(info, await handling.resume(to.office, to.actor, to.order, note=input.note, once=to.once))
