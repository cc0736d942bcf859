"""Rule packs 规则包: a city's limits, switches and caps as data. Immutable; named by the hash of their content."""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache, cached_property
from importlib import resources
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from foundation.data_files import read_data_file
from workorders.deadlines.values import Kind, Limit, LimitUnit, Urgency, Value

Percent = Annotated[int, Field(ge=1, le=99)]
Count = Annotated[int, Field(ge=0, le=1000)]


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

    ahead_working_days: Annotated[int, Field(ge=0, le=30)]
    """Ours is due this many working days before theirs."""
    percent_of_rest: Percent
    """If that is past already: this share of what is left until theirs."""
    expected_satisfaction_percent: Annotated[int, Field(ge=0, le=100)]


class LightRules(Value):
    """When a light turns yellow 黄灯; red 红灯 is past the deadline."""

    yellow_working_days: Annotated[int, Field(ge=1, le=30)]
    yellow_last_percent: Percent
    """Of a limit that is shorter than that."""


class Switches(Value):
    """Actions that smaller places skip; a skipped one is still applied, by rule, in the same transaction."""

    auto_sign: bool
    unit_review: bool
    hotline_review: bool
    auto_dispatch: bool


class Caps(Value):
    """How often, how much."""

    returns: Count
    extensions: Count
    extension_working_days: Annotated[int, Field(ge=1, le=366)]
    """The longest single one."""
    extension_working_days_in_all: Annotated[int, Field(ge=1, le=1000)]
    suspensions: Count
    suspension_working_days: Annotated[int, Field(ge=1, le=366)]
    redos: Count
    callback_attempts: Annotated[int, Field(ge=1, le=100)]
    urges_per_day: Count


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
    upstream: UpstreamRules
    lights: LightRules
    switches: Switches
    caps: Caps

    @classmethod
    def from_toml(cls, text: str, *, name: str = "rules.toml") -> Self:
        """Read a pack; raises DataFileInvalid with every fault, each naming its line."""
        return read_data_file(text, cls, name=name)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.caps.extension_working_days > self.caps.extension_working_days_in_all:
            raise ValueError("caps：单次延期上限 extension_working_days 大于累计上限 extension_working_days_in_all")
        return self

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


@cache
def shipped_pack(name: str = "default") -> RulePack:
    """A pack that comes with the program; raises ValueError for an unknown name."""
    file = resources.files("workorders.deadlines") / "packs" / f"{name}.toml"
    if not re.fullmatch(r"[\w-]+", name) or not file.is_file():
        raise ValueError(f"程序未附带规则包 packs/{name}.toml")
    return RulePack.from_toml(file.read_text(encoding="utf-8"), name=f"packs/{name}.toml")
