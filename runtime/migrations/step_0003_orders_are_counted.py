"""Orders of the releases before are not counted in the figures: the projector is given each of them once more."""

from datetime import UTC, datetime
from typing import Final

from pymongo import ReplaceOne

from foundation.database import Database, Raw
from runtime.migrations import Keep, order_ids

TITLE: Final = "the projector counts every order in the figures"

BATCH: Final = 500


async def run(database: Database, done: str | None, keep: Keep) -> None:
    """Give each order to the projector. Twice is once: what is counted already changes nothing."""
    mongo = database.mongo
    async for bounds in order_ids(database, done, keep):
        found = await mongo["orders"].find({"_id": bounds}, {"order.version": 1}).to_list()
        for start in range(0, len(found), BATCH):
            await mongo["outbox"].bulk_write([counting_anew(raw) for raw in found[start : start + BATCH]])


def counting_anew(raw: Raw) -> ReplaceOne[Raw]:
    """The projector's row under the id of the order's last event, whose own row it may replace: it asks for more."""
    event, now = f"{raw['_id']}:{raw['order']['version']:06d}", datetime.now(UTC)
    row = {
        "_id": f"{event}:projector",
        "v": 1,
        "consumer": "projector",
        "subject": raw["_id"],
        "sequence": raw["order"]["version"],
        "key": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z~{event}",
        "data": {"anew": True},
        "tries": 0,
    }
    return ReplaceOne({"_id": row["_id"]}, row, upsert=True)
