"""A file of messages and replies under several packs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from foundation.working_time import shipped_calendar
from runtime.replay.reading import read_messages
from runtime.rules.checking import read_pack
from workorders.deadlines.measuring import OnTime, measure
from workorders.deadlines.packs import RulePack

RATES = ("by_the_limit", "extended", "as_complex")


@dataclass(slots=True)
class Share:
    """A rate by its two numbers."""

    numerator: int = 0
    denominator: int = 0

    def add(self, counts: bool) -> None:
        self.numerator += counts
        self.denominator += 1


@dataclass(frozen=True, slots=True)
class Measured:
    """The replies of a file under one pack."""

    name: str
    pack: RulePack
    on_time: OnTime

    @property
    def shares(self) -> dict[str, Share]:
        """The rates, each of all replies."""
        counted = self.on_time
        return {name: Share(getattr(counted, name), counted.replies) for name in RATES}

    def as_json(self) -> dict[str, Any]:
        return {
            "pack": self.name,
            "title": self.pack.title,
            "rules": self.pack.id,
            **{name: asdict(share) for name, share in self.shares.items()},
            "provisional": self.on_time.provisional,
        }


def measure_file(content: bytes, packs: Sequence[str], zone: ZoneInfo) -> tuple[list[Measured], int]:
    """The on-time rate of a file's replies under each pack, all of kind 求助; and how many rows were refused.

    The columns are those of `zhengtong replay`, and a reply's clock starts with its message. Raises `UnreadableFile`,
    `UnknownPack`, `DataFileInvalid`.
    """
    read = [(name, read_pack(name)) for name in packs]
    file = read_messages(content, zone)
    replies = [(row.sent_at, row.replied_at) for row in file.rows]
    calendar = shipped_calendar("cn")
    return [Measured(name, pack, measure(pack, calendar, replies)) for name, pack in read], len(file.refusals)
