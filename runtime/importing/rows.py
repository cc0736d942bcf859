"""A record becomes a matter that was brought to the city, or is refused with the reason. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from foundation.clock import to_millisecond
from foundation.errors import InvalidInput
from foundation.phones import e164
from foundation.texts import LINE, PARAGRAPHS, optional_paragraphs
from runtime.importing.mapping import Mapping as ColumnMapping
from runtime.importing.moments import BadMoment, Moment, read_moment
from runtime.importing.tables import CellFault, Formula, Merged, Record
from workorders.deadlines.values import Kind, Urgency
from workorders.exchange.receiving import NUMBER
from workorders.lifecycle.values import Reporter, Upstream

LONGEST_TITLE: Final = 100
LONGEST_ID: Final = 100
LONGEST_CHANNEL: Final = 50
V = TypeVar("V")
D = TypeVar("D")


class Refused(Exception):
    """Why a row is not imported, in Chinese."""


class State(StrEnum):
    """What became of a matter, as the file tells."""

    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Called:
    """The callback 回访 of a closed matter, and what was answered: both, or neither where nobody was reached."""

    at: datetime
    grade: int | None = None
    solved: bool | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """A row, understood. Times are in UTC, to the millisecond; `names` are the file's words for nodes of the trees."""

    line: int
    id: str | None
    state: State
    opened: datetime
    closed: datetime | None
    due: datetime | None
    on_time: bool | None
    """The file's own verdict."""
    kind: Kind
    urgency: Urgency
    reporter: Reporter
    names: dict[str, tuple[str, ...]]
    texts: dict[str, str]
    answer: str | None
    called: Called | None
    rejected_to: str | None
    upstream: Upstream | None
    skewed: bool = field(default=False)
    """It was closed before it was opened, by less than the mapping allows: at the opening, then."""


