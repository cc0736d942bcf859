"""Who plays in a life: the hotline's and the units' people on one stage, and what each of them can look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from foundation.clock import SettableClock
from foundation.working_time import Calendar
from identity.actors import Actor
from runtime.demo.city import DemoCity
from runtime.demo.stories import Plot
from runtime.demo.writing import Writer
from workorders.deadlines import Urgency
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Office
from workorders.lifecycle.states import AssignmentRole, AssignmentState
from workorders.lifecycle.values import Assignment, Order


@dataclass(frozen=True, slots=True)
class Stage:
    """What all lives share: the office, the city, its people, and today."""

    office: Office
    city: DemoCity
    calendar: Calendar
    around_the_clock: Calendar
    staff: Mapping[str, Actor]
    residents: Sequence[Actor]
    today: datetime

    def one_of(self, role: str, random: Random) -> Actor:
        """Somebody of the hotline: `operator`, `operator2` …"""
        return random.choice([actor for login, actor in self.staff.items() if login.rstrip("0123456789") == role])

    def calendar_of(self, unit: str) -> Calendar:
        return self.around_the_clock if self.city.units[unit].round_the_clock else self.calendar

    def clerk(self, unit: str) -> Actor:
        return self.staff[f"{unit}.clerk"]

    def head(self, unit: str) -> Actor:
        return self.staff[f"{unit}.head"]


class Player:
    """Acts on one order, by the plot, with a clock and an office of its own: lives that do not touch may act at the
    same time, each at its moment."""

    def __init__(self, stage: Stage, plot: Plot, seed: int) -> None:
        self.stage, self.plot = stage, plot
        self.clock = SettableClock(plot.received)
        self.office = replace(stage.office, clock=self.clock)
        self.random = Random(f"life {seed} {plot.number}")  # noqa: S311 (plausible, not secret)
        self.writer = Writer(self.random, stage.city, plot.place, plot.leaf)
        if plot.spot is not None:
            self.writer.at(plot.spot)
        self.calendar = stage.calendar
        self.id = ""

    # Time

    def after(self, shortest: int, longest: int) -> datetime:
        """Some minutes from now: of working time, or by the clock when it is urgent. An open story always stays
        short of today, so that it reaches its stop."""
        return self.after_span(timedelta(minutes=self.random.randint(shortest, longest)))

    def after_span(self, span: timedelta) -> datetime:
        now = self.clock.now()
        if self.plot.urgency is Urgency.NORMAL:
            then = self.calendar.add(now, span) + timedelta(seconds=self.random.randrange(50))
        else:
            then = now + span
        return then if then < self.stage.today else now + (self.stage.today - now) * 0.3

    async def keep_the_units_hours(self) -> None:
        """Go by the calendar of the unit that has the order."""
        self.calendar = self.stage.calendar_of(self.lead(await self.order()).unit)

    # People

    def hotline(self, role: str) -> Actor:
        return self.stage.one_of(role, self.random)

    # The order

    async def order(self) -> Order:
        """As it is now: time itself may have acted on it."""
        document: OrderDocument | None = await self.office.orders.by_id(self.id)
        if document is None:
            raise LookupError(self.id)
        return document.order

    def lead(self, order: Order) -> Assignment:
        lead = order.lead
        if lead is None:
            raise LookupError(f"{order.number} has no lead unit")
        return lead

    def others(self, order: Order, *states: AssignmentState) -> list[str]:
        """Co and delegated units whose part is in one of these states."""
        return [a.unit for a in order.assignments if a.role is not AssignmentRole.LEAD and a.state in states]

    def suggested(self, order: Order) -> str:
        """The street where it happened, else its district: whichever has not had the order yet."""
        had = {assignment.unit for assignment in order.assignments}
        units = self.stage.city.units
        for place in reversed(order.place[1:3]):
            forbidden = order.complained_of is not None and order.complained_of in units[place].path
            if place not in had and not forbidden:
                return place
        return "urban" if order.complained_of != "urban" else "approval"
