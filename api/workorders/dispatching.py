"""Mutations of the dispatchers: classify, dispatch, adjudicate, decide requests, let a successor take over."""

import strawberry

from api.context import Info
from api.fields import resolved
from api.ids import Kind as IdKind
from api.ids import local_id, local_ids
from api.workorders.acting import KEY, acting, told
from api.workorders.types import OrderResult
from workorders.deadlines.values import Kind, Urgency
from workorders.lifecycle import dispatching
from workorders.lifecycle.states import RequestKind


@strawberry.input
class OrderReclassifyInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    kind: Kind
    urgency: Urgency
    category: strawberry.ID
    place: strawberry.ID
    reason: str


@strawberry.input
class OrderDispatchInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    lead: strawberry.ID = strawberry.field(description="The lead unit 主办.")
    co: list[strawberry.ID] = strawberry.field(default_factory=list, description="Co-units 协办, at most 10.")
    note: str | None = None


@strawberry.input
class OrderGrantInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    kind: RequestKind
    note: str | None = None


@strawberry.input
class OrderRefuseInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    kind: RequestKind
    reason: str


@strawberry.input
class OrderReplaceInput:
    order: strawberry.ID
    idempotency_key: str = KEY
    assignment: strawberry.ID
    successor: strawberry.ID = strawberry.field(description="The unit that takes over.")


@strawberry.type
class DispatchingMutations:
    @resolved("改类: the limits are computed anew from their first start.")
    async def order_reclassify(self, info: Info, input: OrderReclassifyInput) -> OrderResult:
        to = acting(info, input)
        document = await dispatching.reclassify(
            to.office,
            to.actor,
            to.order,
            kind=input.kind,
            urgency=input.urgency,
            category=local_id(IdKind.CATEGORY, input.category, "category"),
            place=local_id(IdKind.PLACE, input.place, "place"),
            reason=input.reason,
            once=to.once,
        )
        return await told(info, document)

    @resolved("派单 to one lead unit and any co-units.")
    async def order_dispatch(self, info: Info, input: OrderDispatchInput) -> OrderResult:
        to = acting(info, input)
        document = await dispatching.dispatch(
            to.office,
            to.actor,
            to.order,
            lead=local_id(IdKind.UNIT, input.lead, "lead"),
            co=local_ids(IdKind.UNIT, input.co, "co"),
            note=input.note,
            once=to.once,
        )
        return await told(info, document)

    @resolved("裁定: the chief dispatcher names the unit, which cannot return the order.")
    async def order_adjudicate(self, info: Info, input: OrderDispatchInput) -> OrderResult:
        to = acting(info, input)
        document = await dispatching.adjudicate(
            to.office,
            to.actor,
            to.order,
            lead=local_id(IdKind.UNIT, input.lead, "lead"),
            co=local_ids(IdKind.UNIT, input.co, "co"),
            note=input.note,
            once=to.once,
        )
        return await told(info, document)

    @resolved("同意 the open request of that kind.")
    async def order_grant(self, info: Info, input: OrderGrantInput) -> OrderResult:
        to = acting(info, input)
        document = await dispatching.grant(
            to.office, to.actor, to.order, kind=input.kind, note=input.note, once=to.once
        )
        return await told(info, document)

    @resolved("驳回 the open request of that kind.")
    async def order_refuse(self, info: Info, input: OrderRefuseInput) -> OrderResult:
        to = acting(info, input)
        document = await dispatching.refuse(
            to.office, to.actor, to.order, kind=input.kind, reason=input.reason, once=to.once
        )
        return await told(info, document)

    @resolved("征求上级意见 on the open request of that kind, instead of granting it: the platform above decides.")
    async def order_ask_consent(self, info: Info, input: OrderGrantInput) -> OrderResult:
        to = acting(info, input)
        document = await dispatching.ask_consent(
            to.office, to.actor, to.order, kind=input.kind, note=input.note, once=to.once
        )
        return await told(info, document)

    @resolved("承办单位变更: the successor of an abolished unit takes over as things stand.")
    async def order_replace(self, info: Info, input: OrderReplaceInput) -> OrderResult:
        to = acting(info, input)
        document = await dispatching.replace(
            to.office,
            to.actor,
            to.order,
            assignment=local_id(IdKind.ASSIGNMENT, input.assignment, "assignment"),
            successor=local_id(IdKind.UNIT, input.successor, "successor"),
            once=to.once,
        )
        return await told(info, document)
