"""What holds of every stored order at every moment, and pictures of the database to compare."""

from typing import Any

from foundation.chain import Head, OpenedText, TextLoss, verify_chain
from foundation.events import Event, text_place
from foundation.idempotency import IdempotencyKey
from foundation.numbers import NumberCounter
from foundation.timers import Timer
from tests.workorders.lifecycle.town import MODELS, Town
from workorders.deadlines.values import Extension, Suspension, Urgency
from workorders.lifecycle.documents import (
    AppealDesk,
    NumberClaim,
    OrderDocument,
    PhoneDesk,
    RequestDesk,
    SupervisionDesk,
    UnitDesk,
    UpstreamDesk,
    order_keys,
)
from workorders.lifecycle.events import FACTS
from workorders.lifecycle.facts import Lit
from workorders.lifecycle.folding import Entry, apply, receive
from workorders.lifecycle.lines import crossed, next_moment
from workorders.lifecycle.policy.exclusion import MOST_OF_A_UNIT
from workorders.lifecycle.policy.supervision import MOST_OPEN
from workorders.lifecycle.recording import WATCH_TIMER
from workorders.lifecycle.states import TRANSITIONS, Action, AssignmentRole, Status, SupervisionCause
from workorders.lifecycle.values import Order

IN_NO_RATE = (Status.REJECTED, Status.WITHDRAWN)
BY_PEOPLE = (SupervisionCause.BY_HAND, SupervisionCause.INSTRUCTION)

Picture = dict[str, dict[str, Any]]


async def picture(town: Town) -> Picture:
    """Every document of every collection, but for drawn numbers: an unused one is a gap, and allowed."""
    seen: Picture = {}
    for model in MODELS:
        if model is not NumberCounter:
            raws = await town.database.collection(model).find({}).to_list()
            seen[model.collection_name()] = {raw["_id"]: raw for raw in raws}
    return seen


async def log_of(town: Town, document: OrderDocument) -> list[Entry]:
    """What the fold reads of an order's stored events."""
    return [entry_of(event) for event in await town.office.orders.events(document)]


def entry_of(event: Event) -> Entry:
    action = Action(event.type)
    return action, FACTS[action].model_validate(event.data), event.at


async def check(town: Town, id: str) -> Order:
    """Raises `AssertionError` where a stored order breaks what holds of every order; answers the order."""
    document = await town.office.orders.by_id(id)
    assert document is not None
    events = await town.office.orders.events(document)
    order = document.order

    _check_log(order, events)
    _check_chain(town, document, events)
    _check_caps(town, order)
    assert {name: getattr(document, name) for name in order_keys(order)} == order_keys(order)
    await _check_beside(town, order)
    await _check_watched(town, document)
    return order


def _check_log(order: Order, events: list[Event]) -> None:
    """The log alone gives the order, every deadline too; each step by the table; one lead at most."""
    assert order.version == len(events)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    (_, first, at), *rest = (entry_of(event) for event in events)
    folded = receive(order.id, first, at)  # type: ignore[arg-type]
    for action, fact, moment in rest:
        was = folded
        folded = apply(folded, action, fact, moment)
        assert TRANSITIONS[was.status, action] is folded.status
        assert moment >= was.changed_at
        open_leads = [a for a in folded.assignments if a.role is AssignmentRole.LEAD and a.open]
        assert len(open_leads) <= 1
        pending = [appeal.unit for appeal in folded.appeals if appeal.pending]
        assert len(set(pending)) == len(pending)
        assert not pending or (folded.exclusion is None and folded.status not in IN_NO_RATE)
        if folded.ended:
            assert folded.request is None
            assert folded.pressing is None
            assert not any(a.open for a in folded.assignments)
    assert folded == order
    ids = [a.id for a in order.assignments]
    assert len(set(ids)) == len(ids)


def _check_chain(town: Town, document: OrderDocument, events: list[Event]) -> None:
    key = town.office.data_key(document)
    assert key is not None
    stored = {event.sequence: event for event in events}

    def opened(sequence: int, name: str) -> OpenedText | TextLoss:
        event = stored[sequence]
        text = event.text(name, key)
        return TextLoss.MISSING if text is None else OpenedText(key.commitment_salt(text_place(event.id, name)), text)

    head = Head(document.id, document.version, document.head)
    assert list(verify_chain(head, [event.as_link() for event in events], open_text=opened)) == []
    for event in events:
        assert set(event.sealed) == set(event.commitments)


