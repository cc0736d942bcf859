"""A calendar as data: what a city writes in TOML, checked by pydantic.

    tz = "Asia/Shanghai"
    statutory = "cn"                  # the days of the State Council's yearly notices, from statutory/cn.toml
    make_up = [["08:30", "12:00"], ["13:00", "17:00"]]   # hours of a make-up working day 调休

    [weekly]                          # hours on the wall clock, [open, close); "24:00" ends the day
    mon = [["08:30", "12:00"], ["13:00", "17:00"]]

    [overrides]                       # the hours of one date, instead of the weekly ones; [] closes it
    2026-12-31 = [["08:30", "12:00"]]

A date is closed if it is a holiday; else it has its override's hours; else, on a make-up day, those of `make_up`; else
those of its weekday. Breaks are cut out of whatever results. Holidays win over overrides, as in zendesk/biz: a
city that opens on a holiday takes it out of its holidays.
"""

import hashlib
import json
import re
from datetime import date, timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from foundation.data_files import read_data_file
from foundation.working_time.timeline import Hours

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")


def _minute(text: object) -> int:
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise ValueError(f"{text!r} 不是 00:00 至 24:00 之间的时刻 HH:MM")
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _hours(value: object) -> Hours:
    """Intervals in ascending order; raises ValueError when one is empty or two overlap."""
    if not isinstance(value, list | tuple):
        raise ValueError('应为时段的列表，如 [["08:30", "12:00"], ["13:00", "17:00"]]')
    spans: list[tuple[int, int]] = []
    for item in value:
        if not isinstance(item, list | tuple) or len(item) != 2:
            raise ValueError(f'{item!r} 不是时段，时段如 ["08:30", "12:00"]')
        opening, closing = (part if isinstance(part, int) else _minute(part) for part in item)
        if opening >= closing:
            raise ValueError(f"{item!r} 的下班时刻不晚于上班时刻；跨夜的时段请在 24:00 处分为两段")
        spans.append((opening, closing))
    spans.sort()
    for (_, closing), (opening, _) in pairwise(spans):
        if opening < closing:
            raise ValueError(f"{value!r} 中的时段互相重叠")
    return tuple(spans)


def _day_of_year(text: str) -> str:
    try:
        date.fromisoformat(f"2000-{text}")
    except ValueError:
        raise ValueError(f"{text!r} 不是一年中的日子 MM-DD") from None
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} 不是时区数据库中的时区") from None
    return name


def _dates(value: object) -> object:
    """A list of dates in which an ISO interval `2026-10-01/2026-10-07` stands for each of its days."""
    if not isinstance(value, list):
        return value
    dates: list[object] = []
    for item in value:
        if isinstance(item, str) and "/" in item:
            try:
                first, last = (date.fromisoformat(part) for part in item.split("/", 1))
            except ValueError:
                raise ValueError(f"{item!r} 不是日期区间 YYYY-MM-DD/YYYY-MM-DD") from None
            if last < first:
                raise ValueError(f"{item!r} 的止日早于起日")
            dates += [first + timedelta(days=n) for n in range((last - first).days + 1)]
        else:
            dates.append(item)
    return dates


