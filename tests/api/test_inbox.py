"""The inbox over HTTP: its pages, what is unread, marking read; and the subscription, whoever delivers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import PyMongoError

from api.workorders import changes
from foundation.changes import Change
from foundation.database import Database
from foundation.outbox import OutboxRow
from notifications.inbox import Inbox
from tests.api.serving import Api
from tests.api.test_subscriptions import listening, silence

STATE = "... on InboxState { unread moreUnread newest { title } } ... on Problem { code fields { path } }"
NOTICES = """... on NoticeConnection {
    edges { cursor node { id topic title body order at unread total lines { text order } } }
    pageInfo { hasNextPage endCursor }
} ... on Problem { code fields { path } }"""
CHANGED = f"subscription {{ inboxChanged {{ {STATE} }} }}"


@dataclass(frozen=True)
class Told:
    recipient: str
    source: str
    title: str = "标题"
    topic: str = "test"
    body: str = "正文"
    order: str | None = "o1"


@pytest.fixture
async def elsewhere(api: Api, mongodb_uri: str) -> AsyncIterator[Database]:
    """The connection of another process, which delivers."""
    database = Database(mongodb_uri, api.app.database.mongo.name)
    yield database
    await database.close()


async def deliver(database: Database, api: Api, who: str, *titles: str) -> None:
    api.clock.advance(timedelta(seconds=1))
    change = Change()
    notices = [Told(f"staff:{who}", title, title) for title in titles]
    await Inbox(database).deliver(change, notices, api.clock.now())
    await database.save(change)


async def page(api: Api, who: str, **given: Any) -> Any:
    query = f"query($first: Int! = 20, $after: String, $unreadOnly: Boolean! = false) {{ inbox(first: $first, after: $after, unreadOnly: $unreadOnly) {{ {NOTICES} }} }}"  # noqa: E501
    return await api.data(who, query, **given)


async def mark(api: Api, who: str, **input: Any) -> Any:
    query = f"mutation($input: InboxMarkReadInput!) {{ inboxMarkRead(input: $input) {{ {STATE} }} }}"
    return await api.data(who, query, input=input)


def state(unread: int, newest: str | None) -> dict[str, Any]:
    return {"unread": unread, "moreUnread": False, "newest": {"title": newest} if newest else None}


async def test_one_reads_and_marks_one_s_own(api: Api, elsewhere: Database) -> None:
    await deliver(elsewhere, api, "water", "甲", "乙")
    await deliver(elsewhere, api, "water", "丙")
    await deliver(elsewhere, api, "heating", "别人的")
    first = await page(api, "water", first=2)
    assert first["edges"][0]["node"]["title"] == "丙"
    rest = await page(api, "water", first=2, after=first["pageInfo"]["endCursor"])
    assert first["pageInfo"]["hasNextPage"]
    assert not rest["pageInfo"]["hasNextPage"]
    assert {edge["node"]["title"] for edge in first["edges"] + rest["edges"]} == {"甲", "乙", "丙"}
    node = first["edges"][0]["node"]
    assert node.pop("at")
    assert node == {
        "id": "notice:staff:water~丙",
        "topic": "test",
        "title": "丙",
        "body": "正文",
        "order": "order:o1",
        "unread": True,
        "total": 1,
        "lines": [],
    }
    assert await api.data("water", f"{{ inboxUnread {{ {STATE} }} }}") == state(3, "丙")
    assert await mark(api, "water", cursor=first["edges"][0]["cursor"], only=True) == state(2, "丙")
    assert len((await page(api, "water", unreadOnly=True))["edges"]) == 2
    assert await mark(api, "heating", cursor=first["edges"][0]["cursor"]) == state(1, "别人的")
    assert await mark(api, "water", cursor=first["edges"][0]["cursor"]) == state(0, "丙")
    assert (await page(api, "water", unreadOnly=True))["edges"] == []


async def test_bad_input_is_told_by_its_field(api: Api) -> None:
    for query, path in (
        ("inbox(first: 0)", "first"),
        ("inbox(first: 51)", "first"),
        ('inbox(after: "x")', "after"),
    ):
        answer = await api.data("water", f"{{ {query} {{ {NOTICES} }} }}")
        assert answer == {"code": "INVALID_INPUT", "fields": [{"path": path}]}
    assert await mark(api, "water", cursor="甲") == {"code": "INVALID_INPUT", "fields": [{"path": "cursor"}]}


async def test_a_change_is_told_at_once_to_its_owner_alone(api: Api, elsewhere: Database) -> None:
    async with api.websocket("reviewer") as reviewer, api.websocket("caller") as caller:
        for socket in (reviewer, caller):
            await socket.subscribe(CHANGED)
            assert await socket.next() == state(0, None)
        await listening(api, 2)
        await deliver(elsewhere, api, "reviewer", "甲")
        assert await reviewer.next() == state(1, "甲")
        cursor = (await page(api, "reviewer"))["edges"][0]["cursor"]
        await mark(api, "reviewer", cursor=cursor)
        assert await reviewer.next() == state(0, "甲")
        await deliver(elsewhere, api, "caller", "乙")
        assert await caller.next() == state(1, "乙"), "nothing of the reviewer's was told before"


async def test_an_inbox_is_told_of_beside_desks_and_orders(api: Api, elsewhere: Database) -> None:
    """One stream of the process tells both."""
    desk = "subscription { deskChanged(status: RECEIVED) { ... on DeskChange { order { id } } } }"
    async with api.websocket("dispatcher") as hotline, api.websocket("dispatcher") as inbox:
        await hotline.subscribe(desk)
        await inbox.subscribe(CHANGED)
        assert await inbox.next() == state(0, None)
        await listening(api, 2)
        order = await api.intake()
        await hotline.hears({"order": {"id": order}})
        await deliver(elsewhere, api, "dispatcher", "甲")
        assert await inbox.next() == state(1, "甲")


async def test_polling_does_while_the_stream_is_broken(
    api: Api, elsewhere: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await silence(api)

    async def broken(self: changes.Changes, *, after_break: bool) -> None:
        raise PyMongoError("no stream")

    monkeypatch.setattr(changes.Changes, "_stream", broken)
    monkeypatch.setattr(changes, "POLL_SECONDS", 0.2)
    async with api.websocket("leader") as socket:
        await socket.subscribe(CHANGED)
        assert await socket.next() == state(0, None)
        await deliver(elsewhere, api, "leader", "甲")
        assert await socket.next() == state(1, "甲")


async def test_signing_out_ends_what_is_told(api: Api, elsewhere: Database) -> None:
    async with api.websocket("police") as socket:
        await socket.subscribe(CHANGED)
        assert await socket.next() == state(0, None)
        await api.data("police", "mutation { signOut { __typename } }")
        await deliver(elsewhere, api, "police", "甲")
        message = await socket.receive()
        assert message["payload"]["errors"][0]["extensions"]["code"] == "SESSION_ENDED"


async def test_a_crossed_line_reaches_the_inbox_of_those_whom_the_rules_name(api: Api) -> None:
    """The composition root's own consumer, people and inbox."""
    order = (await api.intake()).removeprefix("order:")
    await api.act("dispatcher", "Dispatch", f"order:{order}", lead="unit:water-east")
    document = await api.app.office.orders.by_id(order)
    assert document is not None
    (assignment,) = document.order.assignments
    now = api.clock.now()
    line = {"term": "sign", "light": "red", "level": 0, "subject": assignment.id, "due": now, "at": now}
    await api.app.database.save(Change().insert(OutboxRow.of("lights", order, 3, now, {"lines": [line]})))
    (teller,) = [each for each in api.app.consumers if each.name == "lights"]
    assert await teller.sweep(now) == 1
    title = f"红灯：工单{document.order.number}签收已超期"
    for who in ("east", "water-head", "dispatcher"):
        (edge, *_) = (await page(api, who))["edges"]
        assert (edge["node"]["title"], edge["node"]["order"]) == (title, f"order:{order}"), who
    for who in ("water", "heating", "supervisor", "chief"):
        assert title not in [edge["node"]["title"] for edge in (await page(api, who))["edges"]], who
