"""Rule packs 规则包: a city's limits, switches and caps as data. Immutable; named by the hash of their content."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from foundation.data_files import read_data_file, text_of
from workorders.deadlines.audiences import EscalationRules, OverdueDays
from workorders.deadlines.values import Kind, Limit, LimitUnit, SupervisionLevel, Urgency, Value

Percent = Annotated[int, Field(ge=1, le=99, strict=True)]
Count = Annotated[int, Field(ge=0, le=1000, strict=True)]
Switch = Annotated[bool, Field(strict=True)]

_PACKS = resources.files("workorders.deadlines") / "packs"

MOST_LINES = 1_000
"""Of a pack's file. Ours have a fifteenth of it, comments included: what is longer is another file."""


def _by_the_clock(limit: Limit) -> Limit:
    if limit.unit is not LimitUnit.CLOCK_MINUTES:
        raise ValueError("紧急与特急按自然时间计算，须为 clock_minutes 或 clock_hours")
    return limit


ClockLimit = Annotated[Limit, AfterValidator(_by_the_clock)]


class ByUrgency(Value):
    """One limit per urgency."""

    normal: Limit
    urgent: ClockLimit
    emergency: ClockLimit

    def of(self, urgency: Urgency) -> Limit:
        limit: Limit = getattr(self, urgency.value)
        return limit


class ContactRules(Value):
    """First contact with the citizen 首次联系."""

    normal: Limit
    after_sign: Limit
    """Never due before the sign limit plus this."""
    percent_of_reply: Percent
    """For urgent and emergency: this share of the reply limit."""


class ReplyRules(Value):
    """The reply 办结, by kind; the rest goes before the kind's."""

    consult: Limit
    help: Limit
    complaint: Limit
    report: Limit
    suggestion: Limit
    complex: Limit
    supervised: Limit
    redo: Limit
    urgent: ClockLimit
    emergency: ClockLimit

    def of_kind(self, kind: Kind) -> Limit:
        limit: Limit = getattr(self, kind.value)
        return limit


class UpstreamRules(Value):
    """Orders of the national or provincial platform 国办/省办单."""

    ahead_working_days: Annotated[int, Field(ge=0, le=30, strict=True)]
    """Ours is due this many working days before theirs."""
    percent_of_rest: Percent
    """If that is past already: this share of what is left until theirs."""
    expected_satisfaction_percent: Annotated[int, Field(ge=0, le=100, strict=True)]


class LightRules(Value):
    """When a light turns yellow 黄灯; red 红灯 is past the deadline."""

    yellow_working_days: Annotated[int, Field(ge=1, le=30, strict=True)]
    yellow_last_percent: Percent
    """Of a limit that is shorter than that."""
    overdue_days: OverdueDays
    """Told again so many days of 24 hours after the deadline, as long as it is not met 逾期提醒."""


LevelNumber = Annotated[int, Field(ge=0, le=len(SupervisionLevel), strict=True)]
"""0: not by rule; 1 to 3: at that level, the first being 一般督办."""


class SupervisionRules(Value):
    """Supervision 督办: how soon each level is to be answered, and what is supervised by rule, at which level."""

    ordinary: Limit
    key: Limit
    listed: Limit
    red_light: LevelNumber
    """A reply that is overdue."""
    bad_callback: LevelNumber
    """A bad rating in the callback."""
    bad_again: LevelNumber
    """A bad rating after a redo."""
    upstream: LevelNumber
    """Everything that a platform above hands down."""
    repeated: LevelNumber
    """The same place complained of so many times in so many days."""
    repeated_times: Annotated[int, Field(ge=2, le=100, strict=True)]
    repeated_days: Annotated[int, Field(ge=1, le=366, strict=True)]

    def of(self, level: SupervisionLevel) -> Limit:
        limit: Limit = getattr(self, level.value)
        return limit


class Switches(Value):
    """Actions that smaller places skip; a skipped one is still applied, by rule, in the same transaction."""

    auto_sign: Switch
    unit_review: Switch
    hotline_review: Switch
    auto_dispatch: Switch


