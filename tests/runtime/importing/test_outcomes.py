"""What became of an imported order: called back, rejected, withdrawn, handed down from above. Its documents are those
of the use cases, and the figures count it as their definitions say.
"""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from foundation.data_files import DataFileInvalid
from foundation.errors import NotFound
from foundation.settings import Settings
from identity.actors import Actor, Role
from runtime.composition import App
from runtime.importing.documents import ImportedRow
from runtime.importing.mapping import MappingFile
from runtime.importing.tables import FileRefused
from tests.runtime.importing.test_importing import NOW, importer, run
from tests.workorders.lifecycle.invariants import check
from workorders.exchange.documents import Platform
from workorders.lifecycle.checkpoints import Verification, verify
from workorders.lifecycle.documents import OrderDocument, UpstreamClaim
from workorders.lifecycle.states import Status
from workorders.lifecycle.values import Closing, Order, Reporter
from workorders.statistics.checking import check as recounted
from workorders.statistics.counting import entries_of

pytestmark = pytest.mark.races

ZONE = ZoneInfo("Asia/Shanghai")
MAPPING = """
source = "old"
zone = "Asia/Shanghai"
[columns]
id = "编号"
opened = "受理时间"
closed = "办结时间"
due = "时限"
status = "状态"
kind = "类型"
answer = "答复"
callback = "回访时间"
satisfaction = "满意度"
solved = "是否解决"
rejected_to = "建议渠道"
upstream = "来源"
upstream_number = "上级编号"
[status]
closed = ["已办结"]
open = ["在办"]
withdrawn = ["已撤单"]
rejected = ["不予受理"]
[kinds.values]
"咨询" = "consult"
"投诉" = "complaint"
[satisfaction]
values = { "非常满意" = 1, "满意" = 2, "不满意" = 4 }
unreached = ["未接通"]
none = ["未评价"]
[solved]
yes = ["是"]
no = ["否"]
none = ["-"]
[upstream]
values = { "省12345" = "province" }
ours = ["本市"]
[units]
default = "all"
under = { id = "all", name = "承办单位" }
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
HEADING = "编号,受理时间,办结时间,时限,状态,类型,答复,回访时间,满意度,是否解决,建议渠道,来源,上级编号\n"
OPENED = "2016-01-04 09:00,2016-01-05 10:00,2016-01-08 18:00"
"""Received, closed and due."""
ROWS = {
    "called": f"{OPENED},已办结,投诉,已修复。,2016-01-06 15:00,满意,是,,本市,",
    "unsatisfied": f"{OPENED},已办结,咨询,已说明。,2016-01-06 15:00,不满意,否,,,",
    "untimed": f"{OPENED},已办结,咨询,已说明。,,非常满意,是,,,",
    "unreached": f"{OPENED},已办结,咨询,已说明。,2016-01-07 15:00,未接通,-,,,",
    "uncalled": f"{OPENED},已办结,咨询,已说明。,,未评价,,,,",
    "rejected": "2016-01-04 09:00,2016-01-04 09:30,,不予受理,投诉,不属受理范围。,,未评价,-,110,,",
    "rejected_nowhere": "2016-01-04 09:00,2016-01-04 09:30,,不予受理,投诉,,,,,,,",
    "withdrawn": "2016-01-04 09:00,2016-01-04 09:30,,已撤单,投诉,市民要求撤回。,,,否,,,",
    "above": f"{OPENED},已办结,投诉,已修复。,2016-01-07 15:00,满意,是,,省12345,S-001",
    "above_bad": f"{OPENED},已办结,投诉,已修复。,2016-01-07 15:00,不满意,否,,省12345,S-002",
    "above_uncalled": f"{OPENED},已办结,投诉,已修复。,,,,,省12345,S-003",
    "above_open": "2016-02-26 09:00,,2016-03-09 18:00,在办,投诉,,,,,,省12345,S-004",
}
CONNECTED = Platform(
    _id="province",
    name="省12345",
    url=None,
    channel="phone",
    data_key=b"",
    keys=(),
    connected_at=datetime(2016, 1, 1, tzinfo=UTC),
)


def written(settings: Settings, rows: dict[str, str], name: str = "old.csv") -> Path:
    file = settings.data_dir.parent / name
    lines = "".join(f"{id},{row}\n" for id, row in rows.items())
    file.write_text(HEADING + lines, encoding="utf-8")
    return file


async def found(app: App) -> dict[str, OrderDocument]:
    """The orders by the file's own numbers, each of which holds what holds of every order."""
    claims = {raw["order"]: raw["_id"] for raw in await app.database.collection(ImportedRow).find({}).to_list()}
    town = SimpleNamespace(office=app.office, database=app.database, rules=(await app.library.current()).rules)
    for order in claims:
        await check(town, order)
    documents = await app.database.get_many(OrderDocument, list(claims))
    return {claims[id].removeprefix("old|"): document for id, document in documents.items()}


