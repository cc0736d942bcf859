"""What is counted when a replay is over, from the stored orders alone.

A reply is on time by rule when the unit's approved reply 办结 lies within its final deadline. Handling time runs from
intake to that moment, nights and holidays included. Median and p90 are nearest ranks: real handling times of real
orders. Months are those of intake, by the city's local date.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from math import ceil
from typing import Any, Final

from foundation.working_time import Calendar
from runtime.composition import App
from runtime.replay.playing import RefusedRow
from runtime.replay.reading import MessageFile, Refusal
from runtime.replay.stage import ReplayedRow
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.values import Order

READ_AT_ONCE: Final = 500
SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one month, or of all. `on_time_rate` is of those received; None where there is none."""

    received: int
    replied: int
    replied_on_time: int
    on_time_rate: float | None
    median_handling_seconds: int | None
    p90_handling_seconds: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay comes to."""

    file: str
    rules: str
    calendar: str
    total: Figures
    months: dict[str, Figures]
    refused: list[Refusal]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class _Count:
    received: int = 0
    on_time: int = 0
    handling: list[int] = field(default_factory=list)

    def add(self, order: Order) -> None:
        self.received += 1
        last = order.assignments[-1] if order.assignments else None
        if last is not None and last.replied_at is not None and order.closed_at is not None:
            self.on_time += last.replied_at <= last.reply.due
            self.handling.append((last.replied_at - order.received_at) // SECOND)

    def figures(self) -> Figures:
        ranked = sorted(self.handling)
        return Figures(
            received=self.received,
            replied=len(ranked),
            replied_on_time=self.on_time,
            on_time_rate=round(self.on_time / self.received, 4) if self.received else None,
            median_handling_seconds=nearest_rank(ranked, 50),
            p90_handling_seconds=nearest_rank(ranked, 90),
        )


def nearest_rank(ranked: Sequence[int], percent: int) -> int | None:
    """The smallest value that at least so many percent do not exceed; None of none."""
    return ranked[ceil(len(ranked) * percent / 100) - 1] if ranked else None


async def report(app: App, file: MessageFile) -> Report:
    """Count the orders that this file's rows became."""
    terms = await app.library.current()
    total, months = _Count(), dict[str, _Count]()
    for start in range(0, len(file.rows), READ_AT_ONCE):
        for order in await _orders(app, [row.id for row in file.rows[start : start + READ_AT_ONCE]]):
            month = _month(terms.calendar, order)
            total.add(order)
            months.setdefault(month, _Count()).add(order)
    refused = [*file.refusals, *await _refused(app)]
    return Report(
        file=file.digest,
        rules=terms.rules.id,
        calendar=terms.calendar.id,
        total=total.figures(),
        months={month: months[month].figures() for month in sorted(months)},
        refused=sorted(refused, key=lambda refusal: refusal.line),
    )


async def _orders(app: App, rows: Sequence[str]) -> Iterable[Order]:
    replayed = await app.database.get_many(ReplayedRow, rows)
    documents = await app.database.get_many(OrderDocument, [row.order for row in replayed.values()])
    return [document.order for document in documents.values()]


async def _refused(app: App) -> list[Refusal]:
    found = await app.database.collection(RefusedRow).find({}).to_list()
    return [Refusal(raw["line"], raw["reason"]) for raw in found]


def _month(calendar: Calendar, order: Order) -> str:
    return f"{calendar.local_date(order.received_at):%Y-%m}"
