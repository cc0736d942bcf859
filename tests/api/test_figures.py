"""Figures over GraphQL: what each reader gets, what lies behind them, rankings, and questions that make no sense."""

from typing import Any

import pytest

from foundation.masking import mask_name
from tests.api.serving import MONDAY, Api, Json

TABLE = """query($firstDay: Date!, $lastDay: Date!, $by: FigureDimension! = ALL, $within: String,
    $per: FigurePer! = WHOLE, $figures: [Figure!], $compared: Boolean! = false) {
  figures(firstDay: $firstDay, lastDay: $lastDay, by: $by, within: $within, per: $per, figures: $figures,
    compared: $compared) {
    ... on FigureTable { asOf rules periods { first last total { ...row } rows { ...row } } }
    ... on Problem { code message fields { path } }
  }
}
fragment row on FigureRow {
  value name figures {
    figure name numerator denominator rate leftOut { reason because number }
    previous { numerator denominator rate change } yearBefore { numerator change }
  }
}"""
ORDERS = """query($figure: Figure!, $part: FigurePart!, $firstDay: Date!, $lastDay: Date!, $by: FigureDimension! = ALL,
    $within: String, $reason: FigureOutcome, $first: Int! = 20, $after: String) {
  figureOrders(figure: $figure, part: $part, firstDay: $firstDay, lastDay: $lastDay, by: $by, within: $within,
    reason: $reason, first: $first, after: $after) {
    ... on FigureOrderConnection {
      edges { cursor node { outcome at assignment order { id number title reporter { name } } } }
      pageInfo { hasNextPage endCursor }
    }
    ... on Problem { code }
  }
}"""
RANKING = """query($figure: Figure!, $firstDay: Date!, $lastDay: Date!, $by: FigureDimension! = UNIT, $below: String,
    $minimum: Int! = 1, $tiers: [Float!]) {
  ranking(figure: $figure, firstDay: $firstDay, lastDay: $lastDay, by: $by, below: $below, minimum: $minimum,
    tiers: $tiers) {
    ... on Ranking { rule asOf rules places { rank tier value name figure { numerator denominator rate } } }
    ... on Problem { code message }
  }
}"""
DAYS = {"firstDay": "2026-11-01", "lastDay": "2026-11-30"}


async def dispatched(api: Api, unit: str, clerk: str, **report: Any) -> str:
    """An order that its unit has signed for, just now."""
    order = await api.intake(**report)
    await api.act("dispatcher", "Dispatch", order, lead=f"unit:{unit}")
    await api.act(clerk, "Sign", order)
    return order


async def projected(api: Api) -> None:
    for consumer in api.app.consumers:
        while await consumer.sweep(api.clock.now()):
            pass


@pytest.fixture
async def counted(api: Api) -> Api:
    """The water office has two orders, one below it, and the heating office one that was withdrawn."""
    if not await api.app.database.mongo["orders"].find_one({}):
        api.clock.set(MONDAY)
        await dispatched(api, "water", "water", reporting="CONFIDENTIAL")
        await dispatched(api, "water-east", "east")
        withdrawn = await dispatched(api, "heating", "heating")
        await api.act("operator", "Withdraw", withdrawn, reason="已自行解决。")
        await api.intake(channel="channel:app")
        await projected(api)
    return api


async def rows(api: Api, who: str, figure: str, **how: Any) -> dict[str, tuple[int, int]]:
    """Every row's numerator and denominator, and those of all under `total`."""
    table = await api.data(who, TABLE, **{**DAYS, "figures": [figure], **how})
    (period,) = table["periods"]
    found = {row["value"]: row for row in period["rows"]} | {"total": period["total"]}
    return {value: (row["figures"][0]["numerator"], row["figures"][0]["denominator"]) for value, row in found.items()}


async def test_each_value_holds_what_lies_below_it(counted: Api) -> None:
    assert await rows(counted, "leader", "SIGNED_ON_TIME", by="UNIT") == {
        "unit:city": (2, 2), "unit:water": (2, 2), "unit:water-east": (1, 1), "unit:heating": (0, 0), "-": (0, 0),
        "total": (2, 2),
    }  # fmt: skip
    assert await rows(counted, "leader", "RECEIVED", by="CATEGORY", within="category:leak") == {
        "category:leak": (4, 4),
        "total": (4, 4),
    }
    assert await rows(counted, "leader", "RECEIVED", by="CHANNEL") == {"channel:app": (4, 4), "total": (4, 4)}
    assert await rows(counted, "leader", "RECEIVED", by="KIND") == {"complaint": (4, 4), "total": (4, 4)}
    assert await rows(counted, "leader", "RECEIVED", by="SOURCE") == {"-": (4, 4), "total": (4, 4)}
    assert (await rows(counted, "leader", "RECEIVED", by="UNIT"))["-"] == (1, 1)
    assert await rows(counted, "leader", "RECEIVED", by="UNIT", within="-") == {"-": (1, 1), "total": (1, 1)}
    assert await rows(counted, "leader", "RECEIVED") == {"total": (4, 4)}


