"""The one road of every action: read, judge, fold, save once; again from a fresh read if a rival was faster.

What an action brings along on another order is judged and saved with it, each on the condition of its own version.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock
from foundation.crypto import DataKey, Keyring
from foundation.database import Database
from foundation.errors import Busy, DomainError, NotFound
from foundation.idempotency import IdempotencyKey, Once
from foundation.numbers import Numbers
from identity.actors import Actor, system_actor
from workorders.lifecycle.access import require_visible
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.folding import apply
from workorders.lifecycle.policy import passing
from workorders.lifecycle.policy.automatic import follow_up
from workorders.lifecycle.policy.case import RULES, Case, Decision, Elsewhere, Overtaken
from workorders.lifecycle.recording import Step, record_action
from workorders.lifecycle.repository import OrderRepository
from workorders.lifecycle.terms import Router, Routing, Terms, TermsLibrary
from workorders.lifecycle.values import Order

TRIES = 8
MOST_FOLLOWERS = 50

TIMERS = system_actor("timers")

Decide = Callable[[Case], Decision]
Beside = Callable[[Change, OrderDocument], None]
"""Adds to the change of an action what has to stand or fall with it."""


class NothingToDo(Exception):
    """Nobody decided anything, and neither time nor rules do."""


@dataclass(frozen=True, slots=True)
class Office:
    """What the use cases of the life cycle work with; one per process, made by the composition root."""

    database: Database
    clock: Clock
    keyring: Keyring
    library: TermsLibrary
    router: Router
    numbers: Numbers
    orders: OrderRepository

    async def act(
        self, actor: Actor, id: str, decide: Decide | None, *, once: Once | None = None, beside: Beside | None = None
    ) -> OrderDocument:
        """Take one action on an order, with what time did before it and what follows by rule; the order after it.

        Without `decide` only time and the rules act, or `NothingToDo` is raised.

        Exactly once under an idempotency key: the same request sent again answers the order as it is now. Raises
        `NotFound`, the rules' errors, `KeyReused`, and `Busy` when rivals were faster too often.
        """
        for _ in range(TRIES):
            document = await self.orders.by_id(id)
            if document is None:
                raise NotFound
            require_visible(actor, document.order)
            try:
                change, after = await self._decided(actor, document, decide, once, beside)
                await self.database.save(change)
                return after
            except Overtaken:
                continue
            except StaleWrite as stale:
                if stale.collection != OrderDocument.collection_name():
                    raise  # what stands or falls beside the action fell: a fresh read of the order heals nothing
            except (DomainError, AlreadyClaimed) as error:
                if once is not None and await once.answer(self.database) is not None:
                    return await self.orders.visible_to(actor, id)
                if isinstance(error, AlreadyClaimed) and error.collection != IdempotencyKey.collection_name():
                    raise
                if isinstance(error, DomainError):
                    raise
        raise Busy

    async def _decided(
        self, actor: Actor, document: OrderDocument, decide: Decide | None, once: Once | None, beside: Beside | None
    ) -> tuple[Change, OrderDocument]:
        change = Change()
        after, elsewhere = await self._add(change, actor, document, decide)
        for each in elsewhere:
            other = await self.orders.by_id(each.order)
            if other is None:
                raise NotFound
            await self._add(change, each.actor, other, each.decide)
        if once is not None:
            once.record(change, document.id, after.order.changed_at)
        if beside is not None:
            beside(change, after)
        return change, after

    async def _add(
        self, change: Change, actor: Actor, document: OrderDocument, decide: Decide | None
    ) -> tuple[OrderDocument, tuple[Elsewhere, ...]]:
        """Add one order's action to the change, with what time did before it and what follows by rule on that order."""
        # An order's time never runs backwards, whatever a machine's clock does.
        now = max(self.clock.now(), document.order.changed_at)
        terms = await self.library.recorded(document.order.rules, document.order.calendar)
        steps, order, time = list[Step](), document.order, passing.passing
        elsewhere: tuple[Elsewhere, ...] = ()
        if decide is not None:
            time = passing.lights
            if (lit := time(Case(order, TIMERS, now, terms))) is not None:
                order = apply(order, lit.action, lit.fact, now)
                steps.append(Step(TIMERS, lit, order))
            decision = decide(Case(order, actor, now, terms))
            order = apply(order, decision.action, decision.fact, now)
            if order.calendar != terms.calendar.id:
                terms = await self.library.recorded(order.rules, order.calendar)
            steps.append(Step(actor, decision, order))
            elsewhere = decision.elsewhere
        steps += followers(order, terms, now, None, time)
        if not steps:
            raise NothingToDo
        return record_action(change, document, steps, self.data_key(document), terms.rules, now), elsewhere

    def data_key(self, document: OrderDocument) -> DataKey | None:
        """The key of an order's texts, or None once they were erased."""
        return None if document.data_key is None else self.keyring.unwrap(document.data_key)


def followers(
    order: Order,
    terms: Terms,
    now: datetime,
    routing: Routing | None,
    time: Callable[[Case], Decision | None] = passing.lights,
) -> list[Step]:
    """What rules and time do by themselves after an action, each step judged on the one before.

    After an action of somebody time only lights; signing and resuming are left to the timer that is due as well.
    """
    steps: list[Step] = []
    while True:
        actor, decision = RULES, follow_up(Case(order, RULES, now, terms), routing)
        if decision is None:
            actor, decision = TIMERS, time(Case(order, TIMERS, now, terms))
        if decision is None:
            return steps
        order = apply(order, decision.action, decision.fact, now)
        steps.append(Step(actor, decision, order))
        if len(steps) > MOST_FOLLOWERS:
            raise RuntimeError(f"the rules never come to rest on order {order.id}")
