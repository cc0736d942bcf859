"""Limits in the words of an office: one wording, wherever a person reads a limit. Pure."""

from collections.abc import Mapping
from typing import Final

from workorders.deadlines.values import Limit, LimitUnit

_UNITS: Final[Mapping[LimitUnit, str]] = {
    LimitUnit.WORKING_MINUTES: "个工作分钟",
    LimitUnit.WORKING_DAYS: "个工作日",
    LimitUnit.CLOCK_MINUTES: "分钟",
    LimitUnit.CALENDAR_DAYS: "个自然日",
}
_HOURS: Final[Mapping[LimitUnit, str]] = {LimitUnit.WORKING_MINUTES: "个工作小时", LimitUnit.CLOCK_MINUTES: "小时"}


def limit_in_words(limit: Limit) -> str:
    """5个工作日, 2个工作小时, 24小时, 7个自然日."""
    if limit.unit in _HOURS and limit.amount % 60 == 0:
        return f"{limit.amount // 60}{_HOURS[limit.unit]}"
    return f"{limit.amount}{_UNITS[limit.unit]}"