async def test_what_became_of_an_order_is_told_by_its_events_alone_and_counted_as_defined(
    settings: Settings, mongodb_uri: str
) -> None:
    mapped = MappingFile(MAPPING, "old.toml")
    async with importer(settings, mongodb_uri, "outcomes") as app:
        await app.database.collection(Platform).insert_one(CONNECTED.stored())
        result = (await run(app, written(settings, ROWS), mapped)).as_json()
        assert (result["imported"], result["refused"]) == (len(ROWS), [])
        documents = await found(app)
        walked = Verification()
        assert [fault async for fault in verify(app.database, app.keys.keyring, app.keys.signer, walked)] == []
        for consumer in app.consumers:
            while await consumer.sweep(NOW):
                pass
        checked = await recounted(app.database, app.figures.zone, app.projector, app.clock)
        assert (checked.orders, checked.differences) == (len(ROWS), [])
        orders = {name: document.order for name, document in documents.items()}
        _check_callbacks(orders)
        _check_counts(orders)
        rejected = documents["rejected"]
        assert (rejected.status, rejected.order.rejected_to) == (Status.REJECTED, "110")
        assert orders["rejected_nowhere"].rejected_to == "其他渠道"
        for name, said in (("rejected", "不属受理范围。"), ("withdrawn", "市民要求撤回。")):
            last = (await app.office.orders.events(documents[name]))[-1]
            assert last.text("reason", app.office.data_key(documents[name])) == said
        assert documents["withdrawn"].status is Status.WITHDRAWN


def _check_callbacks(orders: dict[str, Order]) -> None:
    """Who was reached is no anonymous; who was not asked is as the file tells."""
    ratings = {name: order.rating for name, order in orders.items() if order.rating is not None}
    assert {name: (rating.grade, rating.solved, rating.through) for name, rating in ratings.items()} == {
        "called": (2, True, "callback"),
        "unsatisfied": (4, False, "callback"),
        "untimed": (1, True, "callback"),
        "above": (2, True, "upstream"),
        "above_bad": (4, False, "upstream"),
    }
    assert all(orders[name].reporter is Reporter.OPEN for name in [*ratings, "unreached"])
    assert orders["called"].closed_at == ratings["called"].at == datetime(2016, 1, 6, 7, tzinfo=UTC)
    assert orders["called"].assignments[0].replied_at == datetime(2016, 1, 5, 2, tzinfo=UTC)
    assert ratings["untimed"].at == datetime(2016, 1, 5, 2, tzinfo=UTC)
    closings = {name: order.closing for name, order in orders.items() if order.status is Status.CLOSED}
    assert closings == {
        **dict.fromkeys(ratings, Closing.CALLED_BACK),
        "unreached": Closing.UNREACHED,
        "uncalled": Closing.WITHOUT_CALLBACK,
        "above_uncalled": Closing.WITHOUT_CALLBACK,
    }


def _check_counts(orders: dict[str, Order]) -> None:
    counts = Counter(entry.counter for order in orders.values() for entry in entries_of(order, ZONE))
    told = {name: n for name, n in counts.items() if name.split(":")[0] in ("intake", "callback", "rating", "reply")}
    assert told == {
        "intake:completed": 8, "intake:pending": 1, "intake:rejected": 2, "intake:withdrawn": 1,
        "reply:on_time": 8, "reply:open": 1,
        "callback:called": 6, "callback:not_called": 2,
        "rating:solved_1": 1, "rating:solved_2": 2, "rating:unsolved_4": 2, "rating:unreached": 1,
        "rating:not_called": 2,
    }  # fmt: skip