class Caps(Value):
    """How often, how much."""

    returns: Count
    extensions: Count
    extension_working_days: Annotated[int, Field(ge=1, le=366, strict=True)]
    """The longest single one."""
    extension_working_days_in_all: Annotated[int, Field(ge=1, le=1000, strict=True)]
    suspensions: Count
    suspension_working_days: Annotated[int, Field(ge=1, le=366, strict=True)]
    redos: Count
    callback_attempts: Annotated[int, Field(ge=1, le=100, strict=True)]
    urges_per_day: Count

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.extension_working_days > self.extension_working_days_in_all:
            raise ValueError("单次延期上限 extension_working_days 大于累计上限 extension_working_days_in_all")
        return self


class RulePack(Value):
    """Everything that the clocks, lights and caps of one city go by."""

    title: str
    dispatch: ByUrgency
    sign: ByUrgency
    contact: ContactRules
    reply: ReplyRules
    return_window: Limit
    hotline_review: Limit
    callback: Limit
    rectification: Limit
    acknowledge: ClockLimit
    appeal_window: Limit = Limit(unit=LimitUnit.WORKING_DAYS, amount=5)
    """How long after closing a unit may appeal 申诉; a file of before that does not say so goes by this."""
    upstream: UpstreamRules
    lights: LightRules
    escalation: EscalationRules
    supervision: SupervisionRules
    switches: Switches
    caps: Caps

    @field_validator("escalation")
    @classmethod
    def _same_days(cls, escalation: EscalationRules, info: ValidationInfo) -> EscalationRules:
        """Each day of `lights.overdue_days` tells somebody, and no other day does."""
        lights: LightRules | None = info.data.get("lights")
        if lights is not None and (different := set(lights.overdue_days) ^ set(escalation.overdue)):
            days = "、".join(map(str, sorted(different)))
            raise ValueError(f"escalation.overdue 的天数须与 lights.overdue_days 相同，不同的是 {days}")
        return escalation

    @classmethod
    def from_toml(cls, text: str, *, name: str = "rules.toml") -> Self:
        """Read a pack; raises DataFileInvalid with every fault, each naming its line."""
        return read_data_file(text, cls, name=name)

    @classmethod
    def from_file(cls, file: Path) -> Self:
        """Read a city's own pack; raises DataFileInvalid like `from_toml`, and for what is no text; OSError."""
        return cls.from_toml(text_of(file, most_lines=MOST_LINES), name=file.name)

    @classmethod
    def recorded(cls, content: Mapping[str, Any], id: str) -> Self:
        """A pack as the database keeps it under its name. One of an earlier release is read up: tables and figures
        that it did not know are the default pack's. It keeps its name, by which orders and deadlines know it."""
        known = shipped_pack().model_dump(mode="json")
        read_up = {
            name: {**known[name], **value} if isinstance(value, dict) else value for name, value in content.items()
        }
        pack = cls.model_validate({**known, **read_up})
        pack.__dict__["id"] = id
        return pack

    @cached_property
    def id(self) -> str:
        """16 hex digits of SHA-256 over the content; the title does not count."""
        content = self.model_dump(mode="json", exclude={"title"})
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, which names itself anew: pydantic would copy the kept name with the rest."""
        copy = super().model_copy(update=update, deep=deep)
        copy.__dict__.pop("id", None)
        return copy


def shipped_names() -> tuple[str, ...]:
    """The packs that come with the program, the default first."""
    names = (file.name.removesuffix(".toml") for file in _PACKS.iterdir() if file.name.endswith(".toml"))
    return tuple(sorted(names, key=lambda name: (name != "default", name)))


@cache
def shipped_pack(name: str = "default") -> RulePack:
    """A pack that comes with the program; raises ValueError for an unknown name."""
    if name not in shipped_names():
        raise ValueError(f"程序未附带规则包 packs/{name}.toml")
    text = (_PACKS / f"{name}.toml").read_text(encoding="utf-8")
    return RulePack.from_toml(text, name=f"packs/{name}.toml")
