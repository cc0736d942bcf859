"""What every rule is given, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from foundation.errors import NotAllowed
from identity.actors import Actor, Role, system_actor
from workorders.lifecycle.access import WHILE_MERGED, require
from workorders.lifecycle.errors import UnitAbolished, UnitComplainedOf, UnknownUnit, WrongState
from workorders.lifecycle.errors_beside import Muted
from workorders.lifecycle.facts import Fact
from workorders.lifecycle.states import TRANSITIONS, Action, AssignmentRole, AssignmentState
from workorders.lifecycle.terms import Terms, Unit
from workorders.lifecycle.values import Assignment, Order

RULES = system_actor("rules")
"""Who takes what follows by rule."""


class Overtaken(Exception):
    """Orders that were read one after the other do not fit together: one has moved on since. They are read again."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What has to happen to another order with the action, in the same transaction; judged on that order as it is."""

    order: str
    actor: Actor
    decide: "Callable[[Case], Decision]"


@dataclass(frozen=True, slots=True)
class Decision:
    """An action that is allowed: what its event says, the texts that are sealed beside it, and what it brings along."""

    action: Action
    fact: Fact
    texts: Mapping[str, str] = field(default_factory=dict)
    elsewhere: tuple[Elsewhere, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """An order, who wants to act on it, when, and what it is judged by."""

    order: Order
    actor: Actor
    now: datetime
    terms: Terms

    def open_for(self, action: Action) -> None:
        """That the actor may do this, and the table of states holds it now.

        Raises `NotFound`, `NotAllowed`, `WrongState`, `Muted`.
        """
        require(self.actor, action, self.order)
        if (self.order.status, action) not in TRANSITIONS:
            raise WrongState(self.order.status, action)
        if self.order.muted and action not in WHILE_MERGED:
            raise Muted

    def lead(self, action: Action) -> Assignment:
        """The open lead assignment, which is the actor's own unit's. Raises `NotAllowed`, `WrongState`."""
        lead = self.order.lead
        if lead is None:
            raise WrongState(self.order.status, action)
        if lead.unit != self.actor.unit_id and not self.actor.has(Role.SYSTEM):
            raise NotAllowed("工单的主办单位不是您所在的单位。")
        return lead

    def own(self, *roles: AssignmentRole, first: AssignmentState | None = None) -> Assignment:
        """The actor's own unit's open assignment in one of these roles, one in the state `first` before others.

        A unit can hold two when it succeeded another one on the same order. Raises `NotAllowed`.
        """
        held = [a for a in self.order.assignments if a.open and a.unit == self.actor.unit_id and a.role in roles]
        if not held:
            raise NotAllowed("工单没有派给您所在的单位。")
        return next((a for a in held if a.state is first), held[0])

    def unit(self, id: str) -> Unit:
        """A unit that this order may go to. Raises `UnknownUnit`, `UnitAbolished`, `UnitComplainedOf`."""
        unit = self.terms.units.get(id)
        if unit is None:
            raise UnknownUnit
        if unit.abolished:
            raise UnitAbolished
        if self.order.complained_of is not None and self.order.complained_of in unit.ancestors:
            raise UnitComplainedOf
        return unit
