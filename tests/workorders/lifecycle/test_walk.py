"""A random walk over all actions, roles and times: whatever people do, what holds of an order goes on holding.

`ZHENGTONG_WALKS` sets how many walks are taken.
"""

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, event, given, note, settings
from hypothesis import strategies as st

from foundation.errors import DomainError
from foundation.idempotency import IdempotencyKey, Once
from foundation.ids import new_id
from foundation.timers import Timer, Timers
from identity.actors import Actor, Role
from tests.workorders.lifecycle.acts import ACTS, RIGHT_PERSON
from tests.workorders.lifecycle.builders import request
from tests.workorders.lifecycle.invariants import check
from tests.workorders.lifecycle.town import (
    CALLER,
    CHIEF,
    CITIZEN,
    COMPLAINT,
    DEVICE,
    DISPATCHER,
    LEADER,
    MONDAY,
    OPERATOR,
    REVIEWER,
    STRANGER,
    SUPERVISOR,
    UNITS,
    UPSTREAM,
    Town,
    abolish,
    clerk_of,
    correct_the_calendar,
    head_of,
)
from workorders.deadlines.values import Kind, Urgency
from workorders.lifecycle import dispatching, handling, intake, reviewing, upstream
from workorders.lifecycle.access import ALLOWED, BROUGHT_ALONG, WHILE_MERGED
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.intake import Report
from workorders.lifecycle.states import TRANSITIONS, Action, ExclusionGround, RequestKind
from workorders.lifecycle.terms import Routing
from workorders.lifecycle.timing import timer_handlers
from workorders.lifecycle.values import Outcome, Reporter, Upstream
from workorders.supervision import excluding, phoning

WALKS = int(os.environ.get("ZHENGTONG_WALKS", "20"))
LONGEST = 36
DAYS_OFF = (date(2026, 11, 19), date(2026, 11, 20))

LIVE = sorted(set(UNITS) - {"gone"})
EVERYBODY = [
    CITIZEN, STRANGER, DEVICE, UPSTREAM, OPERATOR, DISPATCHER, CHIEF, REVIEWER, CALLER, SUPERVISOR, LEADER,
    *(clerk_of(unit) for unit in LIVE), *(head_of(unit) for unit in LIVE),
]  # fmt: skip
AT_UNITS = {action for action, roles in ALLOWED.items() if any(role.startswith("unit_") for role in roles)}

ONWARD = {
    **dict.fromkeys((Action.DISPATCH, Action.ADJUDICATE, Action.SIGN, Action.SUBMIT_REPLY), 12),
    **dict.fromkeys((Action.UNIT_APPROVE, Action.HOTLINE_ACCEPT, Action.CALLBACK_ATTEMPT, Action.CALLBACK_REDO), 12),
    **dict.fromkeys((Action.ASK_CONSENT, Action.ANSWER_UP, Action.ACKNOWLEDGE), 6),
    **dict.fromkeys((Action.LIGHT, Action.CALL_DUTY), 0),
    **dict.fromkeys((Action.FILE_APPEAL, Action.DECIDE_APPEAL, Action.EXCLUDE, Action.READMIT), 2),
    **dict.fromkeys((Action.REJECT, Action.WITHDRAW, Action.ANSWER_NOW, Action.MERGE), 1),
}
"""How much likelier a walk takes what leads on than what ends it."""

Take = Callable[[Once], Awaitable[OrderDocument]]

units = st.sampled_from(LIVE)
days = st.integers(1, 4)
grades = st.integers(1, 5)
kinds, urgencies = st.sampled_from(Kind), st.sampled_from(Urgency)
texts = st.sampled_from(["情况属实。", "已到现场。\n正在处理。"])


