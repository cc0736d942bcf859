"""Walking whole collections in bounded pieces: the engines build a whole result before they send it, so no one query
reads everything."""

import string
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

from foundation.database import Database, Raw
from foundation.documents import Stored
from foundation.paging import instant, moment_of

WINDOW: Final = timedelta(days=1)
MILLISECOND: Final = timedelta(milliseconds=1)
ID_CHARACTERS: Final = string.ascii_letters + string.digits + "-_"
"""What an id begins with (`foundation/ids.py`), each as often as any other; broken-off walks go on in this order."""


async def in_windows(
    database: Database, model: type[Stored], key: str, since: datetime, until: datetime
) -> AsyncIterator[Raw]:
    """Everything with a sort key from `since` to `until`, rising, read a day at a time."""
    collection = database.collection(model)
    bounds = {"$gte": instant(since), "$lt": instant(until)}
    first = await collection.find({key: bounds}).sort(key, 1).limit(1).to_list()
    last = await collection.find({key: bounds}).sort(key, -1).limit(1).to_list()
    if not first or not last:
        return
    start, until = max(since, moment_of(first[0][key])), min(until, moment_of(last[0][key]) + MILLISECOND)
    while start < until:
        end = min(start + WINDOW, until)
        window = collection.find({key: {"$gte": instant(start), "$lt": instant(end)}}).sort(key, 1)
        for raw in await window.to_list():
            yield raw
        start = end


async def by_first_character(database: Database, model: type[Stored], prefix: str = "") -> AsyncIterator[Raw]:
    """Everything whose `_id` is `prefix` and an id, a sixty-fourth at a time."""
    for character in ID_CHARACTERS:
        bounds = {"$gte": prefix + character, "$lt": prefix + chr(ord(character) + 1)}
        for raw in await database.collection(model).find({"_id": bounds}).to_list():
            yield raw
