"""Charts drawn as SVG: bars and lines of the very cells that a table shows. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from workorders.statistics.reports.content import Cell, CellKind, Chart, ChartKind, Section

WIDTH = 640
FONT = "Noto Sans SC"
COLOURS = ("#1f4e79", "#c55a11")
GRID, INK = "#d0d0d0", "#333333"
LINES_HEIGHT = 260
BAR, GAP = 16, 8
LABELS_WIDTH, TOP, BOTTOM, SIDE = 190, 34, 30, 50
LONGEST_LABEL = 14
MOST_TICKS = 11


@dataclass(frozen=True, slots=True)
class Series:
    """One drawn column: what there is no number for is a gap."""

    name: str
    cells: tuple[Cell, ...]

    @property
    def numbers(self) -> tuple[float | None, ...]:
        return tuple(cell.number for cell in self.cells)


def series_of(chart: Chart, section: Section) -> tuple[tuple[str, ...], tuple[Series, ...]]:
    """The labels and the columns that a chart draws."""
    table = section.table(chart.table)
    rows = table.rows[: chart.most]
    labels = tuple(row[chart.labels].text for row in rows)
    return labels, tuple(Series(table.columns[n], tuple(row[n] for row in rows)) for n in chart.values)


def svg(chart: Chart, section: Section) -> str:
    """The drawing, 640 units wide."""
    labels, series = series_of(chart, section)
    match chart.kind:
        case ChartKind.BARS:
            height, parts = _bars(labels, series[0])
        case ChartKind.LINES:
            height, parts = _lines(labels, series)
    title = _text(chart.name, WIDTH / 2, 18, size=13, anchor="middle")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
    return "".join([head, f'<rect width="{WIDTH}" height="{height}" fill="white"/>', title, *parts, "</svg>"])


def _bars(labels: Sequence[str], series: Series) -> tuple[int, list[str]]:
    """Lying bars, one below the other, each with its value."""
    height = TOP + len(labels) * (BAR + GAP) + 10
    numbers = [number or 0 for number in series.numbers]
    most = 1.0 if series.cells and series.cells[0].kind is CellKind.RATE else max([*numbers, 1])
    room = WIDTH - LABELS_WIDTH - SIDE - 10
    parts = []
    for n, (label, number, cell) in enumerate(zip(labels, numbers, series.cells, strict=True)):
        y = TOP + n * (BAR + GAP)
        width = room * max(number, 0) / most
        parts.append(_text(_short(label), LABELS_WIDTH - 8, y + BAR - 4, size=11, anchor="end"))
        parts.append(f'<rect x="{LABELS_WIDTH}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{COLOURS[0]}"/>')
        parts.append(_text(cell.text, LABELS_WIDTH + width + 5, y + BAR - 4, size=11))
    return height, parts


def _lines(labels: Sequence[str], series: Sequence[Series]) -> tuple[int, list[str]]:
    """Lines over a common ground, from nothing to a round number above the most."""
    numbers = [number for each in series for number in each.numbers if number is not None]
    step = _round_step(max([*numbers, 1]))
    top = step * ceil(max([*numbers, 1]) / step)
    left, right, bottom = SIDE, WIDTH - 14, LINES_HEIGHT - BOTTOM
    across = (right - left) / max(len(labels) - 1, 1)

    def point(n: int, number: float) -> tuple[float, float]:
        return left + n * across, bottom - (bottom - TOP - 12) * number / top

    parts = list(_ground(top, step, left, right, point))
    every = -(-len(labels) // MOST_TICKS)
    for n, label in enumerate(labels):
        if n % every == 0:
            parts.append(_text(label, point(n, 0)[0], bottom + 16, size=9, anchor="middle"))
    for n, (each, colour) in enumerate(zip(series, COLOURS, strict=False)):
        known = [point(at, number) for at, number in enumerate(each.numbers) if number is not None]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in known)
        dash = "" if n == 0 else ' stroke-dasharray="5 3"'
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{colour}"/>' for x, y in known]
        x = right - 90 * (len(series) - n)
        parts.append(f'<rect x="{x}" y="26" width="12" height="3" fill="{colour}"/>')
        parts.append(_text(each.name, x + 16, 31, size=10))
    return LINES_HEIGHT, parts


def _ground(
    top: float, step: float, left: float, right: float, point: Callable[[int, float], tuple[float, float]]
) -> Iterator[str]:
    for n in range(round(top / step) + 1):
        _, y = point(0, n * step)
        yield f'<line x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="{GRID}" stroke-width="0.6"/>'
        yield _text(f"{n * step:,.0f}", left - 6, y + 3, size=9, anchor="end")


def _round_step(most: float) -> float:
    """1, 2 or 5 times a power of ten, at least 1: four to eight of them reach the most."""
    power = 10.0 ** floor(log10(max(most / 4, 1)))
    return next((factor * power for factor in (5, 2) if most / (factor * power) >= 3), power)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _text(content: str, x: float, y: float, *, size: int, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{FONT}" font-size="{size}" fill="{INK}" '
        f'text-anchor="{anchor}">{escape(content)}</text>'
    )
