"""Keyset pages 分页: the cost follows the page, not the collection.

Each sort has one stored key, `time~id`, under an index whose leading fields the query names by equality. The engines
read a whole index range before they cut it to a page, so a page walks windows that are bounded on both sides, narrow
where it starts and wider as they come back short. How narrow, the last walk through the same list tells.
"""

import base64
import binascii
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from foundation.database import Database, Raw
from foundation.densities import Density
from foundation.documents import Stored
from foundation.errors import InvalidInput

T = TypeVar("T")
U = TypeVar("U")

LARGEST_PAGE = 50
GROWTH = 4
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def time_key(moment: datetime, id: str) -> str:
    """The stored sort key of a thing at a moment: sorts by time, then by id."""
    return f"{instant(moment)}~{id}"


def instant(moment: datetime) -> str:
    """A moment as it stands in a sort key: UTC, to the millisecond, always 24 characters."""
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds')[:23]}Z"


def moment_of(key: str) -> datetime:
    """The moment in a sort key. Raises `ValueError` if it is none."""
    return datetime.strptime(key[:24], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def cursor_of(key: str) -> str:
    """A sort key as an opaque cursor."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(cursor: str) -> str:
    """The sort key in a cursor. Raises `InvalidInput` if it is not one of ours."""
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        if not EARLIEST <= moment_of(key) <= LATEST or key[24:25] != "~" or len(key) > 200:
            raise ValueError
    except (binascii.Error, ValueError):
        raise InvalidInput.field("after", "分页游标无效，请从第一页重新查询。") from None
    return key


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`first` items after `after`, as the client asked."""

    first: int = 20
    after: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.first <= LARGEST_PAGE:
            raise InvalidInput.field("first", f"每页条数须在 1 至 {LARGEST_PAGE} 之间。")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items with the sort key of each, and whether more follow."""

    items: tuple[T, ...]
    keys: tuple[str, ...]
    has_next: bool

    def map(self, items: Sequence[U]) -> "Page[U]":
        """The same page of other things, one for one."""
        return Page(tuple(items), self.keys, self.has_next)


@dataclass(frozen=True, slots=True)
class Span:
    """The moments that a list covers, `start` ≤ moment < `end`."""

    start: datetime = EARLIEST
    end: datetime = LATEST


async def page_of(
    database: Database,
    model: type[Stored],
    equal: Mapping[str, Any],
    key: str,
    request: PageRequest,
    *,
    descending: bool,
    around: datetime,
    span: Span = Span(),
    narrow: Mapping[str, Any] | None = None,
) -> Page[Raw]:
    """One page of raw documents by rising or falling `key`.

    `equal` are the leading fields of the index that ends in `key`; `narrow` filters further, within the windows.
    `around` is where the list is dense, usually now: a list that starts elsewhere gets there in few, wide steps.
    """
    collection = database.collection(model)
    after = key_of(request.after) if request.after else None
    walk = f"{model.collection_name()} {dict(equal)} {key} {descending} {narrow}"
    wanted = request.first + 1
    found: list[Raw] = []
    for low, high in _windows(span, after, around, descending, database.densities.of(walk)):
        bounds: dict[str, str] = {"$gte": instant(low), "$lt": instant(high)}
        if after is not None and descending and after < bounds["$lt"]:
            bounds["$lt"] = after
        elif after is not None and not descending and after >= bounds["$gte"]:
            bounds = {"$gt": after, "$lt": bounds["$lt"]}
        query = {**equal, key: bounds, **(narrow or {})}
        cursor = collection.find(query).sort(key, -1 if descending else 1).limit(wanted - len(found)).max_time_ms(5_000)
        found += await cursor.to_list()
        if len(found) == wanted:
            break
    full = len(found) == wanted
    moments = [moment_of(item[key]) for item in (found[0], found[-1])] if found else []
    database.densities.learn(walk, moments, full=full, from_start=after is None)
    items = found[: request.first]
    return Page(tuple(items), tuple(item[key] for item in items), full)


def _windows(
    span: Span, after: str | None, around: datetime, descending: bool, density: Density
) -> list[tuple[datetime, datetime]]:
    """Adjoining windows from the start of the list to its end, none empty.

    The first reaches to where the list most likely starts: what is met before it is little, or nothing, and one range
    costs less than many empty ones. From there on they grow.
    """
    if after is not None:
        start = moment_of(after)
    elif descending or density.start is None:
        start = around
    else:
        start = density.start
    centre = min(max(start, span.start), span.end)
    # A window reaches one millisecond over the cursor's moment: items of the same moment differ by their ids.
    floor = span.start if after is None or descending else max(span.start, start)
    ceiling = span.end if after is None or not descending else min(span.end, start + timedelta(milliseconds=1))
    onward = -1 if descending else 1
    borders, distance = {floor, ceiling}, density.width
    while floor < (border := centre + onward * distance) < ceiling:
        borders.add(border)
        distance *= GROWTH
    ordered = sorted(borders) if floor < ceiling else []
    windows = list(itertools.pairwise(ordered))
    return windows[::-1] if descending else windows
