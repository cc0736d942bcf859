"""The lights 亮灯 of a deadline: green, yellow from shortly before, red past it. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from foundation.working_time import Calendar
from workorders.deadlines.packs import RulePack
from workorders.deadlines.values import Deadline, Limit


class Light(StrEnum):
    GREEN = "green"  # 绿灯
    YELLOW = "yellow"  # 黄灯
    RED = "red"  # 红灯


LIGHT_NAMES: Mapping[Light, str] = MappingProxyType({Light.GREEN: "绿灯", Light.YELLOW: "黄灯", Light.RED: "红灯"})


def turns_yellow(rules: RulePack, calendar: Calendar, limit: Limit, *, start: datetime, due: datetime) -> datetime:
    """The first instant of yellow: a working day before the deadline, or the last fifth of a shorter limit.

    A limit in days is shorter when a working day before its end is not after its start; limits in minutes and hours
    always are. The fifth is of working time; of clock time where the limit runs by the clock, or no working time is
    left by the platform above. Never after the deadline, also if that was past at the start. Source: 山东 2017.
    """
    if limit.counts_days:
        day_before = calendar.shift_days(due, -rules.lights.yellow_working_days)
        if day_before > start:
            return day_before
    percent = rules.lights.yellow_last_percent
    if not limit.runs_by_the_clock and (worked := calendar.between(start, due)):
        yellow = calendar.add(due, -(worked * percent / 100))
    else:
        yellow = due - (due - start) * percent / 100
    return min(yellow.replace(microsecond=yellow.microsecond // 1000 * 1000), due)


def light(deadline: Deadline, *, at: datetime, done_at: datetime | None = None) -> Light:
    """The light at an instant. What is done shows how it ended: green in time, red late."""
    if done_at is not None and done_at <= at:
        return Light.GREEN if deadline.met_at(done_at) else Light.RED
    if at > deadline.due:
        return Light.RED
    return Light.YELLOW if deadline.yellow_at is not None and at >= deadline.yellow_at else Light.GREEN
