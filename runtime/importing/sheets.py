"""Excel workbooks: one sheet, row by row. A formula is seen as one, not as the value that it last came to; of a merged
area every cell but the first is seen as part of it, not as blank."""

import re
import zlib
from collections import deque
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from runtime.importing.mapping import Mapping
from runtime.importing.tables import (
    CHUNK,
    Cell,
    CellFault,
    FileRefused,
    Formula,
    Merged,
    OtherFormat,
    Record,
    Table,
    digest_of,
)

DAMAGE = (BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, SyntaxError, TypeError, AttributeError)
"""What openpyxl meets in a file that is none of Excel's, or is damaged; XML's faults are a SyntaxError."""
MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\s[^<>]*?ref=["']([A-Z]+[0-9]+:[A-Z]+[0-9]+)["']""")
LONGEST_TAG = 200

Area = tuple[int, int, int, int]
"""Of merged cells: first row, first column, last row, last column, from 1."""


def open_workbook(file: Path, mapping: Mapping) -> Table:
    """Raises `FileRefused`."""
    try:
        with ZipFile(file) as packed:  # damage is found before a row is imported, not half way
            if packed.testzip() is not None:
                raise BadZipFile
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except DAMAGE:
        raise OtherFormat(f"{file.name}：内容不是 Excel 工作簿，或已损坏。") from None
    try:
        rows = _rows(file.name, book, mapping.sheet)
        heading: list[str] = []
        for _ in range(mapping.heading_line):
            heading = [_name(cell) for cell in next(rows, (0, []))[1]]
        while heading and not heading[-1]:
            heading.pop()
        if not heading:
            raise FileRefused(f"{file.name}：第 {mapping.heading_line} 行没有表头。")
        return Table(file.name, digest_of(file), heading, _records(rows, heading), book.close)
    except BaseException:
        book.close()
        raise


def _rows(name: str, book: Any, wanted: str | None) -> Iterator[tuple[int, list[Cell]]]:
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if wanted is not None:
        sheets = [sheet for sheet in book.worksheets if sheet.title == wanted]
        if not sheets:
            raise FileRefused(f"{name}：没有名为“{wanted}”的工作表。")
    if len(sheets) != 1:
        titles = "、".join(sheet.title for sheet in sheets)
        raise FileRefused(f"{name}：有 {len(sheets)} 个工作表（{titles}），请在映射中用 sheet 指明一个。")
    sheet = sheets[0]
    sheet.reset_dimensions()  # what other programs write there is often wrong
    line = 0
    try:
        areas = _Areas(sheet)
        for line, row in enumerate(sheet.iter_rows(), 1):
            yield line, areas.told(line, [_cell(cell) for cell in row])
    except DAMAGE:
        raise OtherFormat(f"{name}：第 {line + 1} 行起工作表已损坏；之前的行已经导入。") from None


class _Areas:
    """The merged areas of a sheet, told of its rows as they come."""

    def __init__(self, sheet: Any) -> None:
        self._waiting = deque(sorted(_merged(sheet)))
        self._here: list[tuple[Area, Cell]] = []
        """Those that reach down to the row, each with what its first cell holds."""

    def told(self, line: int, cells: list[Cell]) -> list[Cell]:
        """The row, in which each cell that is part of an area is one."""
        if not self._waiting and not self._here:
            return cells
        self._here = [each for each in self._here if each[0][2] >= line]
        while self._waiting and self._waiting[0][0] <= line:
            _, column, *_ = area = self._waiting.popleft()
            self._here.append((area, cells[column - 1] if column <= len(cells) else None))
        for (top, left, _, right), first in self._here:
            cells += [None] * (right - len(cells))
            begin = left if line == top else left - 1
            cells[begin:right] = [Merged(first)] * (right - begin)
        return cells


def _merged(sheet: Any) -> set[Area]:
    """openpyxl tells of them only where it holds the whole sheet in memory."""
    found: set[Area] = set()
    with sheet._get_source() as source:
        rest = b""
        while chunk := source.read(CHUNK):
            text = rest + chunk
            for match in MERGED.finditer(text):
                left, top, right, bottom = range_boundaries(match[1].decode())
                found.add((top, left, bottom, right))
            rest = text[-LONGEST_TAG:]
    return found


def _cell(cell: Any) -> Cell:
    value = cell.value
    match cell.data_type:
        case "f":
            return Formula()
        case "e":
            return CellFault()
    match value:
        case datetime() if value.time() == time() and "h" not in (cell.number_format or "").lower():
            return value.date()
        case None | str() | bool() | int() | float() | datetime() | date():
            return value
        case _:
            return str(value)


def _name(cell: Cell) -> str:
    """What a heading calls its column; a merged one calls every column so that it spans."""
    if isinstance(cell, Merged):
        return _name(cell.first)
    return "" if cell is None else str(cell).strip()


def _records(rows: Iterator[tuple[int, list[Cell]]], heading: list[str]) -> Iterator[Record]:
    """Each record; blank rows are passed over, also those within a merged area."""
    for line, cells in rows:
        if any(cell not in (None, "") and not isinstance(cell, Merged) for cell in cells):
            filled = [*cells, *[None] * (len(heading) - len(cells))]
            yield Record(line, dict(zip(heading, filled, strict=False)))
