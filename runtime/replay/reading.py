"""Reading a file of messages and replies. Pure: the file's bytes in; rows and refusals out, each with its line.

A row is judged here by all that can be known without a database, so that a run that was broken off and taken up again
refuses the same rows.
"""

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from foundation.clock import to_millisecond
from foundation.errors import InvalidInput
from foundation.faults import ExitCode, OperatorFault
from foundation.texts import line, paragraphs

ENCODINGS: Final = ("utf-8-sig", "gb18030")
"""What spreadsheets of the mainland export; the second reads GBK too."""
FIRST_YEAR, LAST_YEAR = 2001, 2098
"""Within what sort keys and timers are made for."""
LONGEST_FIELD = 1_000_000
LONGEST_ID, LONGEST_NAME, LONGEST_TITLE = 60, 200, 100


class Column(StrEnum):
    """The columns by their names in the file; others are passed over."""

    ID = "留言编号"
    NAME = "留言用户"
    TITLE = "留言主题"
    SENT_AT = "留言时间"
    DETAIL = "留言详情"
    REPLY = "答复意见"
    REPLIED_AT = "答复时间"


class UnreadableFile(OperatorFault):
    """The file is not one of messages and replies."""

    exit_code = ExitCode.SETTINGS


@dataclass(frozen=True, slots=True)
class Row:
    """A message and its reply; times in UTC, to the millisecond."""

    line: int
    id: str
    name: str
    title: str
    detail: str
    reply: str
    sent_at: datetime
    replied_at: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not replayed: the line of the file that it begins on, and why not."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class MessageFile:
    """A whole file, by the hash of its content."""

    digest: str
    rows: tuple[Row, ...]
    refusals: tuple[Refusal, ...]


def read_messages(content: bytes, zone: ZoneInfo) -> MessageFile:
    """All rows, and all refusals, in the file's order; local times are those of `zone`.

    Putting rows in order of time needs them all, so the file is held in memory. Raises `UnreadableFile` for an unknown
    encoding or a missing column.
    """
    rows: list[Row] = []
    refusals: list[Refusal] = []
    lines: dict[str, int] = {}
    for number, fields in _records(_decoded(content)):
        try:
            row = _row(number, fields, zone)
            if row.id in lines:
                raise _Unfit(f"留言编号 {row.id} 已在第 {lines[row.id]} 行出现。")
        except _Unfit as unfit:
            refusals.append(Refusal(number, str(unfit)))
        else:
            lines[row.id] = number
            rows.append(row)
    return MessageFile(hashlib.sha256(content).hexdigest(), tuple(rows), tuple(refusals))


class _Unfit(Exception):
    """Why a row is refused."""


def _decoded(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(f"The file is neither UTF-8 nor GB 18030 text ({' or '.join(ENCODINGS)}).")


def _records(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each record after the heading with the line that it begins on; blank lines are passed over."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    reader = csv.reader(io.StringIO(text, newline=""))
    heading = [name.strip() for name in next(reader, [])]
    missing = [column for column in Column if column not in heading]
    if missing:
        raise UnreadableFile(f"The file has no column {', '.join(missing)}; its first line must name all of them.")
    begins = reader.line_num + 1
    for record in reader:
        if record:
            yield begins, _fields(heading, record)
        begins = reader.line_num + 1


def _fields(heading: list[str], record: list[str]) -> dict[str, str]:
    if len(record) > len(heading):  # a stray comma has moved everything behind it
        return {}
    return dict(zip(heading, record, strict=False))


def _row(number: int, fields: dict[str, str], zone: ZoneInfo) -> Row:
    if any(column not in fields for column in Column):
        raise _Unfit("列数与表头不符，可能缺少引号或多了逗号。")
    sent_at = _time(fields, Column.SENT_AT, zone)
    replied_at = _time(fields, Column.REPLIED_AT, zone)
    if replied_at < sent_at:
        raise _Unfit("答复时间早于留言时间。")
    return Row(
        line=number,
        id=_text(fields, Column.ID, longest=LONGEST_ID, one_line=True),
        name=_text(fields, Column.NAME, longest=LONGEST_NAME, one_line=True),
        title=_text(fields, Column.TITLE, longest=LONGEST_TITLE, one_line=True),
        detail=_text(fields, Column.DETAIL),
        reply=_text(fields, Column.REPLY),
        sent_at=sent_at,
        replied_at=replied_at,
    )


def _time(fields: dict[str, str], column: Column, zone: ZoneInfo) -> datetime:
    """A local time as ISO 8601 or as spreadsheets write it: `2019-04-25T09:32:09`, `2019/4/25 9:32`."""
    written = fields[column].strip()
    if not written:
        raise _Unfit(f"缺少{column}。")
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = _spreadsheet_time(written, column)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise _Unfit(f"{column}不在 {FIRST_YEAR} 至 {LAST_YEAR} 年之间：{written}。")
    return to_millisecond(moment.astimezone(UTC))


def _spreadsheet_time(written: str, column: Column) -> datetime:
    for form in ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M"):
        try:
            return datetime.strptime(written, form)  # noqa: DTZ007 (the zone is the city's, added by the caller)
        except ValueError:
            continue
    raise _Unfit(f"{column}无法识别：{written[:30]!r}。")


def _text(fields: dict[str, str], column: Column, *, longest: int = 10_000, one_line: bool = False) -> str:
    """The text as the use cases would store it, by their own rules."""
    try:
        check = line if one_line else paragraphs
        return check(column, fields[column], longest=longest)
    except InvalidInput as fault:
        raise _Unfit(f"{column}：{fault.fields[0].message}") from None
