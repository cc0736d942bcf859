"""Who is told when a deadline's light crosses a line 升级, as a rule pack says it: by light, and by days overdue."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, Field

from workorders.deadlines.values import Value

MOST_OVERDUE_DAY = 366


class Audience(StrEnum):
    """Somebody to tell, by what they are to the line that was crossed."""

    HANDLER = "handler"  # 经办人: whose desk it is
    HEAD = "head"  # 审核人: the unit's head; on the hotline's own desks the chief dispatcher
    SUPERIOR = "superior"  # 上级单位: the heads of the units above
    DISPATCHER = "dispatcher"  # 派单员
    CHIEF_DISPATCHER = "chief_dispatcher"  # 派单组长
    SUPERVISOR = "supervisor"  # 督办
    LEADERSHIP = "leadership"  # 领导


AUDIENCE_NAMES: Mapping[Audience, str] = MappingProxyType(
    {
        Audience.HANDLER: "经办人",
        Audience.HEAD: "审核人",
        Audience.SUPERIOR: "上级单位",
        Audience.DISPATCHER: "派单员",
        Audience.CHIEF_DISPATCHER: "派单组长",
        Audience.SUPERVISOR: "督办",
        Audience.LEADERSHIP: "领导",
    }
)


def _each_once(audiences: tuple[Audience, ...]) -> tuple[Audience, ...]:
    """In one order, so that a pack's name does not hang on how its lists are written."""
    twice = next((each for each in audiences if audiences.count(each) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} 写了两次")
    return tuple(each for each in Audience if each in audiences)


def _rising(days: tuple[int, ...]) -> tuple[int, ...]:
    if list(days) != sorted(set(days)):
        raise ValueError("天数须从小到大，不能重复")
    return days


Day = Annotated[int, Field(ge=1, le=MOST_OVERDUE_DAY)]
OverdueDays = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MOST_OVERDUE_DAY, strict=True)], ...],
    Field(max_length=10),
    AfterValidator(_rising),
]
Audiences = Annotated[tuple[Audience, ...], AfterValidator(_each_once)]
Somebody = Annotated[tuple[Audience, ...], Field(min_length=1), AfterValidator(_each_once)]


class EscalationRules(Value):
    """Who is told of a yellow light, of a red one, and of each day overdue that `lights.overdue_days` names."""

    yellow: Audiences
    red: Somebody
    overdue: Mapping[Day, Somebody]


Listed = tuple[int, ...] | tuple[Audience, ...] | Mapping[int, tuple[Audience, ...]]


def listed_in_words(listed: Listed) -> str:
    """1天、3天、7天; 经办人、审核人; 第1天：经办人；第3天：经办人、督办."""
    if isinstance(listed, Mapping):
        return "；".join(f"第{day}天：{listed_in_words(listed[day])}" for day in sorted(listed)) or "无"
    return "、".join(AUDIENCE_NAMES[each] if isinstance(each, Audience) else f"{each}天" for each in listed) or "无"
