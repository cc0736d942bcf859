"""Exports of 100,000 orders as CSV and Excel over HTTP: whether every row is there, the memory of the API process that
writes them, and what a row costs against an export of some thousand.
"""

import asyncio
import csv
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import httpx
import openpyxl

from bench.city import Place, found, opened, tokens
from bench.loading import Spread, load
from bench.rows import Row, at_most, told
from bench.serving import PORT, Serving, serving
from workorders.exporting.selecting import Format
from workorders.lifecycle.states import Status

STORED = 100_000
FEW = 0.01
"""The part of the closed orders that is exported beside."""
LAST_MONTH: Spread = {
    Status.CLOSED: (0.95, timedelta(days=-29), timedelta(days=-3)),
    Status.IN_PROGRESS: (0.05, timedelta(days=-3), timedelta()),
}
MEGABYTES = 150.0
ROW_TIMES = 1.25
DATABASE = "bench_exports"


class Exported(NamedTuple):
    """What came of one export; `grown` is by how much the API process grew at most, and `orders` are told apart."""

    seconds: float
    first_byte: float
    grown: float
    rows: int
    orders: int


async def measure(place: Place, *, stored: int = STORED) -> list[Row]:
    """Rows of both formats."""
    async with opened(place, DATABASE) as app:
        await found(app)
        await load(app, stored, LAST_MONTH)
        now = app.clock.now()
        start = now - timedelta(days=16)
        few = {"receivedStart": start.isoformat(), "receivedEnd": (start + FEW * timedelta(days=27)).isoformat()}
        rows: list[Row] = []
        async with serving(place, DATABASE) as served:
            token = (await tokens(app))["dispatcher"]
            for format in Format:
                part = await _export(place, served, token, format, few)
                whole = await _export(place, served, token, format, {})
                rows += _rows(format, part, whole, stored)
        return rows


def _rows(format: Format, part: Exported, whole: Exported, stored: int) -> list[Row]:
    name = f"an export of {stored:,} orders as {format.upper()}"
    missing = abs(stored - whole.rows) + whole.rows - whole.orders
    return [
        at_most(f"{name}: rows missing or twice", missing, "", 0),
        at_most(f"{name}: the API process grows by at most", whole.grown, "MB", MEGABYTES),
        at_most(
            f"{name}: a row's time against {part.rows:,} orders",
            (whole.seconds / whole.rows) / (part.seconds / part.rows),
            "×",
            ROW_TIMES,
        ),
        told(f"{name}: rows", whole.rows / whole.seconds, "per s"),
        told(f"{name}: until the first byte", whole.first_byte * 1e3, "ms"),
    ]


async def _export(place: Place, served: Serving, token: str, format: Format, where: Mapping[str, str]) -> Exported:
    path, before, most = place.folder / f"export.{format}", served.megabytes_of_each(), 0.0
    done = asyncio.Event()

    async def watch() -> None:
        nonlocal most
        while not done.is_set():
            now = served.megabytes_of_each()
            most = max(most, *(now[pid] - before[pid] for pid in before))
            await asyncio.sleep(0.2)

    watching = asyncio.create_task(watch())
    begin, first = perf_counter(), None
    url, headers = f"http://127.0.0.1:{PORT}/exports/orders.{format}", {"authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(timeout=None, trust_env=False) as client,
        client.stream("GET", url, params=dict(where), headers=headers) as answer,
    ):
        answer.raise_for_status()
        with path.open("wb") as file:
            async for piece in answer.aiter_bytes():
                first = first or perf_counter() - begin
                file.write(piece)
    seconds = perf_counter() - begin
    done.set()
    await watching
    numbers = await asyncio.to_thread(_numbers, path, format)
    return Exported(seconds, first or 0.0, most, len(numbers), len(set(numbers)))


def _numbers(path: Path, format: Format) -> list[str]:
    """The order numbers in a file."""
    if format is Format.CSV:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [row["工单编号"] for row in csv.DictReader(file)]
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        return [str(number) for (number,) in book.worksheets[0].iter_rows(min_row=2, max_col=1, values_only=True)]
    finally:
        book.close()