class Reader:
    """Reads records by one mapping, as they stand at one moment."""

    def __init__(self, mapping: ColumnMapping, now: datetime) -> None:
        self._mapping, self._now = mapping, now
        self._zone = ZoneInfo(mapping.zone)
        self._skew = timedelta(minutes=mapping.times.skew_minutes)

    def read(self, record: Record) -> Matter:
        """Raises `Refused`."""
        if record.fault is not None:
            raise Refused(record.fault)
        columns, mapping = self._mapping.columns, self._mapping
        opened = self._moment(record, columns.opened)
        if opened is None:
            raise Refused(f"缺少受理时间（{columns.opened}）。")
        closed, due = self._moment(record, columns.closed), self._moment(record, columns.due)
        state = self._state(record, closed)
        ended, skewed = self._after(opened, closed, "办结时间早于受理时间。") if closed is not None else (None, False)
        called = self._called(record, state, closed, ended)
        if (called.at if called is not None else ended or opened.at) > self._now:
            raise Refused("时间在将来。")
        texts = self._texts(record)
        return Matter(
            line=record.line,
            id=self._id(record),
            state=state,
            opened=opened.at,
            closed=ended,
            due=to_millisecond(due.end(self._zone)) if due is not None else None,
            on_time=self._verdict(record),
            kind=self._valued(record, "kind", mapping.kinds.values, mapping.kinds.default),
            urgency=self._valued(record, "urgency", mapping.urgencies.values, mapping.urgencies.default),
            reporter=self._reporter(texts, called),
            names={key: self._names(record, key) for key in ("unit", "category", "place", "channel")},
            texts=texts,
            answer=self._text(record, columns.answer),
            called=called,
            rejected_to=self._text(record, columns.rejected_to, LONGEST_CHANNEL),
            upstream=self._upstream(record),
            skewed=skewed,
        )

    def _moment(self, record: Record, column: str | None) -> Moment | None:
        if column is None:
            return None
        value = record.cells.get(column)
        if isinstance(value, Formula | CellFault | Merged):
            _text_of(record, column)
        try:
            return read_moment(value, self._zone, self._mapping.times.formats)
        except BadMoment as fault:
            raise Refused(f"{column}{fault}。") from None

    def _after(self, first: Moment, then: Moment, otherwise: str) -> tuple[datetime, bool]:
        """When the later of two things was, and whether that is by the mapping's leave. Raises `Refused`, saying
        `otherwise`."""
        if then.at >= first.at:
            return then.at, False
        if then.whole_day and first.at < then.end(self._zone):  # the same day: the time is not told
            return first.at, False
        if first.at - then.at > self._skew:
            raise Refused(otherwise)
        return first.at, True

    def _called(self, record: Record, state: State, closed: Moment | None, ended: datetime | None) -> Called | None:
        """What the callback came to; one whose time is not told was at the closing."""
        columns, values = self._mapping.columns, self._mapping.satisfaction
        if columns.satisfaction is None or columns.solved is None:
            return None
        moment, satisfied = self._moment(record, columns.callback), _text_of(record, columns.satisfaction)
        answered = bool(satisfied) and satisfied not in values.none
        if state is not State.CLOSED or closed is None or ended is None:
            if moment is not None or answered:
                raise Refused("没有办结，却有回访。")
            return None
        solved = self._solved(record, columns.solved)
        if moment is None and not answered and solved is None:
            return None
        at = ended
        if moment is not None:
            at, _ = self._after(replace(closed, at=ended), moment, "回访时间早于办结时间。")
        if satisfied in values.unreached:
            if solved is not None:
                raise Refused(f"回访未接通，却写明是否解决（{columns.solved}）。")
            return Called(at)
        if not answered:
            raise Refused(f"有回访或是否解决，却没有满意度（{columns.satisfaction}）。")
        grade = self._valued(record, "satisfaction", values.values, None)
        if solved is None:
            raise Refused(f"有满意度，却没有写明是否解决（{columns.solved}）。")
        return Called(at, grade, solved)

    def _solved(self, record: Record, column: str) -> bool | None:
        """None for what says neither; in the satisfaction's own column, for words of that."""
        word, values = _text_of(record, column), self._mapping.solved
        if word in values.yes or word in values.no:
            return word in values.yes
        if word and word not in values.none and column != self._mapping.columns.satisfaction:
            raise Refused(f"映射没有写明 {word!r}（columns.solved：{column}）。")
        return None

    def _upstream(self, record: Record) -> Upstream | None:
        """The hand-down that a matter came by."""
        columns, sources = self._mapping.columns, self._mapping.upstream
        if columns.upstream is None or _text_of(record, columns.upstream) in sources.ours:
            return None
        platform = self._valued(record, "upstream", sources.values, None)
        if platform is None:
            return None
        column = columns.upstream_number or columns.id
        number = _text_of(record, column) if column is not None else ""
        if not NUMBER.fullmatch(number):
            raise Refused(
                f"不能作上级编号：{number[:64]!r}（{column}），须为 1 至 64 个字母、数字、点、下划线或短横线。"
            )
        return Upstream(source=platform, number=number)

    def _state(self, record: Record, closed: Moment | None) -> State:
        column, values = self._mapping.columns.status, self._mapping.status
        if column is None:
            return State.CLOSED if closed is not None else State.OPEN
        word = _text_of(record, column)
        for state in State:
            if word in getattr(values, state):
                break
        else:
            raise Refused(f"映射没有写明状态 {word!r}（{column}）。")
        if state is State.OPEN and closed is not None:
            raise Refused(f"状态为 {word!r}，却有办结时间。")
        if state is not State.OPEN and closed is None:
            raise Refused(f"状态为 {word!r}，却没有办结时间。")
        return state

    def _verdict(self, record: Record) -> bool | None:
        column, values = self._mapping.columns.verdict, self._mapping.verdict
        word = _text_of(record, column) if column is not None else ""
        if word in values.on_time:
            return True
        return False if word in values.late else None

    def _id(self, record: Record) -> str | None:
        column = self._mapping.columns.id
        if column is None:
            return None
        id = _text_of(record, column)
        if not id:
            raise Refused(f"缺少编号（{column}）。")
        if len(id) > LONGEST_ID or not id.isprintable():
            raise Refused(f"编号过长或含有控制字符（{column}）。")
        return id

    def _valued(self, record: Record, key: str, values: Mapping[str, V], default: D) -> V | D:
        column = getattr(self._mapping.columns, key)
        word = _text_of(record, column) if column is not None else ""
        if not word:
            return default
        if word not in values:
            raise Refused(f"映射没有写明 {word!r}（columns.{key}：{column}）。")
        return values[word]

    def _names(self, record: Record, key: str) -> tuple[str, ...]:
        """From the highest level down, to the first that is blank."""
        names: list[str] = []
        for column in getattr(self._mapping.columns, key) or ():
            if not (name := _text_of(record, column)):
                break
            names.append(name)
        return tuple(names)

    def _text(self, record: Record, column: str | None, longest: int = PARAGRAPHS) -> str | None:
        if column is None:
            return None
        try:
            return optional_paragraphs(column, _text_of(record, column), longest=longest)
        except InvalidInput as fault:
            raise Refused(f"{column}：{fault.fields[0].message}") from None

    def _texts(self, record: Record) -> dict[str, str]:
        columns = self._mapping.columns
        title = self._text(record, columns.title) or self._mapping.title
        detail = self._text(record, columns.detail)
        line = " ".join(title.split())
        if len(line) > LONGEST_TITLE:  # what does not fit opens the detail
            detail = title if detail is None else f"{title}\n{detail}"
            line = f"{line[: LONGEST_TITLE - 1]}…"
        texts = {"title": line, "detail": detail or line}
        for name in ("name", "phone", "address"):
            if (given := self._text(record, getattr(columns, name), LINE)) is not None:
                texts[name] = given
        if "phone" in texts:
            try:
                texts["phone"] = e164(texts["phone"], "phone")
            except InvalidInput as fault:
                raise Refused(f"{columns.phone}：{fault.message}") from None
        return texts

    def _reporter(self, texts: dict[str, str], called: Called | None) -> Reporter:
        """Whoever was called back is not anonymous, also where the file leaves out who it was."""
        known = "name" in texts or "phone" in texts or called is not None
        fixed = self._mapping.reporter
        if fixed is Reporter.ANONYMOUS and known:
            raise Refused("映射写明匿名，这一行却有姓名、电话或回访。")
        return fixed or (Reporter.OPEN if known else Reporter.ANONYMOUS)


def _text_of(record: Record, column: str) -> str:
    """What a cell says, as text, without surrounding blanks."""
    match record.cells.get(column):
        case None:
            return ""
        case str() as text:
            return text.strip()
        case Formula():
            raise Refused(f"“{column}”是公式，请先转为数值。")
        case CellFault():
            raise Refused(f"“{column}”是错误值，请先更正。")
        case Merged():
            raise Refused(f"“{column}”是合并单元格的一部分，请先取消合并并逐行填写。")
        case float() as number if number.is_integer():
            return str(int(number))
        case value:
            return str(value)
