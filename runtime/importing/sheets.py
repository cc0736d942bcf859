"""Excel workbooks: one sheet, row by row. A formula is seen as one, not as the value that it last came to."""

import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook

from runtime.importing.mapping import Mapping
from runtime.importing.tables import Cell, CellFault, FileRefused, Formula, OtherFormat, Record, Table, digest_of

DAMAGE = (BadZipFile, zlib.error, KeyError, ValueError, OSError, EOFError, SyntaxError, TypeError, AttributeError)
"""What openpyxl meets in a file that is none of Excel's, or is damaged; XML's faults are a SyntaxError."""


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
        for line, row in enumerate(sheet.iter_rows(), 1):
            yield line, [_cell(cell) for cell in row]
    except DAMAGE:
        raise OtherFormat(f"{name}：第 {line + 1} 行起工作表已损坏；之前的行已经导入。") from None


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
    return "" if cell is None else str(cell).strip()


def _records(rows: Iterator[tuple[int, list[Cell]]], heading: list[str]) -> Iterator[Record]:
    """Each record; blank rows are passed over."""
    for line, cells in rows:
        if any(cell not in (None, "") for cell in cells):
            filled = [*cells, *[None] * (len(heading) - len(cells))]
            yield Record(line, dict(zip(heading, filled, strict=False)))
