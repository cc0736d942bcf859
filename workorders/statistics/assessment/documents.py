"""What assessments store."""

from datetime import datetime
from typing import Any, ClassVar

from pymongo import IndexModel

from foundation.documents import Stored
from workorders.deadlines.values import Value


class SchemeVersion(Stored):
    """A published scheme by its title and version (`_id`); never changed. `hash` is the scheme's id."""

    hash: str
    valid_from: str
    content: dict[str, Any]
    published_at: datetime

    class Settings:
        name = "assessment_schemes"


class Recorded(Value):
    """How many of a unit's knowledge entries were due for upkeep in a month, how many were kept up, who says so and
    where that is from."""

    due: int
    kept: int
    reason: str
    at: datetime
    by: str
    by_label: str


class UpkeepRecord(Stored):
    """知识库维护 of one unit in one month (`_id` is month and unit): what was recorded, the latest last.

    `path` is the unit's on the day of the first record: what is recorded of it counts for the units above it then.
    """

    month: str
    unit: str
    path: tuple[str, ...]
    recorded: tuple[Recorded, ...]

    shard_key: ClassVar[str] = "month"

    class Settings:
        name = "upkeep_records"
        indexes = [IndexModel([("month", 1)], name="month")]

    @property
    def latest(self) -> Recorded:
        return self.recorded[-1]


def scheme_key(title: str, version: str) -> str:
    return f"{title}|{version}"


def record_key(month: str, unit: str) -> str:
    return f"{month}|{unit}"


MODELS: tuple[type[Stored], ...] = (SchemeVersion, UpkeepRecord)
