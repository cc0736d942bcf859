"""Exports over HTTP: what stands in the files is what GraphQL shows the same reader, and all of it."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import openpyxl
import pytest
from pymongo.errors import ConnectionFailure

from api.http import exports as http
from foundation.changes import Change
from foundation.paging import cursor_of
from foundation.rate_limits import RateWindow
from identity.documents import AuditEntry, Staff
from tests.api.serving import MONDAY, PROBLEM, Api, Json
from workorders.exporting import exporting, reading, writing
from workorders.exporting.columns import COLUMNS, Cell
from workorders.exporting.documents import ExportLink
from workorders.lifecycle.documents import UnitTask
from workorders.lifecycle.names import STATUS_NAMES
from workorders.lifecycle.repository import OrderRepository
from workorders.lifecycle.states import Status

NODE = """id number status light title receivedAt reporting channel { name } category { pathNames } place { pathNames }
    reporter { name phone address } closedAt rating { grade solved } lead { unit { name } }"""
ORDERS = f"""query($filter: OrderFilterInput, $after: String) {{ orders(filter: $filter, first: 50, after: $after) {{
    ... on OrderConnection {{ edges {{ node {{ {NODE} }} }} pageInfo {{ hasNextPage endCursor }} }} {PROBLEM} }} }}"""
UNIT_DESK = f"""query($unit: ID!, $task: UnitTask!) {{ unitDesk(unit: $unit, task: $task, first: 50) {{
    ... on AssignmentConnection {{ edges {{ node {{ id light role unit {{ name }} order {{ {NODE} }} }} }} }} }} }}"""
EXPORT = f"""mutation($input: ExportOrdersInput!) {{ exportOrders(input: $input) {{
    ... on OrderExport {{ url ends }} {PROBLEM} }} }}"""
FORMULAS = ("=1+1", "+1+1", "-2+3", "@SUM(A1)", "＝1+1", '="a","b"')
LIGHTS = {"GREEN": "绿灯", "YELLOW": "黄灯", "RED": "红灯", None: ""}
GRADES = {1: "非常满意", 5: "非常不满意"}
SHANGHAI = ZoneInfo("Asia/Shanghai")
Rows = list[dict[str, str]]


@pytest.fixture(autouse=True)
async def town(api: Api, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """Forty orders of several days and states; pages of seven, so that every list has several."""
    monkeypatch.setattr(reading, "LARGEST_PAGE", 7)
    if not await api.app.database.mongo["orders"].find_one({}):
        for n, title in enumerate((*FORMULAS, *(f"第{n}件，电话13800138000" for n in range(30)))):
            api.clock.set(MONDAY - timedelta(minutes=10 * n))
            confidential = {"reporting": "CONFIDENTIAL", "name": "李保密", "phone": "13911112222"}
            order = await api.intake(
                **{"title": title, **(confidential | {"title": "李保密家漏水"} if n % 9 == 8 else {})}
            )
            if n % 3:
                unit = ("water", "water-east", "heating")[n % 4 % 3]
                await api.act("dispatcher", "Dispatch", order, lead=f"unit:{unit}")
                if n % 3 == 1:
                    await api.act({"water-east": "east"}.get(unit, unit), "Sign", order)
        api.clock.set(MONDAY)
        done = await api.intake()
        await api.act("dispatcher", "Dispatch", done, lead="unit:water", co=["unit:heating"])
        await api.act("water", "Sign", done)
        await api.act("heating", "CoSign", done)
        await api.act("heating", "CoReply", done, answer="已协助。")
        await api.act("water", "SubmitReply", done, outcome="SOLVED", answer="已修复。")
        await api.act("water-head", "UnitApprove", done)
        await api.act("reviewer", "HotlineAccept", done)
        await api.act("zhang", "Rate", done, grade=1, solved=True)
        await api.intake("device" if "device" in api.tokens else "zhang", reporting="ANONYMOUS", name=None, phone=None)
    await api.app.database.collection(RateWindow).delete_many({})
    yield api


async def get(api: Api, who: str | None, format: str = "csv", **where: Any) -> httpx.Response:
    return await api.http.get(f"/exports/orders.{format}", params=where, headers=api.headers(who))


def rows_of(answer: httpx.Response) -> Rows:
    """What a reader of CSV, or of Excel, finds in the file."""
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"].startswith("text/csv"):
        assert answer.content.startswith(b"\xef\xbb\xbf")
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    head, *rows = sheet.iter_rows()
    titles = [cell.value for cell in head]
    return [{t: "" if c.value is None else str(c.value) for t, c in zip(titles, row, strict=True)} for row in rows]


async def listed(api: Api, who: str, filter: Json | None = None) -> list[Json]:
    """The whole list over GraphQL."""
    found, after = [], None
    while True:
        page = await api.data(who, ORDERS, filter=filter, after=after)
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def harmless(text: str | None) -> str:
    return f"'{text}" if text and text.startswith(tuple("=+-@＝＋－＠")) else text or ""


def as_shown(order: Json) -> Json:
    """The cells of an order as GraphQL shows it."""
    reporter = order["reporter"] or {"name": None, "phone": None, "address": None}
    moment = datetime.fromisoformat(order["receivedAt"]).astimezone(SHANGHAI)
    return {
        "工单编号": order["number"],
        "标题": harmless(order["title"]),
        "来源渠道": order["channel"]["name"],
        "分类": "/".join(order["category"]["pathNames"]),
        "地区": "/".join(order["place"]["pathNames"]),
        "反映人": harmless(reporter["name"]),
        "联系电话": harmless(reporter["phone"]),
        "联系地址": harmless(reporter["address"]),
        "受理时间": f"{moment:%Y-%m-%d %H:%M:%S}",
        "状态": STATUS_NAMES[Status[order["status"]]],
        "满意度": GRADES[order["rating"]["grade"]] if order["rating"] else "",
        "是否解决": {True: "是", False: "否", None: ""}[order["rating"] and order["rating"]["solved"]],
    }


def cut(row: dict[str, str], like: Json) -> Json:
    return {name: row[name] for name in like}


@pytest.mark.parametrize("who", ["operator", "dispatcher", "chief", "reviewer", "caller", "supervisor", "leader"])
async def test_whoever_reads_all_orders_exports_what_the_list_shows_them(api: Api, who: str) -> None:
    orders = await listed(api, who)
    assert len(orders) == 38
    rows = rows_of(await get(api, who))
    assert [cut(row, as_shown(order)) for row, order in zip(rows, orders, strict=True)] == [*map(as_shown, orders)]
    assert [row["灯"] for row in rows] == [LIGHTS[order["light"]] for order in orders]
    assert [*rows[0]] == [column.title for column in COLUMNS]
    text = str(rows)
    assert ("李保密" in text, "13911112222" in text) == (who != "leader" and "李保密家漏水" in str(orders), False)


@pytest.mark.parametrize(("who", "unit"), [("water", "water"), ("water-head", "water"), ("east", "water-east")])
async def test_a_unit_exports_its_desks_and_learns_nobody_who_spoke_in_confidence(
    api: Api, who: str, unit: str
) -> None:
    tasks = [task.name for task in UnitTask]
    desks = {task: await api.data(who, UNIT_DESK, unit=f"unit:{unit}", task=task) for task in tasks}
    shown = {
        task: sorted(
            (as_shown(e["node"]["order"]) | {"承办单位": e["node"]["unit"]["name"]} for e in desk["edges"]),
            key=lambda row: row["工单编号"],
        )
        for task, desk in desks.items()
    }
    for task, expected in shown.items():
        rows = sorted(rows_of(await get(api, who, task=task)), key=lambda row: row["工单编号"])
        assert [cut(row, like) for row, like in zip(rows, expected, strict=True)] == expected, task
        lights = {e["node"]["order"]["number"]: LIGHTS[e["node"]["light"]] for e in desks[task]["edges"]}
        assert {row["工单编号"]: row["灯"] for row in rows} == lights
    everything = rows_of(await get(api, who))
    assert len(everything) == sum(map(len, shown.values())) > 3
    assert "保密" in {row["公开方式"] for row in everything}
    assert not [hidden for hidden in ("李保密", "1391", "李*") if hidden in str(everything)]
    assert {row["承办角色"] for row in everything} == {"主办"}


async def test_both_formats_say_the_same(api: Api) -> None:
    as_csv, as_sheet = rows_of(await get(api, "dispatcher")), rows_of(await get(api, "dispatcher", "xlsx"))
    for one, other in zip(as_csv, as_sheet, strict=True):
        assert {name: text.removeprefix("'") for name, text in one.items()} == other


async def test_no_cell_is_a_formula(api: Api) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO((await get(api, "dispatcher", "xlsx")).content)).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n", "d"}
    assert not [cell for cell in cells if cell.hyperlink]
    titles = [row["标题"] for row in rows_of(await get(api, "dispatcher"))]
    written = [order["title"] for order in await listed(api, "dispatcher")]
    assert len([title for title in written if title.startswith(("=", "+", "-", "@", "＝"))]) == len(FORMULAS)
    assert titles == [harmless(title) for title in written]
    assert not [title for title in titles if title.startswith(writing.RUNS)]
    assert set(written) <= {cell.value for cell in cells if cell.data_type == "s"}


def test_a_cell_that_a_spreadsheet_would_run_begins_with_an_apostrophe() -> None:
    cells: list[Cell] = ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "＝1", "－1", "a=1", "", -1, None]
    (row,) = csv.reader(io.StringIO(writing.csv_rows([cells]).decode(), newline=""))
    assert row[:9] == [f"'{cell}" for cell in cells[:9]]
    assert row[9:] == ["a=1", "", "-1", ""]


FILTERS: list[tuple[Json, Json]] = [
    ({"status": "DISPATCHED"}, {"statuses": ["DISPATCHED"]}),
    ({"status": ["RECEIVED", "CLOSED"]}, {"statuses": ["RECEIVED", "CLOSED"]}),
    ({"category": "category:water", "place": "place:street"}, {"category": "category:water", "place": "place:street"}),
    ({"unit": "unit:water"}, {"unit": "unit:water"}),
    ({"channel": "channel:phone"}, {"channel": "channel:phone"}),
    (
        {"receivedStart": "2026-11-15T22:00:00Z", "receivedEnd": "2026-11-16T00:00:00Z"},
        {"received": {"start": "2026-11-15T22:00:00Z", "end": "2026-11-16T00:00:00Z"}},
    ),
    ({"dueEnd": "2026-11-16T03:00:00Z"}, {"due": {"end": "2026-11-16T03:00:00Z"}}),
]


@pytest.mark.parametrize(("address", "filter"), FILTERS)
async def test_an_export_is_narrowed_as_the_list_is(api: Api, address: Json, filter: Json) -> None:
    expected = [order["number"] for order in await listed(api, "chief", filter)]
    assert [row["工单编号"] for row in rows_of(await get(api, "chief", **address))] == expected
    linked = await link(api, "chief", format="CSV", filter=filter)
    assert [row["工单编号"] for row in rows_of(await api.http.get(linked["url"]))] == expected
    if "channel" not in address:
        assert 0 < len(expected) < 38 or "category" in address


async def test_a_unit_s_export_is_narrowed_by_what_its_orders_are(api: Api) -> None:
    everything = rows_of(await get(api, "water"))
    for address in ({"status": "IN_PROGRESS"}, {"receivedStart": "2026-11-15T23:00:00Z"}, {"category": "category:x"}):
        found = rows_of(await get(api, "water", **address))
        expected = [
            row
            for row in everything
            if ("status" not in address or row["状态"] == "办理中")
            and ("receivedStart" not in address or row["受理时间"] >= "2026-11-16 07:00:00")
            and "category" not in address
        ]
        assert found == expected
        assert len(found) < len(everything)


async def test_whether_something_was_in_time_is_told_as_the_figures_do(api: Api) -> None:
    rows = rows_of(await get(api, "dispatcher"))
    closed = next(row for row in rows if row["状态"] == "已归档")
    assert (closed["签收是否按时"], closed["办结是否按时"], closed["满意度"]) == ("按时", "按时", "非常满意")
    waiting = next(row for row in rows if row["状态"] == "待签收")
    assert (waiting["签收是否按时"], waiting["办结是否按时"]) in {("未到期", "未到期"), ("逾期未完成", "未到期")}
    received = next(row for row in rows if row["状态"] == "待派单")
    assert (received["承办单位"], received["签收是否按时"]) == ("", "")


async def test_what_changes_meanwhile_neither_repeats_nor_loses_a_row(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [order["number"] for order in await listed(api, "dispatcher")]
    search, happened = OrderRepository.search, list[str]()

    async def interrupted(self: OrderRepository, *given: Any) -> Any:
        page = await search(self, *given)
        # One that was read, one that is read next, and a new one: all move on, and so do their deadlines.
        happened.append(await api.intake())
        async for raw in api.app.database.mongo["orders"].find({"status": "received"}).limit(2):
            await api.act("dispatcher", "Dispatch", f"order:{raw['_id']}", lead="unit:police")
        return page

    monkeypatch.setattr(OrderRepository, "search", interrupted)
    rows = rows_of(await get(api, "dispatcher"))
    monkeypatch.undo()
    assert len(happened) > 4
    assert [row["工单编号"] for row in rows] == before
    for order in happened:
        await api.act("operator", "Withdraw", order, reason="已自行解决。")
    await api.app.database.mongo["orders"].delete_many({"_id": {"$in": [o.removeprefix("order:") for o in happened]}})


async def trail(api: Api) -> list[AuditEntry]:
    """What the audit trail says of the last export, its beginning first."""
    found = api.app.database.collection(AuditEntry).find({"action": {"$in": [*exporting.Audited]}}).sort("key", 1)
    entries = [AuditEntry.load(raw) async for raw in found]
    last = max(entries, key=lambda each: (each.at, each.key)).subject if entries else ""
    return sorted((e for e in entries if e.subject == last), key=lambda e: e.action != exporting.Audited.BEGUN)


async def test_each_export_is_on_the_audit_trail_with_what_it_was_and_how_many_rows(api: Api) -> None:
    await api.app.database.collection(AuditEntry).delete_many({})
    linked = await link(api, "chief", format="XLSX", filter={"phone": "13800138000", "statuses": ["RECEIVED"]})
    rows = rows_of(await api.http.get(linked["url"]))
    begun, ended = await trail(api)
    assert (begun.actor, begun.actor_label, ended.actor) == ("staff:chief", "chief", "staff:chief")
    assert begun.details == {"format": "xlsx", "statuses": ["received"], "by": "phone"}
    assert ended.details == {"rows": len(rows), "complete": True}
    assert "138" not in str(begun)
    page = await api.data(
        "supervisor",
        """query($id: ID!) { auditTrail(subject: $id) {
            ... on AuditEntryConnection { edges { node { action details } } } } }""",
        id=begun.subject,
    )
    assert {edge["node"]["action"] for edge in page["edges"]} == {"orders_export_begun", "orders_exported"}


@pytest.mark.parametrize("format", ["csv", "xlsx"])
async def test_what_breaks_off_is_seen_to_be_incomplete(api: Api, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    search, calls = OrderRepository.search, list[int]()

    async def breaking(self: OrderRepository, *given: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise ConnectionFailure("the database is gone")
        return await search(self, *given)

    monkeypatch.setattr(OrderRepository, "search", breaking)
    await api.app.database.collection(AuditEntry).delete_many({})
    if format == "csv":
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            await get(api, "dispatcher", format)
    else:
        answer = await get(api, "dispatcher", format)
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    _, ended = await trail(api)
    assert ended.details == {"rows": 14, "complete": False}
    assert leftovers() == []


async def test_a_list_that_is_too_long_is_refused_beforehand_where_the_figures_know_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for consumer in api.app.consumers:
        while await consumer.sweep(api.clock.now()):
            pass
    monkeypatch.setattr(exporting, "MOST_ROWS", 10)
    span = {"receivedStart": "2026-11-15T16:00:00Z", "receivedEnd": "2026-11-16T16:00:00Z"}
    await api.app.database.collection(AuditEntry).delete_many({})
    for where in (span, {**span, "category": "category:leak"}, {**span, "place": "place:town"}, {}):
        for format in ("csv", "xlsx"):
            if not where and format == "csv":
                continue
            answer = await get(api, "dispatcher", format, **where)
            assert answer.status_code == 413, answer.text
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "EXPORT_TOO_LARGE"
            assert "缩小范围" in error["message"]
            assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
    # Nobody knew: what was given by then is no whole file.
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        await get(api, "dispatcher", status=["RECEIVED", "DISPATCHED"], **span)
    assert (await trail(api))[1].details == {"rows": 7, "complete": False}
    assert (await get(api, "dispatcher", status="CLOSED")).status_code == 200


@pytest.mark.parametrize("format", ["csv", "xlsx"])
async def test_whoever_goes_away_ends_the_reading(api: Api, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    search, calls, reached = OrderRepository.search, list[int](), asyncio.Event()

    async def slowly(self: OrderRepository, *given: Any) -> Any:
        calls.append(1)
        if len(calls) > 2:
            reached.set()
            await asyncio.sleep(0.2)
        return await search(self, *given)

    monkeypatch.setattr(OrderRepository, "search", slowly)
    await api.app.database.collection(AuditEntry).delete_many({})
    reader, writer = await asyncio.open_connection(*api.address.split(":"))
    head = f"GET /exports/orders.{format} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {api.tokens['reviewer']}\r\n\r\n"
    writer.write(head.encode())
    if format == "csv":
        assert b"200" in await reader.readline(), "the beginning comes at once"
    await reached.wait()
    writer.close()
    await writer.wait_closed()
    async with asyncio.timeout(10):
        while len(await trail(api)) < 2:  # noqa: ASYNC110 - the server writes it
            await asyncio.sleep(0.05)
    assert len(calls) == 3
    assert (await trail(api))[1].details == {"rows": 14, "complete": False}
    assert leftovers() == []
    assert rows_of(await get(api, "reviewer")), "and another may begin"


async def test_whoever_takes_nothing_is_taken_for_gone(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading goes no further than what the client takes, and not on for ever."""
    monkeypatch.setattr(http, "STALLED_SECONDS", 0.5)
    monkeypatch.setattr(http, "csv_rows", lambda rows: b"x" * 4_000_000)
    search, calls = OrderRepository.search, list[int]()

    async def counting(self: OrderRepository, *given: Any) -> Any:
        calls.append(1)
        return await search(self, *given)

    monkeypatch.setattr(OrderRepository, "search", counting)
    _, writer = await asyncio.open_connection(*api.address.split(":"), limit=1)
    head = f"GET /exports/orders.csv HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {api.tokens['caller']}\r\n\r\n"
    await api.app.database.collection(AuditEntry).delete_many({})
    writer.write(head.encode())
    async with asyncio.timeout(10):
        while len(await trail(api)) < 2:  # noqa: ASYNC110 - the server writes it
            await asyncio.sleep(0.05)
    assert (await trail(api))[1].details["complete"] is False
    assert len(calls) < 6
    writer.close()


