"""Orders of the release before lights: each open one is watched afterwards, however often the step was broken off."""

from datetime import UTC, datetime

from foundation.database import Database
from foundation.timers import Timer
from runtime.migrations import step_0002_open_orders_are_watched as step

OPEN = 450
CLOSED = 30


async def test_every_open_order_gets_one_timer_that_is_due(database: Database) -> None:
    await database.prepare([Timer])
    orders = database.mongo["orders"]
    states = [*(step.OPEN[n % len(step.OPEN)] for n in range(OPEN)), *(["closed"] * CLOSED)]
    await orders.insert_many(
        [
            {"_id": f"o{n}", "status": status, "due_key": f"2026-11-{n % 28 + 1:02}~o{n}"}
            for n, status in enumerate(states)
        ]
    )
    old = datetime(2026, 11, 1, tzinfo=UTC)
    await database.mongo["timers"].insert_one({"_id": "o1:a1~sign~2", "kind": "sign", "subject": "o1:a1", "due": old})
    positions: list[str] = []

    async def keep(position: str) -> None:
        positions.append(position)

    await step.run(database, None, keep)
    timers = [Timer.load(raw) for raw in await database.collection(Timer).find({}).to_list()]
    assert {timer.subject for timer in timers} == {f"o{n}" for n in range(OPEN)}
    assert {timer.kind for timer in timers} == {"watch"}
    assert all(timer.due <= datetime.now(UTC) for timer in timers)

    await step.run(database, positions[len(positions) // 2], keep)  # broken off, and run again from there
    assert await database.collection(Timer).count_documents({}) == OPEN
