"""Walking whole collections in bounded pieces: the engines build a whole result before they send it, so no one query
reads everything."""

import string
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

from foundation.database import Database, Raw
from foundation.documents import Stored
from foundation.paging import instant, moment_of

FIRST_WINDOW: Final = timedelta(days=1)
WIDEST_READ: Final = timedelta(days=8)
"""A wider window is only asked whether anything lies in it."""
WIDEST_WINDOW: Final = timedelta(days=366)
MILLISECOND: Final = timedelta(milliseconds=1)
AT_ONCE: Final = 1_000
"""So many documents are held at one time."""
ID_CHARACTERS: Final = string.ascii_letters + string.digits + "-_"
"""What an id begins with (`foundation/ids.py`), each as often as any other; broken-off walks go on in this order."""


def starting_with(text: str) -> Raw:
    """Bounds of everything that starts with a text."""
    return {"$gte": text, "$lt": text[:-1] + chr(ord(text[-1]) + 1)}


async def in_windows(
    database: Database, model: type[Stored], key: str, since: datetime, until: datetime
) -> AsyncIterator[Raw]:
    """Everything with a sort key from `since` to `until`, rising.

    A query costs what lies in its window: the next one is narrower where this held more than is taken at once, and
    wider where it held little; over years in which nothing lies it goes by the year. What gets a later key meanwhile is
    met there.
    """
    collection = database.collection(model)
    start, after, width, widest = since, instant(since), FIRST_WINDOW, WIDEST_WINDOW
    while start < until:
        end, found = min(start + width, until), list[Raw]()
        bounds = {"$gt": after, "$lt": instant(end)}  # a key is longer than the moment that it begins with
        if width <= WIDEST_READ:
            found = await collection.find({key: bounds}).sort(key, 1).limit(AT_ONCE).to_list()
        elif await collection.find_one({key: bounds}, {"_id": 1}) is not None:
            width = widest = max(width / 4, WIDEST_READ)
            continue
        for raw in found:
            yield raw
        if found:
            widest = WIDEST_WINDOW
        if len(found) == AT_ONCE:
            start, after, width = moment_of(found[-1][key]), found[-1][key], max(width / 4, MILLISECOND)
        else:
            start, after = end, instant(end)
            width = min(width * 2, widest) if len(found) < AT_ONCE // 4 else width


async def by_first_character(database: Database, model: type[Stored], prefix: str = "") -> AsyncIterator[Raw]:
    """Everything whose `_id` is `prefix` and an id, a sixty-fourth at a time."""
    for character in ID_CHARACTERS:
        for raw in await database.collection(model).find({"_id": starting_with(prefix + character)}).to_list():
            yield raw