async def test_what_was_handed_down_is_the_platforms_own_and_stands_where_it_would(
    settings: Settings, mongodb_uri: str
) -> None:
    async with importer(settings, mongodb_uri, "handed_down") as app:
        await app.database.collection(Platform).insert_one(CONNECTED.stored())
        await run(app, written(settings, ROWS), MappingFile(MAPPING, "old.toml"))
        documents = await found(app)
        claims = await app.database.collection(UpstreamClaim).find({}).to_list()
        numbers = {"above": "S-001", "above_bad": "S-002", "above_uncalled": "S-003", "above_open": "S-004"}
        assert {raw["_id"]: raw["order"] for raw in claims} == {
            f"province|{number}": documents[name].id for name, number in numbers.items()
        }
        for raw in claims:
            assert UpstreamClaim.load(raw).stored() == raw
        for name in numbers:
            events = await app.office.orders.events(documents[name])
            assert documents[name].order.upstream is not None
            assert [event.type for event in events].count("answer_up") == (name != "above_open")
            seen = await app.office.orders.visible_to(CONNECTED.actor, documents[name].id)
            assert seen.reporter_id == "upstream:province"
        stranger = Actor("upstream:other", frozenset({Role.UPSTREAM}))
        with pytest.raises(NotFound):
            await app.office.orders.visible_to(stranger, documents["above"].id)


async def test_a_hand_down_that_stands_already_is_refused_and_an_open_one_without_its_platform(
    settings: Settings, mongodb_uri: str
) -> None:
    mapped = MappingFile(MAPPING, "old.toml")
    rows = {"above": ROWS["above"], "again": ROWS["above"], "above_open": ROWS["above_open"]}
    async with importer(settings, mongodb_uri, "above_twice") as app:
        result = (await run(app, written(settings, rows), mapped)).as_json()
        assert [(each["line"], each["reason"]) for each in result["refused"]] == [
            (3, "上级编号 S-001 已有工单。"),
            (4, "没有接入编号为 province 的上级平台，在办的上级工单无处上报。"),
        ]
        later = written(settings, {"later": ROWS["above"], "other": ROWS["above_bad"]}, "later.csv")
        result = (await run(app, later, mapped)).as_json()
        assert (result["imported"], [each["reason"] for each in result["refused"]]) == (
            1,
            ["上级编号 S-001 已有工单。"],
        )
        assert set(await found(app)) == {"above", "other"}


BAD = {
    "没有办结，却有回访": "2016-02-26 09:00,,,在办,投诉,,2016-02-27 09:00,,,,,",
    "没有办结，却有回访。": "2016-02-26 09:00,2016-02-26 10:00,,不予受理,投诉,,,满意,是,,,",
    "回访时间早于办结时间": f"{OPENED},已办结,投诉,,2016-01-05 09:59,满意,是,,,",
    "回访时间无法识别": f"{OPENED},已办结,投诉,,05/01/2016,满意,是,,,",
    "时间在将来": f"{OPENED},已办结,投诉,,2016-03-02 09:00,满意,是,,,",
    "却没有满意度（满意度）": f"{OPENED},已办结,投诉,,2016-01-06 15:00,,是,,,",
    "却没有满意度": f"{OPENED},已办结,投诉,,,未评价,否,,,",
    "却没有写明是否解决（是否解决）": f"{OPENED},已办结,投诉,,,满意,-,,,",
    "映射没有写明 '还行'（columns.satisfaction：满意度）": f"{OPENED},已办结,投诉,,,还行,是,,,",
    "映射没有写明 '部分'（columns.solved：是否解决）": f"{OPENED},已办结,投诉,,,满意,部分,,,",
    "映射没有写明 '国家平台'（columns.upstream：来源）": f"{OPENED},已办结,投诉,,,,,,国家平台,1",
    "映射没有写明 '其他'（columns.kind：类型）": f"{OPENED},已办结,其他,,,,,,,",
    "回访未接通，却写明是否解决": f"{OPENED},已办结,投诉,,,未接通,是,,,",
    "不能作上级编号：'S 1'（上级编号）": f"{OPENED},已办结,投诉,,,,,,省12345,S 1",
    "不能作上级编号：''（上级编号）": f"{OPENED},已办结,投诉,,,,,,省12345,",
    "建议渠道：内容过长": f"2016-01-04 09:00,2016-01-04 09:30,,不予受理,投诉,,,,,{'远' * 51},,",
}


