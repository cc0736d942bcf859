"""The supervisors' desk and leadership's: what lies on them, in which order, page by page, and for whom."""

import pytest

from foundation.errors import NotAllowed
from foundation.paging import PageRequest, cursor_of
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.test_requests import local
from tests.workorders.lifecycle.town import (
    CALLER,
    CHIEF,
    CITIZEN,
    DISPATCHER,
    LEADER,
    OPERATOR,
    REVIEWER,
    SUPERVISOR,
    Town,
    clerk_of,
    head_of,
)
from workorders.deadlines.values import SupervisionLevel
from workorders.supervision.repository import SupervisionRepository

SIGNED = a_work_order().dispatched_to("water").signed()
FIRST = PageRequest()


async def test_open_supervisions_by_due_and_each_order_once(town: Town) -> None:
    desk, names = SupervisionRepository(town.database), {}
    twice = SIGNED.supervised(SupervisionLevel.ORDINARY).supervised(SupervisionLevel.LISTED)
    for name, order in {
        "key": SIGNED.supervised(SupervisionLevel.KEY),
        "twice": twice,
        "answered": SIGNED.later(days=3).supervised(SupervisionLevel.LISTED).supervision_answered(),
        "closed": SIGNED.supervised().supervision_closed(because="已核实。"),
        "over": SIGNED.supervised().withdrawn(),
        "plain": SIGNED,
    }.items():
        names[(await order.made_in(town)).id] = name
    now = town.clock.now()

    async def listed(**narrow: object) -> list[tuple[str, str]]:
        page = await desk.desk(SUPERVISOR, FIRST, now, **narrow)  # type: ignore[arg-type]
        return [(names[row.order], row.level) for row in page.items]

    assert await listed() == [("twice", "listed"), ("key", "key"), ("twice", "ordinary"), ("answered", "listed")]
    assert await listed(level=SupervisionLevel.LISTED) == [("twice", "listed"), ("answered", "listed")]
    assert await listed(unanswered=False) == [("answered", "listed")]
    supervised = await desk.supervised(LEADER, FIRST, now)
    assert [names[row.order] for row in supervised.items] == ["twice", "key", "answered"]
    seen, after = [], None
    for _ in range(4):
        page = await desk.desk(LEADER, PageRequest(1, after), now)
        seen += [names[row.order] for row in page.items]
        after = cursor_of(page.keys[-1])
    assert seen == ["twice", "key", "twice", "answered"]
    assert not page.has_next


async def test_overdue_orders_for_the_longest_first_whatever_they_wait_for(town: Town) -> None:
    desk, names = SupervisionRepository(town.database), {}
    for name, order in {
        "received": a_work_order(),
        "signed": SIGNED,
        "replied": SIGNED.replied(),
        "approved": SIGNED.replied().approved(),
        "callback": SIGNED.handled(),
        "urgent": a_work_order().urgent(),
        "extended": SIGNED.extended(days=3),
        "ended": SIGNED.withdrawn(),
    }.items():
        names[(await order.made_in(town)).id] = name

    async def listed(page: PageRequest = FIRST) -> list[str]:
        return [names[each.id] for each in (await desk.overdue(LEADER, page, town.clock.now())).items]

    town.clock.set(local(16, 9, 30))
    assert await listed() == []
    town.clock.set(local(24, 9))
    in_order = ["urgent", "received", "approved", "callback", "signed", "replied"]
    found = await listed()
    assert found[:4] == in_order[:4]
    assert set(found[4:]) == set(in_order[4:])
    paged, after, has_next = [], None, True
    while has_next:
        page = await desk.overdue(SUPERVISOR, PageRequest(2, after), town.clock.now())
        paged += [names[each.id] for each in page.items]
        after, has_next = cursor_of(page.keys[-1]), page.has_next
    assert paged == found
    town.clock.set(local(20, month=12))
    assert len(await listed()) == 7
    assert "ended" not in await listed()


@pytest.mark.parametrize(
    "actor", [CITIZEN, OPERATOR, DISPATCHER, CHIEF, REVIEWER, CALLER, clerk_of("water"), head_of("water")]
)
async def test_they_are_for_supervisors_and_leadership(town: Town, actor: object) -> None:
    desk, now = SupervisionRepository(town.database), town.clock.now()
    for read in (desk.desk, desk.supervised, desk.overdue):
        with pytest.raises(NotAllowed):
            await read(actor, FIRST, now)  # type: ignore[operator]
