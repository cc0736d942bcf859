"""Try calendars against a file of expected answers: what `zhengtong calendar check FILE` runs.

The file is JSON: `calendars` by name, with the fields of `CalendarDefinition`, and `vectors`, each an operation on one
of them with its expected answer:

    {"id": "a-1", "op": "add", "calendar": "office", "start": "2026-01-05T09:00:00+08:00", "seconds": 7200,
     "expected": "2026-01-05T11:00:00+08:00"}

| op | given | expected |
|---|---|---|
| add | start, seconds (also negative) | expected |
| between | start, end | expected_seconds |
| between_floor | start, end, unit (second, minute, hour, day) | expected: whole units, towards zero |
| is_open, next_open, prev_open | start | expected |
| add_days | start, days, rule | expected |
| days_between | start, end (dates) | expected_days |

Projects differ by convention, and where they do a vector says so; it is left out, by rule and with the reason, never by
name: `reference_agrees: false`; a `boundary` vector whose expected answer is the other end of the same closed time as
ours; an operation, rule or unit that is not in the table. `add_days` knows the rules `closing` (ours, and the default),
`biz`, `working_hours` and `moment-business-time`.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from foundation.data_files import check_data
from foundation.errors import InvalidInput
from foundation.working_time.calendar import Calendar
from foundation.working_time.definition import CalendarDefinition

REMARKS = ("about", "note", "source", "name")
"""Keys of a calendar in such a file that are for people."""


class VectorsInvalid(InvalidInput):
    """The file is not one of vectors. The message names the file and the vector or calendar at fault."""

    code = "VECTORS_INVALID"
    text = "不是有效的工作时间用例文件。"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Difference(_Frozen):
    id: str
    expected: str
    got: str


class LeftOut(_Frozen):
    id: str
    reason: str


class OperationReport(_Frozen):
    """How the vectors of one operation came out."""

    agree: int
    differ: tuple[Difference, ...]
    left_out: tuple[LeftOut, ...]


class VectorReport(_Frozen):
    """The answer of `check_vectors`; `model_dump(mode="json")` is what a program reads."""

    file: str
    calendars: int
    vectors: int
    operations: dict[str, OperationReport]

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not any(operation.differ for operation in self.operations.values())


class Vector(BaseModel):
    """One vector as the file gives it. Remarks beside these fields are let be."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    id: str
    op: str
    calendar: str
    start: str
    end: str | None = None
    seconds: int | float | None = None
    days: int | None = None
    unit: str = ""
    rule: str = ""
    expected: str | bool | int | None = None
    expected_seconds: int | float | None = None
    expected_days: int | None = None
    reference_agrees: bool | None = None
    boundary: str = ""
    note: str = ""


class _VectorFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    calendars: dict[str, dict[str, Any]]
    vectors: tuple[Vector, ...]


class _LeaveOut(Exception):
    """This vector follows a convention that we do not share; the reason is for people."""


def check_vectors(source: Path | Mapping[str, Any], *, name: str | None = None) -> VectorReport:
    """Run every vector of a file, or of its content; `name` is what the messages call it.

    Raises VectorsInvalid if it cannot be read as such a file, naming what is wrong where.
    """
    name = name or (source.name if isinstance(source, Path) else "vectors")
    content = _read(source, name) if isinstance(source, Path) else source
    try:
        file = check_data(content, _VectorFile, name=name)
        calendars = {key: Calendar(_definition(raw, f"{name}：calendars.{key}")) for key, raw in file.calendars.items()}
    except InvalidInput as error:
        raise VectorsInvalid(error.message, fields=error.fields) from None

    agree: dict[str, int] = {}
    differ: dict[str, list[Difference]] = {}
    left_out: dict[str, list[LeftOut]] = {}
    for vector in file.vectors:
        agree.setdefault(vector.op, 0)
        try:
            if vector.calendar not in calendars:
                raise ValueError(f"日历 {vector.calendar!r} 不在文件中")
            expected, got = _judged(calendars[vector.calendar], vector)
        except _LeaveOut as convention:
            left_out.setdefault(vector.op, []).append(LeftOut(id=vector.id, reason=str(convention)))
        except (ValueError, TypeError, OverflowError) as error:
            raise VectorsInvalid(f"{name}：用例 {vector.id}：{error}。") from None
        except InvalidInput as error:
            differ.setdefault(vector.op, []).append(Difference(id=vector.id, expected="", got=error.message))
        else:
            if expected == got:
                agree[vector.op] += 1
            else:
                difference = Difference(id=vector.id, expected=_shown(expected), got=_shown(got))
                differ.setdefault(vector.op, []).append(difference)
    return VectorReport(
        file=name,
        calendars=len(calendars),
        vectors=len(file.vectors),
        operations={
            op: OperationReport(agree=count, differ=tuple(differ.get(op, ())), left_out=tuple(left_out.get(op, ())))
            for op, count in agree.items()
        },
    )


