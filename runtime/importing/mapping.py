"""What the columns of an export mean: a mapping 映射, TOML that a person writes. Pure."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from foundation.data_files import DataFileInvalid, lines_of, nearest, read_data_file, text_of
from foundation.data_files import Path as KeyPath
from identity.units import ID
from workorders.deadlines.values import Kind, Urgency
from workorders.exchange.platforms import PLATFORM_ID
from workorders.lifecycle.policy import callback
from workorders.lifecycle.values import Reporter

MOST_LINES: Final = 5_000
DIGITS: Final = {str(grade): grade for grade in callback.GRADES}
SHIPPED: Final = Path(__file__).parent / "mappings"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, odd, or the name of a folder
        raise ValueError(f"没有时区 {name!r}") from None
    return name


def _id(text: str) -> str:
    if not ID.fullmatch(text):
        raise ValueError(f"{text!r} 不能作编号（小写字母、数字、. _ -，最多 40 个）")
    return text


def _source(text: str) -> str:
    if len(_id(text)) > 16:
        raise ValueError("最多 16 个字符")
    return text


def _platform(text: str) -> str:
    if not PLATFORM_ID.fullmatch(text):
        raise ValueError(f"{text!r} 不能作平台编号（2 至 31 个小写字母、数字或短横线，以字母开头）")
    return text


def _levels(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Zone = Annotated[str, AfterValidator(_zone)]
NodeId = Annotated[str, AfterValidator(_id)]
Grade = Annotated[int, Field(ge=1, le=5)]
PlatformId = Annotated[str, AfterValidator(_platform)]
Column = Annotated[str, Field(min_length=1)]
Levels = Annotated[tuple[Column, ...], BeforeValidator(_levels), Field(min_length=1, max_length=8)]
"""One column, or several from the highest level down."""


class Columns(_Part):
    """Which column of the file holds what. What is not named here is passed over."""

    opened: Column
    id: Column | None = None
    closed: Column | None = None
    due: Column | None = None
    status: Column | None = None
    verdict: Column | None = None
    unit: Levels | None = None
    category: Levels | None = None
    place: Levels | None = None
    channel: Levels | None = None
    kind: Column | None = None
    urgency: Column | None = None
    title: Column | None = None
    detail: Column | None = None
    answer: Column | None = None
    callback: Column | None = None
    satisfaction: Column | None = None
    solved: Column | None = None
    rejected_to: Column | None = None
    upstream: Column | None = None
    upstream_number: Column | None = None
    name: Column | None = None
    phone: Column | None = None
    address: Column | None = None

    def named(self) -> Iterator[tuple[str, str]]:
        """Each column that the file must have, with the key that names it."""
        for key, value in self:
            for column in (value,) if isinstance(value, str) else value or ():
                yield key, column


class Times(_Part):
    """How times are written. `formats` are strptime's, or `iso`; one that two of them read differently is refused."""

    formats: tuple[str, ...] = ()
    skew_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    """By how much a closing may precede its opening and count as at the opening: devices' clocks differ."""


class Status(_Part):
    """The status column's values. Without that column a row with a closing time is closed."""

    closed: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        words = Counter(word for _, words in self for word in words)
        if twice := [word for word, number in words.items() if number > 1]:
            raise ValueError(f"{min(twice)!r} 出现在两种状态中")
        return self


class Verdict(_Part):
    """The values of the file's own verdict: met, or missed. Others are none."""

    on_time: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if twice := self.on_time & self.late:
            raise ValueError(f"{min(twice)!r} 既是按时又是超期")
        return self


class Satisfaction(_Part):
    """The satisfaction column's values: grades from 1 非常满意 to 5 非常不满意, that nobody was reached, or that nobody
    was asked.

    Without `values` the column holds the digits 1 to 5, 1 being the best.
    """

    values: dict[str, Grade] = DIGITS
    unreached: frozenset[str] = frozenset()
    none: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        grades = frozenset(self.values)
        if twice := (grades & self.unreached) | (grades & self.none) | (self.unreached & self.none):
            raise ValueError(f"{min(twice)!r} 有不止一种含义")
        return self


class Solved(_Part):
    """The values of the column that says whether the matter was solved; it may be that of the satisfaction."""

    yes: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()
    none: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if twice := (self.yes & self.no) | (self.yes & self.none) | (self.no & self.none):
            raise ValueError(f"{min(twice)!r} 有不止一种含义")
        return self


class Sources(_Part):
    """Which platform above 上级平台 handed a matter down, by the upstream column's values; none those of `ours`."""

    values: dict[str, PlatformId] = {}
    ours: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if twice := self.ours & self.values.keys():
            raise ValueError(f"{min(twice)!r} 既是上级平台又是本级")
        return self


class Node(_Part):
    id: NodeId
    name: Annotated[str, Field(min_length=1)]


