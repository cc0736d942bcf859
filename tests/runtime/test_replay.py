"""Real messages and replies, replayed: the figures are those that independent code counts from the file."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.clock import SettableClock
from foundation.events import Event
from foundation.outbox import OutboxRow
from foundation.paging import EARLIEST
from foundation.settings import Settings
from foundation.timers import LONG_AGO, Timer
from runtime.composition import App
from runtime.preparing import installation
from runtime.replay import playing
from runtime.replay.figures import report
from runtime.replay.reading import Column, MessageFile, UnreadableFile, read_messages
from runtime.replay.stage import ReplayedRow
from runtime.server import Server
from tests.runtime.recount import recount
from workorders.lifecycle.checkpoints import Verification, verify
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.projecting import tallies
from workorders.lifecycle.states import Status

REPLIES = Path(__file__).parents[2].parent / "shared" / "data" / "messages" / "replies.csv"
ZONE = ZoneInfo("Asia/Shanghai")
EVERY = 30
"""Of the 2,107 real rows so many are left out for one that is replayed; `make bench` replays them all."""
GOOD = {
    Column.ID: "1",
    Column.NAME: "A0001",
    Column.TITLE: "路灯不亮",
    Column.SENT_AT: "2019-04-25T09:32:09",
    Column.DETAIL: "整条街的路灯三天没有亮了。",
    Column.REPLY: "已修复。",
    Column.REPLIED_AT: "2019-05-10T14:56:53",
}
BY_ITSELF = ("light", "supervise")
"""What time and rules do beside: a late reply is lit, and supervised."""
NINE = [
    "intake", "dispatch", "sign", "contact", "submit_reply", "unit_approve", "hotline_accept", "callback_attempt",
    "callback_close",
]  # fmt: skip


def written(*rows: dict[Any, str]) -> bytes:
    """A file of these rows as a spreadsheet would write it."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [str(column) for column in Column])
    writer.writeheader()
    writer.writerows({str(column): value for column, value in row.items()} for row in rows)
    return text.getvalue().encode()


def read(content: bytes) -> MessageFile:
    return read_messages(content, ZONE)


def read_file(file: Path) -> MessageFile:
    return read(file.read_bytes())


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Real rows, spread over all years, in a file of their own."""
    if not REPLIES.is_file():
        pytest.skip("the folder of shared test data is not there")
    with REPLIES.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    file = tmp_path / "replies.csv"
    file.write_bytes(written(*({Column(k): row[k] for k in Column} for row in rows[::EVERY])))
    return file


@asynccontextmanager
async def replayer(settings: Settings, uri: str, name: str) -> AsyncIterator[App]:
    own = settings.model_copy(update={"database": name})
    async with installation(own, Server(uri, "the tests' server"), SettableClock(EARLIEST)) as app:
        yield app
        await app.database.client.drop_database(name)


async def test_the_figures_are_those_counted_from_the_file(settings: Settings, mongodb_uri: str, sample: Path) -> None:
    file = read_file(sample)
    async with replayer(settings, mongodb_uri, "replay_figures") as app:
        await playing.play(app, file)
        result = (await report(app, file)).as_json()
        expected = recount(sample)
        assert result["total"] == expected["total"]
        assert result["months"] == expected["months"]
        assert result["refused"] == []
        await assert_whole(app, file)


async def assert_whole(app: App, file: MessageFile) -> None:
    """Every row is one order that took the nine actions at the row's times; nothing is left to do; chains hold."""
    replayed = await app.database.get_many(ReplayedRow, [row.id for row in file.rows])
    orders = await app.database.get_many(OrderDocument, [row.order for row in replayed.values()])
    assert len(orders) == await app.database.collection(OrderDocument).count_documents({}) == len(file.rows)
    assert len({document.order.number for document in orders.values()}) == len(file.rows)
    for row in file.rows:
        document = orders[replayed[row.id].order]
        events = await app.office.orders.events(document)
        taken = [event for event in events if event.type not in BY_ITSELF]
        assert [event.type for event in taken] == NINE
        assert [event.at for event in taken] == [row.sent_at] * 4 + [row.replied_at] * 5
        key = app.office.data_key(document)
        assert taken[0].text("detail", key) == row.detail
        assert taken[4].text("answer", key) == row.reply
    assert await app.database.collection(OutboxRow).count_documents({}) == 0
    last = max(row.replied_at for row in file.rows)
    due = {"due": {"$gte": LONG_AGO, "$lte": last}}
    assert await app.database.collection(Timer).count_documents(due) == 0
    assert await tallies(app.database, ["hotline:closed"]) == {"hotline:closed": len(file.rows)}
    walked = Verification()
    assert [fault async for fault in verify(app.database, app.keys.keyring, app.keys.signer, walked)] == []
    assert (walked.orders, walked.events) == (len(file.rows), sum(each.version for each in orders.values()))


async def test_a_replay_that_is_broken_off_goes_on_to_the_same_figures(
    settings: Settings, mongodb_uri: str, sample: Path
) -> None:
    file = read_file(sample)
    async with replayer(settings, mongodb_uri, "replay_broken_off") as app:
        starts: list[int] = []

        def until(most: int) -> playing.Progress:
            def progress(done: int, of: int) -> None:
                starts.append(done)
                if done >= most:
                    raise KeyboardInterrupt

            return progress

        for most in (1, 25, 60):
            with pytest.raises(KeyboardInterrupt):
                await playing.play(app, file, progress=until(most))
            assert starts[-1] >= most
        for seconds in (0.05, 0.11, 0.3):  # in the middle of an action
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(playing.play(app, file), seconds)
        await playing.play(app, file, progress=lambda done, of: starts.append(done))
        assert starts[0] == 0 < starts[-1]
        assert (await report(app, file)).as_json()["months"] == recount(sample)["months"]
        await assert_whole(app, file)
        before = await app.database.collection(Event).count_documents({})
        await playing.play(app, file)
        assert await app.database.collection(Event).count_documents({}) == before


