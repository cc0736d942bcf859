"""Merging 合并: a duplicate, the child, waits for the answer of another order, its main order 主单.

The child points to the main order and the main order back to it; both pointers change in one transaction, each on the
condition that its order is as it was judged. Chains are flat: a main order is never merged itself, for what it had
adopted comes along. So no order is left behind, whatever runs beside: an acceptance that came first refuses the child,
one that comes second finds it.
"""

from identity.actors import Actor, system_actor
from workorders.deadlines import clocks
from workorders.deadlines.values import Urgency
from workorders.lifecycle.errors_beside import (
    AlreadyMerged,
    InRedo,
    IntoItself,
    IntoMerged,
    MainAtComplainedOf,
    MainLessUrgent,
    MergedEnough,
    NotMerged,
    UpstreamIsMain,
)
from workorders.lifecycle.facts import Adopted, Followed, Merged, Released, Unmerged
from workorders.lifecycle.policy.case import Case, Decision, Elsewhere, Overtaken
from workorders.lifecycle.states import Action
from workorders.lifecycle.values import Order

MOST_CHILDREN = 100

MERGER = system_actor("merging")
"""Acts on the other order where the one who acted may not: a citizen who withdraws knows of no main order."""

SETTLES_CHILDREN = frozenset({Action.HOTLINE_ACCEPT, Action.ANSWER_NOW, Action.REJECT, Action.WITHDRAW})
"""After which a main order's children follow its accepted reply, or go their own way again where there is none."""

_URGENCIES = (Urgency.NORMAL, Urgency.URGENT, Urgency.EMERGENCY)


def merge(case: Case, main: str, number: str, note: str | None = None) -> Decision:
    """合并: the order becomes a child of the order `main`, which bears that number; its own children come along.

    Not one in a redo: its citizen has an answer that is to be put right. What is more urgent than the main order, or
    handed down from above, is the main one itself, so that no deadline is muted for the sake of a later one. An order
    is never answered by the unit complained of, nor by one below it. Raises `IntoItself`, `AlreadyMerged`, `InRedo`,
    `UpstreamIsMain`, `MainLessUrgent`, `MainAtComplainedOf`; and what `adopt` raises.
    """
    order = case.order
    case.open_for(Action.MERGE)
    if main == order.id:
        raise IntoItself
    if order.muted:
        raise AlreadyMerged
    if order.round > 0:
        raise InRedo
    if order.upstream is not None:
        raise UpstreamIsMain
    adopted = Adopted(child=order.id, number=order.number, brought=order.children)
    merged = Merged(parent=main, number=number)
    return Decision(
        Action.MERGE,
        merged,
        {"note": note} if note else {},
        elsewhere=(
            Elsewhere(main, case.actor, lambda at_main: _adopt(at_main, case, adopted)),
            *(Elsewhere(id, case.actor, lambda at_child: _move(at_child, order.id, merged)) for id in order.children),
        ),
    )


def _adopt(case: Case, at_child: Case, adopted: Adopted) -> Decision:
    """On the main order. Raises `WrongState`, `IntoMerged`, `MergedEnough`, `MainLessUrgent`, `MainAtComplainedOf`."""
    main, child = case.order, at_child.order
    case.open_for(Action.ADOPT)
    if main.merged_into is not None:
        raise IntoMerged(main.merged_into)
    if len(main.children) + 1 + len(adopted.brought) > MOST_CHILDREN:
        raise MergedEnough(MOST_CHILDREN)
    if _URGENCIES.index(main.urgency) < _URGENCIES.index(child.urgency):
        raise MainLessUrgent
    if child.complained_of is not None:
        unit = at_child.terms.units.get(child.complained_of)
        if main.complained_of not in (unit.ancestors if unit else (child.complained_of,)):
            raise MainAtComplainedOf
    return Decision(Action.ADOPT, adopted)


def _move(case: Case, before: str, merged: Merged) -> Decision:
    """A child of a child points to the new main order at once."""
    case.open_for(Action.MERGE)
    if not waits_for(case.order, before):
        raise Overtaken
    return Decision(Action.MERGE, merged)


def unmerge(case: Case, reason: str | None = None) -> Decision:
    """取消合并: the order stands where it stood, and its clocks are what they would be. Raises `NotMerged`."""
    case.open_for(Action.UNMERGE)
    main = case.order.merged_into
    if main is None or not case.order.muted:
        raise NotMerged
    texts = {"reason": reason} if reason else {}
    return Decision(Action.UNMERGE, Unmerged(parent=main), texts, elsewhere=left(case.order, case.actor))


def left(order: Order, actor: Actor) -> tuple[Elsewhere, ...]:
    """What a child that leaves its main order does to that one."""
    if order.merged_into is None or not order.muted:
        return ()
    released = Released(child=order.id, number=order.number)
    return (Elsewhere(order.merged_into, actor, lambda case: _release(case, released)),)


def _release(case: Case, released: Released) -> Decision:
    case.open_for(Action.RELEASE)
    if released.child not in case.order.children:
        raise Overtaken
    return Decision(Action.RELEASE, released)


def waits_for(order: Order, main: str) -> bool:
    """Whether the order is a child of that one, still without its answer."""
    return order.muted and order.merged_into == main


def follow(case: Case, main: str, *, unit: str, answer: str | None) -> Decision:
    """随主单答复: to the callback with the answer that was accepted on the main order; once. Raises `NotMerged`."""
    case.open_for(Action.FOLLOW_PARENT)
    if not waits_for(case.order, main):
        raise NotMerged
    callback = clocks.callback_due(case.terms.rules, case.terms.calendar, start=case.now)
    fact = Followed(parent=main, unit=unit, callback=callback)
    return Decision(Action.FOLLOW_PARENT, fact, {"answer": answer} if answer else {})
