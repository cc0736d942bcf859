"""What was counted for a report, named; everything that its content is written from. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from workorders.statistics.definitions import Figure, Measured
from workorders.statistics.handling import HandlingTimes
from workorders.statistics.reading import Row
from workorders.statistics.reports.periods import ReportPeriod


@dataclass(frozen=True, slots=True)
class Beside:
    """The figures of one thing: of the period, of the one before and of the year before."""

    value: str
    name: str
    now: Row
    previous: Row
    year_before: Row

    def figure(self, figure: Figure) -> Measured:
        return self.now.figure(figure)

    @property
    def received(self) -> int:
        return self.figure(Figure.RECEIVED).denominator

    @property
    def received_before(self) -> tuple[int, int]:
        """Of the period before, and of the year before."""
        one, other = (row.figure(Figure.RECEIVED).denominator for row in (self.previous, self.year_before))
        return one, other

    @property
    def handling(self) -> HandlingTimes:
        return self.now.handling


@dataclass(frozen=True, slots=True)
class Point:
    """What was received on a day or in a month, and a year before."""

    label: str
    received: int
    year_before: int


@dataclass(frozen=True, slots=True)
class Late:
    """An assignment whose final deadline was in the period, and missed."""

    number: str
    category: str
    place: str
    unit: str
    due: date
    open: bool


@dataclass(frozen=True, slots=True)
class Watched:
    """A supervision that was opened in the period."""

    number: str
    category: str
    unit: str
    opened: date
    level: str
    cause: str
    standing: str


@dataclass(frozen=True, slots=True)
class Corrected:
    """What one correction of an earlier month changes, by figure: above and below the line."""

    month: str
    on: date
    number: str | None
    changes: Mapping[Figure, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Corrections:
    """Those since the issue before: how many, the first of them, and each month's figures that are not as issued."""

    since: datetime
    number: int
    listed: Sequence[Corrected]
    months: Sequence[tuple[str, Row, Row]]
    """A month, what was issued, what is counted now."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Lists hold their first; how many there are in all, the figures say. A period that is not over is told up to
    today, and compared with as many days."""

    period: ReportPeriod
    running: bool
    scope: str
    whole_city: bool
    issued: bool
    as_of: datetime
    """In the city's time."""
    rules: Sequence[str]
    all: Beside
    trend: Sequence[Point]
    units: Sequence[Beside]
    sources: Sequence[Beside]
    kinds: Sequence[Beside]
    channels: Sequence[Beside]
    categories: Sequence[Beside]
    places: Sequence[Beside]
    late: Sequence[Late]
    late_number: int
    watched: Sequence[Watched]
    watched_number: int
    corrections: Corrections | None
