"""What a file of records looks like, whatever its format."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from foundation.errors import InvalidInput

CHUNK: Final = 1 << 20


class Formula:
    """A cell whose value is computed: what it came to is not in the file for sure."""


class CellFault:
    """A cell in which the spreadsheet itself shows an error."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A cell that is part of a merged area: what it holds is said by the area's first cell alone."""

    first: "Cell"


Cell = str | int | float | bool | date | datetime | Formula | CellFault | Merged | None


class FileRefused(InvalidInput):
    """The file is none that can be imported."""

    code = "IMPORT_FILE_REFUSED"
    text = "文件无法导入。"


class EmptyFile(FileRefused):
    code = "IMPORT_FILE_EMPTY"


class OtherFormat(FileRefused):
    code = "IMPORT_FILE_FORMAT"


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the line of the file that it begins on, and its cells by column.

    `fault` says why it has no cells.
    """

    line: int
    cells: Mapping[str, Cell]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file that is read once, from its first record to its last. `digest` is that of its whole content."""

    name: str
    digest: str
    heading: list[str]
    records: Iterator[Record]
    close: Callable[[], None]


def digest_of(file: Path) -> str:
    """The hash of a file's content."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
