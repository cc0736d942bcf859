"""Orders of the releases before learn which of their returns were refused, however often the step was broken off."""

from datetime import UTC, datetime

from foundation.database import Database
from runtime.migrations import step_0005_refused_returns as step
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.statistics.bureau import a_bureau
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.states import RequestKind
from workorders.statistics.definitions import Figure

SIGNED = a_work_order().dispatched_to("water").signed()
REFUSED = SIGNED.asking_for(RequestKind.RETURN).refused()


async def test_orders_of_before_learn_what_was_refused_once(database: Database) -> None:
    bureau = await a_bureau(database)
    town = bureau.town
    lives = [
        SIGNED,
        REFUSED,
        REFUSED.asking_for(RequestKind.RETURN).refused(),
        SIGNED.asking_for(RequestKind.EXTENSION).refused(),
        SIGNED.asking_for(RequestKind.RETURN).with_its_unit_abolished().handed_to("heating").refused(),
    ]
    for life in lives * 2:
        town.units = None
        await life.made_in(town)
    known = {each["_id"]: each["order"] for each in await town.database.collection(OrderDocument).find({}).to_list()}
    assert sum(len(order["refused_returns"]) for order in known.values()) == 8
    await town.database.collection(OrderDocument).update_many({}, {"$unset": {"order.refused_returns": 1}})
    positions: list[str] = []

    async def keep(position: str) -> None:
        positions.append(position)

    await step.run(town.database, None, keep)
    await step.run(town.database, positions[len(positions) // 2], keep)  # broken off, and run again from there
    for id, order in known.items():
        document = await town.office.orders.by_id(id)
        assert document is not None
        assert (
            document.order.model_dump()["refused_returns"]
            == OrderDocument.load({**document.stored(), "order": order}).order.model_dump()["refused_returns"]
        )
    town.clock.set(datetime.now(UTC))
    await bureau.project()
    assert await bureau.told(Figure.RETURN_REFUSED) == (8, 8)
    assert (await bureau.check()).differences == []
