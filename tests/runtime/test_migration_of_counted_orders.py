"""Orders of the releases before figures are counted afterwards, however often the step was broken off."""

from datetime import UTC, datetime
from typing import Any

import pytest

from foundation.database import Database
from runtime.migrations import step_0003_orders_are_counted as step
from runtime.migrations import step_0004_figures_anew
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.statistics.bureau import a_bureau
from workorders.lifecycle import projecting
from workorders.lifecycle.projecting import EMERGENCIES, projector, tallies
from workorders.statistics import counting
from workorders.statistics import projecting as figures
from workorders.statistics.definitions import Family, Figure
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


async def test_what_the_release_before_did_not_count_is_counted_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    bureau = await a_bureau(database)
    town = bureau.town
    entries, desks = counting.entries_of, projecting.desks_of
    unknown = (Family.YELLOW, Family.CLOSING)

    def known_entries(*given: Any) -> Any:
        return tuple(each for each in entries(*given) if not each.counter.startswith(unknown))

    monkeypatch.setattr(figures, "entries_of", known_entries)
    monkeypatch.setattr(
        projecting, "desks_of", lambda order: tuple(d for d in desks(order) if not d.startswith(EMERGENCIES))
    )
    await a_work_order().answered_at_once().made_in(town)
    await a_work_order().emergency().dispatched_to("water").signed().made_in(town)
    await bureau.project()
    monkeypatch.undo()

    async def keep(_: str) -> None:
        return None

    await step_0004_figures_anew.run(town.database, None, keep)
    town.clock.set(datetime.now(UTC))
    await bureau.project()
    assert await bureau.told(Figure.ARCHIVED) == (1, 1)
    assert await tallies(town.database, [EMERGENCIES, f"{EMERGENCIES}:city"]) == {
        EMERGENCIES: 1,
        f"{EMERGENCIES}:city": 1,
    }
    assert await tallies(town.database, ["hotline:closed"]) == {"hotline:closed": 1}
    assert (await bureau.check()).differences == []
