"""Appeals at once in real processes: one per unit is filed, one decision stands, everybody is told once."""

from collections import Counter

from foundation.outbox import LEASE, OutboxRow
from notifications.documents import Notice
from tests.races.racing import Race
from tests.races.test_actions import ROUNDS, actions_of, ids, told
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.invariants import check
from tests.workorders.lifecycle.town import Town
from workorders.lifecycle.recording import EXCLUSIONS
from workorders.lifecycle.states import Action, AppealState

SIGNED = a_work_order().dispatched_to("water").signed()


async def test_of_two_supervisors_one_decides_an_appeal(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        order = (await SIGNED.appealed().made_in(town)).id
        outcomes = await race.run(
            {"do": "decide_appeal", "who": "one", "upheld": True},
            {"do": "decide_appeal", "who": "two", "upheld": False},
            order=order,
        )
        assert told(outcomes) == {"ok": 1, "APPEAL_OVER": 1}
        assert (await actions_of(town, order)).count(Action.DECIDE_APPEAL) == 1
        after = await check(town, order)
        upheld = after.appeals[0].state is AppealState.UPHELD
        assert upheld is (after.exclusion is not None)


async def test_an_appeal_is_decided_or_upheld_by_an_exclusion_beside_it(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        order = (await SIGNED.appealed().made_in(town)).id
        outcomes = await race.run(
            {"do": "decide_appeal", "who": "one", "upheld": True}, {"do": "exclude", "who": "two"}, order=order
        )
        counts = told(outcomes)
        assert counts.pop("ok") == 1
        assert set(counts) <= {"APPEAL_OVER", "ALREADY_EXCLUDED"}
        after = await check(town, order)
        assert after.exclusion is not None
        assert after.appeals[0].state is AppealState.UPHELD


async def test_the_same_appeal_many_times_under_one_key_is_filed_once(town: Town, race: Race) -> None:
    order = (await SIGNED.made_in(town)).id
    outcomes = await race.everywhere("file_appeal", order=order, key="k", times=6)
    assert set(told(outcomes)) == {"ok"}
    assert ids(outcomes) == {order}
    assert len((await check(town, order)).appeals) == 1
    another = (await SIGNED.made_in(town)).id
    outcomes = await race.everywhere("file_appeal", order=another)
    assert told(outcomes)["ok"] == 1
    assert set(told(outcomes)) == {"ok", "APPEAL_PENDING"}
    assert len((await check(town, another)).appeals) == 1


async def test_everybody_is_told_once_however_many_workers_tell(town: Town, race: Race) -> None:
    orders = [(await SIGNED.appealed().made_in(town)).id for _ in range(4)]
    orders += [(await SIGNED.excluded().made_in(town)).id for _ in range(4)]
    for _ in range(3):  # leaders come and go
        await race.everywhere("tell_exclusions", sweeps=2, times=2)
        town.clock.advance(LEASE)
    assert await town.database.collection(OutboxRow).count_documents({"consumer": EXCLUSIONS}) == 0
    raws = await town.database.collection(Notice).find({}).to_list()
    assert Counter(raw["recipient"] for raw in raws) == {"staff:supervisor": 4, "staff:water-head": 4}
    assert {raw["order"] for raw in raws} == set(orders)