Intervals = Annotated[Hours, BeforeValidator(_hours)]
Dates = Annotated[frozenset[date], BeforeValidator(_dates)]
DayOfYear = Annotated[str, AfterValidator(_day_of_year)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Festival(_Frozen):
    """One holiday of a notice: the days off 放假 and the weekend days worked for them 调休上班."""

    name: str
    off: Dates
    work: Dates = frozenset()


class StatutoryDays(_Frozen):
    """Statutory holidays and make-up working days, complete for every year from `published_from` on."""

    title: str
    published_from: date
    published_through: date
    festivals: tuple[Festival, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        off = frozenset[date]().union(*(festival.off for festival in self.festivals))
        work = frozenset[date]().union(*(festival.work for festival in self.festivals))
        if both := off & work:
            raise ValueError(f"{min(both)} 既是放假日又是调休上班日")
        if outside := {day for day in off | work if not self.published_from <= day <= self.published_through}:
            raise ValueError(f"{min(outside)} 不在 published_from 至 published_through 之内")
        return self


class CalendarDefinition(_Frozen):
    """Everything that a calendar's answers depend on; `title` is for people. See the module's docstring.

    `model_dump(mode="json")` can be stored and validated again: the same definition, with the same hash.
    """

    tz: Annotated[str, AfterValidator(_zone)]
    weekly: dict[Weekday, Intervals] = Field(default_factory=dict)
    make_up: Intervals = ()
    holidays: Dates = frozenset()
    annual_holidays: frozenset[DayOfYear] = frozenset()
    working_days: Dates = frozenset()
    overrides: dict[date, Intervals] = Field(default_factory=dict)
    breaks: dict[date, Intervals] = Field(default_factory=dict)
    published_from: date | None = None
    published_through: date | None = None
    title: str = ""

    @model_validator(mode="before")
    @classmethod
    def _with_statutory_days(cls, data: Any) -> Any:
        """Put the days that `statutory` names in its place, so that the hash covers them and a copy keeps them."""
        if not isinstance(data, dict) or "statutory" not in data:
            return data
        days = statutory_days(str(data["statutory"]))
        return {
            **{key: value for key, value in data.items() if key != "statutory"},
            "holidays": [*_list(data, "holidays"), *(day for festival in days.festivals for day in festival.off)],
            "working_days": [*_list(data, "working_days"), *(d for festival in days.festivals for d in festival.work)],
            "published_from": data.get("published_from", days.published_from),
            "published_through": data.get("published_through", days.published_through),
        }

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if both := self.holidays & self.working_days:
            raise ValueError(f"{min(both)} 既是节假日又是调休上班日")
        if self.working_days and not self.make_up:
            raise ValueError("有调休上班日时须写明其工作时间 make_up")
        return self

    def content_hash(self) -> str:
        """16 hex digits of SHA-256 over all that decides an answer; the zone's own rules are the zone database's."""
        content = self.model_dump(mode="json", exclude={"title"})
        for name in ("holidays", "annual_holidays", "working_days"):
            content[name] = sorted(content[name])
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def hours_on(self, day: date) -> Hours:
        """The working hours of a local date, breaks cut out; empty on a day without work."""
        if day in self.holidays or f"{day:%m-%d}" in self.annual_holidays:
            return ()
        if day in self.overrides:
            hours = self.overrides[day]
        elif day in self.working_days:
            hours = self.make_up
        else:
            hours = self.weekly.get(WEEKDAYS[day.weekday()], ())
        for pause in self.breaks.get(day, ()):
            hours = _without(hours, pause)
        return hours


def _list(data: dict[str, Any], name: str) -> list[Any]:
    value = data.get(name, [])
    return list(value) if isinstance(value, list | tuple | set | frozenset) else []


def _without(hours: Hours, pause: tuple[int, int]) -> Hours:
    start, end = pause
    parts = [part for o, c in hours for part in ((o, min(c, start)), (max(o, end), c))]
    return tuple((o, c) for o, c in parts if o < c)


@cache
def statutory_days(name: str) -> StatutoryDays:
    """The shipped statutory days of that name; raises ValueError for an unknown one."""
    return read_data_file(_shipped("statutory", name), StatutoryDays, name=f"statutory/{name}.toml")


def shipped_definition(name: str) -> CalendarDefinition:
    """A calendar that comes with the program: "cn" or "24x7". Raises ValueError for another name."""
    return read_data_file(_shipped("calendars", name), CalendarDefinition, name=f"calendars/{name}.toml")


def _shipped(folder: str, name: str) -> str:
    file = resources.files("foundation.working_time") / folder / f"{name}.toml"
    if not re.fullmatch(r"[\w-]+", name) or not file.is_file():
        raise ValueError(f"程序未附带 {folder}/{name}.toml")
    return file.read_text(encoding="utf-8")
