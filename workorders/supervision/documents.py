"""What meetings store, with their index."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from pymongo import IndexModel

from foundation.documents import Stored


class MeetingKind(StrEnum):
    JOINT = "joint"
    SUPERVISION = "supervision"


MEETING_KIND_NAMES: Mapping[MeetingKind, str] = MappingProxyType(
    {MeetingKind.JOINT: "联席会议", MeetingKind.SUPERVISION: "督办会"}
)


class MeetingState(StrEnum):
    CALLED = "called"
    HELD = "held"
    CANCELLED = "cancelled"


MEETING_STATE_NAMES: Mapping[MeetingState, str] = MappingProxyType(
    {MeetingState.CALLED: "已召集", MeetingState.HELD: "已召开", MeetingState.CANCELLED: "已取消"}
)


class MeetingDocument(Stored):
    """A meeting 会议 about some orders: called, then held or cancelled, and never changed after that.

    Agenda and people are the staff's own words about their work; what was decided of an order is sealed with the order.
    """

    kind: MeetingKind
    state: MeetingState
    at: datetime
    at_key: str
    agenda: str
    orders: tuple[str, ...]
    present: tuple[str, ...] = ()
    cancelled_because: str | None = None
    called_by: str
    called_label: str
    called_at: datetime

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "meetings"
        indexes = [IndexModel([("at_key", 1)], name="at")]


MODELS: tuple[type[Stored], ...] = (MeetingDocument,)
