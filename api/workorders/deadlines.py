"""Deadlines as clients see them, with the sentence that explains them."""

from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

import strawberry

from api.fields import resolved
from workorders.deadlines import values
from workorders.deadlines.values import Term
from workorders.deadlines.wording import limit_in_words


def local(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as people here write it: 2026年11月22日08:30."""
    there = moment.astimezone(zone)
    return f"{there.year}年{there.month}月{there.day}日{there:%H:%M}"


@strawberry.type(description="When something is due, and how that came about.")
class Deadline:
    term: Term
    due: datetime = strawberry.field(description="The last instant in time; late is after it.")
    yellow_at: datetime | None = strawberry.field(description="When its light turns yellow 黄灯; red 红灯 past it.")
    started_at: datetime
    basis: str = strawberry.field(description="The row of the rule pack: `reply.complex`, `upstream` …")
    rules: str = strawberry.field(description="The version of the rule pack 规则包, by its hash.")
    calendar: str = strawberry.field(description="The version of the working calendar 工作日历, by its hash.")
    provisional: bool = strawberry.field(description="Rests on days whose holidays are not published yet 暂定.")
    value: strawberry.Private[values.Deadline]
    zone: strawberry.Private[ZoneInfo]

    @classmethod
    def of(cls, deadline: values.Deadline, zone: ZoneInfo) -> Self:
        return cls(
            term=deadline.term,
            due=deadline.due,
            yellow_at=deadline.yellow_at,
            started_at=deadline.started_at,
            basis=deadline.basis,
            rules=deadline.rules,
            calendar=deadline.calendar,
            provisional=deadline.provisional,
            value=deadline,
            zone=zone,
        )

    @resolved("How it came about, in a Chinese sentence.")
    def explanation(self) -> str:
        deadline = self.value
        moved = [self._in_words(shift) for shift in deadline.shifts]
        parts = [
            f"自{local(deadline.started_at, self.zone)}起{limit_in_words(deadline.limit)}",
            *moved,
            f"至{local(deadline.due, self.zone)}",
        ]
        note = "；涉及尚未公布的节假日安排，为暂定时间" if deadline.provisional else ""
        return f"{'，'.join(parts)}（依据 {deadline.basis}）{note}。"

    def _in_words(self, shift: values.Shift) -> str:
        match shift:
            case values.Extension():
                return f"延期{shift.working_days}个工作日"
            case values.Suspension():
                return f"{local(shift.start, self.zone)}至{local(shift.end, self.zone)}挂起"
            case values.BroughtForward():
                return f"督办后不超过{local(shift.start, self.zone)}起{limit_in_words(shift.limit)}"