class TreeMapping(_Part):
    """How values become nodes of a tree: by `values`, by the name of one that stands, or made anew below `under`."""

    create: bool = False
    under: Node | None = None
    """Made if it is missing."""
    values: dict[str, NodeId] = {}
    default: NodeId | None = None
    """For a row that names none: an id that stands, or that of `under`."""


class Kinds(_Part):
    default: Kind = Kind.HELP
    values: dict[str, Kind] = {}


class Urgencies(_Part):
    default: Urgency = Urgency.NORMAL
    values: dict[str, Urgency] = {}


class Mapping(_Part):
    """A whole mapping. `source` tells whose numbers the file's are: one number of one source is one order."""

    source: Annotated[str, AfterValidator(_source)]
    zone: Zone
    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    sheet: str | None = None
    heading_line: Annotated[int, Field(ge=1, le=100)] = 1
    title: Annotated[str, Field(min_length=1, max_length=100)] = "导入的诉求"
    """For a row without one."""
    reporter: Reporter | None = None
    """None: open where a name or a phone is given, else anonymous."""
    columns: Columns
    times: Times = Times()
    status: Status = Status()
    verdict: Verdict = Verdict()
    satisfaction: Satisfaction = Satisfaction()
    solved: Solved = Solved()
    upstream: Sources = Sources()
    units: TreeMapping
    categories: TreeMapping
    places: TreeMapping
    channels: TreeMapping
    kinds: Kinds = Kinds()
    urgencies: Urgencies = Urgencies()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for key in ("unit", "category", "place", "channel"):
            tree = self.tree(key)
            if getattr(self.columns, key) is None and tree.default is None:
                raise ValueError(f"没有 columns.{key}，须给出默认值 default")
        if self.columns.status is not None and not (self.status.closed or self.status.open):
            raise ValueError("有 columns.status，须在 [status] 中写明各状态的值")
        if self.columns.verdict is not None and not (self.verdict.on_time or self.verdict.late):
            raise ValueError("有 columns.verdict，须在 [verdict] 中写明按时和超期的值")
        self._check_callback()
        self._check_upstream()
        return self

    def _check_callback(self) -> None:
        """A citizen's answer says both how satisfied they are and whether it is solved: half of one is no answer."""
        columns = self.columns
        if (columns.satisfaction is None) is not (columns.solved is None):
            raise ValueError("columns.satisfaction 与 columns.solved 须同时给出；同一列兼有两者时，两项可写同一列")
        if columns.callback is not None and columns.satisfaction is None:
            raise ValueError("有 columns.callback，须同时给出 columns.satisfaction 和 columns.solved")
        if columns.solved is not None and not (self.solved.yes or self.solved.no):
            raise ValueError("有 columns.solved，须在 [solved] 中写明已解决（yes）和未解决（no）的值")

    def _check_upstream(self) -> None:
        columns = self.columns
        if columns.upstream is None:
            if columns.upstream_number is not None:
                raise ValueError("有 columns.upstream_number，须同时给出 columns.upstream")
            return
        if not self.upstream.values:
            raise ValueError("有 columns.upstream，须在 [upstream.values] 中写明各上级平台的编号")
        if columns.upstream_number is None and columns.id is None:
            raise ValueError("有 columns.upstream，须给出 columns.upstream_number 或 columns.id 作为上级编号")

    def tree(self, key: str) -> TreeMapping:
        """The tree that a column of this key names nodes of."""
        trees = {"unit": self.units, "category": self.categories, "place": self.places, "channel": self.channels}
        return trees[key]

    @property
    def digest(self) -> str:
        """What the mapping says, whatever its comments: the same in every process, so sets are put in order."""
        return hashlib.sha256(json.dumps(self.model_dump(), sort_keys=True, default=sorted).encode()).hexdigest()


class MappingFile:
    """A mapping with the lines of its text, to say where it does not fit a file."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.mapping = read_data_file(text, Mapping, name=name)
        self._lines = lines_of(text)

    def require(self, heading: list[str]) -> None:
        """That a file with this heading has every column that is named. Raises `DataFileInvalid`."""
        faults = []
        for key, column in self.mapping.columns.named():
            if (count := heading.count(column)) != 1:
                line = self._line(("columns", key))
                what = (
                    f"文件没有“{column}”这一列{nearest(column, heading)}"
                    if not count
                    else f"文件有 {count} 个“{column}”列"
                )
                faults.append(f"{self.name}:{line}：columns.{key}：{what}。")
        if faults:
            raise DataFileInvalid("\n".join(faults))

    def _line(self, key: KeyPath) -> int:
        return self._lines.get(key, self._lines.get(key[:1], 1))


def read_mapping(named: str) -> MappingFile:
    """The mapping of a file, or of a shipped one's name. Raises `DataFileInvalid`."""
    shipped = SHIPPED / f"{named}.toml"
    file = shipped if named.isidentifier() and shipped.is_file() else Path(named)
    try:
        return MappingFile(text_of(file, most_lines=MOST_LINES), file.name)
    except OSError:
        raise DataFileInvalid(f"读不到映射文件 {named}。") from None
