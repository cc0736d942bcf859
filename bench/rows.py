"""What a measurement comes to: a value with its bound, said on the way and kept in `results.json`."""

import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict

RESULTS = Path(__file__).parent / "results.json"


class Row(TypedDict):
    """`bound` is what the value must reach, upwards or downwards as its sign says; None where it only informs."""

    name: str
    value: float
    unit: str
    bound: str | None
    met: bool


def at_most(name: str, value: float, unit: str, bound: float) -> Row:
    return {"name": name, "value": round(value, 3), "unit": unit, "bound": f"<= {bound:g}", "met": value <= bound}


def at_least(name: str, value: float, unit: str, bound: float) -> Row:
    return {"name": name, "value": round(value, 3), "unit": unit, "bound": f">= {bound:g}", "met": value >= bound}


def told(name: str, value: float, unit: str) -> Row:
    """A figure without a bound, to read the others by."""
    return {"name": name, "value": round(value, 3), "unit": unit, "bound": None, "met": True}


def show(row: Row) -> None:
    verdict = "" if row["bound"] is None else f"   {row['bound']:>9}   {'met' if row['met'] else 'MISSED'}"
    print(f"{row['name']:<66}{row['value']:>10g} {row['unit']:<9}{verdict}", flush=True)


def keep(rows: Iterable[Row]) -> None:
    """Write the rows into `results.json`; those that were not measured now stay as they were."""
    known: dict[str, Row] = {}
    if RESULTS.exists():
        known = {row["name"]: row for row in json.loads(RESULTS.read_text(encoding="utf-8"))}
    known.update({row["name"]: row for row in rows})
    RESULTS.write_text(json.dumps(list(known.values()), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], percent: int) -> float:
    """Nearest rank."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]
