"""The inbox: delivered once, read by its owner alone, as far as was seen; digests that grow; kept long enough."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from foundation.changes import AlreadyClaimed, Change
from foundation.database import Database
from foundation.errors import InvalidInput, NotAllowed
from foundation.paging import PageRequest, cursor_of
from identity.actors import STAFF_ROLES, Actor, Role
from notifications import reading, retention
from notifications.documents import MODELS, Notice, notice_id, recipient_of
from notifications.inbox import KEPT_UNREAD, Inbox
from notifications.reading import KEPT_READ, MOST_COUNTED
from notifications.repository import AT_ONCE

NOW = datetime(2026, 11, 16, 1, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
WANG = Actor(id="staff:wang", roles=frozenset({Role.UNIT_CLERK}), unit_id="water", unit_path=("water",))
LI = Actor(id="staff:li", roles=frozenset({Role.SUPERVISOR}))


@dataclass(frozen=True)
class Told:
    recipient: str
    source: str
    topic: str = "test"
    title: str = "标题"
    body: str = "正文"
    order: str | None = "o1"


@dataclass(frozen=True)
class Gathered:
    recipient: str
    lines: tuple[tuple[str, str | None], ...]
    source: str = "day"
    topic: str = "digest"
    title: str = "汇总"
    shown: int = 5

    def body(self, total: int) -> str:
        return f"共{total}条"


@pytest.fixture
async def stored(database: Database) -> Database:
    await database.prepare(MODELS)
    return database


async def deliver(database: Database, *notices: Told, at: datetime = NOW) -> None:
    change = Change()
    await Inbox(database).deliver(change, notices, at)
    await database.save(change)


async def gather(database: Database, *texts: str, who: Actor = WANG, at: datetime = NOW) -> None:
    change = Change()
    await Inbox(database).gather(change, [Gathered(who.id, tuple((text, "o1") for text in texts))], at)
    await database.save(change)


async def deliver_many(database: Database, many: int, who: Actor = WANG) -> None:
    """One a second."""
    for n in range(many):
        await deliver(database, Told(who.id, f"n{n:04d}"), at=NOW + n * SECOND)


async def sources(database: Database, who: Actor, *, unread_only: bool = False, at: datetime = NOW + DAY) -> list[str]:
    """All pages of somebody's inbox."""
    found, after = list[str](), None
    while True:
        page = await reading.page(database, who, PageRequest(7, after), at, unread_only=unread_only)
        found += [notice.id.partition("~")[2] for notice in page.items]
        if not page.has_next:
            return found
        after = cursor_of(page.keys[-1])


async def cursors(database: Database, who: Actor) -> list[str]:
    page = await reading.page(database, who, PageRequest(50), NOW + DAY)
    return [cursor_of(key) for key in page.keys]


async def test_the_same_notice_is_delivered_once_and_what_came_first_stays(stored: Database) -> None:
    told = [Told(WANG.id, f"n{n}") for n in range(3)]
    await deliver(stored, *told)
    await deliver(
        stored, *told, Told(WANG.id, "n1", title="改了"), Told(WANG.id, "n9"), Told(LI.id, "n1"), at=NOW + SECOND
    )
    assert await sources(stored, WANG) == ["n9", "n2", "n1", "n0"]
    assert await sources(stored, LI) == ["n1"]
    kept = await stored.get(Notice, notice_id(WANG.id, "n1"))
    assert kept is not None
    assert (kept.title, kept.at, kept.order, recipient_of(kept.id)) == ("标题", NOW, "o1", WANG.id)


async def test_of_two_changes_that_deliver_the_same_one_fails_and_finds_it_done(stored: Database) -> None:
    one, other = Change(), Change()
    for change in (one, other):
        await Inbox(stored).deliver(change, [Told(WANG.id, "n1")], NOW)
    await stored.save(one)
    with pytest.raises(AlreadyClaimed):
        await stored.save(other)
    await deliver(stored, Told(WANG.id, "n1"))
    assert await sources(stored, WANG) == ["n1"]


@pytest.mark.parametrize("role", Role)
async def test_only_staff_have_an_inbox(stored: Database, role: Role) -> None:
    actor = Actor(id="x:1", roles=frozenset({role}))
    for call in (
        lambda: reading.page(stored, actor, PageRequest(), NOW),
        lambda: reading.state(stored, actor, NOW),
        lambda: reading.mark_read(stored, actor, cursor_of(f"{'2026-11-16T01:00:00.000Z'}~x"), NOW),
    ):
        if role in STAFF_ROLES:
            await call()
        else:
            with pytest.raises(NotAllowed):
                await call()


async def test_what_is_unread_is_counted_as_far_as_a_badge_shows_it(stored: Database) -> None:
    assert await reading.state(stored, WANG, NOW) == reading.State(0, False, None)
    await deliver_many(stored, MOST_COUNTED)
    state = await reading.state(stored, WANG, NOW + DAY)
    assert (state.unread, state.more) == (MOST_COUNTED, False)
    assert state.newest is not None
    assert state.newest.id == notice_id(WANG.id, f"n{MOST_COUNTED - 1:04d}")
    await deliver(stored, Told(WANG.id, "one more"))
    state = await reading.state(stored, WANG, NOW + DAY)
    assert (state.unread, state.more) == (MOST_COUNTED, True)
    assert await reading.state(stored, LI, NOW + DAY) == reading.State(0, False, None)


