"""Forty orders of a small town, exported: what is in the files, on the list, and on the audit trail."""

import csv
import io
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import openpyxl
import pytest

from foundation.rate_limits import RateWindow
from identity.documents import AuditEntry
from tests.api.serving import MONDAY, PROBLEM, Api, Json
from workorders.exporting import exporting, reading, writing
from workorders.lifecycle.names import STATUS_NAMES
from workorders.lifecycle.states import Status

NODE = """id number status light title receivedAt reporting channel { name } category { pathNames } place { pathNames }
    reporter { name phone address } closedAt rating { grade solved } lead { unit { name } }"""
ORDERS = f"""query($filter: OrderFilterInput, $after: String) {{ orders(filter: $filter, first: 50, after: $after) {{
    ... on OrderConnection {{ edges {{ node {{ {NODE} }} }} pageInfo {{ hasNextPage endCursor }} }} {PROBLEM} }} }}"""
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


async def trail(api: Api) -> list[AuditEntry]:
    """What the audit trail says of the last export, its beginning first."""
    found = api.app.database.collection(AuditEntry).find({"action": {"$in": [*exporting.Audited]}}).sort("key", 1)
    entries = [AuditEntry.load(raw) async for raw in found]
    last = max(entries, key=lambda each: (each.at, each.key)).subject if entries else ""
    return sorted((e for e in entries if e.subject == last), key=lambda e: e.action != exporting.Audited.BEGUN)


async def link(api: Api, who: str, **input: Any) -> Any:
    return await api.data(who, EXPORT, input=input)


def leftovers() -> list[Path]:
    return [*Path(tempfile.gettempdir()).glob(f"{writing.FOLDER}*")]
