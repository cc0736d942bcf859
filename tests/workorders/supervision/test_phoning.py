"""The desk of phone tasks, whom to call, and what supervisors are told."""

from datetime import timedelta

import pytest

from foundation.errors import NotAllowed
from foundation.paging import PageRequest, cursor_of
from identity.documents import Contact, DutyShift, Unit
from identity.duty import reference
from tests.workorders.lifecycle.builders import MOMENT, a_work_order
from tests.workorders.lifecycle.test_timing import sweep
from tests.workorders.lifecycle.town import (
    CALLER,
    CHIEF,
    CITIZEN,
    COMPLAINT,
    DEVICE,
    DISPATCHER,
    LEADER,
    MONDAY,
    OPERATOR,
    QIAN,
    REVIEWER,
    SUN,
    SUPERVISOR,
    UPSTREAM,
    WATER_DUTY,
    ZHAO,
    Town,
    clerk_of,
    head_of,
)
from tests.workorders.supervision.crossing import notices, phone_consumer
from workorders.lifecycle.documents import PhoneStage
from workorders.lifecycle.values import Call, PhoneTask
from workorders.supervision.phoning import to_call
from workorders.supervision.repository import SupervisionRepository

EMERGENCY = a_work_order().emergency()
DISPATCHED = EMERGENCY.dispatched_to("water")
OFFICE = Contact(name="办公室", phone="057912345678")
TEN = timedelta(minutes=10)


async def test_open_phone_tasks_by_whose_they_are_and_by_due(town: Town) -> None:
    desk, named = SupervisionRepository(town.database), {}
    for name, order in {
        "later": DISPATCHED.later(minutes=4).phoned(reached=False),
        "first": DISPATCHED,
        "known": DISPATCHED.phoned(),
        "merged": DISPATCHED.merged(),
        "over": DISPATCHED.withdrawn(),
        "nobody on duty": EMERGENCY.dispatched_to("police"),
        "plain": a_work_order().dispatched_to("water"),
    }.items():
        named[(await order.made_in(town)).id] = name

    async def listed(stage: PhoneStage) -> list[str]:
        page = await desk.phone_tasks(OPERATOR, stage, PageRequest(), town.clock.now())
        return [named[row.id] for row in page.items]

    assert await listed(PhoneStage.DUTY) == ["first", "later"]
    assert await listed(PhoneStage.SUPERVISOR) == ["nobody on duty"]
    seen, after = [], None
    for _ in range(2):
        page = await desk.phone_tasks(SUPERVISOR, PhoneStage.DUTY, PageRequest(1, after), town.clock.now())
        seen += [named[row.id] for row in page.items]
        after = cursor_of(page.keys[-1])
    assert seen == ["first", "later"]
    assert not page.has_next
    town.clock.set(MONDAY + timedelta(minutes=24) + MOMENT)
    await sweep(town)
    assert await listed(PhoneStage.DUTY) == ["first"]
    assert await listed(PhoneStage.SUPERVISOR) == ["nobody on duty", "later"]


async def test_the_desk_is_for_those_who_make_the_calls(town: Town) -> None:
    desk = SupervisionRepository(town.database)
    for actor in (OPERATOR, DISPATCHER, CHIEF, SUPERVISOR):
        await desk.phone_tasks(actor, PhoneStage.DUTY, PageRequest(), town.clock.now())
    denied = (REVIEWER, CALLER, LEADER, clerk_of("water"), head_of("water"), CITIZEN, DEVICE, UPSTREAM)
    for actor in denied:
        with pytest.raises(NotAllowed):
            await desk.phone_tasks(actor, PhoneStage.DUTY, PageRequest(), town.clock.now())


def test_whom_to_call_is_by_the_records_of_today() -> None:
    unit = Unit(_id="water", name="市水务局", parent=None, path=("water",), contacts=(OFFICE,), duty=WATER_DUTY)
    local = MONDAY + timedelta(hours=8)
    task = PhoneTask(
        assignment="a1", unit="water", opened_at=MONDAY, calls=(Call(who=reference(ZHAO), at=MONDAY),), due=MONDAY + TEN
    )
    assert to_call(task, unit, local) == (ZHAO,)
    assert to_call(task, unit, local + timedelta(hours=12)) == (ZHAO,)  # on turn, whatever shift it is now
    moved = unit.changed(duty=(DutyShift(members=(QIAN, SUN)),))
    assert to_call(task, moved, local) == (QIAN, SUN)
    above = task.model_copy(update={"due": None, "escalated_at": MONDAY + TEN})
    assert to_call(above, unit, local) == (ZHAO, QIAN, SUN)
    assert to_call(above, unit.changed(duty=()), local) == (OFFICE,)
    assert to_call(task.model_copy(update={"confirmed_at": MONDAY}), unit, local) == ()


async def test_supervisors_are_told_once_of_what_is_theirs(town: Town) -> None:
    consumer = phone_consumer(town)
    order = await EMERGENCY.dispatched_to("police").made_in(town)
    known = await EMERGENCY.dispatched_to("police").phoned().made_in(town)
    assert await consumer.sweep(town.clock.now()) == 2
    (notice,) = await notices(town.database)
    assert (notice.recipient, notice.order) == ("staff:supervisor", order.id)
    assert known.order.number not in notice.title
    assert "市公安局" in notice.body
    for secret in (COMPLAINT.name, COMPLAINT.phone, COMPLAINT.title, COMPLAINT.detail):
        assert secret is not None
        assert secret not in notice.model_dump_json()
    await EMERGENCY.phoned(reached=False).steps[-1](town, order.order)  # tried in vain, it stays theirs
    assert await consumer.sweep(town.clock.now()) == 0
