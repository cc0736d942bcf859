"""What identity stores, with its indexes.

Ids say whose they are: `resident:…`, `staff:…`, `device:…`. What must be unique is the `_id` of a claim.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pymongo import IndexModel

from foundation.documents import Stored
from identity.actors import Role


class Part(BaseModel):
    """A part of a document."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# Residents -----------------------------------------------------------------------------------------------------------


class PersonalField(StrEnum):
    """The fields of a resident that are sealed, and revealed only by name."""

    NAME = "name"  # 姓名
    RESIDENT_NUMBER = "resident_number"  # 居民身份证号
    CITIZEN_CARD = "citizen_card"  # 市民卡号
    MOBILE = "mobile"  # 手机号


CLAIMED = frozenset({PersonalField.RESIDENT_NUMBER, PersonalField.CITIZEN_CARD, PersonalField.MOBILE})
"""Fields of which two residents never have the same."""


class Assurance(StrEnum):
    """How well a resident is known."""

    MOBILE = "mobile"  # holds the phone
    REAL_NAME = "real_name"  # 实名: gave name and a number that nobody else gave


class Resident(Stored):
    """A resident 居民. `data_key` is wrapped; erased residents have none, and nothing sealed."""

    assurance: Assurance = Assurance.MOBILE
    data_key: bytes | None
    sealed: dict[PersonalField, bytes]
    claims: tuple[str, ...]
    name_hash: str | None = None
    version: int = 1
    created_at: datetime
    erased_at: datetime | None = None

    class Settings:
        name = "residents"
        indexes = [IndexModel([("name_hash", 1), ("_id", 1)], name="name")]


class ResidentClaim(Stored):
    """`field|keyed hash` (`_id`) belongs to one resident."""

    resident: str

    class Settings:
        name = "resident_claims"


class Erasure(Stored):
    """A resident (`_id`) asked to be erased and it is not done yet: whoever sweeps finishes it."""

    requested_at: datetime
    requested_by: str

    class Settings:
        name = "erasures"


class SmsChallenge(Stored):
    """The one code that a mobile number (`_id` is its keyed hash) can log in with now."""

    nonce: str
    code_hash: str
    tries: int
    sent_at: datetime
    expires: datetime
    session: str | None = None
    """The session it opened: a code opens one."""
    retry: str | None = None
    """Keyed hash of the idempotency key it was used with, so that a repeat gets the same answer."""
    kept_until: datetime

    class Settings:
        name = "sms_challenges"
        indexes = [IndexModel([("kept_until", 1)], name="kept_until", expireAfterSeconds=0)]


# Staff and sessions --------------------------------------------------------------------------------------------------


class Staff(Stored):
    """A staff account 工作人员账号. The password is stored as its argon2id hash."""

    login: str
    name: str
    roles: tuple[Role, ...]
    unit: str | None = None
    password: str
    active: bool = True
    version: int = 1
    created_at: datetime

    class Settings:
        name = "staff"
        indexes = [
            IndexModel([("unit", 1), ("_id", 1)], name="unit"),
            IndexModel([("roles", 1), ("_id", 1)], name="roles"),
        ]


class LoginClaim(Stored):
    """A login name (`_id`, case folded) belongs to one staff account."""

    staff: str

    class Settings:
        name = "login_claims"


class LoginFailures(Stored):
    """Failed logins in a row under one login name (`_id` is its keyed hash), existing or not."""

    failures: int
    locked_until: datetime | None
    until: datetime
    version: int = 1
    kept_until: datetime

    class Settings:
        name = "login_failures"
        indexes = [IndexModel([("kept_until", 1)], name="kept_until", expireAfterSeconds=0)]


class Session(Stored):
    """One login on one device: the family of its refresh tokens. `generation` counts the rotations."""

    subject: str
    generation: int = 0
    retry: str | None = None
    """Keyed hash of the idempotency key of the last rotation."""
    started_at: datetime
    refreshed_at: datetime
    expires: datetime
    ended_at: datetime | None = None
    ended_why: str | None = None
    kept_until: datetime
    """Some days after it expired, so that a token used again is still known."""

    class Settings:
        name = "sessions"
        indexes = [
            IndexModel([("subject", 1), ("ended_at", 1)], name="subject"),
            IndexModel([("kept_until", 1)], name="kept_until", expireAfterSeconds=0),
        ]


# Units and other trees -----------------------------------------------------------------------------------------------


class Contact(Part):
    """Somebody of a unit who can be reached at work."""

    name: str
    phone: str
    post: str = ""


class DutyShift(Part):
    """A shift of the duty roster 值班表: ISO weekdays, local times `HH:MM` (an end at or before the start is on the
    next day), and who is called, in this order."""

    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    start: str = "00:00"
    end: str = "24:00"
    members: tuple[Contact, ...]


class Unit(Stored):
    """A member unit 成员单位. `path` holds the ids of its ancestors, root first, and its own last."""

    name: str
    parent: str | None
    path: tuple[str, ...]
    calendar: str | None = None
    """Name of its calendar; None for the nearest ancestor's, else the city's."""
    contacts: tuple[Contact, ...] = ()
    duty: tuple[DutyShift, ...] = ()
    categories: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    abolished_on: str | None = None
    """Local date, ISO."""
    successor: str | None = None
    version: int = 1

    class Settings:
        name = "units"


class TreeNode(Stored):
    """A node of a reference tree; `retired` ones stay readable and are offered no more."""

    name: str
    parent: str | None
    path: tuple[str, ...]
    retired: bool = False
    version: int = 1


class Category(TreeNode):
    """A category 类别 of matters that citizens bring."""

    class Settings:
        name = "categories"


class Place(TreeNode):
    """A place 区域: city, district, street, community, or a named spot."""

    class Settings:
        name = "places"


class Channel(TreeNode):
    """A channel 渠道 that matters come in by."""

    class Settings:
        name = "channels"


# Audit ---------------------------------------------------------------------------------------------------------------


class AuditEntry(Stored):
    """Somebody did something that must be accounted for. Append-only; no personal data."""

    at: datetime
    key: str
    actor: str
    actor_roles: tuple[Role, ...]
    actor_label: str
    action: str
    subject: str
    reason: str
    details: dict[str, Any] = {}

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "audit"
        indexes = [
            IndexModel([("key", 1)], name="key"),
            IndexModel([("subject", 1), ("key", 1)], name="subject"),
            IndexModel([("actor", 1), ("key", 1)], name="actor"),
        ]


MODELS: tuple[type[Stored], ...] = (
    AuditEntry,
    Category,
    Channel,
    Erasure,
    LoginClaim,
    LoginFailures,
    Place,
    Resident,
    ResidentClaim,
    Session,
    SmsChallenge,
    Staff,
    Unit,
)
