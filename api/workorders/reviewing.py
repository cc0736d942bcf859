"""Mutations after the reply: the hotline's review, the callback, the citizen's rating, redo and final answer."""

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind as IdKind
from api.ids import optional_id
from api.workorders.acting import KEY, OrderNoteInput, OrderReasonInput, acting, told
from api.workorders.types import OrderResult
from workorders.lifecycle import reviewing


@strawberry.input
class OrderCallbackAttemptInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    reached: bool
    solved: bool | None = strawberry.field(default=None, description="Asked of those reached, and only of them.")
    grade: int | None = strawberry.field(default=None, description="1 非常满意 to 5 非常不满意; likewise.")
    wants_redo: bool = False
    said: str | None = None


@strawberry.input
class OrderRateInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    grade: int = strawberry.field(description="1 非常满意 to 5 非常不满意.")
    solved: bool
    comment: str | None = None


@strawberry.input
class OrderCallbackRedoInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    reason: str
    unit: strawberry.ID | None = strawberry.field(
        default=None, description="Only where the unit that led was abolished and nobody succeeded it."
    )


@strawberry.input
class OrderFinalAnswerInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    answer: str = strawberry.field(description="Names the remedies.")


@strawberry.input
class OrderAnswerUpInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    answer: str = strawberry.field(description="What the platform above is told.")


@strawberry.type
class ReviewingMutations:
    @resolved("热线审核通过: the reply counts, the citizen is called back.")
    async def order_hotline_accept(self, info: Info, input: OrderNoteInput) -> OrderResult:
        to = acting(info, input)
        return await told(info, await reviewing.accept(to.office, to.actor, to.order, note=input.note, once=to.once))

    @resolved("热线审核退回 to the unit.")
    async def order_hotline_send_back(self, info: Info, input: OrderReasonInput) -> OrderResult:
        to = acting(info, input)
        return await told(
            info, await reviewing.send_back(to.office, to.actor, to.order, reason=input.reason, once=to.once)
        )

    @resolved("上报答复 to the platform above, once the reply was accepted; it calls back itself.")
    async def order_answer_up(self, info: Info, input: OrderAnswerUpInput) -> OrderResult:
        to = acting(info, input)
        document = await reviewing.answer_up(to.office, to.actor, to.order, answer=input.answer, once=to.once)
        return await told(info, document)

    @resolved("回访: one call, with what the citizen answered.")
    async def order_callback_attempt(self, info: Info, input: OrderCallbackAttemptInput) -> OrderResult:
        to = acting(info, input)
        document = await reviewing.callback_attempt(
            to.office,
            to.actor,
            to.order,
            reached=input.reached,
            solved=input.solved,
            grade=input.grade,
            wants_redo=input.wants_redo,
            said=input.said,
            once=to.once,
        )
        return await told(info, document)

    @resolved("评价 by the citizen: a good one closes, a bad one asks for a redo.")
    async def order_rate(self, info: Info, input: OrderRateInput) -> OrderResult:
        to = acting(info, input)
        document = await reviewing.rate(
            to.office,
            to.actor,
            to.order,
            grade=input.grade,
            solved=input.solved,
            comment=input.comment,
            once=to.once,
        )
        return await told(info, document)

    @resolved("回访归档 after an answered call, or after enough unanswered ones.")
    async def order_callback_close(self, info: Info, input: OrderNoteInput) -> OrderResult:
        to = acting(info, input)
        document = await reviewing.callback_close(to.office, to.actor, to.order, note=input.note, once=to.once)
        return await told(info, document)

    @resolved("重办, which the dispatcher decides on.")
    async def order_callback_redo(self, info: Info, input: OrderCallbackRedoInput) -> OrderResult:
        to = acting(info, input)
        unit = optional_id(IdKind.UNIT, input.unit, "unit")
        document = await reviewing.callback_redo(
            to.office, to.actor, to.order, reason=input.reason, unit=unit, once=to.once
        )
        return await told(info, document)

    @resolved("最终答复 by the supervisor, when no redo is left.")
    async def order_final_answer(self, info: Info, input: OrderFinalAnswerInput) -> OrderResult:
        to = acting(info, input)
        document = await reviewing.final_answer(to.office, to.actor, to.order, answer=input.answer, once=to.once)
        return await told(info, document)