def _read(path: Path, name: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise VectorsInvalid(f"{name}：无法读取（{error.strerror}）。") from None
    except UnicodeDecodeError:
        raise VectorsInvalid(f"{name}：不是 UTF-8 文本。") from None
    except json.JSONDecodeError as error:
        raise VectorsInvalid(f"{name}:{error.lineno}：不是有效的 JSON（{error.msg}）。") from None
    except RecursionError:
        raise VectorsInvalid(f"{name}：嵌套过深，不是用例文件。") from None


def _definition(raw: Mapping[str, Any], name: str) -> CalendarDefinition:
    return check_data({key: value for key, value in raw.items() if key not in REMARKS}, CalendarDefinition, name=name)


Answer = datetime | date | timedelta | bool | int


def _judged(calendar: Calendar, vector: Vector) -> tuple[Answer, Answer]:
    """What the vector expects and what the calendar answers. Raises _LeaveOut, or ValueError for a malformed vector."""
    if vector.reference_agrees is False:
        raise _LeaveOut(f"文件标明各项目约定不同{'：' + vector.note if vector.note else ''}")
    if vector.op not in _OPERATIONS:
        raise _LeaveOut(f"未知的操作 {vector.op!r}")
    return _OPERATIONS[vector.op](calendar, vector)


def _add(calendar: Calendar, vector: Vector) -> tuple[Answer, Answer]:
    expected = _moment(vector.expected, "expected")
    got = calendar.add(_moment(vector.start, "start"), timedelta(seconds=_number(vector.seconds, "seconds")))
    if vector.boundary and got != expected and not calendar.between(got, expected):
        raise _LeaveOut(f"边界约定（{vector.boundary}）：顺算止于下班时刻，倒算止于上班时刻")
    return expected, got


def _between(calendar: Calendar, vector: Vector) -> tuple[Answer, Answer]:
    expected = timedelta(seconds=_number(vector.expected_seconds, "expected_seconds"))
    return expected, calendar.between(_moment(vector.start, "start"), _moment(vector.end, "end"))


def _between_floor(calendar: Calendar, vector: Vector) -> tuple[Answer, Answer]:
    expected = _whole(vector.expected, "expected")
    start, end = _moment(vector.start, "start"), _moment(vector.end, "end")
    units = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
    sign = -1 if end < start else 1
    if vector.unit == "day":
        begun, ended = calendar.next_open(min(start, end)), max(start, end)
        ended = ended if calendar.is_open(ended) else calendar.prev_open(ended)
        days = calendar.working_days_between(calendar.local_date(begun), calendar.local_date(ended))
        return expected, sign * max(days, 0)
    if vector.unit not in units:
        raise _LeaveOut(f"未知的单位 {vector.unit!r}")
    return expected, sign * (abs(calendar.between(start, end)) // units[vector.unit])


def _is_open(calendar: Calendar, vector: Vector) -> tuple[Answer, Answer]:
    if not isinstance(vector.expected, bool):
        raise ValueError("expected 应为 true 或 false")
    return vector.expected, calendar.is_open(_moment(vector.start, "start"))


def _next_open(calendar: Calendar, vector: Vector) -> tuple[Answer, Answer]:
    return _moment(vector.expected, "expected"), calendar.next_open(_moment(vector.start, "start"))


def _prev_open(calendar: Calendar, vector: Vector) -> tuple[Answer, Answer]:
    return _moment(vector.expected, "expected"), calendar.prev_open(_moment(vector.start, "start"))


def _add_days(calendar: Calendar, vector: Vector) -> tuple[Answer, Answer]:
    expected = _moment(vector.expected, "expected")
    start = _moment(vector.start, "start")
    days = _whole(vector.days, "days")
    match vector.rule:
        case "" | "closing":
            return expected, calendar.add_days(start, days)
        case "biz":
            return expected, calendar.shift_days(start, days)
        case "moment-business-time":
            return calendar.local_date(expected), calendar.working_day(calendar.local_date(start), days)
        case "working_hours":
            local = start.astimezone(calendar.zone)
            day = local.date()
            if days and not calendar.is_working_day(day):
                # From a day off, the next working day in that direction is day 0.
                day = calendar.working_day(day, 1 if days > 0 else -1)
            return expected, datetime.combine(calendar.working_day(day, days), local.timetz())
        case rule:
            raise _LeaveOut(f"未知的工作日规则 {rule!r}")


def _days_between(calendar: Calendar, vector: Vector) -> tuple[Answer, Answer]:
    if vector.rule and not vector.rule.startswith("working_hours"):
        raise _LeaveOut(f"未知的工作日规则 {vector.rule!r}")
    start, end = _day(vector.start, "start"), _day(vector.end, "end")
    return _whole(vector.expected_days, "expected_days"), calendar.working_days_between(start, end)


_OPERATIONS: Mapping[str, Callable[[Calendar, Vector], tuple[Answer, Answer]]] = {
    "add": _add,
    "between": _between,
    "between_floor": _between_floor,
    "is_open": _is_open,
    "next_open": _next_open,
    "prev_open": _prev_open,
    "add_days": _add_days,
    "days_between": _days_between,
}


def _moment(value: object, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"{field} 应为带时区的时间，而不是 {value!r}")
    return moment


def _day(value: object, field: str) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"{field} 应为日期 YYYY-MM-DD，而不是 {value!r}") from None


def _number(value: float | None, field: str) -> float:
    if value is None:
        raise ValueError(f"缺少 {field}")
    return value


def _whole(value: object, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{field} 应为整数，而不是 {value!r}")
    return value


def _shown(answer: Answer) -> str:
    if isinstance(answer, timedelta):
        return f"{answer.total_seconds():g} s"
    return answer.isoformat() if isinstance(answer, date) else str(answer)
