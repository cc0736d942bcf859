"""Each open order gets the timer that lights it; the release before had timers for signing and resuming only."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from foundation.database import Database

TITLE = "open orders are watched by one timer each, which lights their deadlines"
OPEN = ("received", "dispatched", "in_progress", "unit_review", "hotline_review", "callback")
BATCH = 200

Keep = Callable[[str], Awaitable[None]]


async def run(database: Database, done: str | None, keep: Keep) -> None:
    """Give every open order a timer that is due now; it finds for itself what comes next. Twice is once."""
    state, _, after = (done or f"{OPEN[0]}|").partition("|")
    for status in OPEN[OPEN.index(state) :]:
        after = after if status == state else ""
        while True:
            bounds = {"$gt": after, "$lt": "~"}
            found = database.mongo["orders"].find({"status": status, "due_key": bounds}, {"due_key": 1})
            orders = await found.sort("due_key", 1).limit(BATCH).to_list()
            for order in orders:
                id, now = f"{order['_id']}~watch~0", datetime.now(UTC)
                timer = {"_id": id, "kind": "watch", "subject": order["_id"], "deadline": now, "due": now, "v": 1}
                await database.mongo["timers"].replace_one(
                    {"_id": id}, timer | {"lease": None, "tries": 0}, upsert=True
                )
            if not orders:
                break
            after = orders[-1]["due_key"]
            await keep(f"{status}|{after}")
    for kind in ("sign", "resume"):
        await database.mongo["timers"].delete_many({"kind": kind})