async def test_a_database_with_anything_else_in_it_is_left_alone(settings: Settings, mongodb_uri: str) -> None:
    async with replayer(settings, mongodb_uri, "replay_not_empty") as app:
        await app.database.mongo["orders"].insert_one({"_id": "somebody's"})
        with pytest.raises(playing.OtherDatabase):
            await playing.play(app, read(written(GOOD)))
    async with replayer(settings, mongodb_uri, "replay_other_file") as app:
        await playing.play(app, read(written(GOOD)))
        with pytest.raises(playing.OtherDatabase):
            await playing.play(app, read(written(GOOD, {**GOOD, Column.ID: "2"})))


BAD = {
    "缺少留言时间": {Column.SENT_AT: " "},
    "缺少答复时间": {Column.REPLIED_AT: ""},
    "答复时间早于留言时间": {Column.REPLIED_AT: "2019-04-25T09:32:08"},
    "留言时间无法识别": {Column.SENT_AT: "昨天"},
    "不在 2001 至 2098 年": {Column.SENT_AT: "0019-04-25T09:32:09"},
    "留言详情：内容不能为空": {Column.DETAIL: " \n "},
    "答复意见：内容不能为空": {Column.REPLY: ""},
    "答复意见：内容含有不可见的控制字符": {Column.REPLY: "已修\x07复"},
    "留言详情：内容含有不可见的控制字符": {Column.DETAIL: "零\x00字符"},
    "答复意见：内容过长": {Column.REPLY: "长" * 10_001},
    "留言主题：内容过长": {Column.TITLE: "长" * 101},
    "留言主题：内容只能有一行": {Column.TITLE: "两\n行"},
    "已在第 2 行出现": {Column.ID: "1"},
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_row_is_refused_with_its_line_and_the_rest_goes_on(reason: str) -> None:
    bad = {**GOOD, Column.ID: "2", **BAD[reason]}
    file = read(written({**GOOD, Column.DETAIL: "两行的\n详情"}, bad, {**GOOD, Column.ID: "3"}))
    assert [row.id for row in file.rows] == ["1", "3"]
    assert [(refusal.line, reason in refusal.reason) for refusal in file.refusals] == [(4, True)]


def test_a_row_with_a_column_too_many_or_too_few_is_refused() -> None:
    content = written(GOOD) + "2,A,题,2019-01-01T00:00:00,详,情,答,复,2019-01-02T00:00:00\r\n\r\n3,A,题\r\n".encode()
    file = read(content)
    assert len(file.rows) == 1
    assert [refusal.line for refusal in file.refusals] == [3, 5]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_the_encodings_of_spreadsheets_are_read(encoding: str) -> None:
    assert read(written(GOOD).decode().encode(encoding)).rows == read(written(GOOD)).rows


@pytest.mark.parametrize("sent", ["2019-04-25 09:32:09", "2019/4/25 9:32:09", "2019-04-25T01:32:09Z"])
def test_the_times_of_spreadsheets_are_read(sent: str) -> None:
    assert read(written({**GOOD, Column.SENT_AT: sent})).rows[0].sent_at == read(written(GOOD)).rows[0].sent_at


def test_a_file_of_something_else_is_a_clear_fault() -> None:
    for content in (b"", b"a,b\r\n1,2\r\n", b"\xff\xfe\x00\x81"):
        with pytest.raises(UnreadableFile):
            read(content)


@given(st.binary(max_size=400))
def test_whatever_follows_the_heading_is_rows_or_refusals(garbage: bytes) -> None:
    try:
        file = read(written() + garbage)
    except UnreadableFile:
        return  # neither encoding
    assert all(row.sent_at <= row.replied_at for row in file.rows)


def test_events_stand_in_order_of_time_with_a_message_before_its_reply() -> None:
    at_once = {**GOOD, Column.ID: "2", Column.REPLIED_AT: GOOD[Column.SENT_AT]}
    events = playing.in_order_of_time(read(written(GOOD, at_once)).rows)
    assert [(event.row.id, event.is_reply) for event in events] == [
        ("1", False), ("2", False), ("2", True), ("1", True),
    ]  # fmt: skip
    assert events[-1].at - events[0].at == timedelta(days=15, hours=5, minutes=24, seconds=44)


async def test_a_row_that_a_use_case_refuses_is_reported_and_stays_refused(
    settings: Settings, mongodb_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = read(written(GOOD, {**GOOD, Column.ID: "2", Column.TITLE: "x" * 30}))
    monkeypatch.setattr("workorders.lifecycle.intake._texts", _refusing)
    async with replayer(settings, mongodb_uri, "replay_refused") as app:
        for _ in range(2):
            await playing.play(app, file)
            result = await report(app, file)
            assert (result.total.received, [(r.line, r.reason) for r in result.refused]) == (
                1,
                [(3, "不收这样的标题。")],
            )
        assert (await app.office.orders.events(await _only(app)))[-1].type == "callback_close"
        assert (await _only(app)).order.status is Status.CLOSED


async def _only(app: App) -> OrderDocument:
    found = await app.database.collection(OrderDocument).find({}).to_list()
    return OrderDocument.load(found[0])


def _refusing(report: Any) -> dict[str, str]:
    from foundation.errors import InvalidInput

    if report.title.startswith("x"):
        raise InvalidInput("不收这样的标题。")
    return {"title": report.title, "detail": report.detail}