async def test_one_marks_one_or_all_up_to_it_and_never_another_s(stored: Database) -> None:
    await deliver_many(stored, 6)
    await deliver_many(stored, 6, LI)
    at = await cursors(stored, WANG)
    await reading.mark_read(stored, WANG, at[1], NOW, only=True)
    assert await sources(stored, WANG, unread_only=True) == ["n0005", "n0003", "n0002", "n0001", "n0000"]
    for _ in range(2):  # safe to repeat
        await reading.mark_read(stored, WANG, at[2], NOW)
    assert await sources(stored, WANG, unread_only=True) == ["n0005"]
    assert len(await sources(stored, WANG)) == 6
    for cursor in await cursors(stored, LI):  # another's cursor opens nothing
        await reading.mark_read(stored, WANG, cursor, NOW, only=True)
    assert len(await sources(stored, LI, unread_only=True)) == 6
    for bad in ("", "x", "n0001", cursor_of("no-time~x")):
        with pytest.raises(InvalidInput) as refused:
            await reading.mark_read(stored, WANG, bad, NOW)
        assert [fault.path for fault in refused.value.fields] == ["cursor"]


async def test_marking_thousands_and_what_arrives_meanwhile(stored: Database) -> None:
    """Everything that was there is read; what is delivered while it is being marked is not, and none is lost."""
    many = 2 * AT_ONCE + 3
    await deliver(stored, *(Told(WANG.id, f"n{n:04d}") for n in range(many)))
    (newest,) = (await reading.page(stored, WANG, PageRequest(1), NOW)).keys

    async def arrivals() -> None:
        for n in range(10):
            await deliver(stored, Told(WANG.id, f"later{n}"), at=NOW + SECOND)

    marking = [reading.mark_read(stored, WANG, cursor_of(newest), NOW) for _ in range(3)]
    await asyncio.gather(arrivals(), *marking)
    unread = await sources(stored, WANG, unread_only=True)
    assert sorted(unread) == [f"later{n}" for n in range(10)]


async def test_a_digest_counts_all_keeps_the_first_and_comes_back_unread(stored: Database) -> None:
    await gather(stored, "a", "b", "c")
    await deliver(stored, Told(WANG.id, "n1"), at=NOW + SECOND)
    assert await sources(stored, WANG) == ["n1", "day"]
    seen = (await cursors(stored, WANG))[1]
    await reading.mark_read(stored, WANG, seen, NOW, only=True)
    assert await sources(stored, WANG, unread_only=True) == ["n1"]
    await gather(stored, "d", "e", "f", "g", at=NOW + 2 * SECOND)
    assert await sources(stored, WANG, unread_only=True) == ["day", "n1"]
    state = await reading.state(stored, WANG, NOW + DAY)
    assert state.newest is not None
    assert (state.newest.total, state.newest.body) == (7, "共7条")
    assert [line.text for line in state.newest.lines] == list("abcde")
    await reading.mark_read(stored, WANG, seen, NOW, only=True)
    await reading.mark_read(stored, WANG, seen, NOW)
    assert "day" in await sources(stored, WANG, unread_only=True), "it grew since it was seen"


async def test_a_digest_grows_while_its_owner_marks_it(stored: Database) -> None:
    """Whoever comes first, the last growth is unread."""
    for n in range(15):
        at = NOW + n * SECOND
        await gather(stored, "x", at=at)
        (key,) = (await reading.page(stored, WANG, PageRequest(1), at)).keys
        await asyncio.gather(
            gather(stored, "y", at=at + SECOND / 2), reading.mark_read(stored, WANG, cursor_of(key), at)
        )
        state = await reading.state(stored, WANG, NOW + DAY)
        assert (state.unread, state.newest and state.newest.total) == (1, 2 * n + 2)


async def test_what_was_read_is_kept_90_days_and_what_was_not_a_year(stored: Database) -> None:
    await deliver_many(stored, 4)
    read = NOW + 10 * DAY
    await reading.mark_read(stored, WANG, (await cursors(stored, WANG))[2], read)
    assert await retention.sweep(stored, read + KEPT_READ) == 0
    assert await retention.sweep(stored, read + KEPT_READ + SECOND) == 2
    assert await sources(stored, WANG) == ["n0003", "n0002"]
    assert await retention.sweep(stored, NOW + KEPT_UNREAD) == 0
    assert await retention.sweep(stored, NOW + KEPT_UNREAD + DAY) == 2
    assert await sources(stored, WANG) == []


async def test_sweeps_beside_each_other_delete_each_notice_once(stored: Database) -> None:
    many = AT_ONCE + 20
    await deliver(stored, *(Told(WANG.id, f"n{n}") for n in range(many)))
    later = NOW + KEPT_UNREAD + DAY
    await deliver(stored, Told(WANG.id, "fresh"), at=later)
    swept = 0
    while batch := sum(await asyncio.gather(*(retention.sweep(stored, later) for _ in range(3)))):
        swept += batch
    assert swept == many
    assert await sources(stored, WANG, at=later) == ["fresh"]