def _check_caps(town: Town, order: Order) -> None:
    caps = town.rules.caps
    assert order.returns <= caps.returns
    assert order.round <= caps.redos
    assert sum(s.open for s in order.supervisions) <= MOST_OPEN
    assert len({s.id for s in order.supervisions}) == len(order.supervisions)
    assert len({a.id for a in order.appeals}) == len(order.appeals)
    for unit in {a.unit for a in order.appeals}:
        assert sum(a.unit == unit for a in order.appeals) <= MOST_OF_A_UNIT
    by_rule = [(s.cause, s.round) for s in order.supervisions if s.cause not in BY_PEOPLE]
    assert len(set(by_rule)) == len(by_rule)
    for held in order.assignments:
        extensions = [shift.working_days for shift in held.reply.shifts if isinstance(shift, Extension)]
        assert len(extensions) <= caps.extensions
        assert sum(extensions) <= caps.extension_working_days_in_all
        assert all(days <= caps.extension_working_days for days in extensions)
        assert sum(isinstance(shift, Suspension) for shift in held.reply.shifts) <= caps.suspensions
        if order.complained_of is not None:
            assert order.complained_of not in held.ancestors
        if held.role is AssignmentRole.DELEGATED:
            assert held.parent is not None


async def _check_beside(town: Town, order: Order) -> None:
    """Desk rows are what the order says; every deadline that time acts on has its timer; the number is claimed."""
    database = town.database
    rows = await database.collection(UnitDesk).find({"order": order.id}).to_list()
    assert {raw["_id"]: UnitDesk.load(raw) for raw in rows} == {a.id: UnitDesk.of(order, a) for a in order.assignments}
    asked = await database.collection(RequestDesk).find({"order": order.id}).to_list()
    still = [RequestDesk.load(raw) for raw in asked if raw["desk"] != "decided"]  # `merged` is still open
    assert still == ([RequestDesk.of(order, order.request)] if order.request is not None else [])
    above = await database.get(UpstreamDesk, order.id)
    assert above == UpstreamDesk.of(order)
    supervised = await database.collection(SupervisionDesk).find({"order": order.id}).to_list()
    rows_of = {s.id: SupervisionDesk.of(order, s) for s in order.supervisions}
    assert {raw["_id"]: SupervisionDesk.load(raw) for raw in supervised} == rows_of
    appeals = await database.collection(AppealDesk).find({"order": order.id}).to_list()
    assert {raw["_id"]: AppealDesk.load(raw) for raw in appeals} == {
        a.id: AppealDesk.of(order, a) for a in order.appeals
    }
    assert await database.get(PhoneDesk, order.id) == PhoneDesk.of(order)
    _check_phone_task(order)
    claim = await database.get(NumberClaim, order.number)
    assert claim is not None
    assert claim.order == order.id


def _check_phone_task(order: Order) -> None:
    """Every emergency at a unit has been called in there; nobody is called twice."""
    task, lead = order.phone_task, order.lead
    if order.urgency is Urgency.EMERGENCY and lead and (order.status, Action.CALL_DUTY) in TRANSITIONS:
        assert order.muted or (task is not None and task.assignment == lead.id)
    if task is None:
        return
    assert len({call.who for call in task.calls}) == len(task.calls)
    if task.open:
        assert lead is not None
        assert (task.assignment, task.unit) == (lead.id, lead.unit)
        assert (task.due is None) is (task.escalated_at is not None)


async def _check_watched(town: Town, document: OrderDocument) -> None:
    """What time has crossed is told, once; for what comes next one timer waits, and none for what rests."""
    order = document.order
    assert crossed(order, town.rules, order.changed_at) == ()
    lines = [line for _, fact, _ in await log_of(town, document) if isinstance(fact, Lit) for line in fact.lines]
    assert len(lines) == len({(line.term, line.subject, line.due, line.light, line.level) for line in lines})
    moment = next_moment(order, town.rules)
    timers = await town.database.collection(Timer).find({"subject": document.id, "kind": WATCH_TIMER}).to_list()
    waiting = [(raw["_id"], raw["deadline"]) for raw in timers]
    if moment is None:
        assert (document.watched_by, document.watched_at, waiting) == (None, None, [])
    else:
        assert waiting == [(document.watched_by, document.watched_at)]
        assert document.watched_at is not None
        assert document.watched_at <= moment


async def kept_keys(town: Town) -> int:
    return await town.database.collection(IdempotencyKey).count_documents({})
