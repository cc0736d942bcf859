"""Merging in real processes beside each other, beside the work on both orders, and beside workers."""

import asyncio

from foundation.outbox import LEASE, OutboxRow
from tests.races.racing import Process, Race
from tests.races.test_actions import ROUNDS, actions_of, told
from tests.workorders.lifecycle.builders import a_work_order, order_of
from tests.workorders.lifecycle.invariants import check
from tests.workorders.lifecycle.town import DISPATCHER, REVIEWER, Town
from tests.workorders.supervision.merged import check_pointers, settled
from workorders.lifecycle import reviewing
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.states import Action, Status
from workorders.supervision import merging

APPROVED = a_work_order().dispatched_to("water").signed().replied().approved()


async def made(town: Town, many: int) -> list[str]:
    return [(await a_work_order().made_in(town)).id for _ in range(many)]


async def test_of_two_that_merge_crosswise_one_wins(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        one, other = await made(town, 2)
        outcomes = await race.run(
            {"do": "merge", "who": "one", "order": one, "into": other},
            {"do": "merge", "who": "other", "order": other, "into": one},
        )
        assert told(outcomes) == {"ok": 1, "INTO_MERGED": 1}
        orders = await check_pointers(town, [one, other])
        assert sorted(len(order.children) for order in orders.values()) == [0, 1]
        for id in (one, other):
            await check(town, id)


async def test_a_ring_is_never_closed(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        ids = await made(town, 3)
        outcomes = await race.run(
            *({"do": "merge", "order": ids[n], "into": ids[(n + 1) % 3]} for n in range(3)),
        )
        assert told(outcomes)["ok"] in (1, 2)
        orders = await check_pointers(town, ids)
        assert any(order.merged_into is None for order in orders.values())
        for id in ids:
            await check(town, id)


async def test_many_are_merged_into_one_at_once(town: Town, race: Race) -> None:
    main, *children = await made(town, 5)
    outcomes = await race.run(*({"do": "merge", "order": child, "into": main} for child in children))
    assert told(outcomes) == {"ok": 4}
    orders = await check_pointers(town, [main, *children])
    assert set(orders[main].children) == set(children)


async def test_a_merge_and_a_dispatch_are_one_after_the_other(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        child, main = await made(town, 2)
        outcomes = await race.run(
            {"do": "merge", "order": child, "into": main}, {"do": "dispatch", "order": child, "lead": "water"}
        )
        after = await check(town, child)
        assert after.merged_into == main
        if after.status is Status.RECEIVED:
            assert told(outcomes) == {"ok": 1, "MERGED": 1}
        else:
            assert told(outcomes) == {"ok": 2}
            assert await actions_of(town, child) == [Action.INTAKE, Action.DISPATCH, Action.MERGE]


async def test_a_merge_beside_the_acceptance_leaves_no_child_behind(town: Town, race: Race) -> None:
    """Either the acceptance came first, and the merge is refused; or the child is answered too."""
    seen = set()
    for _ in range(ROUNDS):
        main = (await APPROVED.made_in(town)).id
        (child,) = await made(town, 1)
        outcomes = await race.run({"do": "accept", "order": main}, {"do": "merge", "order": child, "into": main})
        await settled(town)
        after = await check(town, child)
        if told(outcomes) == {"ok": 2}:
            assert (after.status, after.merged_into) == (Status.CALLBACK, main)
        else:
            assert told(outcomes) == {"ok": 1, "WRONG_STATE": 1}
            assert (after.status, after.merged_into) == (Status.RECEIVED, None)
        seen.add(after.status)
        await check_pointers(town, [main, child])
    assert seen <= {Status.CALLBACK, Status.RECEIVED}


async def test_the_withdrawal_of_a_child_beside_the_acceptance_and_the_workers(town: Town, race: Race) -> None:
    for _ in range(ROUNDS):
        main = (await APPROVED.made_in(town)).id
        child, other = await made(town, 2)
        for each in (child, other):
            await merging.merge(town.office, DISPATCHER, each, into=main)
        await race.run(
            {"do": "accept", "order": main},
            {"do": "withdraw", "order": child},
            {"do": "unmerge", "order": other},
            {"do": "sweep_merging", "sweeps": 20},
        )
        await settled(town)
        orders = await check_pointers(town, [main, child, other])
        assert orders[child].status in (Status.WITHDRAWN, Status.CALLBACK)
        assert orders[other].status in (Status.RECEIVED, Status.CALLBACK)
        for id in (main, child, other):
            await check(town, id)


async def test_workers_beside_each_other_let_each_child_follow_once(town: Town, race: Race) -> None:
    main = (await APPROVED.made_in(town)).id
    children = await made(town, 12)
    for child in children:
        await merging.merge(town.office, DISPATCHER, child, into=main)
    accepted = await reviewing.accept(town.office, REVIEWER, main)
    await race.everywhere("settle", order=main, sequence=accepted.version, times=2)
    for child in children:
        assert await actions_of(town, child) == [Action.INTAKE, Action.MERGE, Action.FOLLOW_PARENT]
        assert (await check(town, child)).status is Status.CALLBACK


async def test_a_worker_that_is_killed_while_children_follow_takes_none_twice(
    town: Town, mongodb_uri: str, race: Race
) -> None:
    main = (await APPROVED.made_in(town)).id
    children = await made(town, 30)
    for child in children:
        await merging.merge(town.office, DISPATCHER, child, into=main)
    await reviewing.accept(town.office, REVIEWER, main)
    killed = 0
    for _ in range(4):
        victim = Process(mongodb_uri)
        victim.wait_ready()
        before = await _followed(town, children)
        victim.tell(
            {"do": "sweep_merging", "sweeps": 1, "database": town.database.mongo.name,
             "now": town.clock.now().isoformat(), "go": 0.0}
        )  # fmt: skip
        for _ in range(500):
            if await _followed(town, children) > before:
                break
            await asyncio.sleep(0.002)
        victim.kill()
        killed += before < await _followed(town, children) < len(children)
        town.clock.advance(LEASE)
    assert killed, "at least one was killed in the middle"
    outcomes = await race.everywhere("sweep_merging", sweeps=2)
    assert sum(outcome["ok"] for outcome in outcomes) <= 1
    # What the killed ones held inside a transaction is held until the database gives their transactions up.
    async with asyncio.timeout(30):
        while await _followed(town, children) < len(children):
            town.clock.advance(LEASE)
            await settled(town)
            await asyncio.sleep(0.2)
    await settled(town)
    for child in children:
        assert await actions_of(town, child) == [Action.INTAKE, Action.MERGE, Action.FOLLOW_PARENT]
        assert (await order_of(town, child)).status is Status.CALLBACK
    told_rows = await town.database.collection(OutboxRow).find({"consumer": "notices"}).to_list()
    follows = [raw["subject"] for raw in told_rows if raw["data"]["action"] == Action.FOLLOW_PARENT]
    assert sorted(follows) == sorted(children)
    assert await town.database.collection(OutboxRow).count_documents({"consumer": "merging"}) == 0


async def _followed(town: Town, children: list[str]) -> int:
    orders = town.database.collection(OrderDocument)
    return await orders.count_documents({"_id": {"$in": children}, "status": Status.CALLBACK})