async def test_half_an_answer_or_an_unknown_word_refuses_its_row_by_key_and_column(
    settings: Settings, mongodb_uri: str
) -> None:
    rows = {f"{n}": row for n, row in enumerate(BAD.values())}
    async with importer(settings, mongodb_uri, "half") as app:
        named = (await run(app, written(settings, rows), MappingFile(MAPPING, "old.toml"))).as_json()["refused"]
        assert [each["line"] for each in named] == list(range(2, len(BAD) + 2))
        for each, said in zip(named, BAD, strict=True):
            assert said in each["reason"], each
        assert await found(app) == {}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('solved = "是否解决"\n', "", "satisfaction 与 columns.solved 须同时给出"),
        ('satisfaction = "满意度"\nsolved = "是否解决"\n', "", "有 columns.callback，须同时给出"),
        ('yes = ["是"]\nno = ["否"]\n', "", "有 columns.solved，须在 \\[solved\\]"),
        ('no = ["否"]', 'no = ["是"]', "'是' 有不止一种含义"),
        ('"不满意" = 4', '"不满意" = 6', "不能大于 5"),
        ('none = ["未评价"]', 'none = ["满意"]', "'满意' 有不止一种含义"),
        ('rejected = ["不予受理"]', 'rejected = ["在办"]', "'在办' 出现在两种状态中"),
        ('upstream = "来源"\n', "", "有 columns.upstream_number，须同时给出 columns.upstream"),
        ('values = { "省12345" = "province" }', "", "须在 \\[upstream.values\\] 中写明"),
        ('"province"', '"省"', "不能作平台编号"),
        ('id = "编号"\n', "", "须给出"),
        ('ours = ["本市"]', 'ours = ["省12345"]', "'省12345' 既是上级平台又是本级"),
    ],
)
def test_a_mapping_that_would_tell_half_of_it_is_refused_with_its_key(old: str, new: str, said: str) -> None:
    assert old in MAPPING
    text = MAPPING.replace('upstream_number = "上级编号"\n', "") if old.startswith("id") else MAPPING
    with pytest.raises(DataFileInvalid, match=said):
        MappingFile(text.replace(old, new), "old.toml")


async def test_grades_are_digits_where_the_mapping_has_no_words_and_one_column_may_say_both(
    settings: Settings, mongodb_uri: str
) -> None:
    words = MAPPING[MAPPING.index("[satisfaction]") : MAPPING.index("[upstream]")]
    text = MAPPING.replace(words, '[solved]\nyes = ["1", "2"]\nno = ["3", "4", "5"]\n').replace(
        '"是否解决"', '"满意度"'
    )
    rows = {f"{n}": f"{OPENED},已办结,投诉,,2016-01-06 15:00,{n},,,," for n in range(7)}
    async with importer(settings, mongodb_uri, "digits") as app:
        result = (await run(app, written(settings, rows), MappingFile(text, "old.toml"))).as_json()
        assert [each["line"] for each in result["refused"]] == [2, 8]
        ratings = {name: document.order.rating for name, document in (await found(app)).items()}
        assert {name: (r.grade, r.solved) for name, r in ratings.items() if r is not None} == {
            f"{n}": (n, n <= 2) for n in range(1, 6)
        }


async def test_a_file_that_changed_between_two_runs_brings_what_is_new_and_doubles_nothing(
    settings: Settings, mongodb_uri: str
) -> None:
    mapped = MappingFile(MAPPING, "old.toml")
    async with importer(settings, mongodb_uri, "changed") as app:
        await run(app, written(settings, {"1": ROWS["called"], "2": ROWS["uncalled"]}), mapped)
        changed = written(settings, {"0": ROWS["untimed"], "1": ROWS["unsatisfied"], "2": ROWS["uncalled"]})
        counts = (await run(app, changed, mapped)).mark.counts
        assert (counts.rows, counts.imported, counts.already, counts.refused) == (3, 1, 2, 0)
        documents = await found(app)
        assert set(documents) == {"0", "1", "2"}
        assert documents["1"].order.rating is not None
        assert documents["1"].order.rating.grade == 2  # as it was first brought


async def test_a_file_without_numbers_that_changed_is_refused_for_its_rows_cannot_be_told_apart(
    settings: Settings, mongodb_uri: str
) -> None:
    text = MAPPING.replace('id = "编号"\n', "").replace('upstream = "来源"\nupstream_number = "上级编号"\n', "")
    mapped = MappingFile(text, "old.toml")
    async with importer(settings, mongodb_uri, "numberless") as app:
        first = written(settings, {"1": ROWS["called"], "2": ROWS["called"]})
        assert (await run(app, first, mapped)).mark.counts.imported == 2
        assert (await run(app, first, mapped)).mark.counts.imported == 2
        changed = written(settings, {"1": ROWS["called"], "2": ROWS["called"], "3": ROWS["uncalled"]}, "more.csv")
        with pytest.raises(FileRefused, match=r"more\.csv：来源 old 已导入过 old\.csv"):
            await run(app, changed, mapped)
        assert await app.database.collection(OrderDocument).count_documents({}) == 2
        other = MappingFile(text.replace('source = "old"', 'source = "other"'), "other.toml")
        assert (await run(app, changed, other)).mark.counts.imported == 3
