"""Periods that reports are of: `2026-10`, `2026-Q4`, `2026-H2`, `2026`. Pure."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from foundation.paging import EARLIEST, LATEST
from workorders.statistics.reports.errors import BadPeriod
from workorders.statistics.windows import DAY, Window, last_of_month

_SPELLED: Final = re.compile(r"(?P<year>[0-9]{4})(?:-(?:(?P<month>[0-9]{2})|Q(?P<quarter>[1-4])|H(?P<half>[12])))?")


class Length(StrEnum):
    """How long a period is."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"


MONTHS: Final = {Length.MONTH: 1, Length.QUARTER: 3, Length.HALF: 6, Length.YEAR: 12}
REPORT_NAMES: Final = {Length.MONTH: "月报", Length.QUARTER: "季报", Length.HALF: "半年报", Length.YEAR: "年报"}
BEFORE_NAMES: Final = {Length.MONTH: "上月", Length.QUARTER: "上季度", Length.HALF: "上个半年", Length.YEAR: "上年"}


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """A whole month, quarter 季度, half year 半年 or year; `first` is its first day."""

    length: Length
    first: date

    @property
    def key(self) -> str:
        """As it is spelled, and told apart."""
        number = (self.first.month - 1) // MONTHS[self.length] + 1
        match self.length:
            case Length.MONTH:
                return f"{self.first:%Y-%m}"
            case Length.QUARTER:
                return f"{self.first.year}-Q{number}"
            case Length.HALF:
                return f"{self.first.year}-H{number}"
            case Length.YEAR:
                return f"{self.first.year}"

    @property
    def name(self) -> str:
        """In Chinese: 2026年10月, 2026年第四季度, 2026年下半年, 2026年."""
        year, number = f"{self.first.year}年", (self.first.month - 1) // MONTHS[self.length]
        match self.length:
            case Length.MONTH:
                return f"{year}{self.first.month}月"
            case Length.QUARTER:
                return f"{year}第{'一二三四'[number]}季度"
            case Length.HALF:
                return f"{year}{'上下'[number]}半年"
            case Length.YEAR:
                return year

    @property
    def window(self) -> Window:
        last = self.first
        for _ in range(MONTHS[self.length] - 1):
            last = last_of_month(last) + DAY
        return Window(self.first, last_of_month(last))

    @property
    def months(self) -> tuple[str, ...]:
        return tuple(f"{part.first:%Y-%m}" for part in self.window.months())


def read_period(given: str) -> ReportPeriod:
    """Raises `BadPeriod` for what spells none, and for years that no figures can be of."""
    found = _SPELLED.fullmatch(given)
    if found is None or not EARLIEST.year <= int(found["year"]) < LATEST.year:
        raise BadPeriod
    year = int(found["year"])
    if found["month"] is not None:
        if not 1 <= int(found["month"]) <= 12:
            raise BadPeriod
        return ReportPeriod(Length.MONTH, date(year, int(found["month"]), 1))
    if found["quarter"] is not None:
        return ReportPeriod(Length.QUARTER, date(year, 3 * int(found["quarter"]) - 2, 1))
    if found["half"] is not None:
        return ReportPeriod(Length.HALF, date(year, 6 * int(found["half"]) - 5, 1))
    return ReportPeriod(Length.YEAR, date(year, 1, 1))
