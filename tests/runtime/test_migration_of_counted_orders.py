"""Orders of the releases before figures are counted afterwards, however often the step was broken off."""

from datetime import UTC, datetime

from foundation.database import Database
from runtime.migrations import step_0003_orders_are_counted as step
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.statistics.bureau import a_bureau
from workorders.lifecycle.projecting import projector
from workorders.statistics.definitions import Figure
from workorders.statistics.documents import CountedOrder


async def test_orders_of_before_are_counted_once(database: Database) -> None:
    bureau = await a_bureau(database)
    town = bureau.town
    lives = [a_work_order(), a_work_order().dispatched_to("water").signed(), a_work_order().answered_at_once()]
    for life in lives * 3:
        await life.made_in(town)
    before = projector(town.database)
    await before.take_over(town.clock.now())
    while await before.sweep(town.clock.now()):
        pass
    await before.resign()
    assert await town.database.collection(CountedOrder).count_documents({}) == 0

    positions: list[str] = []

    async def keep(position: str) -> None:
        positions.append(position)

    await step.run(town.database, None, keep)
    town.clock.set(datetime.now(UTC))
    await bureau.project()
    await step.run(town.database, positions[len(positions) // 2], keep)  # broken off, and run again from there
    await a_work_order().made_in(town)
    town.clock.set(datetime.now(UTC))
    await bureau.project()
    assert await bureau.told(Figure.RECEIVED) == (10, 10)
    assert await bureau.told(Figure.SIGNED_ON_TIME) == (3, 3)
    assert (await bureau.check()).differences == []