async def test_what_is_left_out_is_told_with_its_reason_and_the_rules_by_their_version(counted: Api) -> None:
    table = await counted.data("leader", TABLE, **DAYS, by="UNIT", within="unit:heating", figures=["SIGNED_ON_TIME"])
    assert table["rules"] == [(await counted.app.library.current()).rules.id]
    (figure,) = table["periods"][0]["total"]["figures"]
    assert figure["name"] == "签收及时率"
    assert figure["rate"] is None
    assert figure["leftOut"] == [{"reason": "WITHDRAWN", "because": "已撤单", "number": 1}]


async def test_a_unit_reads_its_own_and_what_lies_below(counted: Api) -> None:
    own = {"unit:water": (2, 2), "unit:water-east": (1, 1), "total": (2, 2)}
    assert await rows(counted, "water", "SIGNED_ON_TIME", by="UNIT") == own
    assert await rows(counted, "water-head", "SIGNED_ON_TIME") == own
    assert (await rows(counted, "water", "SIGNED_ON_TIME", by="UNIT", within="unit:water-east"))["total"] == (1, 1)
    assert await rows(counted, "water", "SIGNED_ON_TIME", by="UNIT", within="unit:heating") == {"total": (0, 0)}
    assert await rows(counted, "water", "SIGNED_ON_TIME", by="UNIT", within="unit:city") == own
    assert await rows(counted, "east", "SIGNED_ON_TIME") == {"unit:water-east": (1, 1), "total": (1, 1)}
    for dimension in ("CATEGORY", "PLACE", "CHANNEL", "KIND", "SOURCE", "RULES"):
        assert (await counted.data("water", TABLE, **DAYS, by=dimension))["code"] == "NOT_ALLOWED"


async def test_the_orders_behind_a_figure_sum_to_it_page_by_page(counted: Api) -> None:
    seen: list[Json] = []
    after = None
    while True:
        given = {**DAYS, "figure": "RECEIVED", "part": "DENOMINATOR", "first": 3, "after": after}
        page = await counted.data("leader", ORDERS, **given)
        seen += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len({node["order"]["id"] for node in seen}) == len(seen) == 4
    assert sorted(node["outcome"] for node in seen) == ["PENDING"] * 3 + ["WITHDRAWN"]
    left_out = await counted.data("leader", ORDERS, **DAYS, figure="COMPLETED", part="LEFT_OUT", reason="WITHDRAWN")
    assert len(left_out["edges"]) == 1
    wrong = await counted.data("leader", ORDERS, **DAYS, figure="COMPLETED", part="LEFT_OUT", reason="NOT_DUE")
    assert wrong["code"] == "BAD_LIST"


async def test_a_list_names_no_confidential_reporter_to_a_unit(counted: Api) -> None:
    signed = {**DAYS, "figure": "SIGNED_ON_TIME", "part": "DENOMINATOR"}
    own = await counted.data("water", ORDERS, **signed)
    names = sorted((edge["node"]["order"]["reporter"] or {"name": "-"})["name"] for edge in own["edges"])
    assert names == ["-", mask_name("张三丰")]
    assert all(edge["node"]["assignment"].startswith("assignment:") for edge in own["edges"])
    assert (await counted.data("police", ORDERS, **signed))["edges"] == []
    assert (await counted.data("water", ORDERS, **signed, by="UNIT", within="unit:heating"))["edges"] == []
    assert (await counted.data("zhang", ORDERS, **signed))["code"] == "NOT_ALLOWED"


