"""Orders of the first release have no topic, by which orders of one matter are found."""

from typing import Final

from pymongo import UpdateOne

from foundation.database import Database, Raw
from runtime.migrations import Keep, order_ids

TITLE: Final = "orders are found by their topic"

BATCH: Final = 500
WITHOUT: Final[Raw] = {"topic": {"$in": [None, ""]}}


async def run(database: Database, done: str | None, keep: Keep) -> None:
    """Give each order its topic. Twice is once."""
    orders = database.mongo["orders"]
    async for bounds in order_ids(database, done, keep):
        found = await orders.find({"_id": bounds, **WITHOUT}, {"order.category": 1, "order.place": 1}).to_list()
        for start in range(0, len(found), BATCH):
            await orders.bulk_write([_given(raw) for raw in found[start : start + BATCH]], ordered=False)


def _given(raw: Raw) -> UpdateOne:
    """Unless an action has given the order its topic meanwhile."""
    topic = f"{raw['order']['category'][-1]}@{raw['order']['place'][-1]}"
    return UpdateOne({"_id": raw["_id"], **WITHOUT}, {"$set": {"topic": topic}})
