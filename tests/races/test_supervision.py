"""Supervisors at once in real processes: no supervision too many, none closed twice, no deadline later."""

from foundation.outbox import LEASE, OutboxRow
from tests.races.racing import Race
from tests.races.test_actions import ROUNDS, actions_of, ids, told
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.invariants import check
from tests.workorders.lifecycle.town import Town
from workorders.lifecycle.policy.supervision import MOST_OPEN
from workorders.lifecycle.recording import REPEATED
from workorders.lifecycle.states import Action

SIGNED = a_work_order().dispatched_to("water").signed()


async def test_two_supervisors_at_once_both_supervise_and_the_reply_is_shortened_once(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        before = (await SIGNED.later(days=1).made_in(town)).order
        outcomes = await race.run({"do": "supervise", "who": "one"}, {"do": "supervise", "who": "two"}, order=before.id)
        assert told(outcomes) == {"ok": 2}
        order = await check(town, before.id)
        assert [each.id for each in order.supervisions] == [f"{order.id}:s1", f"{order.id}:s2"]
        alone = (await SIGNED.later(days=1).supervised(shortens=True).made_in(town)).order
        assert order.lead is not None
        assert alone.lead is not None
        assert order.lead.reply.due == alone.lead.reply.due


async def test_of_many_at_once_no_more_than_may_be_open_are_opened(town: Town, race: Race) -> None:
    made = SIGNED
    for _ in range(MOST_OPEN - 2):
        made = made.supervised()
    order = (await made.made_in(town)).id
    outcomes = await race.everywhere("supervise", who="one", order=order)
    assert told(outcomes) == {"ok": 2, "TOO_MANY_SUPERVISIONS": 2}
    assert len((await check(town, order)).supervisions) == MOST_OPEN


async def test_of_two_supervisors_one_closes(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        order = (await SIGNED.supervised(answer=False).made_in(town)).id
        outcomes = await race.run(
            {"do": "close_supervision", "who": "one"}, {"do": "close_supervision", "who": "two"}, order=order
        )
        assert told(outcomes) == {"ok": 1, "SUPERVISION_OVER": 1}
        assert (await actions_of(town, order)).count(Action.CLOSE_SUPERVISION) == 1
        await check(town, order)


async def test_of_many_complaints_at_once_about_one_place_one_is_supervised(town: Town, race: Race) -> None:
    made = ids(await race.everywhere("take_in", times=6))
    for _ in range(3):  # leaders come and go
        await race.everywhere("sweep_repeats", sweeps=2, times=2)
        town.clock.advance(LEASE)
    assert await town.database.collection(OutboxRow).count_documents({"consumer": REPEATED}) == 0
    supervised = [(await check(town, id)).supervisions for id in made]
    assert sum(map(len, supervised)) == 1