async def test_units_side_by_side_are_ranked_and_small_samples_are_not(counted: Api) -> None:
    found = await counted.data("leader", RANKING, **DAYS, figure="SIGNED_ON_TIME", minimum=2)
    assert [(place["rank"], place["value"]) for place in found["places"]] == [
        (1, "unit:water"),
        (None, "unit:heating"),
        (None, "unit:police"),
    ]
    assert "并列" in found["rule"]
    tiered = await counted.data("leader", RANKING, **DAYS, figure="SIGNED_ON_TIME", tiers=[0.95, 0.9])
    assert [(place["rank"], place["tier"]) for place in tiered["places"]] == [(None, 1), (None, None), (None, None)]
    own = await counted.data("water", RANKING, **DAYS, figure="SIGNED_ON_TIME")
    assert [place["value"] for place in own["places"]] == ["unit:water-east"]
    channels = await counted.data("leader", RANKING, **DAYS, figure="COMPLETED", by="CHANNEL")
    assert [place["name"] for place in channels["places"]] == ["移动端"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"figure": "RECEIVED"},
        {"minimum": 0},
        {"tiers": [0.9, 0.95]},
        {"tiers": [1.5]},
        {"tiers": [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]},
    ],
)
async def test_a_ranking_that_makes_no_sense_is_refused(api: Api, wrong: Json) -> None:
    problem = await api.data("leader", RANKING, **{**DAYS, "figure": "ON_TIME", **wrong})
    assert problem["code"] == "BAD_RANKING"


@pytest.mark.parametrize(
    ("window", "code"),
    [
        ({"firstDay": "1900-01-01", "lastDay": "1900-01-31"}, "BAD_WINDOW"),
        ({"firstDay": "2026-11-30", "lastDay": "2026-11-01"}, "BAD_WINDOW"),
        ({"firstDay": "2020-01-01", "lastDay": "2026-01-01"}, "BAD_WINDOW"),
        ({"firstDay": "2099-12-01", "lastDay": "2100-01-01"}, "BAD_WINDOW"),
        ({"firstDay": "2024-01-01", "lastDay": "2025-12-31", "per": "DAY"}, "BAD_WINDOW"),
        ({**DAYS, "within": "unit:water"}, "INVALID_INPUT"),
        ({**DAYS, "by": "UNIT", "within": "category:leak"}, "INVALID_INPUT"),
    ],
)
async def test_a_window_that_makes_no_sense_is_refused(api: Api, window: Json, code: str) -> None:
    problem = await api.data("leader", TABLE, **window)
    assert problem["code"] == code


async def test_periods_adjoin_and_sum_to_the_whole(counted: Api) -> None:
    days = {"firstDay": "2026-11-11", "lastDay": "2027-01-20"}
    whole = await counted.data("leader", TABLE, **days, by="UNIT")
    for per, most in (("DAY", 71), ("WEEK", 11), ("MONTH", 3)):
        table = await counted.data("leader", TABLE, **days, by="UNIT", per=per)
        assert len(table["periods"]) == most
        for number, figure in enumerate(whole["periods"][0]["total"]["figures"]):
            for line in ("numerator", "denominator"):
                parts = [period["total"]["figures"][number][line] for period in table["periods"]]
                assert sum(parts) == figure[line]
    assert (table["periods"][0]["first"], table["periods"][-1]["last"]) == ("2026-11-11", "2027-01-20")


async def test_a_month_is_compared_with_the_one_before_and_with_last_year(counted: Api) -> None:
    december = {"firstDay": "2026-12-01", "lastDay": "2026-12-31"}
    table = await counted.data("leader", TABLE, **december, figures=["RECEIVED", "SIGNED_ON_TIME"], compared=True)
    received, signed = table["periods"][0]["total"]["figures"]
    assert received["numerator"] == 0
    assert received["previous"] == {"numerator": 4, "denominator": 4, "rate": None, "change": -1.0}
    assert received["yearBefore"] == {"numerator": 0, "change": None}
    assert (signed["previous"]["rate"], signed["previous"]["change"]) == (1.0, None)


async def test_a_unit_that_moves_takes_its_past_nowhere(counted: Api) -> None:
    moved = "__typename ... on Problem { code }"
    await counted.mutate("admin", "moveUnit", moved, unit="unit:water-east", parent="unit:heating")
    try:
        order = await counted.intake()
        await counted.act("dispatcher", "Dispatch", order, lead="unit:water-east")
        await projected(counted)
        figures = {"figure": "RETURNED", "by": "UNIT"}
        assert await rows(counted, "leader", **figures) == {
            "unit:city": (0, 3), "unit:water": (0, 2), "unit:water-east": (0, 2), "unit:heating": (0, 1),
            "-": (0, 0), "total": (0, 3),
        }  # fmt: skip
        assert (await rows(counted, "water", **figures))["unit:water-east"] == (0, 1)
        assert (await rows(counted, "heating", **figures))["unit:water-east"] == (0, 1)
        behind = {**DAYS, "part": "DENOMINATOR", "within": "unit:water-east", **figures}
        assert len((await counted.data("water", ORDERS, **behind))["edges"]) == 1
        (edge,) = (await counted.data("heating", ORDERS, **behind))["edges"]
        assert edge["node"]["order"]["id"] == order
    finally:
        await counted.mutate("admin", "moveUnit", moved, unit="unit:water-east", parent="unit:water")
