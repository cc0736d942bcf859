"""What an action writes: the order anew, its events, desk rows, timers and outbox rows, as one `Change`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from foundation.chain import GENESIS
from foundation.changes import Change
from foundation.crypto import DataKey
from foundation.events import Event, chained, event_id, seal_texts
from foundation.outbox import OutboxRow
from foundation.timers import Timer
from identity.actors import Actor
from workorders.lifecycle.documents import OrderDocument, RequestDesk, UnitDesk
from workorders.lifecycle.notices import tells_citizen
from workorders.lifecycle.policy.case import Decision
from workorders.lifecycle.policy.merging import SETTLES_CHILDREN
from workorders.lifecycle.states import AssignmentState
from workorders.lifecycle.values import Order

PROJECTOR = "projector"
NOTICES = "notices"
MERGING = "merging"
SIGN_TIMER = "sign"
RESUME_TIMER = "resume"


@dataclass(frozen=True, slots=True)
class Step:
    """One decided action: who took it, what was decided, and the order after it."""

    actor: Actor
    decision: Decision
    after: Order


def record_intake(
    change: Change, new: OrderDocument, first: Step, following: list[Step], key: DataKey, now: datetime
) -> OrderDocument:
    """Add to `change` all that a new order writes; answers its document."""
    head = _record_events(change, new.id, GENESIS, [first, *following], key, now)
    order = following[-1].after if following else first.after
    document = new.with_order(order, head)
    change.insert(document)
    _record_beside(change, None, order)
    return document


def record_action(
    change: Change, before: OrderDocument, steps: list[Step], key: DataKey | None, now: datetime
) -> OrderDocument:
    """Add to `change` all that an action and its followers write, on the condition that the order is as judged."""
    head = _record_events(change, before.id, before.head, steps, key, now)
    after = before.with_order(steps[-1].after, head)
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
        if step.decision.action in SETTLES_CHILDREN and step.after.children:
            change.insert(OutboxRow.of(MERGING, subject, event.sequence, now, {}))
        head = event.hash
    change.insert(OutboxRow.of(PROJECTOR, subject, steps[-1].after.version, now, {}))
    return head


def _event(subject: str, step: Step, key: DataKey | None, now: datetime, previous: str) -> Event:
    sequence, decision, actor = step.after.version, step.decision, step.actor
    sealed, commitments = seal_texts(subject, sequence, decision.texts, key) if key is not None else ({}, {})
    unhashed = Event(
        _id=event_id(subject, sequence),
        subject=subject,
        sequence=sequence,
        type=decision.action,
        at=now,
        actor=actor.id,
        actor_roles=tuple(sorted(actor.roles)),
        actor_unit=actor.unit_id,
        actor_label=actor.label,
        data=decision.fact.model_dump(mode="json"),
        commitments=commitments,
        sealed=sealed,
        hash="",
    )
    return chained(unhashed, previous)


def _record_beside(change: Change, before: Order | None, after: Order) -> None:
    """Desk rows that changed, and timers for deadlines that are new."""
    was = {row.id: row for row in _desk_rows(before)}
    for row in _desk_rows(after):
        old = was.get(row.id)
        if old is None:
            change.insert(row)
        elif old != row:
            change.replace(row, expecting={})
    _record_request(change, before, after)
    known = set(_timers(before))
    change.insert(*(Timer.at(*each, sequence=after.version) for each in _timers(after) if each not in known))


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


def _timers(order: Order | None) -> Iterator[tuple[datetime, str, str]]:
    """What time will do to an order: when, what, and to which assignment; nothing while it is muted."""
    for assignment in order.assignments if order and not order.muted else ():
        if assignment.state is AssignmentState.PENDING:
            yield assignment.sign.due, SIGN_TIMER, assignment.id
        if assignment.suspended_until is not None:
            yield assignment.suspended_until, RESUME_TIMER, assignment.id
