"""Meetings 联席会议 and 督办会: called about some orders, held with whoever is present, an outcome on each order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.errors import InvalidInput
from foundation.idempotency import Once
from foundation.ids import new_id
from foundation.paging import time_key
from foundation.texts import line, paragraphs
from identity.actors import Actor
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.names import STATUS_NAMES
from workorders.lifecycle.office import Office
from workorders.lifecycle.policy import supervision as policy
from workorders.lifecycle.policy.case import Case, Decision
from workorders.supervision.access import require_caller, require_meeting_visible
from workorders.supervision.documents import MeetingDocument, MeetingKind, MeetingState
from workorders.supervision.errors import MeetingNotHeld, MeetingOver, NotOnAgenda
from workorders.supervision.repository import SupervisionRepository

MOST_ORDERS = 50
MOST_PRESENT = 100
FARTHEST = timedelta(days=366)


async def call(
    office: Office,
    actor: Actor,
    *,
    kind: MeetingKind,
    at: datetime,
    agenda: str,
    orders: Sequence[str],
    once: Once | None = None,
) -> MeetingDocument:
    """召集 a meeting about orders that are still open. Raises `NotAllowed`, `InvalidInput`, `KeyReused`."""
    require_caller(actor)
    now, id = office.clock.now(), new_id()
    if not now - FARTHEST <= at <= now + FARTHEST:
        raise InvalidInput.field("at", "会议时间须在前后一年之内。")
    text = paragraphs("agenda", agenda, longest=5_000)
    if once is not None and (earlier := await once.answer(office.database)) is not None:
        return await SupervisionRepository(office.database).meeting(actor, earlier)
    meeting = MeetingDocument(
        _id=id,
        kind=kind,
        state=MeetingState.CALLED,
        at=at,
        at_key=time_key(at, id),
        agenda=text,
        orders=await _checked_orders(office, actor, orders),
        called_by=actor.id,
        called_label=actor.label,
        called_at=now,
    )
    change = Change().insert(meeting)
    if once is not None:
        once.record(change, id, now)
    try:
        await office.database.save(change)
    except AlreadyClaimed:
        earlier = None if once is None else await once.answer(office.database)
        if earlier is None:
            raise
        return await SupervisionRepository(office.database).meeting(actor, earlier)
    return meeting


async def hold(
    office: Office, actor: Actor, id: str, *, present: Sequence[str], once: Once | None = None
) -> MeetingDocument:
    """召开: who was present; from now on outcomes are recorded. Raises `NotFound`, `NotAllowed`, `MeetingOver`."""
    if not 1 <= len(present) <= MOST_PRESENT:
        raise InvalidInput.field("present", f"参会人员须为 1 至 {MOST_PRESENT} 人。")
    people = [line(f"present.{n}", each, longest=50) for n, each in enumerate(present)]
    return await _ended(office, actor, id, {"state": MeetingState.HELD, "present": people}, once)


async def cancel(office: Office, actor: Actor, id: str, *, reason: str, once: Once | None = None) -> MeetingDocument:
    """取消 before it is held. Raises `NotFound`, `NotAllowed`, `MeetingOver`."""
    why = paragraphs("reason", reason, longest=500)
    return await _ended(office, actor, id, {"state": MeetingState.CANCELLED, "cancelled_because": why}, once)


async def record_outcome(
    office: Office, actor: Actor, order: str, *, meeting: str, outcome: str, once: Once | None = None
) -> OrderDocument:
    """What a meeting that was held decided about one of its orders, once.

    Raises `NotFound`, `NotAllowed`, `WrongState`, `NotOnAgenda`, `MeetingNotHeld`, `AlreadyMet`.
    """
    text = paragraphs("outcome", outcome, longest=5_000)
    # A meeting that was held never changes again: it may be read outside the order's transaction.
    found = await office.database.get(MeetingDocument, meeting)

    def decide(case: Case) -> Decision:
        decision = policy.meet(case, meeting, text)
        if found is None or order not in found.orders:
            raise NotOnAgenda
        if found.state is not MeetingState.HELD:
            raise MeetingNotHeld
        return decision

    return await office.act(actor, order, decide, once=once)


async def _checked_orders(office: Office, actor: Actor, orders: Sequence[str]) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(orders))
    if not 1 <= len(ids) <= MOST_ORDERS:
        raise InvalidInput.field("orders", f"会议的工单须为 1 至 {MOST_ORDERS} 件。")
    found = await office.orders.many(actor, ids)
    for n, id in enumerate(orders):
        if id not in found:
            raise InvalidInput.field(f"orders.{n}", "没有这个工单。")
        if found[id].order.ended:
            raise InvalidInput.field(f"orders.{n}", f"该工单{STATUS_NAMES[found[id].status]}，不能列入会议。")
    return ids


async def _ended(office: Office, actor: Actor, id: str, fields: dict[str, Any], once: Once | None) -> MeetingDocument:
    """The meeting after it was held or cancelled, which happens once."""
    require_meeting_visible(actor)
    require_caller(actor)
    repository = SupervisionRepository(office.database)
    await repository.meeting(actor, id)
    change = Change().update(MeetingDocument, id, {"$set": fields}, expecting={"state": MeetingState.CALLED})
    if once is not None:
        once.record(change, id, office.clock.now())
    try:
        await office.database.save(change)
    except (StaleWrite, AlreadyClaimed):
        if once is None or await once.answer(office.database) is None:
            raise MeetingOver from None
    return await repository.meeting(actor, id)
