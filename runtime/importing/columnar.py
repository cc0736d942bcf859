"""Parquet, a thousand rows at a time: only the columns that are wanted become Python values."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from runtime.importing.mapping import Mapping
from runtime.importing.tables import Cell, FileRefused, OtherFormat, Record, Table, digest_of

TOGETHER: Final = 1_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
ZONED: Final = "TIMESTAMP WITH TIME ZONE"
"""Read as a number: duckdb would want another library for its zone."""
LIMITS: Final[dict[str, str | bool | int | float | list[str]]] = {
    "threads": 1,
    "memory_limit": "256MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def open_parquet(file: Path, mapping: Mapping) -> Table:
    """Raises `FileRefused`."""
    if mapping.sheet is not None:
        raise FileRefused(f"{file.name}：parquet 文件没有工作表，请去掉映射中的 sheet。")
    with ExitStack() as opened:
        folder = Path(opened.enter_context(TemporaryDirectory()))
        named = folder / "file.parquet"  # in a name of the user's, * and [ would be patterns
        named.symlink_to(file.resolve())
        database = opened.enter_context(duckdb.connect(config=LIMITS))
        try:  # damage is found before a row is imported, not half way: hashing reads every wanted page
            columns = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(named)]).fetchall()
            types = {str(name): str(kind) for name, kind, *_ in columns}
            wanted = list(dict.fromkeys(column for _, column in mapping.columns.named() if column in types))
            if wanted:
                hashed = f"bit_xor(hash({', '.join(map(_quoted, wanted))}))"
                database.execute(f"SELECT {hashed} FROM read_parquet(?)", [str(named)]).fetchall()  # noqa: S608
        except duckdb.Error:
            raise OtherFormat(f"{file.name}：内容不是 parquet，或已损坏。") from None
        records = _records(database, named, {column: types[column] for column in wanted}, file.name)
        return Table(file.name, digest_of(file), list(types), records, opened.pop_all().close)


def _records(database: duckdb.DuckDBPyConnection, named: Path, types: dict[str, str], name: str) -> Iterator[Record]:
    """Each record, its line being that of the row, from 1."""
    terms = ", ".join(_term(column, kind) for column, kind in types.items())
    zoned = [kind == ZONED for kind in types.values()]
    line = 0
    try:
        rows = database.execute(f"SELECT {terms} FROM read_parquet(?)", [str(named)])  # noqa: S608 (names are quoted)
        while batch := rows.fetchmany(TOGETHER):
            for row in batch:
                line += 1
                yield Record(line, {c: _cell(v, z) for c, v, z in zip(types, row, zoned, strict=True)})
    except duckdb.Error:
        raise OtherFormat(f"{name}：第 {line + 1} 行起文件已损坏；之前的行已经导入。") from None


def _term(column: str, kind: str) -> str:
    return f"epoch_us({_quoted(column)})" if kind == ZONED else _quoted(column)


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _cell(value: Any, zoned: bool) -> Cell:
    match value:
        case int() if zoned:
            return EPOCH + timedelta(microseconds=value)
        case None | str() | bool() | int() | float() | datetime() | date():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else str(value)
        case _:
            return str(value)