class Walk:
    """One order and who walks with it; `draw` decides, so that a failing walk shrinks."""

    def __init__(self, town: Town, draw: st.DataObject) -> None:
        self.town, self._draw = town, draw

    async def start(self) -> OrderDocument:
        town = self.town
        await town.database.collection(Timer).delete_many({})  # those of the walk before
        # Orders of walks before keep the calendars that they were taken in by.
        correct_the_calendar(town, *self._draw.draw(st.sampled_from([(), DAYS_OFF])))
        town.clock.set(MONDAY + timedelta(minutes=self._draw.draw(st.integers(0, 7 * 24 * 60))))
        town.routing = self._draw.draw(
            st.sampled_from([None, Routing("water", ("heating",), "rule", "规则", auto_dispatch=True)])
        )
        await intake.take_in(town.office, CITIZEN, COMPLAINT)  # for the order to be merged into
        actor, report = self._draw.draw(st.sampled_from(self._reports()))
        report = replace(
            report,
            kind=self._draw.draw(kinds),
            urgency=self._draw.draw(urgencies),
            complained_of=self._draw.draw(st.sampled_from([None, None, "police", "water-east"])),
        )
        return await intake.take_in(town.office, actor, report)

    def _reports(self) -> list[tuple[Actor, Report]]:
        due = MONDAY + timedelta(days=self._draw.draw(st.integers(0, 20)))
        handed_down = replace(COMPLAINT, upstream=Upstream(source="s", number=new_id(), due=due), channel="upstream")
        return [
            (CITIZEN, COMPLAINT),
            (CITIZEN, COMPLAINT),
            (OPERATOR, replace(COMPLAINT, channel="phone", reporter=Reporter.CONFIDENTIAL, reporter_id=CITIZEN.id)),
            (DEVICE, replace(COMPLAINT, reporter=Reporter.ANONYMOUS, name=None, phone=None)),
            (UPSTREAM, handed_down),
        ]

    def choose(self, document: OrderDocument) -> tuple[Action, Actor]:
        """Mostly what the table allows, by one whose job it is; sometimes anything by anybody."""
        order, wise = document.order, self._draw.draw(st.sampled_from([True, True, True, True, False]))
        legal = [a for status, a in sorted(TRANSITIONS) if status is order.status for _ in range(ONWARD.get(a, 3))]
        legal = [a for a in legal if a not in BROUGHT_ALONG and (not order.muted or a in WHILE_MERGED)]
        anything = sorted(ACTS.keys() - BROUGHT_ALONG)
        action: Action = self._draw.draw(st.sampled_from(legal if wise and legal else anything))
        if not wise:
            return action, self._draw.draw(st.sampled_from(EVERYBODY))
        if order.request is not None and self._draw.draw(st.booleans()):
            decided = (order.request.kind.grant, order.request.kind.refuse)
            action = self._draw.draw(st.sampled_from(decided))
        if order.upstream is not None and Role.UPSTREAM in ALLOWED[action] and self._draw.draw(st.booleans()):
            return action, UPSTREAM
        if action not in AT_UNITS:
            reporter = next((actor for actor in EVERYBODY if actor.id == order.reporter_id), CITIZEN)
            return action, reporter if RIGHT_PERSON[action] is CITIZEN else RIGHT_PERSON[action]
        held = [a.unit for a in order.assignments if a.open for _ in range(4 if a is order.lead else 1)]
        held = held or [a.unit for a in order.assignments] or ["water"]
        unit = self._draw.draw(st.sampled_from(held))
        head = Role.UNIT_CLERK not in ALLOWED[action]
        return action, head_of(unit) if head else clerk_of(unit)

    def prepared(self, document: OrderDocument, action: Action, actor: Actor) -> Take:  # noqa: PLR0912
        """The action with arguments of its own where they matter, to be taken once or twice."""
        office, id, draw = self.town.office, document.id, self._draw.draw
        text = draw(texts)
        asked = {kind.ask: kind for kind in RequestKind}
        decisions = {decision for kind in RequestKind for decision in (kind.grant, kind.refuse)}
        given: dict[str, Any]
        verb: Any
        match action:
            case Action.DISPATCH | Action.ADJUDICATE:
                verb = dispatching.dispatch if action is Action.DISPATCH else dispatching.adjudicate
                given = {"lead": draw(units), "co": tuple(draw(st.lists(units, max_size=2))), "note": text}
            case Action.RECLASSIFY:
                verb = dispatching.reclassify
                category = draw(st.sampled_from(["leak", "water"]))
                given = {"kind": draw(kinds), "urgency": draw(urgencies), "category": category}
                given |= {"place": "street", "reason": text}
            case Action.DELEGATE:
                verb, given = handling.delegate, {"to": draw(units)}
            case Action.CONTACT:
                verb, given = handling.contact, {"reached": draw(st.booleans()), "said": text}
            case Action.SUBMIT_REPLY:
                why = draw(st.sampled_from([None, "不影响答复。"]))
                verb = handling.submit_reply
                given = {"outcome": Outcome.SOLVED, "answer": text, "not_waiting_because": why}
            case Action.CALLBACK_ATTEMPT if actor is UPSTREAM:
                verb, given = upstream.call_back, {"round": document.order.round, "reached": draw(st.booleans())}
                if given["reached"]:
                    given |= {"solved": draw(st.booleans()), "grade": draw(grades)}
                    bad = given["grade"] > 3 or not given["solved"]
                    given["due"] = self.town.clock.now() + timedelta(days=draw(days)) if bad else None
            case _ if actor is UPSTREAM and document.order.request is not None and action in decisions:
                verb = upstream.consent if action is document.order.request.kind.grant else upstream.refuse_consent
                given = {"request": document.order.request.id}
                given["note" if verb is upstream.consent else "reason"] = text
            case Action.CALLBACK_ATTEMPT:
                verb, given = reviewing.callback_attempt, {"reached": draw(st.booleans())}
                given["wants_redo"] = draw(st.booleans())
                if given["reached"]:
                    given |= {"solved": draw(st.booleans()), "grade": draw(grades)}
            case Action.RATE:
                verb, given = reviewing.rate, {"grade": draw(grades), "solved": False}
            case Action.PHONE_DUTY:
                verb, given = phoning.phone, {"call": draw(st.integers(1, 3)), "reached": draw(st.booleans())}
            case Action.FILE_APPEAL | Action.EXCLUDE:
                verb = excluding.file_appeal if action is Action.FILE_APPEAL else excluding.exclude
                given = {"ground": draw(st.sampled_from(ExclusionGround)), "reason": text}
            case Action.WITHDRAW_APPEAL | Action.DECIDE_APPEAL:
                appeals = [appeal.id for appeal in document.order.appeals] or [f"{id}:p1"]
                verb, given = excluding.withdraw_appeal, {"appeal": draw(st.sampled_from(appeals))}
                if action is Action.DECIDE_APPEAL:
                    verb, given = excluding.decide_appeal, {**given, "upheld": draw(st.booleans()), "reason": text}
            case Action.SUPPLEMENT:
                verb, given = intake.supplement, {"text": text}
            case _ if action in asked:
                kind, how_long, suggested = asked[action], draw(days), draw(units)
                return lambda _: request(self.town, id, kind, days=how_long, suggesting=suggested, by=actor)
            case _:
                return lambda _: ACTS[action](self.town, actor, id)
        return lambda once: verb(office, actor, id, once=once, **given)

    async def step(self, document: OrderDocument) -> OrderDocument:
        """One action; a refused one changes nothing, and one that is sent again under its key does nothing more."""
        town, orders = self.town, self.town.office.orders
        action, actor = self.choose(document)
        note(f"{town.clock.now()} {document.order.status} {action} by {actor.id}")
        if action is Action.REPLACE and document.order.lead is not None and self._draw.draw(st.booleans()):
            abolish(town, document.order.lead.unit, self._draw.draw(units))
        take = self.prepared(document, action, actor)
        once = Once.of(actor.id, f"{document.id}{document.version}", action, {})
        try:
            after = await take(once)
        except DomainError as refused:
            note(f"    {refused.code}")
            event(f"refused: {refused.code}")
            assert await orders.by_id(document.id) == document
            assert refused.message.endswith("。")
            return document
        finally:
            town.units = None
        event(f"taken: {action}")
        assert (document.order.status, action) in TRANSITIONS
        assert after.version > document.version
        if await town.database.get(IdempotencyKey, once.id) is not None and self._draw.draw(st.booleans()):
            assert await take(once) == after
        return after

    async def wait(self, document: OrderDocument) -> OrderDocument:
        """Some time, a clock that goes back a little, or a sweep of the timers."""
        minutes = self._draw.draw(st.sampled_from([-1, 0, 1, 30, 240, 24 * 60, 4 * 24 * 60]))
        self.town.clock.advance(timedelta(minutes=minutes))
        if self._draw.draw(st.booleans()):
            timers = Timers(self.town.database, timer_handlers(self.town.office))
            await timers.sweep(self.town.clock.now())
        after = await self.town.office.orders.by_id(document.id)
        assert after is not None
        return after


@settings(
    max_examples=WALKS,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
@given(data=st.data())
async def test_whatever_happens_what_holds_of_an_order_goes_on_holding(town: Town, data: st.DataObject) -> None:
    walk = Walk(town, data)
    document = await walk.start()
    await check(town, document.id)
    for _ in range(data.draw(st.sampled_from([LONGEST // 3, LONGEST]))):
        version = document.version
        document = await (walk.step if data.draw(st.sampled_from([True, True, True, False])) else walk.wait)(document)
        if document.version > version:
            assert await check(town, document.id) == document.order
    if document.order.followed_by is not None:
        await check(town, document.order.followed_by)
