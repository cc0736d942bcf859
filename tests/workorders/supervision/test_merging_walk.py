"""Random histories of several orders that are merged, unmerged, worked on, ended, redone and taken along by the worker:
pointers agree both ways, no chain is longer than one, a child keeps what is its own, and nobody is left behind.

`ZHENGTONG_WALKS` sets how many are walked.
"""

import os
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, Phase, event, given, note, settings
from hypothesis import strategies as st

from foundation.errors import DomainError
from foundation.timers import Timers
from tests.workorders.lifecycle.acts import ACTS, RIGHT_PERSON
from tests.workorders.lifecycle.invariants import check
from tests.workorders.lifecycle.town import (
    CITIZEN,
    COMPLAINT,
    DEVICE,
    DISPATCHER,
    MONDAY,
    STRANGER,
    Town,
    correct_the_calendar,
)
from tests.workorders.supervision.merged import check_pointers, settled
from workorders.deadlines.values import Urgency
from workorders.lifecycle import intake
from workorders.lifecycle.access import BROUGHT_ALONG
from workorders.lifecycle.states import BEFORE_CALLBACK, TRANSITIONS, Action, Status
from workorders.lifecycle.timing import timer_handlers
from workorders.lifecycle.values import Order, Reporter
from workorders.supervision import merging

WALKS = int(os.environ.get("ZHENGTONG_WALKS", "20"))
STEPS = 40
ORDERS = 5

REPORTS = (
    (CITIZEN, COMPLAINT),
    (STRANGER, replace(COMPLAINT, reporter=Reporter.CONFIDENTIAL)),
    (STRANGER, replace(COMPLAINT, urgency=Urgency.URGENT)),
    (CITIZEN, replace(COMPLAINT, complained_of="police")),
    (DEVICE, replace(COMPLAINT, reporter=Reporter.ANONYMOUS, name=None, phone=None)),
)
REPORTER = {actor.id: actor for actor, _ in REPORTS}
ONWARD = (Action.DISPATCH, Action.SIGN, Action.SUBMIT_REPLY, Action.UNIT_APPROVE, Action.HOTLINE_ACCEPT)
ELSE = tuple(sorted(set(ACTS) - BROUGHT_ALONG - {Action.MERGE, Action.FOLLOW_PARENT}))
CITIZENS_OWN = {Action.SUPPLEMENT, Action.RATE, Action.WITHDRAW, Action.URGE}


class Walk:
    """Some orders, what was seen of them last, and what happens next as `draw` decides."""

    def __init__(self, town: Town, draw: st.DataObject) -> None:
        self.town, self.draw, self.ids, self.seen = town, draw, list[str](), dict[str, Order]()

    async def start(self) -> None:
        self.town.clock.set(MONDAY)
        correct_the_calendar(self.town)  # back to what it was before the walks before
        for _ in range(ORDERS):
            actor, report = self.draw.draw(st.sampled_from(REPORTS))
            self.ids.append((await intake.take_in(self.town.office, actor, report)).id)
        await self.look()

    async def step(self) -> None:
        what = self.draw.draw(
            st.sampled_from(["merge", "merge", "onward", "onward", "onward", "else", "worker", "time"])
        )
        id = self.draw.draw(st.sampled_from(self.ids))
        try:
            match what:
                case "merge":
                    into = self.draw.draw(st.sampled_from(self.ids))
                    note(f"merge {self.ids.index(id)} into {self.ids.index(into)}")
                    await merging.merge(self.town.office, DISPATCHER, id, into=into)
                case "onward" | "else":
                    await self.act(id, onward=what == "onward")
                case "worker":
                    note("worker")
                    await settled(self.town)
                case _:
                    self.town.clock.advance(timedelta(hours=self.draw.draw(st.sampled_from([0, 1, 30]))))
                    await Timers(self.town.database, timer_handlers(self.town.office)).sweep(self.town.clock.now())
            event(f"taken: {what}")
        except DomainError as refused:
            note(f"    {refused.code}")
            event(f"refused: {what}: {refused.code}")
            assert refused.message.endswith("。")

    async def act(self, id: str, *, onward: bool) -> None:
        order = self.seen[id]
        ahead = [each for each in ONWARD if TRANSITIONS.get((order.status, each)) not in (None, order.status)]
        action = self.draw.draw(st.sampled_from(ahead if onward and ahead else ELSE))
        actor = REPORTER[order.reporter_id or ""] if action in CITIZENS_OWN else RIGHT_PERSON[action]
        note(f"{action} {self.ids.index(id)}")
        await ACTS[action](self.town, actor, id)

    async def look(self) -> None:
        """What holds after every step."""
        orders = await check_pointers(self.town, self.ids)
        for id, order in orders.items():
            if id in self.seen and order.version > self.seen[id].version:
                await check(self.town, id)
            if id in self.seen:
                self.kept(self.seen[id], order)
        self.seen = dict(orders)

    def kept(self, was: Order, now: Order) -> None:
        """A child keeps its number, state, callback and rating until the answer comes, or it leaves; only a corrected
        calendar moves its deadlines."""
        assert now.number == was.number
        if was.muted and now.muted:
            timed = ("assignments", "citizen", "dispatch") if now.calendar == was.calendar else ()
            for name in ("status", "round", "callback", "rating", "request", *timed):
                assert getattr(now, name) == getattr(was, name), name
        elif was.muted and now.merged_into is not None:
            assert now.status in (Status.CALLBACK, Status.CLOSED)
            assert now.answered_by is not None
        if was.merged_into is not None and not was.muted:
            assert now.merged_into == was.merged_into

    async def end(self) -> None:
        """Once the worker has been there, whoever waits, waits for an order that is still to be answered."""
        await settled(self.town)
        await self.look()
        for order in self.seen.values():
            if order.muted:
                assert order.merged_into is not None
                assert self.seen[order.merged_into].status in BEFORE_CALLBACK


@settings(
    max_examples=WALKS,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
@given(data=st.data())
async def test_whatever_is_merged_nobody_is_left_behind(town: Town, data: st.DataObject) -> None:
    walk = Walk(town, data)
    await walk.start()
    for _ in range(STEPS):
        await walk.step()
        await walk.look()
    await walk.end()
