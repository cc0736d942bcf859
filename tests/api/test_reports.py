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
