"""What an import leaves behind: orders like any other, counted rightly, each once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import duckdb
import pytest
from openpyxl import Workbook

from foundation.clock import SettableClock
from foundation.documents import Stored
from foundation.events import Event
from foundation.outbox import OutboxRow
from foundation.settings import Settings
from foundation.timers import Timer
from identity.actors import Actor, Role
from identity.documents import Category, Unit
from notifications.documents import Notice
from runtime.composition import App
from runtime.importing.command import Imported, report
from runtime.importing.documents import ImportedRow, ImportMark, Told
from runtime.importing.mapping import MappingFile, read_mapping
from runtime.importing.opening import open_table
from runtime.importing.writing import OtherImporter, Progress, import_table
from runtime.preparing import installation
from runtime.server import Server
from tests.runtime.importing import boston
from tests.workorders.lifecycle.invariants import check
from workorders.deadlines.lights import Light
from workorders.deadlines.values import IMPORTED, UNJUDGED
from workorders.lifecycle import correcting, handling
from workorders.lifecycle.checkpoints import Verification, verify
from workorders.lifecycle.documents import NumberClaim, OrderDocument, UnitDesk
from workorders.lifecycle.office import NothingToDo
from workorders.lifecycle.projecting import lit_desk, tallies, unit_desk
from workorders.lifecycle.states import Status
from workorders.lifecycle.values import Outcome
from workorders.statistics.counting import entries_of

pytestmark = pytest.mark.races

NOW = datetime(2016, 3, 1, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")


@asynccontextmanager
async def importer(settings: Settings, uri: str, name: str) -> AsyncIterator[App]:
    own = settings.model_copy(update={"database": f"import_{name}"})
    async with installation(own, Server(uri, "the tests' server"), SettableClock(NOW)) as app:
        await app.prepare()
        yield app
        await app.database.client.drop_database(app.database.mongo.name)


async def run(
    app: App, file: Path, mapping: MappingFile | None = None, progress: Progress = lambda done: None
) -> Imported:
    mapping = mapping or read_mapping("boston311")
    table = open_table(file, mapping.mapping)
    try:
        return await report(app, await import_table(app, table, mapping, progress))
    finally:
        table.close()


async def orders(app: App) -> list[OrderDocument]:
    return [OrderDocument.load(raw) for raw in await app.database.collection(OrderDocument).find({}).to_list()]


async def assert_whole(app: App, rows: list[boston.Row]) -> None:
    """Each row is one order, which its events alone make; nothing beside it is missing, and every chain holds."""
    found = await orders(app)
    claims = await app.database.collection(ImportedRow).find({}).to_list()
    assert Counter(claim["_id"] for claim in claims) == Counter(f"boston311|{row['case_id']}" for row in rows)
    assert sorted(claim["order"] for claim in claims) == sorted(document.id for document in found)
    town = SimpleNamespace(office=app.office, database=app.database, rules=(await app.library.current()).rules)
    for document in found:
        await check(town, document.id)
    outbox = await app.database.collection(OutboxRow).find({}).to_list()
    assert {(raw["consumer"], raw["subject"]) for raw in outbox} <= {("projector", each.id) for each in found}
    walked = Verification()
    assert [fault async for fault in verify(app.database, app.keys.keyring, app.keys.signer, walked)] == []
    assert (walked.orders, walked.events) == (len(rows), sum(each.version for each in found))


def assert_counted(imported: Imported, rows: list[boston.Row]) -> None:
    result, local = imported.as_json(), NOW.astimezone(ZONE).replace(tzinfo=None).isoformat()
    assert (result["rows"], result["imported"], result["refused"]) == (len(rows), len(rows), [])
    assert result["verdicts"] == {"agree": boston.flagged(rows), "differ": 0, "differing": []}
    assert result["overdue"] == boston.overdue(rows, local)
    skewed = [row["case_id"] for row in rows if row["closed_dt"] and row["closed_dt"] < row["open_dt"]]
    assert [each["id"] for each in result["skewed"]] == skewed


async def test_every_row_is_an_order_like_any_other_and_the_figures_are_those_counted_from_the_file(
    settings: Settings, mongodb_uri: str
) -> None:
    rows = boston.read(boston.SAMPLE)
    async with importer(settings, mongodb_uri, "sample") as app:
        assert_counted(await run(app, boston.SAMPLE), rows)
        await assert_whole(app, rows)
        for document in await orders(app):
            assert document.status is (Status.CLOSED if document.order.closed_at else Status.IN_PROGRESS)
        units = {raw["name"]: raw["path"] for raw in await app.database.collection(Unit).find({}).to_list()}
        assert set(units) == {"City of Boston", "PWDx", "ISD", "BTDT", "INFO"}
        assert all(path[0] == "boston" for path in units.values())
        lights = await app.database.collection(Category).find({"name": "Street Light Outages"}).to_list()
        assert [len(raw["path"]) for raw in lights] == [4]


async def test_the_documents_are_those_that_their_models_would_store(settings: Settings, mongodb_uri: str) -> None:
    async with importer(settings, mongodb_uri, "models") as app:
        await run(app, boston.SAMPLE)
        models: tuple[type[Stored], ...] = (
            Event,
            NumberClaim,
            OrderDocument,
            OutboxRow,
            UnitDesk,
            ImportedRow,
            ImportMark,
        )
        for model in models:
            raws = await app.database.collection(model).find({}).limit(50).to_list()
            assert raws
            for raw in raws:
                stored = model.load(raw).stored()
                assert model.load(stored).stored() == stored
                assert set(stored) == set(raw)


async def test_numbers_are_of_the_local_day_of_the_opening(settings: Settings, mongodb_uri: str) -> None:
    async with importer(settings, mongodb_uri, "numbers") as app:
        await run(app, boston.SAMPLE)
        shanghai, numbers = ZoneInfo("Asia/Shanghai"), []
        for document in await orders(app):
            assert document.order.number.startswith(f"{document.order.received_at.astimezone(shanghai):%y%m%d}")
            numbers.append(document.order.number)
        assert len(set(numbers)) == len(numbers)
        next_one = await app.office.numbers.draw(date.fromisoformat(f"20{max(numbers)[:6]}"))
        assert next_one > max(numbers)


async def test_broken_off_anywhere_it_goes_on_and_nothing_is_doubled(settings: Settings, mongodb_uri: str) -> None:
    rows = [{**row, "case_id": f"{n}-{row['case_id']}"} for n in range(3) for row in boston.read(boston.SAMPLE)]
    file = boston.write(settings.data_dir.parent / "three.csv", rows)
    async with importer(settings, mongodb_uri, "broken") as app:
        for most in (1, 400, 600):

            def until(done: int, most: int = most) -> None:
                if done >= most:
                    raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                await run(app, file, progress=until)
        for seconds in (0.02, 0.3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(run(app, file), seconds)
        starts: list[int] = []
        imported = await run(app, file, progress=starts.append)
        assert starts[0] >= 400
        assert_counted(imported, rows)
        await assert_whole(app, rows)
        before = await app.database.collection(Event).count_documents({})
        assert (await run(app, file)).as_json() == imported.as_json()
        assert await app.database.collection(Event).count_documents({}) == before


async def test_two_at_once_import_every_row_once(settings: Settings, mongodb_uri: str) -> None:
    rows = boston.read(boston.SAMPLE)
    async with importer(settings, mongodb_uri, "twice") as app:
        ended = await asyncio.gather(run(app, boston.SAMPLE), run(app, boston.SAMPLE), return_exceptions=True)
        assert all(isinstance(each, Imported | OtherImporter) for each in ended), ended
        assert_counted(await run(app, boston.SAMPLE), rows)
        await assert_whole(app, rows)


async def test_a_number_that_another_file_of_the_source_brought_is_not_imported_again(
    settings: Settings, mongodb_uri: str
) -> None:
    rows = boston.read(boston.SAMPLE)
    other = boston.write(settings.data_dir.parent / "other.csv", [*rows[:30], {**rows[0], "case_id": "new"}])
    async with importer(settings, mongodb_uri, "other") as app:
        await run(app, boston.SAMPLE)
        counts = (await run(app, other)).mark.counts
        assert (counts.rows, counts.imported, counts.already, counts.refused) == (31, 1, 30, 0)
        await assert_whole(app, [*rows, {**rows[0], "case_id": "new"}])


async def test_a_number_that_comes_twice_in_one_file_is_refused_the_second_time(
    settings: Settings, mongodb_uri: str
) -> None:
    rows = boston.read(boston.SAMPLE)
    file = boston.write(settings.data_dir.parent / "again.csv", [*rows, rows[0], rows[-1]])
    async with importer(settings, mongodb_uri, "again") as app:
        named = (await run(app, file)).named[Told.REFUSED]
        assert [(each.line, each.reason) for each in named] == [
            (len(rows) + 2, f"编号 {rows[0]['case_id']} 已在第 2 行出现。"),
            (len(rows) + 3, f"编号 {rows[-1]['case_id']} 已在第 {len(rows) + 1} 行出现。"),
        ]
        await assert_whole(app, rows)


@pytest.mark.parametrize("suffix", ["parquet", "xlsx"])
async def test_the_other_formats_come_to_the_same(settings: Settings, mongodb_uri: str, suffix: str) -> None:
    rows = boston.read(boston.SAMPLE)
    file = settings.data_dir.parent / f"sample.{suffix}"
    as_parquet(boston.SAMPLE, file) if suffix == "parquet" else as_workbook(rows, file)
    async with importer(settings, mongodb_uri, suffix) as app:
        assert_counted(await run(app, file), rows)
        await assert_whole(app, rows)


def as_parquet(source: Path, file: Path) -> None:
    """With times as times, not as text."""
    with duckdb.connect() as database:
        database.execute(f"COPY (SELECT * FROM read_csv('{source}')) TO '{file}' (FORMAT parquet)")


def as_workbook(rows: list[boston.Row], file: Path) -> None:
    """With times as times, not as text."""
    book = Workbook()
    sheet = book.active
    sheet.append(boston.HEADING)
    for row in rows:
        sheet.append(
            [
                datetime.fromisoformat(value) if value and column.endswith("_dt") else value or None
                for column, value in row.items()
            ]
        )
    book.save(file)


async def test_a_row_without_a_due_is_judged_by_nobody_and_an_open_one_goes_by_our_rules_from_now_on(
    settings: Settings, mongodb_uri: str
) -> None:
    async with importer(settings, mongodb_uri, "dues") as app:
        await run(app, boston.SAMPLE)
        seen = set()
        for document in await orders(app):
            order, held = document.order, document.order.assignments[0]
            seen.add((order.ended, held.reply.basis))
            assert order.dispatch.basis == held.sign.basis == UNJUDGED
            assert held.reply.due == order.citizen.due or held.reply.basis == "reply.help"
            if held.reply.basis == "reply.help":
                assert held.reply.started_at == NOW < held.reply.due
        assert seen == {(True, IMPORTED), (True, UNJUDGED), (False, IMPORTED), (False, "reply.help")}


async def test_open_orders_are_lit_as_they_stand_and_nobody_is_told_of_what_is_long_past(
    settings: Settings, mongodb_uri: str
) -> None:
    rows = boston.read(boston.SAMPLE)
    async with importer(settings, mongodb_uri, "lights") as app:
        await run(app, boston.SAMPLE)
        await app.timers.sweep(NOW)
        for consumer in app.consumers:
            while await consumer.sweep(NOW):
                pass
        assert await app.database.collection(OutboxRow).count_documents({}) == 0
        assert await app.database.collection(Notice).count_documents({}) == 0
        assert await app.database.collection(Timer).count_documents({"due": {"$lte": NOW}}) == 0
        late = sum(row["case_status"] == "Open" and bool(row["target_dt"]) for row in rows)
        open_ = sum(row["case_status"] == "Open" for row in rows)
        desk = unit_desk("boston", "handle")
        assert await tallies(app.database, [desk, lit_desk(desk, Light.RED)]) == {
            desk: open_,
            lit_desk(desk, Light.RED): late,
        }


async def test_the_figures_know_the_files_dues_and_judge_nobody_by_others(settings: Settings, mongodb_uri: str) -> None:
    rows = boston.read(boston.SAMPLE)
    async with importer(settings, mongodb_uri, "figures") as app:
        await run(app, boston.SAMPLE)
        counts: Counter[str] = Counter()
        for document in await orders(app):
            counts.update(entry.counter for entry in entries_of(document.order, ZONE))
    closed = [row for row in rows if row["closed_dt"]]
    due = [row for row in closed if row["target_dt"]]
    assert counts["sign:unjudged"] == counts["intake:completed"] + counts["intake:pending"] == len(rows)
    assert counts["reply:unjudged"] == len(closed) - len(due)
    assert counts["reply:late"] == sum(row["closed_dt"] > row["target_dt"] for row in due)
    assert counts["reply:on_time"] == len(due) - counts["reply:late"]
    assert counts["reply:open"] == len(rows) - len(closed)


async def test_an_open_order_is_finished_like_any_other_and_keeps_the_due_that_it_came_with(
    settings: Settings, mongodb_uri: str
) -> None:
    async with importer(settings, mongodb_uri, "finished") as app:
        await run(app, boston.SAMPLE)
        open_ = [each for each in await orders(app) if not each.order.ended]
        document = next(each for each in open_ if each.order.assignments[0].reply.basis == IMPORTED)
        with pytest.raises(NothingToDo):
            await correcting.correct(app.office, correcting.CALENDAR, document.id)
        held = document.order.assignments[0]
        clerk = Actor("staff:c", frozenset({Role.UNIT_CLERK}), unit_id=held.unit, unit_path=held.ancestors)
        after = await handling.submit_reply(app.office, clerk, document.id, outcome=Outcome.SOLVED, answer="已修好。")
        assert after.order.status is Status.UNIT_REVIEW
        assert after.order.assignments[0].reply == held.reply


EMERGENCY = """
source = "old"
zone = "Asia/Shanghai"
[columns]
id = "编号"
opened = "受理时间"
closed = "办结时间"
due = "时限"
status = "状态"
title = "标题"
answer = "答复"
name = "姓名"
phone = "电话"
urgency = "紧急程度"
unit = "单位"
[status]
closed = ["已办结"]
open = ["在办"]
withdrawn = ["已撤单"]
[urgencies.values]
"特急" = "emergency"
[units]
create = true
[categories]
default = "all"
under = { id = "all", name = "全部" }
[places]
default = "all"
under = { id = "all", name = "全市" }
[channels]
default = "phone"
under = { id = "phone", name = "电话" }
"""
HOTLINE = (
    "编号,受理时间,办结时间,时限,状态,标题,答复,姓名,电话,紧急程度,单位\n"
    "1,2016-01-04 09:00,2016-01-05,2016-01-05,已办结,路灯不亮,已修复。,张三,13800138000,,城管局\n"
    "2,2016-02-29 09:00,,2016-03-04,在办,煤气泄漏,,,,特急,住建局\n"
    "3,2016-02-01 09:00,2016-02-02 10:00,,已撤单,不用了,,,,,城管局\n"
    f"4,2016-02-01 09:00,,2016-03-09 12:00,在办,{'长' * 120},,,,,城管局\n"
)


async def test_a_hotline_of_ours_brings_persons_emergencies_withdrawals_and_days_without_times(
    settings: Settings, mongodb_uri: str
) -> None:
    file = settings.data_dir.parent / "hotline.csv"
    file.write_bytes(HOTLINE.encode("gb18030"))
    async with importer(settings, mongodb_uri, "hotline") as app:
        mapping = MappingFile(EMERGENCY, "old.toml")
        imported = await run(app, file, mapping)
        assert imported.as_json()["refused"] == []
        town = SimpleNamespace(office=app.office, database=app.database, rules=(await app.library.current()).rules)
        claims = await app.database.get_many(ImportedRow, [f"old|{n}" for n in range(1, 5)])
        for claim in claims.values():
            await check(town, claim.order)
        found = await app.database.get_many(OrderDocument, [claim.order for claim in claims.values()])
        closed, emergency, withdrawn, long = (found[claims[f"old|{n}"].order] for n in range(1, 5))
        assert closed.order.assignments[0].reply.due == datetime(2016, 1, 5, 16, tzinfo=UTC)
        assert closed.order.assignments[0].replied_at == datetime(2016, 1, 4, 16, tzinfo=UTC)
        assert closed.phone_hash == app.keys.keyring.keyed_hash("phone", "+8613800138000")
        events = await app.office.orders.events(closed)
        key = app.office.data_key(closed)
        assert events[3].text("answer", key) == "已修复。"
        assert emergency.order.phone_task is not None
        assert withdrawn.status is Status.WITHDRAWN
        first = (await app.office.orders.events(long))[0]
        assert first.text("title", app.office.data_key(long)) == "长" * 99 + "…"
        assert first.text("detail", app.office.data_key(long)) == "长" * 120
        assert long.watched_at is not None
        assert long.watched_at > NOW


async def test_the_real_file_of_boston(settings: Settings, mongodb_uri: str) -> None:
    """Of its rows so many are left out for one that is imported; `make bench` imports them all."""
    if not boston.REAL.is_file():
        pytest.skip("the folder of shared test data is not there")
    file = settings.data_dir.parent / "real.csv"
    with duckdb.connect() as database:
        numbered = f"(SELECT *, row_number() OVER () AS n FROM read_parquet('{boston.REAL}'))"
        database.execute(f"COPY (SELECT * EXCLUDE n FROM {numbered} WHERE n % 50 = 0) TO '{file}' (HEADER)")
    rows = boston.read(file)
    async with importer(settings, mongodb_uri, "real") as app:
        assert_counted(await run(app, file), rows)
