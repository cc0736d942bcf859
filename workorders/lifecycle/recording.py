"""What an action writes: the order anew, its events, desk rows, timers and outbox rows, as one `Change`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from foundation.chain import GENESIS
from foundation.changes import Change
from foundation.crypto import DataKey
from foundation.events import Event, chained, event_id, seal_texts
from foundation.outbox import OutboxRow
from foundation.timers import Timer
from identity.actors import Actor
from workorders.deadlines.packs import RulePack
from workorders.lifecycle.documents import (
    AppealDesk,
    OrderDocument,
    PhoneDesk,
    RequestDesk,
    SupervisionDesk,
    UnitDesk,
    UpstreamDesk,
)
from workorders.lifecycle.facts import DutyCalled, Lit
from workorders.lifecycle.lines import next_moment
from workorders.lifecycle.notices import TELLS_OF_EXCLUSION, tells_citizen, tells_platform
from workorders.lifecycle.policy.case import Decision
from workorders.lifecycle.policy.merging import SETTLES_CHILDREN
from workorders.lifecycle.values import Order

PROJECTOR = "projector"
NOTICES = "notices"
LIGHTS = "lights"
WATCH_TIMER = "watch"
EXCHANGE = "exchange"
MERGING = "merging"
REPEATED = "repeated"
PHONE_TASKS = "phone_tasks"
EXCLUSIONS = "exclusions"


@dataclass(frozen=True, slots=True)
class Step:
    """One decided action: who took it, what was decided, and the order after it."""

    actor: Actor
    decision: Decision
    after: Order


def record_intake(
    change: Change,
    new: OrderDocument,
    first: Step,
    following: list[Step],
    key: DataKey,
    rules: RulePack,
    now: datetime,
) -> OrderDocument:
    """Add to `change` all that a new order writes; answers its document."""
    head = _record_events(change, new.id, GENESIS, [first, *following], key, now)
    order = following[-1].after if following else first.after
    document = _watched(change, new.with_order(order, head), rules, now)
    change.insert(document)
    _record_beside(change, None, order)
    return document


def record_action(
    change: Change,
    before: OrderDocument,
    steps: list[Step],
    key: DataKey | None,
    rules: RulePack,
    now: datetime,
) -> OrderDocument:
    """Add to `change` all that an action and its followers write, on the condition that the order is as judged."""
    head = _record_events(change, before.id, before.head, steps, key, now)
    after = _watched(change, before.with_order(steps[-1].after, head), rules, now)
    # An erasure destroys the key and leaves the version: a rival action must not bring the key back.
    change.replace(after, expecting={"order.version": before.version, "data_key": before.data_key})
    _record_beside(change, before.order, after.order)
    return after


def _record_events(
    change: Change, subject: str, head: str, steps: list[Step], key: DataKey | None, now: datetime
) -> str:
    for step in steps:
        event = _event(subject, step, key, now, head)
        change.insert(event)
        if tells_citizen(step.decision.action, step.after):
            change.insert(OutboxRow.of(NOTICES, subject, event.sequence, now, {"action": step.decision.action}))
        if isinstance(step.decision.fact, Lit):
            lines = [line.model_dump(mode="json") for line in step.decision.fact.lines]
            change.insert(OutboxRow.of(LIGHTS, subject, event.sequence, now, {"lines": lines}))
        if isinstance(step.decision.fact, DutyCalled) and step.decision.fact.escalated_at is not None:
            change.insert(OutboxRow.of(PHONE_TASKS, subject, event.sequence, now, {}))
        if step.decision.action in TELLS_OF_EXCLUSION:
            told = {"action": step.decision.action, "fact": step.decision.fact.model_dump(mode="json")}
            change.insert(OutboxRow.of(EXCLUSIONS, subject, event.sequence, now, told))
        if tells_platform(step.decision.action, step.after):
            change.insert(OutboxRow.of(EXCHANGE, subject, event.sequence, now, {}))
        if step.decision.action in SETTLES_CHILDREN and step.after.children:
            change.insert(OutboxRow.of(MERGING, subject, event.sequence, now, {}))
        head = event.hash
    change.insert(OutboxRow.of(PROJECTOR, subject, steps[-1].after.version, now, {}))
    return head


def _event(subject: str, step: Step, key: DataKey | None, now: datetime, previous: str) -> Event:
    fields = event_fields(subject, step, key, now)
    return chained(Event(_id=event_id(subject, step.after.version), hash="", **fields), previous)


def event_fields(subject: str, step: Step, key: DataKey | None, at: datetime) -> dict[str, Any]:
    """What a step's event says, by the names of `Event`: all but its id and its hash."""
    sequence, decision, actor = step.after.version, step.decision, step.actor
    sealed, commitments = seal_texts(subject, sequence, decision.texts, key) if key is not None else ({}, {})
    return {
        "subject": subject,
        "sequence": sequence,
        "type": decision.action,
        "at": at,
        "actor": actor.id,
        "actor_roles": tuple(sorted(actor.roles)),
        "actor_unit": actor.unit_id,
        "actor_label": actor.label,
        "data": decision.fact.model_dump(mode="json"),
        "commitments": commitments,
        "sealed": sealed,
    }


