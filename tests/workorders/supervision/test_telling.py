"""Each line is told once, to those whom the rules name; a downtime is one digest per person, and counts exactly."""

import asyncio
import json
import random
from collections import Counter
from datetime import timedelta

import pytest

from foundation import outbox
from foundation.changes import Change
from foundation.outbox import LEASE, OutboxRow
from notifications.inbox import Inbox
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.town import COMPLAINT, MONDAY, Town, abolish
from tests.workorders.supervision.crossing import STAFF, consumer, cross, line, notices, titles
from workorders.deadlines.lights import Light
from workorders.deadlines.values import Term
from workorders.supervision.escalation import HANDLERS
from workorders.supervision.notices import DIGEST_TOPIC, SHOWN, TOPIC
from workorders.supervision.telling import FRESH, MOST_SINGLY

Y, R = Light.YELLOW, Light.RED
SECOND = timedelta(seconds=1)
DISPATCHED = a_work_order().dispatched_to("water")


async def swept(town: Town) -> None:
    """Swept until nothing is left, by a new leader."""
    town.clock.advance(LEASE)
    each = consumer(town)
    while await each.sweep(town.clock.now()):
        pass
    assert await town.database.collection(OutboxRow).count_documents({"consumer": "lights"}) == 0


async def test_a_line_told_in_time_is_a_notice_of_its_own(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    now = town.clock.now()
    await cross(town, order, 3, line(order, "sign", at=now), posted=now)
    await cross(town, order, 4, line(order, "reply", R, at=now + SECOND), posted=now + SECOND)
    await swept(town)
    number = order.order.number
    yellow, red = f"黄灯：工单{number}签收即将到期", f"红灯：工单{number}办结已超期"
    assert await titles(town.database) == {
        "staff:water-1": [yellow, red],
        "staff:water-2": [yellow, red],
        "staff:water-head": [red],
        "staff:dispatcher": [red],
    }
    one = (await notices(town.database))[0]
    assert (one.topic, one.order, one.unread, one.total, one.lines) == (TOPIC, order.id, True, 1, ())
    assert one.body == f"市水务局承办的工单{number}，办结期限为11月16日09:00，请立即处理。"


async def test_the_longer_overdue_the_higher_up(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    for n, level in enumerate((1, 3, 7)):
        town.clock.advance(timedelta(days=2))
        now = town.clock.now()
        await cross(town, order, 3 + n, line(order, "reply", R, level, at=now), posted=now)
        await swept(town)
    told = {person: [title[-3:] for title in found] for person, found in (await titles(town.database)).items()}
    clerk = ["期1天", "期3天"]
    assert told == {
        "staff:water-1": clerk,
        "staff:water-2": clerk,
        "staff:water-head": ["期1天", "期3天", "期7天"],
        "staff:dispatcher": ["期1天"],
        "staff:supervisor": ["期1天", "期3天", "期7天"],
        "staff:mayor": ["期3天", "期7天"],
        "staff:chief": ["期3天", "期7天"],
        "staff:leader": ["期7天"],
    }


async def test_where_a_unit_has_nobody_the_nearest_above_is_told(town: Town) -> None:
    order = await a_work_order().dispatched_to("water-east-2").made_in(town)
    now = town.clock.now()
    await cross(town, order, 3, line(order, "sign", R, at=now, unit="water-east-2"), posted=now)
    await swept(town)
    assert set(await titles(town.database)) == {
        "staff:water-1",
        "staff:water-2",
        "staff:water-head",
        "staff:dispatcher",
    }


async def test_the_successor_of_an_abolished_unit_is_told(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    abolish(town, "water", "heating")
    now = town.clock.now()
    await cross(town, order, 3, line(order, "sign", R, at=now), posted=now)
    await swept(town)
    assert set(await titles(town.database)) == {"staff:heating", "staff:mayor", "staff:dispatcher"}


async def test_too_many_at_once_are_a_digest(town: Town) -> None:
    orders = [await DISPATCHED.made_in(town) for _ in range(MOST_SINGLY + 1)]
    now = town.clock.now()
    for n, order in enumerate(orders[:-1]):
        await cross(town, order, 3, line(order, "sign", at=now + n * SECOND), posted=now)
    await swept(town)
    assert {len(found) for found in (await titles(town.database)).values()} == {MOST_SINGLY}
    assert {each.topic for each in await notices(town.database)} == {TOPIC}
    now = town.clock.now()
    for n, order in enumerate(orders):
        await cross(town, order, 4, line(order, "reply", at=now + n * SECOND), posted=now)
    await swept(town)
    digests = [each for each in await notices(town.database) if each.topic == DIGEST_TOPIC]
    assert [(each.recipient, each.total) for each in digests] == [("staff:water-1", 11), ("staff:water-2", 11)]


async def test_a_month_of_downtime_is_one_digest_per_person_in_order(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    start = town.clock.now()
    crossed = [
        line(order, "reply", light, level, at=start + timedelta(days=day))
        for day, light, level in ((1, Y, 0), (2, R, 0), (3, R, 1), (5, R, 3), (9, R, 7))
    ]
    town.clock.set(start + timedelta(days=30))
    await cross(town, order, 3, *crossed, posted=town.clock.now())
    await swept(town)
    assert len({each.recipient for each in await notices(town.database)}) == len(await notices(town.database))
    head = (await titles(town.database))["staff:water-head"]
    assert [text.partition("（")[0][-5:] for text in head] == ["办结已超期", "已超期1天", "已超期3天", "已超期7天"]
    (leader,) = [each for each in await notices(town.database) if each.recipient == "staff:leader"]
    assert (leader.total, leader.order, leader.lines[0].order) == (1, None, order.id)


async def test_a_clock_that_was_put_back_makes_no_line_late(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    now = town.clock.now()
    await cross(town, order, 3, line(order, "sign", at=now + LEASE + timedelta(minutes=1)), posted=now)
    await cross(town, order, 4, line(order, "contact", at=now + LEASE - FRESH), posted=now)
    await swept(town)
    assert {each.topic for each in await notices(town.database)} == {TOPIC}


class Dying:
    """An inbox whose process dies now and then, before anything is saved."""

    def __init__(self, inner: object, chance: random.Random) -> None:
        self._inner, self._chance = inner, chance

    def __getattr__(self, name: str) -> object:
        if self._chance.random() < 0.3:
            raise RuntimeError("killed")
        return getattr(self._inner, name)


@pytest.mark.parametrize("seed", range(6))
async def test_a_digest_counts_exactly_however_the_lines_come_and_whoever_dies(
    town: Town, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Any batches, leaders that die before they save, a leader that sleeps and wakes beside its successor."""
    chance = random.Random(seed)
    orders = [await DISPATCHED.made_in(town) for _ in range(3)]
    town.clock.set(MONDAY + timedelta(days=3))
    start, expected, sequence = town.clock.now() - 2 * FRESH, Counter[str](), 3
    for _ in range(40):
        order = chance.choice(orders)
        lines = [
            line(order, chance.choice(("sign", "reply")), R, at=start - chance.randrange(10_000) * SECOND)
            for _ in range(chance.randint(1, 4))
        ]
        expected.update(
            {who: len(lines) for who in ("staff:water-1", "staff:water-2", "staff:water-head", "staff:dispatcher")}
        )
        await cross(town, order, sequence, *lines, posted=start)
        sequence += 1
    leaders = [consumer(town, Dying(Inbox(town.database), chance)) for _ in range(3)]
    for _ in range(500):
        monkeypatch.setattr(outbox, "BATCH", chance.choice((1, 2, 5, 9)))
        town.clock.advance(chance.choice((SECOND, LEASE)))
        now = town.clock.now()
        await asyncio.gather(*(each.sweep(now) for each in leaders), return_exceptions=True)
        if not await town.database.collection(OutboxRow).count_documents({"consumer": "lights"}):
            break
    found = await notices(town.database)
    assert {each.recipient: each.total for each in found} == expected
    assert {each.topic for each in found} == {DIGEST_TOPIC}
    assert {len(each.lines) for each in found} == {SHOWN}
    assert all(f"有{each.total}条" in each.body and f"前{SHOWN}条" in each.body for each in found)


async def test_a_leader_that_wakes_too_late_adds_nothing(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    now = town.clock.now()
    late = [line(order, "reply", R, at=now - 2 * FRESH) for _ in range(3)]
    await cross(town, order, 3, *late, posted=now)
    reading, woken = asyncio.Event(), asyncio.Event()

    class Sleeping(Inbox):
        async def gather(self, change: Change, *args: object) -> None:
            await super().gather(change, *args)  # type: ignore[arg-type]
            reading.set()
            await woken.wait()

    sleeper = asyncio.create_task(consumer(town, Sleeping(town.database)).sweep(town.clock.now()))
    await reading.wait()
    await swept(town)
    woken.set()
    assert await sleeper == 0
    assert {each.total for each in await notices(town.database)} == {3}


async def test_a_row_that_cannot_be_read_holds_up_no_other(town: Town) -> None:
    order = await DISPATCHED.made_in(town)
    now = town.clock.now()
    await cross(town, order, 3, line(order, "sign", at=now), posted=now)
    bad = {"lines": [line(order, "sign", at=now).model_dump(), {"term": "sign"}]}
    unknown = {"lines": [line(order, "return_window", at=now).model_dump()]}
    rows = [OutboxRow.of("lights", order.id, 4 + n, now, data) for n, data in enumerate((bad, {}, unknown))]
    await town.database.save(Change().insert(*rows, OutboxRow.of("lights", "no-order", 1, now, {})))
    assert await consumer(town).sweep(now) == 5
    left = await town.database.collection(OutboxRow).find({"consumer": "lights"}).to_list()
    assert {(raw["_id"], raw["tries"]) for raw in left} == {(row.id, 1) for row in rows}
    assert await titles(town.database) == {
        who: [f"黄灯：工单{order.order.number}签收即将到期"] for who in ("staff:water-1", "staff:water-2")
    }


async def test_nothing_of_the_citizen_s_is_in_a_notice_nor_told_outside_the_path(town: Town) -> None:
    """Every term, every light, singly and in digests."""
    order = await DISPATCHED.made_in(town)
    now, sequence = town.clock.now(), 3
    for at in (now, now - timedelta(days=1)):
        for term in HANDLERS.keys() & set(Term):
            for light, level in ((Y, 0), (R, 0), (R, 1), (R, 3), (R, 7)):
                await cross(town, order, sequence, line(order, term, light, level, at=at), posted=at)
                sequence += 1
    await swept(town)
    found = await notices(town.database)
    everybody = {person for holders in STAFF.values() for person in holders}
    assert {each.recipient for each in found} == everybody - {"staff:heating", "staff:police"}
    told = json.dumps([each.model_dump(mode="json") for each in found], ensure_ascii=False)
    report = COMPLAINT
    for secret in (report.name, report.phone, report.address, report.title, report.detail, "resident:", "zhang"):
        assert secret is not None
        assert secret not in told