async def test_one_export_at_a_time_for_each_and_so_many_for_a_process(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    search, going = OrderRepository.search, asyncio.Event()

    async def waiting(self: OrderRepository, *given: Any) -> Any:
        await going.wait()
        return await search(self, *given)

    monkeypatch.setattr(exporting, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(OrderRepository, "search", waiting)
    first = [asyncio.create_task(get(api, who)) for who in ("operator", "leader")]
    await asyncio.sleep(0.3)
    again, third = await get(api, "leader"), await get(api, "chief")
    assert (again.status_code, again.json()["errors"][0]["extensions"]["code"]) == (429, "EXPORT_UNDER_WAY")
    assert (third.status_code, third.json()["errors"][0]["extensions"]["code"]) == (503, "EXPORTS_BUSY")
    going.set()
    assert {(await each).status_code for each in first} == {200}
    monkeypatch.undo()
    for n in range(exporting.PER_PERSON.most):
        assert (await get(api, "supervisor", status="WITHDRAWN")).status_code == 200, n
    assert (await get(api, "supervisor", status="WITHDRAWN")).status_code == 429


REFUSED: list[tuple[str | None, Json, int, str]] = [
    (None, {}, 401, "UNAUTHENTICATED"),
    ("zhang", {}, 403, "NOT_ALLOWED"),
    ("admin", {}, 403, "NOT_ALLOWED"),
    ("water", {"unit": "unit:heating"}, 403, "NOT_ALLOWED"),
    ("east", {"unit": "unit:water"}, 403, "NOT_ALLOWED"),
    ("chief", {"phone": "13800138000"}, 400, "MALFORMED"),
    ("chief", {"after": cursor_of("2026-11-16T01:00:00.000Z~x")}, 400, "MALFORMED"),
    ("chief", {"unit": ["unit:water", "unit:heating"]}, 400, "MALFORMED"),
    ("chief", {"status": "received"}, 422, "INVALID_INPUT"),
    ("chief", {"light": "BLUE"}, 422, "INVALID_INPUT"),
    ("chief", {"unit": "water"}, 422, "INVALID_INPUT"),
    ("chief", {"task": "SIGN"}, 422, "INVALID_INPUT"),
    ("chief", {"receivedStart": "2026-11-16"}, 422, "INVALID_INPUT"),
    ("chief", {"receivedStart": "2026-11-16T00:00:00Z", "receivedEnd": "2026-11-15T00:00:00Z"}, 422, "INVALID_INPUT"),
    ("chief", {"receivedStart": "2020-01-01T00:00:00Z"}, 422, "INVALID_INPUT"),
    ("chief", {"link": "x" * 32}, 404, "EXPORT_LINK_OVER"),
]


@pytest.mark.parametrize(("who", "where", "status", "code"), REFUSED)
async def test_what_cannot_be_exported_is_told_as_everywhere(
    api: Api, who: str | None, where: Json, status: int, code: str
) -> None:
    for format in ("csv", "xlsx"):
        answer = await get(api, who, format, **where)
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (status, code)
        assert error["message"].endswith("。")


async def test_only_whole_requests_of_this_century_are_answered(api: Api) -> None:
    for method in ("HEAD", "POST"):
        answer = await api.http.request(method, "/exports/orders.csv", headers=api.headers("chief"))
        assert answer.status_code == 405
    assert (await api.http.get("/exports/orders.pdf", headers=api.headers("chief"))).status_code == 404
    for format, status in (("csv", b"505"), ("xlsx", b"200")):
        reader, writer = await asyncio.open_connection(*api.address.split(":"))
        head = f"GET /exports/orders.{format} HTTP/1.0\r\nauthorization: Bearer {api.tokens['chief']}\r\n\r\n"
        writer.write(head.encode())
        assert status in await reader.readline()
        await reader.read()
        writer.close()


async def link(api: Api, who: str, **input: Any) -> Any:
    return await api.data(who, EXPORT, input=input)


async def test_a_link_is_good_once_for_who_asked_and_as_they_are_then(api: Api) -> None:
    given = await link(api, "leader", format="CSV")
    assert given["ends"] == (api.clock.now() + timedelta(minutes=2)).astimezone(UTC).isoformat()
    assert (await api.http.get(given["url"].replace(".csv", ".xlsx"))).status_code == 404
    assert (await api.http.head(given["url"])).status_code == 405
    answer = await api.http.get(given["url"])
    assert rows_of(answer) == rows_of(await get(api, "leader"))
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E5%B7%A5%E5%8D%95_2026")
    assert answer.headers["cache-control"] == "private, no-store"
    assert (await api.http.get(given["url"])).status_code == 404
    rivals = await link(api, "leader", format="CSV", filter={"statuses": ["CLOSED"]})
    answers = await asyncio.gather(*(api.http.get(rivals["url"]) for _ in range(5)))
    assert sorted(each.status_code for each in answers) == [200, 404, 404, 404, 404]

    late = await link(api, "leader", format="CSV")
    api.clock.advance(timedelta(minutes=2))
    assert (await api.http.get(late["url"])).status_code == 404
    api.clock.set(MONDAY)

    moved = await link(api, "heating", format="CSV")
    staff = api.app.database.collection(Staff)
    await staff.update_one({"_id": "staff:heating"}, {"$set": {"roles": ["administrator"]}})
    assert (await api.http.get(moved["url"])).status_code == 403
    await staff.update_one({"_id": "staff:heating"}, {"$set": {"roles": ["unit_clerk"]}})

    gone = await link(api, "police", format="CSV")
    await api.data("police", "mutation { signOut { __typename } }")
    answer = await api.http.get(gone["url"])
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "SESSION_ENDED")
    assert await api.app.database.collection(ExportLink).count_documents({"_id": {"$regex": "link"}}) == 0


async def test_a_link_is_refused_as_the_list_would_be(api: Api) -> None:
    refused = {
        "zhang": ({}, "NOT_ALLOWED"),
        "water": ({"unit": "unit:heating"}, "NOT_ALLOWED"),
        "leader": ({"phone": "13800138000"}, "NOT_ALLOWED"),
        "chief": ({"number": "261116000001"}, "INVALID_INPUT"),
    }
    for who, (filter, code) in refused.items():
        assert (await link(api, who, format="CSV", filter=filter))["code"] == code


def test_files_of_a_process_that_was_killed_are_removed_and_others_stay() -> None:
    folders = [Path(tempfile.mkdtemp(prefix=f"{writing.FOLDER}{process}-")) for process in (4_194_303, 1, "x")]
    living = writing.Sheet()
    writing.remove_abandoned()
    assert [folder.exists() for folder in folders] == [False, True, True]
    assert living.path.parent.exists()
    living.close()
    assert not living.path.parent.exists()
    for folder in folders[1:]:
        folder.rmdir()


def leftovers() -> list[Path]:
    return [*Path(tempfile.gettempdir()).glob(f"{writing.FOLDER}*")]


async def test_an_export_that_could_not_write_down_its_beginning_gives_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = type(api.app.database).save

    async def unwritable(self: Any, change: Change) -> None:
        if any(write.model is AuditEntry for write in change.others):
            raise ConnectionFailure("gone")
        await save(self, change)

    monkeypatch.setattr(type(api.app.database), "save", unwritable)
    assert (await get(api, "dispatcher")).status_code == 503
