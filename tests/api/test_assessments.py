"""Assessments over GraphQL: a sheet, one unit, the orders behind an item, schemes, knowledge upkeep."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.api.serving import MONDAY, Api
from tests.api.test_figures import dispatched, projected
from tests.workorders.lifecycle.town import COMPLAINT, DISPATCHER, OPERATOR
from workorders.lifecycle.dispatching import dispatch
from workorders.lifecycle.intake import take_in

PART = """earned lost weight points rate numerator denominator missed part why
  item { name figure rated weight full zero minimum }"""
SHEET = f"""... on AssessmentSheet {{ month firstDay lastDay asOf issued rule
  scheme {{ id title version validFrom minimum }}
  assessments {{ unit name total sample rank ranked previous change items {{ {PART} }}
    events {{ number earned why event {{ name figure part points most }} }}
    upkeep {{ due kept history {{ due kept reason by at }} }} }} }}
  ... on Problem {{ code message }}"""
ALL = f'query($below: ID) {{ assessments(month: "2026-11", below: $below) {{ {SHEET} }} }}'
ONE = f'query($unit: ID!, $month: String! = "2026-11") {{ assessment(month: $month, unit: $unit) {{ {SHEET} }} }}'
ORDERS = """query($unit: ID!, $item: String!) { assessmentOrders(month: "2026-11", unit: $unit, item: $item) {
  ... on AssessmentOrders { lost scored shown orders { edges { node {
    points behind { outcome assignment order { id } } } } } }
  ... on Problem { code } } }"""
SCHEMES = """{ schemes { ... on Schemes { schemes { publishedAt scheme { title version items { name weight }
  events { name points } } } } ... on Problem { code } } }"""
RECORDED = """__typename ... on UpkeepRecord { unit month due kept history { due kept reason by } }
  ... on Problem { code }"""
MISSED = """{ figureOrders(figure: SIGNED_ON_TIME, part: MISSED, firstDay: "2026-11-01", lastDay: "2026-11-30",
  by: UNIT, within: "unit:water") { ... on FigureOrderConnection { edges { node { order { id } } } } } }"""


@pytest.fixture
async def assessed(api: Api) -> Api:
    """The water office signed for one order today, and for none of last week; its upkeep is not recorded."""
    if not await api.app.database.mongo["orders"].find_one({}):
        api.clock.set(MONDAY - timedelta(days=3))
        await dispatch(
            api.app.office, DISPATCHER, (await take_in(api.app.office, OPERATOR, COMPLAINT)).id, lead="water"
        )
        api.clock.set(MONDAY)
        await dispatched(api, "water", "water")
        await projected(api)
    return api


async def test_a_sheet_says_who_stands_where_and_why(assessed: Api) -> None:
    sheet = await assessed.data("leader", ALL)
    assert (sheet["month"], sheet["firstDay"], sheet["lastDay"], sheet["issued"]) == (
        "2026-11", "2026-11-01", "2026-11-30", False,
    )  # fmt: skip
    assert "并列" in sheet["rule"]
    assert sheet["scheme"]["title"] == "承办单位月度考核方案"
    assert [each["unit"] for each in sheet["assessments"]] == ["unit:heating", "unit:police", "unit:water"]
    for each in sheet["assessments"]:
        parts = [Decimal(part["earned"]) for part in (*each["items"], *each["events"])]
        assert each["total"] is None or sum(parts) == Decimal(each["total"])
        assert each["rank"] is None  # fewer than five orders
    own = await assessed.data("water-head", ALL)
    assert [each["unit"] for each in own["assessments"]] == ["unit:water-east"]
    assert (await assessed.data("water-head", ALL, below="unit:heating"))["code"] == "NOT_ALLOWED"
    assert (await assessed.data("leader", ALL, below="unit:none"))["code"] == "INVALID_INPUT"
    assert (await assessed.data("leader", ONE, unit="unit:water", month="2026-13"))["code"] == "BAD_MONTH"


async def test_the_orders_behind_an_item_are_those_of_its_figure(assessed: Api) -> None:
    (found,) = (await assessed.data("supervisor", ONE, unit="unit:water"))["assessments"]
    signed = found["items"][0]
    assert (signed["item"]["figure"], signed["part"], signed["missed"]) == ("SIGNED_ON_TIME", "MISSED", 1)
    listed = await assessed.data("water-head", ORDERS, unit="unit:water", item="签收")
    assert (listed["scored"], listed["shown"], listed["lost"]) == (1, 1, signed["lost"])
    (edge,) = listed["orders"]["edges"]
    assert Decimal(edge["node"]["points"]) == Decimal(signed["lost"]) > 0
    (same,) = (await assessed.data("supervisor", MISSED))["edges"]
    assert same["node"]["order"] == edge["node"]["behind"]["order"]
    assert (await assessed.data("leader", ORDERS, unit="unit:water", item="知识库维护"))["code"] == (
        "ASSESSMENT_ITEM_WITHOUT_ORDERS"
    )
    assert (await assessed.data("leader", ORDERS, unit="unit:water", item="无"))["code"] == "NO_SUCH_ASSESSMENT_ITEM"


async def test_upkeep_is_recorded_by_a_supervisor_and_told_with_its_history(assessed: Api) -> None:
    given = {"month": "2026-11", "unit": "unit:water", "due": 10, "reason": "知识库巡检台账"}
    first = await assessed.mutate("supervisor", "recordUpkeep", RECORDED, **given, kept=8)
    assert (first["due"], first["kept"]) == (10, 8)
    again = await assessed.mutate("supervisor", "recordUpkeep", RECORDED, **{**given, "reason": "更正"}, kept=9)
    assert [(each["kept"], each["reason"]) for each in again["history"]] == [(8, "知识库巡检台账"), (9, "更正")]
    assert (await assessed.mutate("water-head", "recordUpkeep", RECORDED, **given, kept=8))["code"] == "NOT_ALLOWED"
    assert (await assessed.mutate("supervisor", "recordUpkeep", RECORDED, **given, kept=11))["code"] == "INVALID_INPUT"
    (found,) = (await assessed.data("water-head", ONE, unit="unit:water"))["assessments"]
    upkeep = found["items"][-1]
    assert (upkeep["numerator"], upkeep["denominator"], upkeep["part"]) == (9, 10, None)
    assert found["upkeep"]["history"][-1]["kept"] == 9


async def test_schemes_are_told_to_those_who_are_scored_by_them(assessed: Api) -> None:
    (only,) = (await assessed.data("water-head", SCHEMES))["schemes"]
    assert sum(Decimal(item["weight"]) for item in only["scheme"]["items"]) == 100
    assert [event["points"] for event in only["scheme"]["events"]] == ["-0.50", "-1.00"]
    assert (await assessed.data("operator", SCHEMES))["code"] == "NOT_ALLOWED"
