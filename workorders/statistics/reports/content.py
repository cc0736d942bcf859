"""What a report is made of: one tree of sections, from which every file is drawn. Pure, and stored as it is.

A cell knows both how it reads and what number it is, worked out from whole numbers, so that no file rounds otherwise
than another.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from workorders.deadlines.values import Value
from workorders.statistics.definitions import Measured

NOTHING = "—"


class CellKind(StrEnum):
    TEXT = "text"
    COUNT = "count"
    RATE = "rate"
    """A share of a whole: 0.964 reads 96.4%."""
    GROWTH = "growth"
    """By what share something grew: 0.944 reads +94.4%."""
    POINTS = "points"
    """By how many percentage points a rate changed: 1.2 reads +1.2."""


class Cell(Value):
    """`number` is what reads as `text`, rounded to as many places; None for a text, and where there is nothing."""

    kind: CellKind
    text: str
    number: float | None = None


class Table(Value):
    """`name` is none of another table's; `widths` says how the columns share the page's width."""

    name: str
    columns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


class ChartKind(StrEnum):
    BARS = "bars"
    LINES = "lines"


class Chart(Value):
    """A drawing of columns of one of its section's tables: `values` against the column `labels`."""

    name: str
    kind: ChartKind
    table: str
    labels: int
    values: tuple[int, ...]
    most: int = 20
    """How many of the first rows are drawn."""


class Section(Value):
    heading: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()

    def table(self, name: str) -> Table:
        return next(each for each in self.tables if each.name == name)


class Content(Value):
    """A whole report: its head, its sections, and what is to be known about its figures."""

    title: str
    subtitle: str
    issuer: str
    dated: str
    sections: tuple[Section, ...]
    notes: tuple[str, ...]

    @property
    def tables(self) -> Iterator[Table]:
        for section in self.sections:
            yield from section.tables


def text(content: str) -> Cell:
    return Cell(kind=CellKind.TEXT, text=content)


def count(number: int | None) -> Cell:
    """A dash where there is none."""
    return Cell(kind=CellKind.COUNT, text=NOTHING if number is None else f"{number:,}", number=number)


def rate(part: int, whole: int) -> Cell:
    """A dash where there is no whole."""
    return _percent(CellKind.RATE, part, whole)


def growth(now: int, before: int) -> Cell:
    """A dash where there was nothing before."""
    return _percent(CellKind.GROWTH, now - before, before)


def points(now: Measured, before: Measured) -> Cell:
    """The change of a rate; a dash where one of them is none."""
    if not now.denominator or not before.denominator:
        return Cell(kind=CellKind.POINTS, text=NOTHING)
    above = now.numerator * before.denominator - before.numerator * now.denominator
    tenths = rounded(1000 * above, now.denominator * before.denominator)
    return Cell(kind=CellKind.POINTS, text=_signed(tenths), number=tenths / 10)


def change(now: Measured, before: Measured) -> Cell:
    """Of a rate by percentage points, of a count by the share that it grew."""
    return growth(now.denominator, before.denominator) if now.is_count else points(now, before)


def rounded(above: int, below: int) -> int:
    """The quotient as a whole number; halves away from zero. Exact."""
    quotient, rest = divmod(abs(above), abs(below))
    number = quotient + (2 * rest >= abs(below))
    return number if (above >= 0) == (below > 0) else -number


def _percent(kind: CellKind, part: int, whole: int) -> Cell:
    if not whole:
        return Cell(kind=kind, text=NOTHING)
    thousandths = rounded(1000 * part, whole)
    text = f"{_signed(thousandths) if kind is CellKind.GROWTH else _tenths(thousandths)}%"
    return Cell(kind=kind, text=text, number=thousandths / 1000)


def _tenths(number: int) -> str:
    return str((Decimal(number) / 10).quantize(Decimal("0.1"), ROUND_HALF_UP))


def _signed(tenths: int) -> str:
    return f"+{_tenths(tenths)}" if tenths > 0 else _tenths(tenths)
