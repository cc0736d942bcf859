"""Reports over GraphQL and HTTP: asked for, made, fetched, issued, corrected; who gets what; what is refused."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook

from tests.api.serving import MONDAY, Api, Json
from tests.api.test_figures import dispatched, projected
from workorders.statistics.reports import jobs

TOLD = """__typename ... on Report { id period name unit issuing state percent step fault asOf askedBy
  files { format name size url } }"""
REPORT = f"{TOLD} ... on Problem {{ code message fields {{ path }} }}"
REPORTS = f"""{{ reports {{
  ... on ReportConnection {{ edges {{ node {{ {TOLD} }} }} }}
  ... on Problem {{ code }} }} }}"""
ONE = f"query($id: ID!) {{ report(id: $id) {{ {REPORT} }} }}"
CORRECTIONS = """query($month: String!, $after: String) { corrections(month: $month, after: $after, first: 1) {
  ... on CorrectionConnection {
    edges { node { month order number at happenedAt shifts { figure name numerator denominator } } }
    pageInfo { hasNextPage endCursor } }
  ... on Problem { code } } }"""
ISSUED = """query($issued: Boolean!) { figures(firstDay: "2026-10-01", lastDay: "2026-10-31", figures: [SIGNED_ON_TIME],
    issued: $issued) {
  ... on FigureTable { issued { month issuedAt corrections } periods { total { figures { numerator denominator } } } }
  ... on Problem { code } } }"""


async def made(api: Api) -> None:
    """Let a worker make what waits."""
    await projected(api)
    while await jobs.sweep(api.app.reports, api.clock.now()):
        pass


async def asked(api: Api, who: str, **how: Any) -> Json:
    answer: Json = await api.mutate(who, "requestReport", REPORT, **how)
    return answer


async def issued(api: Api, who: str, period: str) -> Json:
    answer: Json = await api.mutate(who, "issueReport", REPORT, period=period)
    return answer


@pytest.fixture
async def october(api: Api) -> Api:
    """The water office has two orders, one below it, and the heating office one; October is over."""
    if not await api.app.database.mongo["orders"].find_one({}):
        api.clock.set(MONDAY - timedelta(days=28))
        await dispatched(api, "water", "water", reporting="CONFIDENTIAL")
        await dispatched(api, "water-east", "east")
        await dispatched(api, "heating", "heating", title="=HYPERLINK(1)")
        await projected(api)
        api.clock.set(MONDAY)
    return api


async def test_a_draft_is_queued_made_and_fetched_in_three_forms(october: Api) -> None:
    queued = await asked(october, "supervisor", period="2026-10")
    assert (queued["state"], queued["percent"], queued["files"]) == ("QUEUED", 0, [])
    await made(october)
    report = await october.data("leader", ONE, id=queued["id"])
    assert (report["state"], report["percent"], report["name"]) == ("READY", 100, "2026年10月")
    files = {each["format"]: each for each in report["files"]}
    assert set(files) == {"PDF", "WORD", "EXCEL"}
    contents = {}
    for format, each in files.items():
        answer = await october.http.get(each["url"], headers=october.headers("supervisor"))
        assert answer.status_code == 200
        assert len(answer.content) == each["size"]
        assert "attachment" in answer.headers["content-disposition"]
        contents[format] = answer.content
    assert contents["PDF"].startswith(b"%PDF-")
    assert "受理工单3件" in "".join(each.text for each in Document(BytesIO(contents["WORD"])).paragraphs)
    sheet = load_workbook(BytesIO(contents["EXCEL"]))["主要指标"]
    assert [cell.value for cell in sheet[3]][:4] == ["受理量", "—", 3, 3]
    assert (await october.http.get(files["PDF"]["url"])).status_code == 401
    for who in ("water-head", "operator", "zhang"):
        assert (await october.http.get(files["PDF"]["url"], headers=october.headers(who))).status_code == 404
    missing = files["PDF"]["url"].replace(".pdf", ".exe")
    assert (await october.http.get(missing, headers=october.headers("supervisor"))).status_code == 404


async def test_issuing_locks_the_month_once_and_what_changes_later_is_a_correction(october: Api) -> None:
    report = await issued(october, "supervisor", "2026-10")
    assert (report["state"], report["issuing"]) == ("QUEUED", True)
    assert (await issued(october, "supervisor", "2026-10"))["code"] == "REPORT_ALREADY_ISSUED"
    await made(october)
    assert (await october.data("leader", ONE, id=report["id"]))["state"] == "ISSUED"
    assert (await issued(october, "supervisor", "2026-10"))["code"] == "REPORT_ALREADY_ISSUED"
    before = await october.data("leader", ISSUED, issued=True)
    assert before["periods"][0]["total"]["figures"] == [{"numerator": 3, "denominator": 3}]
    orders = await october.app.database.mongo["orders"].find({}, {"order.number": 1}).sort("order.number", 1).to_list()
    for raw in orders[1:]:
        await october.act("operator", "Withdraw", f"order:{raw['_id']}", reason="已自行解决。")
    await projected(october)
    assert await october.data("leader", ISSUED, issued=True) == {
        **before,
        "issued": [{**before["issued"][0], "corrections": 2}],
    }
    now = await october.data("leader", ISSUED, issued=False)
    assert now["periods"][0]["total"]["figures"] == [{"numerator": 1, "denominator": 1}]
    found, after = [], None
    while True:
        page = await october.data("leader", CORRECTIONS, month="2026-10", after=after)
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert sorted(each["number"] for each in found) == [raw["order"]["number"] for raw in orders[1:]]
    for each in found:
        assert {"figure": "SIGNED_ON_TIME", "name": "签收及时率", "numerator": -1, "denominator": -1} in each["shifts"]
        assert all(shift["figure"] != "RECEIVED" for shift in each["shifts"])
    own = await october.data("water-head", CORRECTIONS, month="2026-10")
    assert [edge["node"]["number"] for edge in own["edges"]] == [orders[1]["order"]["number"]]
    assert [each["corrections"] for each in (await october.data("water-head", ISSUED, issued=False))["issued"]] == [1]
    assert (await october.data("police", CORRECTIONS, month="2026-10"))["edges"] == []
    assert (await october.data("zhang", CORRECTIONS, month="2026-10"))["code"] == "NOT_ALLOWED"
    for wrong in ("1900-01", "2026", "x" * 200, "2026-13"):
        assert (await october.data("leader", CORRECTIONS, month=wrong))["code"] == "BAD_WINDOW"


async def test_the_next_report_tells_of_the_corrections_since(october: Api) -> None:
    draft = await asked(october, "supervisor", period="2026-11")
    await made(october)
    report = await october.data("supervisor", ONE, id=draft["id"])
    url = next(each["url"] for each in report["files"] if each["format"] == "EXCEL")
    book = load_workbook(BytesIO((await october.http.get(url, headers=october.headers("leader"))).content))
    lines = [row[0].value for row in book["报告"]]
    assert "全市本期无工单" in "".join(map(str, lines))
    assert any("已印发月份有更正2项" in str(line) for line in lines)
    summed = {row[1].value: [cell.value for cell in row[2:]] for row in book["更正后的指标"]}
    assert summed["签收及时率"] == [3, 3, 1, 1, 1, 1]
    assert len(list(book["更正明细"])) == 2 + 2 + 1


async def test_a_head_gets_a_draft_of_the_own_subtree_and_sees_no_other(october: Api) -> None:
    whole = await asked(october, "supervisor", period="2026-10")
    own = await asked(october, "water-head", period="2026-10")
    assert own["unit"] == "unit:water"
    below = await asked(october, "water-head", period="2026-10", unit="unit:water-east")
    assert below["unit"] == "unit:water-east"
    for unit in ("unit:heating", "unit:city"):
        assert (await asked(october, "water-head", period="2026-10", unit=unit))["code"] == "NOT_FOUND"
    await made(october)
    assert (await october.data("water-head", ONE, id=whole["id"]))["code"] == "NOT_FOUND"
    seen = {edge["node"]["id"] for edge in (await october.data("water-head", REPORTS))["edges"]}
    assert seen == {own["id"], below["id"]}
    assert whole["id"] in {edge["node"]["id"] for edge in (await october.data("leader", REPORTS))["edges"]}
    report = await october.data("water-head", ONE, id=own["id"])
    url = next(each["url"] for each in report["files"] if each["format"] == "EXCEL")
    answer = await october.http.get(url, headers=october.headers("water-head"))
    book = load_workbook(BytesIO(answer.content))
    assert {"上级转办工单", "热点地区", "增长较多的诉求", "诉求类型"}.isdisjoint(book.sheetnames)
    words = "".join(str(cell.value) for sheet in book for row in sheet for cell in row)
    assert "供热" not in words
    assert "张三丰" not in words
    assert "漏水，路面" not in words
    assert (await october.http.get(url, headers=october.headers("heating"))).status_code == 404


async def test_the_same_request_twice_is_one_report(october: Api) -> None:
    given = {"idempotencyKey": "twice", "period": "2026-10"}
    one, other = [await october.mutate("supervisor", "requestReport", REPORT, **given) for _ in range(2)]
    assert one["id"] == other["id"]
    changed = await october.mutate("supervisor", "requestReport", REPORT, **{**given, "period": "2026-09"})
    assert changed["code"] == "IDEMPOTENCY_KEY_REUSED"


@pytest.mark.parametrize(
    ("period", "draft", "issue"),
    [
        ("1900", "BAD_PERIOD", "BAD_PERIOD"),
        ("1900-01", "BAD_PERIOD", "BAD_PERIOD"),
        ("2100-01", "BAD_PERIOD", "BAD_PERIOD"),
        ("2026-13", "BAD_PERIOD", "BAD_PERIOD"),
        ("2026-Q5", "BAD_PERIOD", "BAD_PERIOD"),
        ("２０２６", "BAD_PERIOD", "BAD_PERIOD"),
        ("2026-10\n", "BAD_PERIOD", "BAD_PERIOD"),
        ("", "BAD_PERIOD", "BAD_PERIOD"),
        ("2027-01", "REPORT_PERIOD_NOT_BEGUN", "REPORT_PERIOD_NOT_OVER"),
        ("2026-11", None, "REPORT_PERIOD_NOT_OVER"),
        ("2026", None, "REPORT_PERIOD_NOT_OVER"),
    ],
)
async def test_a_period_that_makes_no_sense_is_refused(api: Api, period: str, draft: str | None, issue: str) -> None:
    api.clock.set(MONDAY)
    assert (await asked(api, "supervisor", period=period)).get("code") == draft
    assert (await issued(api, "supervisor", period))["code"] == issue


@pytest.mark.parametrize("period", ["2000-01", "2001", "2026-H1", "2026-Q2"])
async def test_an_empty_period_is_reported_as_empty(api: Api, period: str) -> None:
    api.clock.set(MONDAY)
    draft = await asked(api, "supervisor", period=period)
    await made(api)
    report = await api.data("supervisor", ONE, id=draft["id"])
    assert report["state"] == "READY"
    url = next(each["url"] for each in report["files"] if each["format"] == "WORD")
    content = (await api.http.get(url, headers=api.headers("leader"))).content
    assert "全市本期无工单" in "".join(each.text for each in Document(BytesIO(content)).paragraphs)
