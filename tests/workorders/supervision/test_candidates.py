"""Which orders may be the same matter, and why."""

from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.errors import NotAllowed, NotFound
from foundation.ids import new_id
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.town import (
    CITIZEN,
    COMPLAINT,
    DISPATCHER,
    LEADER,
    MONDAY,
    OPERATOR,
    STRANGER,
    UPSTREAM,
    WATER,
    Town,
)
from workorders.lifecycle import intake
from workorders.lifecycle.intake import Report
from workorders.lifecycle.values import Reporter, Upstream
from workorders.supervision import merging
from workorders.supervision.candidates import MOST_OFFERED, WINDOW, Reason, candidates

OTHER = replace(COMPLAINT, category="water", place="town", title="路灯不亮", detail="整条街黑了三天。", phone=None)


async def taken(town: Town, report: Report, who: object = CITIZEN) -> str:
    return (await intake.take_in(town.office, who, report)).id  # type: ignore[arg-type]


async def offered(town: Town, id: str) -> dict[str, set[Reason]]:
    return {each.document.id: set(each.reasons) for each in await candidates(town.office, DISPATCHER, id)}


async def test_each_candidate_comes_with_its_reasons_the_likeliest_first(town: Town) -> None:
    order = await taken(town, COMPLAINT)
    same_words = replace(COMPLAINT, phone="13900139000", detail=f"{COMPLAINT.detail}请尽快。")
    twin = await taken(town, same_words, STRANGER)
    same_phone = await taken(town, replace(OTHER, phone=COMPLAINT.phone), STRANGER)
    same_place = await taken(town, replace(OTHER, category="leak", place="street"), STRANGER)
    await taken(town, OTHER, STRANGER)
    found = await candidates(town.office, DISPATCHER, order)
    assert {each.document.id: set(each.reasons) for each in found} == {
        twin: {Reason.SAME_MATTER, Reason.SAME_WORDS},
        same_phone: {Reason.SAME_CALLER},
        same_place: {Reason.SAME_MATTER},
    }
    assert found[0].document.id == twin
    assert all(0 < each.score <= 1 for each in found)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert (await offered(town, twin))[order] == {Reason.SAME_MATTER, Reason.SAME_WORDS}


async def test_only_what_may_be_merged_is_offered(town: Town) -> None:
    order = await taken(town, COMPLAINT)
    town.clock.set(MONDAY)
    await a_work_order().dispatched_to("water").signed().handled().made_in(town)
    child, main = await taken(town, COMPLAINT), await taken(town, COMPLAINT)
    await merging.merge(town.office, DISPATCHER, child, into=main)
    assert set(await offered(town, order)) == {main}
    assert await offered(town, child) == {}
    await intake.withdraw(town.office, CITIZEN, order, reason="不用了。")
    assert await offered(town, order) == {}


async def test_they_lie_within_days_of_each_other(town: Town) -> None:
    old = await taken(town, COMPLAINT)
    town.clock.advance(WINDOW - timedelta(minutes=1))
    order = await taken(town, COMPLAINT)
    assert set(await offered(town, order)) == {old}
    assert set(await offered(town, old)) == {order}
    town.clock.advance(timedelta(minutes=2))
    assert set(await offered(town, await taken(town, COMPLAINT))) == {order}


async def test_so_many_are_offered(town: Town) -> None:
    for _ in range(MOST_OFFERED + 3):
        order = await taken(town, COMPLAINT)
    assert len(await offered(town, order)) == MOST_OFFERED


async def test_nobody_is_told_that_the_anonymous_are_one_and_a_platform_is_no_caller(town: Town) -> None:
    blank = replace(COMPLAINT, reporter=Reporter.ANONYMOUS, name=None, phone=None)
    order = await taken(town, blank)
    await taken(town, replace(OTHER, reporter=Reporter.ANONYMOUS, name=None))
    assert await offered(town, order) == {}
    down = replace(COMPLAINT, upstream=Upstream(source="province", number="1"), channel="upstream", phone=None)
    first = await taken(town, down, UPSTREAM)
    second = replace(OTHER, upstream=Upstream(source="province", number="2"), channel="upstream")
    await taken(town, second, UPSTREAM)
    assert set(await offered(town, first)) == {order}


async def test_they_are_for_those_who_merge(town: Town) -> None:
    order = await taken(town, COMPLAINT)
    for actor in (OPERATOR, LEADER, CITIZEN):
        with pytest.raises(NotAllowed):
            await candidates(town.office, actor, order)
    for actor, id in ((WATER, order), (STRANGER, order), (DISPATCHER, new_id())):
        with pytest.raises(NotFound):
            await candidates(town.office, actor, id)
