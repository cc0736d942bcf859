"""Workers, operators and the unit at once on one emergency: each has one turn, and what is confirmed stays so."""

from datetime import timedelta

from foundation.outbox import LEASE, OutboxRow
from foundation.timers import Timer
from identity.duty import reference
from notifications.documents import Notice
from tests.races.racing import Race
from tests.races.test_actions import ROUNDS, actions_of, told
from tests.workorders.lifecycle.builders import MOMENT, a_work_order
from tests.workorders.lifecycle.invariants import check
from tests.workorders.lifecycle.town import QIAN, ZHAO, Town
from workorders.lifecycle.documents import PhoneDesk
from workorders.lifecycle.recording import PHONE_TASKS
from workorders.lifecycle.states import Action
from workorders.lifecycle.values import PhoneTask

TEN = timedelta(minutes=10)
EMERGENCY = a_work_order().emergency()
DISPATCHED = EMERGENCY.dispatched_to("water")


async def task_of(town: Town, id: str) -> PhoneTask:
    task = (await check(town, id)).phone_task
    assert task is not None
    return task


async def only_its_timers(town: Town, id: str) -> None:
    """So that a sweep is of this order alone."""
    await town.database.collection(Timer).delete_many({"subject": {"$ne": id}})


async def test_of_all_workers_one_moves_it_up(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        order = (await DISPATCHED.made_in(town)).id
        await only_its_timers(town, order)
        town.clock.advance(TEN + MOMENT)
        await race.everywhere("sweep_timers", sweeps=3, times=2)
        assert [call.who for call in (await task_of(town, order)).calls] == [reference(ZHAO), reference(QIAN)]
        assert (await actions_of(town, order)).count(Action.CALL_DUTY) == 2


async def test_confirmed_while_it_moves_up_it_is_confirmed(town: Town, race: Race) -> None:
    moved = set()
    for _ in range(ROUNDS):
        order = (await DISPATCHED.made_in(town)).id
        await only_its_timers(town, order)
        town.clock.advance(TEN + MOMENT)
        outcomes = await race.run(
            {"do": "confirm_call"},
            {"do": "sweep_timers", "sweeps": 2},
            {"do": "sweep_timers", "sweeps": 2},
            order=order,
        )
        assert "error" not in outcomes[0]
        task = await task_of(town, order)
        assert not task.open
        assert await town.database.get(PhoneDesk, order) is None
        moved.add(len(task.calls))
        town.clock.advance(timedelta(hours=1))
        await race.everywhere("sweep_timers", sweeps=2)
        assert await task_of(town, order) == task
    assert moved <= {1, 2}


async def test_of_two_operators_and_a_worker_one_has_the_next_called(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        order = (await DISPATCHED.made_in(town)).id
        await only_its_timers(town, order)
        town.clock.advance(TEN + MOMENT)
        outcomes = await race.run(
            {"do": "phone_duty", "who": "one"},
            {"do": "phone_duty", "who": "two"},
            {"do": "sweep_timers", "sweeps": 2},
            order=order,
            call=1,
            reached=False,
        )
        assert set(told(outcomes[:2])) <= {"ok", "CALL_MOVED_ON"}
        assert told(outcomes[:2])["ok"] <= 1
        assert [call.who for call in (await task_of(town, order)).calls] == [reference(ZHAO), reference(QIAN)]


async def test_reached_and_signed_at_once_both_stand(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        order = (await DISPATCHED.made_in(town)).id
        outcomes = await race.run(
            {"do": "phone_duty", "who": "one", "call": 1, "reached": True}, {"do": "sign"}, order=order
        )
        assert set(told(outcomes)) <= {"ok", "NO_PHONE_TASK"}
        assert "error" not in outcomes[1]
        assert not (await task_of(town, order)).open


async def test_supervisors_are_told_once_whoever_leads(town: Town, race: Race) -> None:
    orders = [(await EMERGENCY.dispatched_to("police").made_in(town)).id for _ in range(6)]
    for _ in range(3):  # leaders come and go
        await race.everywhere("tell_supervisors", sweeps=2, times=2)
        town.clock.advance(LEASE)
    assert await town.database.collection(OutboxRow).count_documents({"consumer": PHONE_TASKS}) == 0
    notices = await town.database.collection(Notice).find({}).to_list()
    assert sorted(raw["order"] for raw in notices) == sorted(orders)
