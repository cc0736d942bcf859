"""Exports over HTTP: what stands in the files is what GraphQL shows the same reader, and all of it."""

import csv
import io
from typing import Any

import openpyxl
import pytest

from tests.api.exported import FORMULAS, LIGHTS, NODE, as_shown, cut, get, harmless, link, listed, rows_of, town
from tests.api.serving import Api, Json
from workorders.exporting import writing
from workorders.exporting.columns import COLUMNS, Cell
from workorders.lifecycle.documents import UnitTask
from workorders.lifecycle.repository import OrderRepository

__all__ = ["town"]

UNIT_DESK = f"""query($unit: ID!, $task: UnitTask!) {{ unitDesk(unit: $unit, task: $task, first: 50) {{
    ... on AssignmentConnection {{ edges {{ node {{ id light role unit {{ name }} order {{ {NODE} }} }} }} }} }} }}"""


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
