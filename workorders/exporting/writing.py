"""CSV and Excel files of rows; nothing in a cell is a formula, whatever a citizen wrote."""

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final

import xlsxwriter

from workorders.exporting.columns import COLUMNS, Cell

BOM: Final = "\ufeff"
RUNS: Final = tuple("=+-@\t\r\n＝＋－＠")
"""What a spreadsheet may take for the beginning of a formula, in either width."""
MOMENT: Final = "yyyy-mm-dd hh:mm:ss"
SHEET: Final = "工单"
FOLDER: Final = "zhengtong-export-"


def csv_head() -> bytes:
    """How the file begins: UTF-8 with a byte order mark, without which Excel takes it for another encoding."""
    return BOM.encode() + csv_rows([[column.title for column in COLUMNS]])


def csv_rows(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Rows as RFC 4180 has them; a text that may run as a formula begins with an apostrophe."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[_told(cell) for cell in row] for row in rows])
    return text.getvalue().encode()


def _told(cell: Cell) -> str | int:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case str() if cell.startswith(RUNS):
            return f"'{cell}"
        case _:
            return cell


class Sheet:
    """An Excel file that is written row by row, of which one row at most is in memory.

    It and its parts lie in a folder of its own, for the owner alone, which `close` removes.
    """

    def __init__(self) -> None:
        self._writing = Lock()
        """Whoever is gone may leave a page behind that is still being written."""
        self._folder = tempfile.TemporaryDirectory(prefix=f"{FOLDER}{os.getpid()}-")
        self.path = Path(self._folder.name) / "orders.xlsx"
        options = {"constant_memory": True, "tmpdir": self._folder.name}
        self._book = xlsxwriter.Workbook(self.path, options)
        self._sheet = self._book.add_worksheet(SHEET)
        self._moment = self._book.add_format({"num_format": MOMENT})
        for number, column in enumerate(COLUMNS):
            self._sheet.set_column(number, number, column.width)
            self._sheet.write_string(0, number, column.title)
        self._sheet.freeze_panes(1, 1)
        self._rows = 1

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write rows below those before. A text is written as a text, never as a formula or a link."""
        with self._writing:
            for row in rows:
                for number, cell in enumerate(row):
                    self._write(number, cell)
                self._rows += 1

    def _write(self, number: int, cell: Cell) -> None:
        match cell:
            case None:
                return
            case datetime():
                self._sheet.write_datetime(self._rows, number, cell, self._moment)
            case str():
                self._sheet.write_string(self._rows, number, cell)
            case _:
                self._sheet.write_number(self._rows, number, cell)

    def finish(self) -> int:
        """Put the file together; its size in bytes."""
        with self._writing:
            self._sheet.autofilter(0, 0, self._rows - 1, len(COLUMNS) - 1)
            self._book.close()
            return self.path.stat().st_size

    def close(self) -> None:
        """Remove it, finished or not."""
        with self._writing:
            self._sheet.row_data_fh.close()
            self._folder.cleanup()


def remove_abandoned() -> None:
    """Remove the files of processes that were killed on the way; those of living ones stay."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*-*"):
        owner = folder.name.removeprefix(FOLDER).partition("-")[0]
        if owner.isdecimal() and not _lives(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