def _record_beside(change: Change, before: Order | None, after: Order) -> None:
    """Desk rows that changed."""
    was = {row.id: row for row in _desk_rows(before)}
    for row in _desk_rows(after):
        old = was.get(row.id)
        if old is None:
            change.insert(row)
        elif old != row:
            change.replace(row, expecting={})
    _record_request(change, before, after)
    _record_upstream(change, before, after)
    _record_supervisions(change, before, after)
    _record_appeals(change, before, after)
    _record_phone_task(change, before, after)


def _desk_rows(order: Order | None) -> list[UnitDesk]:
    return [UnitDesk.of(order, assignment) for assignment in order.assignments] if order else []


def _record_request(change: Change, before: Order | None, after: Order) -> None:
    """A new request's row; an ended one's row leaves its desk."""
    old, new = before.request if before else None, after.request
    if old is not None and (new is None or new.id != old.id):
        change.replace(RequestDesk.of(after, old, desk="decided"), expecting={})
    elif before is not None and old is not None and new is not None:
        row = RequestDesk.of(after, new)
        if row != RequestDesk.of(before, old):
            change.replace(row, expecting={})
    if new is not None and (old is None or old.id != new.id):
        change.insert(RequestDesk.of(after, new))


def _watched(change: Change, document: OrderDocument, rules: RulePack, now: datetime) -> OrderDocument:
    """The order with a timer for when time does something to it next.

    One timer watches an order, however many deadlines run; one that comes too early finds nothing to do and is put off.
    What rests takes its timer with it.
    """
    moment = next_moment(document.order, rules)
    waiting = document.watched_at
    if moment is not None and waiting is not None and now < waiting <= moment:
        return document
    if document.watched_by is not None:
        change.discard(Timer, [document.watched_by])
    if moment is None:
        return document.changed(watched_at=None, watched_by=None)
    timer = Timer.at(moment, WATCH_TIMER, document.id, sequence=document.version)
    change.insert(timer)
    return document.changed(watched_at=moment, watched_by=timer.id)


def _record_upstream(change: Change, before: Order | None, after: Order) -> None:
    """An order from above lies on the upstream desk as long as it is open."""
    old, new = UpstreamDesk.of(before) if before else None, UpstreamDesk.of(after)
    if new is not None and new != old:
        change.put(new)
    elif new is None and old is not None:
        change.discard(UpstreamDesk, [old.id])


def _record_supervisions(change: Change, before: Order | None, after: Order) -> None:
    """A row for each new supervision; the others as they are now."""
    if not after.supervisions:
        return
    was = {s.id: SupervisionDesk.of(before, s) for s in before.supervisions} if before else {}
    for row in (SupervisionDesk.of(after, s) for s in after.supervisions):
        if row.id not in was:
            change.insert(row)
        elif was[row.id] != row:
            change.replace(row, expecting={})


def _record_appeals(change: Change, before: Order | None, after: Order) -> None:
    """A row for each new appeal; one that was settled leaves the pending ones."""
    was = {a.id: AppealDesk.of(before, a) for a in before.appeals} if before else {}
    for row in (AppealDesk.of(after, a) for a in after.appeals):
        if row.id not in was:
            change.insert(row)
        elif was[row.id] != row:
            change.replace(row, expecting={})


def _record_phone_task(change: Change, before: Order | None, after: Order) -> None:
    """An open phone task lies on the desk of whoever makes its calls."""
    old, new = PhoneDesk.of(before) if before else None, PhoneDesk.of(after)
    if new is not None and new != old:
        change.put(new)
    elif new is None and old is not None:
        change.discard(PhoneDesk, [old.id])
