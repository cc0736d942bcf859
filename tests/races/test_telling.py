"""Workers in real processes that tell of the same crossed lines, killed and not: each line is told once."""

import asyncio
from datetime import timedelta

import pytest

from foundation.outbox import BATCH, LEASE, OutboxRow
from notifications.documents import Notice
from tests.races.racing import Process, Race
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.town import Town
from tests.workorders.supervision.crossing import cross, line, notices
from workorders.deadlines.lights import Light
from workorders.supervision.notices import DIGEST_TOPIC
from workorders.supervision.telling import FRESH

LATE = 2 * BATCH + 50
SINGLY = 8
ROWS = {"consumer": "lights"}
TOLD = {"staff:water-1", "staff:water-2", "staff:water-head", "staff:dispatcher"}


async def crossed(town: Town) -> None:
    """Many lines that a downtime held up, and a few that were crossed just now."""
    order = await a_work_order().dispatched_to("water").made_in(town)
    town.clock.advance(timedelta(days=1))
    now = town.clock.now()
    late = [line(order, "sign", Light.RED, at=now - 2 * FRESH)] * LATE
    fresh = [line(order, "reply", Light.RED, at=now)] * SINGLY
    for n, each in enumerate((*late, *fresh)):
        await cross(town, order, 3 + n, each, posted=each.at)


async def told_once(town: Town) -> None:
    found = await notices(town.database)
    for who in TOLD:
        mine = [each for each in found if each.recipient == who]
        assert sorted(each.total for each in mine) == [1] * SINGLY + [LATE], who
        assert [each.total for each in mine if each.topic == DIGEST_TOPIC] == [LATE], who
    assert {each.recipient for each in found} == TOLD
    assert await town.database.collection(OutboxRow).count_documents(ROWS) == 0


async def test_leaders_come_and_go_and_each_line_is_told_once(town: Town, race: Race) -> None:
    await crossed(town)
    for _ in range(4):  # leaders are given up once their lease is over
        await race.everywhere("tell_lines", sweeps=1, times=2)
        town.clock.advance(LEASE)
    await told_once(town)


@pytest.mark.parametrize("pause", [0.0, 0.02, 0.05])
async def test_a_worker_killed_in_the_middle_leaves_the_rest_to_the_others(
    mongodb_uri: str, town: Town, race: Race, pause: float
) -> None:
    await crossed(town)
    doomed = Process(mongodb_uri)
    await asyncio.to_thread(doomed.wait_ready)
    doomed.tell(
        {"database": town.database.mongo.name, "now": town.clock.now().isoformat(), "go": 0, "do": "tell_lines"}
        | {"sweeps": 50}
    )
    while await town.database.collection(Notice).find_one({}) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await asyncio.sleep(pause)
    doomed.kill()
    async with asyncio.timeout(60):  # a transaction that nobody ends holds up the others for five seconds
        while await town.database.collection(OutboxRow).count_documents(ROWS):
            town.clock.advance(LEASE)
            await race.everywhere("tell_lines", sweeps=1)
    await told_once(town)
