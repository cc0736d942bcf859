"""Orders of the first release have no topic, by which orders of one matter are found."""

from typing import Final

from foundation.database import Database
from foundation.walking import ID_CHARACTERS
from runtime.migrations import Keep

TITLE: Final = "orders are found by their topic"

BATCH: Final = 200


async def run(database: Database, done: str | None, keep: Keep) -> None:
    """A sixty-fourth of the orders at a time; `done` is the last first character of an id that was finished."""
    orders = database.mongo["orders"]
    for first in ID_CHARACTERS[ID_CHARACTERS.index(done) + 1 if done else 0 :]:
        bounds = {"$gte": first, "$lt": chr(ord(first) + 1)}
        wanted = {"_id": 1, "order.category": 1, "order.place": 1}
        without = {"_id": bounds, "topic": {"$in": [None, ""]}}
        while found := await orders.find(without, wanted).limit(BATCH).to_list():
            for raw in found:
                topic = f"{raw['order']['category'][-1]}@{raw['order']['place'][-1]}"
                await orders.update_one({"_id": raw["_id"]}, {"$set": {"topic": topic}})
        await keep(first)
