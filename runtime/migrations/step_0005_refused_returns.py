"""An order knows which of its returns were refused; those of the releases before are told it by their events."""

from typing import Final

from pymongo import UpdateOne

from foundation.database import Database, Raw
from runtime.migrations import Keep, order_ids
from runtime.migrations.step_0003_orders_are_counted import counting_anew

TITLE: Final = "orders know which of their returns were refused"

TOLD: Final = ("request_return", "replace", "refuse_return")
BATCH: Final = 500


async def run(database: Database, done: str | None, keep: Keep) -> None:
    """Tell each order its refused returns; those that have any are given to the projector once more. Twice is once."""
    async for bounds in order_ids(database, done, keep):
        while not await _told(database, bounds):
            pass


async def _told(database: Database, bounds: Raw) -> bool:
    """Tell these orders; False if one of them changed meanwhile."""
    mongo = database.mongo
    found = await mongo["orders"].find({"_id": bounds}, {"order.version": 1}).to_list()
    known = {raw["_id"]: raw for raw in found}
    refused = await _refused(database, bounds)
    orders = [id for id in refused if id in known]
    matched = 0
    for start in range(0, len(orders), BATCH):
        part = orders[start : start + BATCH]
        told = [
            UpdateOne(
                {"_id": id, "order.version": known[id]["order"]["version"]},
                {"$set": {"order.refused_returns": refused[id]}},
            )
            for id in part
        ]
        matched += (await mongo["orders"].bulk_write(told)).matched_count
        await mongo["outbox"].bulk_write([counting_anew(known[id]) for id in part])
    return matched == len(orders)


async def _refused(database: Database, bounds: Raw) -> dict[str, list[Raw]]:
    """The refusals of each order that had any, in their order."""
    asked: dict[str, str] = {}
    refused: dict[str, list[Raw]] = {}
    fields = {"subject": 1, "type": 1, "at": 1, "data": 1}
    query = {"_id": bounds, "type": {"$in": list(TOLD)}}
    async for event in database.mongo["events"].find(query, fields).sort("_id", 1):
        order, data = event["subject"], event["data"]
        if event["type"] == "request_return":
            asked[order] = data["request"]["assignment"]
        elif event["type"] == "refuse_return":
            refused.setdefault(order, []).append({"assignment": asked[order], "at": event["at"]})
        elif asked.get(order) == data["gone"]:
            asked[order] = data["successor"]["id"]
    return refused
