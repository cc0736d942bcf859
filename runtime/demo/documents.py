"""What the demo city stores of itself."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from foundation.documents import Stored


class SeedingState(StrEnum):
    SEEDING = "seeding"
    DONE = "done"


class DemoMark(Stored):
    """How far the seeding came (`_id` is "demo_city"); `token` names the process that is at it."""

    state: SeedingState
    seed: int
    token: str
    as_of: datetime
    alive_until: datetime

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "demo_city"
