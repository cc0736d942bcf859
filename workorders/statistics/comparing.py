"""A table beside those of the period before 环比 and of the year before 同比."""

from dataclasses import dataclass, replace
from datetime import datetime

from identity.actors import Actor
from workorders.statistics.definitions import Figure, Measured
from workorders.statistics.reading import Figures, Period, Question, Table
from workorders.statistics.windows import Per, growth, previous, year_before


@dataclass(frozen=True, slots=True)
class Change:
    """A figure in another period, and how this one differs: a rate by percentage points, as a fraction; a count by the
    share that it grew."""

    before: Measured
    change: float | None

    @classmethod
    def between(cls, now: Measured, before: Measured) -> "Change":
        if now.rate is None or before.rate is None:
            counts = now.denominator, before.denominator
            return cls(before, growth(*counts) if now.is_count else None)
        return cls(before, now.rate - before.rate)


@dataclass(frozen=True, slots=True)
class Compared:
    """The answer, with the same question of both other windows."""

    table: Table
    previous: Period
    year_before: Period

    def on(self, other: Period, value: str | None, figure: Figure) -> Change:
        """A figure of a value, or of all, against another period."""
        here = self.table.periods[0]
        now, before = (here.total, other.total) if value is None else (here.row(value), other.row(value))
        return Change.between(now.figure(figure), before.figure(figure))


async def compared(figures: Figures, actor: Actor, question: Question, now: datetime) -> Compared:
    """The whole window's figures, and what they are compared with, as counted now. Raises like `Figures.table`."""
    whole = replace(question, per=Per.WHOLE)
    table = await figures.table(actor, whole, now)
    window = question.window
    others = [
        (await figures.table(actor, replace(whole, window=other, issued=False), now)).periods[0]
        for other in (previous(window), year_before(window))
    ]
    return Compared(table, others[0], others[1])
