"""`zhengtong verify` names what was done to the log, and ends with the exit code of a check that found something."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from zoneinfo import ZoneInfo

import pytest

from foundation.clock import SettableClock
from foundation.events import Event, event_id
from foundation.paging import EARLIEST
from foundation.settings import Settings
from runtime.composition import App
from runtime.preparing import installation
from runtime.replay.playing import play
from runtime.replay.reading import Column, read_messages
from runtime.replay.stage import ReplayedRow
from runtime.server import Server
from runtime.verifying import Walk, walk
from tests.runtime.test_replay import GOOD, written
from workorders.lifecycle.documents import OrderDocument

EVENTS = 9
IN_TIME = "2019-04-25T10:02:09"
"""Before any light: nine actions are nine events."""
Tampering = Callable[[App, str], Awaitable[object]]


async def alter(app: App, order: str) -> None:
    await app.database.collection(Event).update_one({"_id": event_id(order, 4)}, {"$set": {"actor": "staff:other"}})


async def drop(app: App, order: str) -> None:
    await app.database.collection(Event).delete_one({"_id": event_id(order, 5)})


async def cut_off(app: App, order: str) -> None:
    await app.database.collection(Event).delete_one({"_id": event_id(order, EVENTS)})


async def append(app: App, order: str) -> None:
    raw = await app.database.collection(Event).find_one({"_id": event_id(order, EVENTS)})
    assert raw is not None
    more = {**raw, "_id": event_id(order, EVENTS + 1), "sequence": EVENTS + 1}
    await app.database.collection(Event).insert_one(more)


async def alter_text(app: App, order: str) -> None:
    await app.database.collection(Event).update_one(
        {"_id": event_id(order, 1)}, {"$set": {"sealed.detail": b"something else"}}
    )


async def drop_text(app: App, order: str) -> None:
    await app.database.collection(Event).update_one({"_id": event_id(order, 1)}, {"$unset": {"sealed.detail": ""}})


async def other_head(app: App, order: str) -> None:
    await app.database.collection(OrderDocument).update_one({"_id": order}, {"$set": {"head": "0" * 64}})


TAMPERING: dict[str, tuple[Tampering, int]] = {
    "broken": (alter, 4),
    "missing": (drop, 5),
    "cut_off": (cut_off, EVENTS),
    "beyond_head": (append, EVENTS + 1),
    "text_altered": (alter_text, 1),
    "text_missing": (drop_text, 1),
    "wrong_head": (other_head, EVENTS),
}


@pytest.fixture
async def replayed(settings: Settings, mongodb_uri: str) -> AsyncIterator[App]:
    """Three whole life cycles in a database of their own."""
    own = settings.model_copy(update={"database": "verified"})
    rows = ({**GOOD, Column.REPLIED_AT: IN_TIME, Column.ID: id} for id in "123")
    file = read_messages(written(*rows), ZoneInfo("Asia/Shanghai"))
    async with installation(own, Server(mongodb_uri, "the tests' server"), SettableClock(EARLIEST)) as app:
        await play(app, file)
        yield app
        await app.database.client.drop_database("verified")


async def walked(app: App) -> Walk:
    assert app.settings.mongodb_uri is not None
    return await walk(app.settings.mongodb_uri.get_secret_value(), "verified", app.keys, lambda fault: None)


async def order_of(app: App, row: str) -> str:
    found = await app.database.get(ReplayedRow, row)
    assert found is not None
    return found.order


async def test_an_untouched_log_has_no_fault(replayed: App) -> None:
    result = await walked(replayed)
    assert (result.walked.orders, result.walked.events, result.walked.erased) == (3, 3 * EVENTS, 0)
    assert result.faults == []


@pytest.mark.parametrize("fault", TAMPERING)
async def test_what_was_done_to_one_order_is_named_and_no_other_is(replayed: App, fault: str) -> None:
    tamper, event = TAMPERING[fault]
    order = await order_of(replayed, "2")
    await tamper(replayed, order)
    result = await walked(replayed)
    assert [(each.fault, each.order, each.event) for each in result.faults] == [(fault, order, event)]
    assert result.walked.orders == 3
    assert f"order {order}, event {event}: {fault.replace('_', ' ')}" in str(result.faults[0])
    assert json.loads(json.dumps(result.as_json()))["faults"][0]["order"] == order


async def test_erased_texts_are_counted_and_are_no_fault(replayed: App) -> None:
    order = await order_of(replayed, "3")
    await replayed.database.collection(OrderDocument).update_one({"_id": order}, {"$set": {"data_key": None}})
    result = await walked(replayed)
    assert (result.faults, result.walked.erased) == ([], 1)
    assert "the texts of 1 orders are erased; 0 faults" in result.summary()
