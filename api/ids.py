"""Global ids: the kind of a thing and its own id, `order:uY3…`, `unit:water`. Opaque to clients."""

from enum import StrEnum

import strawberry

from foundation.errors import InvalidInput

LONGEST = 120


class Kind(StrEnum):
    """What an id can name."""

    APPEAL = "appeal"
    ASSIGNMENT = "assignment"
    CATEGORY = "category"
    CHANNEL = "channel"
    CONTACT = "contact"
    FILE = "file"
    NOTICE = "notice"
    MEETING = "meeting"
    ORDER = "order"
    PLACE = "place"
    REPORT = "report"
    REQUEST = "request"
    RULE = "rule"
    SUPERVISION = "supervision"
    UNIT = "unit"
    # Identity's own ids carry these prefixes already.
    RESIDENT = "resident"
    STAFF = "staff"


_PREFIXED = (Kind.RESIDENT, Kind.STAFF)


def global_id(kind: Kind, id: str) -> strawberry.ID:
    """The global id of a thing."""
    return strawberry.ID(id if kind in _PREFIXED else f"{kind.value}:{id}")


def local_id(kind: Kind, given: str, path: str) -> str:
    """The thing's own id. Raises `InvalidInput`, naming `path`, for an id that names nothing of this kind."""
    prefix, separator, rest = given.partition(":")
    if prefix != kind.value or not separator or not rest or len(given) > LONGEST or not rest.isprintable():
        raise InvalidInput.field(path, "编号的格式不正确。")
    return given if kind in _PREFIXED else rest


def optional_id(kind: Kind, given: str | None, path: str) -> str | None:
    """The same for an id that may be missing."""
    return None if given is None else local_id(kind, given, path)


def local_ids(kind: Kind, given: list[strawberry.ID], path: str) -> tuple[str, ...]:
    """The same for several; a fault names which."""
    return tuple(local_id(kind, each, f"{path}.{n}") for n, each in enumerate(given))
