"""Assessment schemes 考核方案: what is scored, how much it weighs, and how a rate becomes points. Immutable.

Percentages and points are exact decimals of two places.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from foundation.data_files import read_data_file, text_of
from foundation.errors import InvalidInput
from foundation.texts import line
from workorders.deadlines.values import Value
from workorders.statistics.assessment.errors import BadMonth
from workorders.statistics.assessment.months import month_of
from workorders.statistics.definitions import DEFINITIONS, Figure, Part
from workorders.statistics.ranking import LARGEST_SAMPLE

MOST_LINES: Final = 500
CENT: Final = Decimal("0.01")
WHOLE: Final = Decimal("100.00")
SHIPPED = resources.files("workorders.statistics.assessment") / "schemes"


class Mark(StrEnum):
    """What is recorded by hand, because nothing counts it."""

    UPKEEP = "upkeep"
    """知识库维护: entries that were kept up, of those due for it."""


MARK_NAMES: Mapping[Mark, str] = MappingProxyType({Mark.UPKEEP: "知识库维护率"})


def _exact(given: object) -> object:
    if isinstance(given, bool) or not isinstance(given, int | float | str | Decimal):
        raise ValueError("应为数字")
    try:
        number = Decimal(str(given))
        if number.is_finite() and abs(number) < 1_000_000 and number == number.quantize(CENT):
            return number.quantize(CENT)
    except InvalidOperation:
        pass
    raise ValueError("应为数字，最多两位小数")


def _named(name: str) -> str:
    try:
        return line("name", name, longest=40)
    except InvalidInput as fault:
        raise ValueError(fault.message.rstrip("。")) from None


def _month(spelled: str) -> str:
    try:
        month_of(spelled)
    except BadMonth:
        raise ValueError("月份应写作 2026-10") from None
    return spelled


def _rate(figure: Figure) -> Figure:
    if DEFINITIONS[figure].numerator is None:
        raise ValueError(f"{DEFINITIONS[figure].name}是数量，不是比率，不能计分")
    return figure


def _positive(number: Decimal) -> Decimal:
    if number <= 0:
        raise ValueError("须大于 0")
    return number


def _signed(points: Decimal) -> Decimal:
    if not points:
        raise ValueError("每件加分为正，扣分为负，不能为 0")
    return points


Exact = Annotated[Decimal, BeforeValidator(_exact)]
Percent = Annotated[Exact, Field(ge=0, le=100)]
Weight = Annotated[Exact, Field(le=100), AfterValidator(_positive)]
Name = Annotated[str, AfterValidator(_named)]
Month = Annotated[str, AfterValidator(_month)]
Sample = Annotated[int, Field(ge=1, le=LARGEST_SAMPLE, strict=True)]
Rate = Annotated[Figure, AfterValidator(_rate)]


class Item(Value):
    """One item 考核项: a rate, its weight, and between which lines it earns points.

    `full` earns full marks and what is better, `zero` none and what is worse; in between the points are linear. Below
    the `minimum` sample the item is not judged, and its weight is spread over those that are.
    """

    name: Name
    figure: Rate | None = None
    mark: Mark | None = None
    weight: Weight
    zero: Percent
    full: Percent
    minimum: Sample = 1

    @property
    def good_high(self) -> bool:
        """Whether more is better."""
        return self.figure is None or DEFINITIONS[self.figure].good_high

    @property
    def rated(self) -> str:
        """What the rate is called."""
        if self.figure is not None:
            return DEFINITIONS[self.figure].name
        return "" if self.mark is None else MARK_NAMES[self.mark]

    @field_validator("full")
    @classmethod
    def _apart(cls, full: Decimal, info: ValidationInfo) -> Decimal:
        zero, figure = info.data.get("zero"), info.data.get("figure")
        if zero is None or "figure" not in info.data:
            return full
        good_high = figure is None or DEFINITIONS[figure].good_high
        if zero == full or (zero > full) is good_high:
            better = "越高越好，满分线 full 须高于" if good_high else "越低越好，满分线 full 须低于"
            raise ValueError(f"{better}零分线 zero")
        return full

    @model_validator(mode="after")
    def _of_one_thing(self) -> Self:
        if (self.figure is None) == (self.mark is None):
            raise ValueError("须写明 figure（统计指标）或 mark（登记项）之一")
        return self


class EventPart(StrEnum):
    """Which of a rate's entries are events."""

    NUMERATOR = "numerator"
    MISSED = "missed"

    @property
    def listed(self) -> Part:
        return Part(self.value)


class Event(Value):
    """加分、扣分: so many points for each entry of a rate's part, at most `most` in all."""

    name: Name
    figure: Rate
    part: EventPart = EventPart.MISSED
    points: Annotated[Exact, Field(ge=-100, le=100), AfterValidator(_signed)]
    most: Weight


class Scheme(Value):
    """A scheme 考核方案, one version of it; it holds from the month `valid_from` until the next one does.

    Units with fewer than `minimum` orders that count by their intake in the month have a score and no rank.
    """

    title: Name
    version: Name
    valid_from: Month
    minimum: Sample
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=30)]
    events: Annotated[tuple[Event, ...], Field(max_length=20)] = ()

    @field_validator("items")
    @classmethod
    def _weighed(cls, items: tuple[Item, ...]) -> tuple[Item, ...]:
        _distinct([item.name for item in items], "名称")
        _distinct([item.rated for item in items], "指标")
        weights = sum((item.weight for item in items), Decimal())
        if weights != WHOLE:
            raise ValueError(f"各项权重之和须为 100，现为 {weights.normalize():f}")
        return items

    @field_validator("events")
    @classmethod
    def _told_apart(cls, events: tuple[Event, ...], info: ValidationInfo) -> tuple[Event, ...]:
        items: tuple[Item, ...] = info.data.get("items", ())
        _distinct([*(item.name for item in items), *(event.name for event in events)], "名称")
        return events

    @classmethod
    def from_toml(cls, text: str, *, name: str = "scheme.toml") -> Self:
        """Read a scheme; raises DataFileInvalid with every fault, each naming its line."""
        return read_data_file(text, cls, name=name)

    @classmethod
    def from_file(cls, file: Path) -> Self:
        """Read a city's own scheme; raises DataFileInvalid like `from_toml`, and for what is no text; OSError."""
        return cls.from_toml(text_of(file, most_lines=MOST_LINES), name=file.name)

    @cached_property
    def id(self) -> str:
        """16 hex digits of SHA-256 over the content."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _distinct(names: list[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what}重复：{'、'.join(twice)}")


@cache
def shipped_scheme() -> Scheme:
    """The scheme that comes with the program."""
    name = "default.toml"
    return Scheme.from_toml((SHIPPED / name).read_text(encoding="utf-8"), name=f"schemes/{name}")
