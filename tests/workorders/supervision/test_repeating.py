"""Complaints that repeat: counted when they were taken in, in whatever order, and supervised once."""

from datetime import timedelta

import pytest

from foundation.outbox import LEASE, OutboxRow
from tests.workorders.lifecycle.builders import WorkOrder, a_work_order, order_of
from tests.workorders.lifecycle.invariants import check
from tests.workorders.lifecycle.town import Town
from tests.workorders.supervision.packs import without_supervision
from workorders.deadlines.values import Kind, SupervisionLevel
from workorders.lifecycle import intake
from workorders.lifecycle.recording import REPEATED
from workorders.lifecycle.states import SupervisionCause
from workorders.supervision.repeating import repeat_watcher

ONE = a_work_order()
OVER_A_WEEK = timedelta(days=7, milliseconds=1)


async def several(town: Town, *reports: WorkOrder) -> list[str]:
    return [(await intake.take_in(town.office, each.reporter, each.report)).id for each in reports]


async def looked_at(town: Town) -> None:
    """The one who led before has let go; a new one looks at all that waits."""
    town.clock.advance(LEASE)
    watcher = repeat_watcher(town.office)
    while await watcher.sweep(town.clock.now()):
        pass


async def watched(town: Town, ids: list[str]) -> list[str]:
    """Those that are supervised because they repeat."""
    found = []
    for id in ids:
        order = await check(town, id)
        assert {each.cause for each in order.supervisions} <= {SupervisionCause.REPEATED}
        found += [id] * len(order.supervisions)
    return found


async def test_the_third_about_one_thing_at_one_place_is_supervised_and_no_further_one(town: Town) -> None:
    ids = []
    for _ in range(2):
        ids += await several(town, ONE)
        await looked_at(town)
    assert await watched(town, ids) == []
    for _ in range(3):
        ids += await several(town, ONE)
        await looked_at(town)
    assert await watched(town, ids) == [ids[2]]
    assert (await order_of(town, ids[2])).supervisions[0].level is SupervisionLevel.KEY
    assert await town.database.collection(OutboxRow).count_documents({"consumer": REPEATED}) == 0


async def test_those_that_came_while_nobody_looked_count_too(town: Town) -> None:
    ids = await several(town, ONE, ONE, ONE)
    await looked_at(town)
    assert len(await watched(town, ids)) == 1


@pytest.mark.parametrize(
    "others",
    [
        [ONE.of_kind(Kind.CONSULT), ONE.of_kind(Kind.SUGGESTION)],
        [ONE.reported(category="water"), ONE.reported(place="town"), ONE.reported(place="town")],
        [ONE.reported(place="town")] * 4,
    ],
)
async def test_questions_other_places_and_the_whole_town_do_not_count(town: Town, others: list[WorkOrder]) -> None:
    ids = await several(town, ONE, *others, ONE)
    await looked_at(town)
    assert await watched(town, ids) == []


async def test_what_was_withdrawn_or_lies_too_far_back_does_not_count(town: Town) -> None:
    town.rules = town.rules.model_copy(
        update={"supervision": town.rules.supervision.model_copy(update={"repeated_days": 7})}
    )
    withdrawn = (await ONE.withdrawn().made_in(town)).id
    ids = [withdrawn, *await several(town, ONE)]
    town.clock.advance(OVER_A_WEEK)
    ids += await several(town, ONE, ONE)
    await looked_at(town)
    assert await watched(town, ids) == []
    ids += await several(town, ONE)
    await looked_at(town)
    assert len(await watched(town, ids)) == 1


async def test_a_row_that_is_told_again_does_nothing_more(town: Town) -> None:
    ids = await several(town, ONE, ONE, ONE)
    rows = await town.database.collection(OutboxRow).find({"consumer": REPEATED}).to_list()
    await looked_at(town)
    before = await watched(town, ids)
    for raw in rows:
        await town.database.collection(OutboxRow).insert_one(raw)
    await looked_at(town)
    assert await watched(town, ids) == before
    assert len(before) == 1


async def test_a_pack_that_does_not_ask_for_it_costs_no_row(town: Town) -> None:
    town.rules = without_supervision(town.rules)
    await several(town, ONE, ONE, ONE)
    assert await town.database.collection(OutboxRow).count_documents({"consumer": REPEATED}) == 0
