"""A unit that is abolished with open orders: its successor has them, without anybody's doing."""

import asyncio
from dataclasses import replace

import pytest

from tests.workorders.lifecycle.builders import WorkOrder, a_work_order, order_of
from tests.workorders.lifecycle.invariants import check
from tests.workorders.lifecycle.town import UNITS, Town, abolish
from workorders.lifecycle.documents import UnitDesk
from workorders.lifecycle.states import AssignmentEnd
from workorders.lifecycle.succeeding import hand_on

DISPATCHED = a_work_order().dispatched_to("water")
SIGNED = DISPATCHED.signed()
OPEN: list[WorkOrder] = [DISPATCHED, SIGNED, SIGNED.suspended(days=2), SIGNED.replied(), SIGNED.replied().approved()]


async def test_everything_open_goes_to_the_successor_once(town: Town) -> None:
    orders = [await made.made_in(town) for made in OPEN]
    ended = await SIGNED.handled().called_back().closed().made_in(town)
    helping = await a_work_order().dispatched_to("police", "water").made_in(town)
    abolish(town, "water", "heating")
    assert await hand_on(town.office) == len(orders) + 1
    assert await hand_on(town.office) == 0
    for order in orders:
        after = await check(town, order.id)
        assert after.lead is not None
        assert after.lead.unit == "heating"
        assert [a.end for a in after.assignments if not a.open] == [AssignmentEnd.REPLACED]
    assert (await order_of(town, ended.id)) == ended.order
    assert [a.unit for a in (await check(town, helping.id)).assignments if a.open] == ["police", "heating"]


async def test_two_workers_hand_each_on_once(town: Town) -> None:
    orders = [await DISPATCHED.made_in(town) for _ in range(6)]
    abolish(town, "water", "heating")
    await asyncio.gather(hand_on(town.office), hand_on(town.office))
    for order in orders:
        assert len((await check(town, order.id)).assignments) == 2


async def test_it_goes_on_to_whoever_lives_at_the_end_of_the_line(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    town.units = {
        **UNITS,
        "water": replace(UNITS["water"], abolished=True, successor="heating"),
        "heating": replace(UNITS["heating"], abolished=True, successor="police"),
    }
    assert await hand_on(town.office) == 1
    assert (await check(town, order.id)).assignments[-1].unit == "police"


@pytest.mark.parametrize("successor", [None, "gone"])
async def test_without_a_living_successor_it_stays(town: Town, successor: str | None) -> None:
    order = await DISPATCHED.made_in(town)
    units = {**UNITS, "gone": replace(UNITS["gone"], successor=None)}
    town.units = {**units, "water": replace(UNITS["water"], abolished=True, successor=successor)}
    assert await hand_on(town.office) == 0
    assert (await order_of(town, order.id)) == order.order


async def test_what_the_successor_may_not_have_stays_for_a_person_and_holds_up_nobody(town: Town) -> None:
    kept = await a_work_order().against("heating").dispatched_to("water").made_in(town)
    other = await DISPATCHED.made_in(town)
    abolish(town, "water", "heating")
    assert await hand_on(town.office) == 1
    assert (await order_of(town, kept.id)) == kept.order
    row = await town.database.get(UnitDesk, f"{other.id}:a2")
    assert row is not None
    assert row.unit == "heating"
