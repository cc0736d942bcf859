"""What a deadline is made of: kinds, urgencies, terms, limits and the deadline itself."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from foundation.data_files import nearest


class Kind(StrEnum):
    """What the citizen wants of the city 诉求类型."""

    CONSULT = "consult"  # 咨询
    HELP = "help"  # 求助
    COMPLAINT = "complaint"  # 投诉
    REPORT = "report"  # 举报
    SUGGESTION = "suggestion"  # 建议


KIND_NAMES: Mapping[Kind, str] = MappingProxyType(
    {Kind.CONSULT: "咨询", Kind.HELP: "求助", Kind.COMPLAINT: "投诉", Kind.REPORT: "举报", Kind.SUGGESTION: "建议"}
)


class Urgency(StrEnum):
    """How soon it must be seen to 紧急程度. All but normal run in clock time, at any hour."""

    NORMAL = "normal"  # 一般
    URGENT = "urgent"  # 紧急
    EMERGENCY = "emergency"  # 特急


URGENCY_NAMES: Mapping[Urgency, str] = MappingProxyType(
    {Urgency.NORMAL: "一般", Urgency.URGENT: "紧急", Urgency.EMERGENCY: "特急"}
)


class Term(StrEnum):
    """What a deadline is set for 期限."""

    CITIZEN = "citizen"  # 市民时限: the reply as promised to the citizen, from intake
    DISPATCH = "dispatch"  # 派单
    SIGN = "sign"  # 签收
    CONTACT = "contact"  # 首次联系
    REPLY = "reply"  # 办结: the unit head's approval that the hotline later accepts
    RETURN_WINDOW = "return_window"  # 退单期
    HOTLINE_REVIEW = "hotline_review"  # 热线审核
    CALLBACK = "callback"  # 回访
    RECTIFICATION = "rectification"  # 差评整改
    SUPERVISION = "supervision"  # 督办: the unit's answer to a supervision


class SupervisionLevel(StrEnum):
    """How much weight a supervision 督办 has, lightest first."""

    ORDINARY = "ordinary"  # 一般督办
    KEY = "key"  # 重点督办
    LISTED = "listed"  # 挂牌督办


LEVEL_NAMES: Mapping[SupervisionLevel, str] = MappingProxyType(
    {
        SupervisionLevel.ORDINARY: "一般督办",
        SupervisionLevel.KEY: "重点督办",
        SupervisionLevel.LISTED: "挂牌督办",
    }
)


TERM_NAMES: Mapping[Term, str] = MappingProxyType(
    {
        Term.CITIZEN: "市民时限",
        Term.DISPATCH: "派单",
        Term.SIGN: "签收",
        Term.CONTACT: "首次联系",
        Term.REPLY: "办结",
        Term.RETURN_WINDOW: "退单期",
        Term.HOTLINE_REVIEW: "热线审核",
        Term.CALLBACK: "回访",
        Term.RECTIFICATION: "差评整改",
        Term.SUPERVISION: "督办回复",
    }
)


class LimitUnit(StrEnum):
    WORKING_MINUTES = "working_minutes"
    WORKING_DAYS = "working_days"
    CLOCK_MINUTES = "clock_minutes"
    CALENDAR_DAYS = "calendar_days"


_SPELLINGS: dict[str, tuple[LimitUnit, int]] = {
    **{unit.value: (unit, 1) for unit in LimitUnit},
    "working_hours": (LimitUnit.WORKING_MINUTES, 60),
    "clock_hours": (LimitUnit.CLOCK_MINUTES, 60),
}


LONGEST = 1_000_000


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limit(Value):
    """A time limit 时限. In a rule pack: `{ working_days = 5 }`, `{ working_hours = 2 }`, `{ clock_hours = 24 }` …"""

    unit: LimitUnit
    amount: Annotated[int, Field(ge=1, le=LONGEST)]
    """At most 1,000 days, or 1,000,000 minutes: what is more was meant in another unit."""

    @model_validator(mode="before")
    @classmethod
    def _spelled(cls, data: Any) -> Any:
        if isinstance(data, cls) or (isinstance(data, dict) and "unit" in data):
            return data
        spelling, amount = next(iter(data.items())) if isinstance(data, dict) and len(data) == 1 else ("", 0)
        if spelling not in _SPELLINGS:
            raise ValueError(
                f"时限须为 {'、'.join(_SPELLINGS)} 之一，如 {{ working_days = 5 }}{nearest(spelling, list(_SPELLINGS))}"
            )
        if not isinstance(amount, int) or isinstance(amount, bool):
            raise ValueError(f"{spelling} = {amount!r} 不是整数")
        unit, factor = _SPELLINGS[spelling]
        if not 1 <= amount <= LONGEST // factor:
            raise ValueError(f"{spelling} = {amount} 须在 1 至 {LONGEST // factor} 之间")
        return {"unit": unit, "amount": amount * factor}

    @model_validator(mode="after")
    def _within_reason(self) -> Self:
        if self.counts_days and self.amount > 1000:
            raise ValueError(f"{self.amount} 天过长，最多 1000 天")
        return self

    @property
    def runs_by_the_clock(self) -> bool:
        """Whether it runs at any hour, so that no holiday moves it."""
        return self.unit in (LimitUnit.CLOCK_MINUTES, LimitUnit.CALENDAR_DAYS)

    @property
    def counts_days(self) -> bool:
        return self.unit in (LimitUnit.WORKING_DAYS, LimitUnit.CALENDAR_DAYS)


class Extension(Value):
    """A granted extension 延期."""

    working_days: Annotated[int, Field(ge=1)]


class Suspension(Value):
    """A suspension 挂起 that is over: from the asking to the resuming."""

    start: datetime
    end: datetime


class BroughtForward(Value):
    """A supervision 督办 that shortens: due within `limit` from `start`, unless it was due earlier anyway."""

    start: datetime
    limit: Limit


Shift = Extension | Suspension | BroughtForward


IMPORTED = "imported"
"""The basis of a deadline that came with an imported order: as the system before us set it, never computed anew."""
UNJUDGED = "imported.unjudged"
"""The basis of one of which an import knows nothing: it counts neither as kept nor as missed."""


class Deadline(Value):
    """When something is due, and how that came about, so that it can be explained and computed again."""

    term: Term
    due: datetime
    """The last instant in time; late is after it."""
    limit: Limit
    basis: str
    """The row of the rule pack, as `reply.complex`; `upstream` where the platform above set it; `IMPORTED` and
    `UNJUDGED`."""
    started_at: datetime
    calendar: str
    rules: str
    shifts: tuple[Shift, ...] = ()
    provisional: bool = False
    """It rests on days whose holidays are not published yet 暂定."""
    yellow_at: datetime | None = None
    """The first instant of its yellow light 黄灯; None in one of an earlier release, which turns red only."""

    def met_at(self, moment: datetime) -> bool:
        return moment <= self.due
