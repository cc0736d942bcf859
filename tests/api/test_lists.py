"""Desks and lists: pages that join without gap or overlap, filters, each for those whose it is."""

from typing import Any

import pytest

from tests.api.serving import COMPLAINT, Api, Json

PAGE = "edges { cursor node { id } } pageInfo { hasNextPage endCursor }"
DESK = f"""query($status: OrderStatus!, $first: Int!, $after: String) {{
    hotlineDesk(status: $status, first: $first, after: $after) {{
        ... on OrderConnection {{ {PAGE} }} ... on Problem {{ code }}
    }}
}}"""
ORDERS = f"""query($filter: OrderFilterInput) {{
    orders(filter: $filter) {{
        ... on OrderConnection {{ {PAGE} }} ... on Problem {{ code fields {{ path }} }}
    }}
}}"""
UNIT_DESK = """query($unit: ID!, $task: UnitTask!) {
    unitDesk(unit: $unit, task: $task) {
        ... on AssignmentConnection { edges { node { role unit { id } order { id title } } } } ... on Problem { code }
    }
}"""
REQUEST_DESK = """query($kind: RequestKind!) {
    requestDesk(kind: $kind) {
        ... on RequestConnection { edges { node { kind workingDays suggestedUnit { id } order { id } } } }
        ... on Problem { code }
    }
}"""


def ids(connection: Any) -> list[str]:
    return [edge["node"]["id"] for edge in connection["edges"]]


async def test_pages_of_a_desk_join_without_gap_or_overlap(api: Api) -> None:
    made = {await api.intake() for _ in range(7)}
    seen: list[str] = []
    after = None
    while True:
        page = await api.data("dispatcher", DESK, status="RECEIVED", first=3, after=after)
        seen += ids(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen))
    assert made <= set(seen)


async def test_orders_are_found_by_number_phone_name_and_what_they_are(api: Api) -> None:
    order = await api.intake(name="欧阳娜娜", phone="139 0013 9000")
    number = (await api.data("zhang", "query($id: ID!) { order(id: $id) { ... on Order { number } } }", id=order))[
        "number"
    ]
    one = ({"number": number}, {"phone": "+86 13900139000"}, {"name": "欧阳 娜娜"})
    for filter in one:
        assert ids(await api.data("operator", ORDERS, filter=filter)) == [order], filter
    many = (
        {"statuses": ["RECEIVED"]},
        {"statuses": ["RECEIVED", "CLOSED"]},
        {"category": "category:water"},
        {"category": "category:leak", "place": "place:town", "channel": "channel:app"},
        {"received": {"start": "2026-11-16T00:00:00+08:00", "end": "2026-11-17T00:00:00+08:00"}},
    )
    for filter in many:
        assert order in ids(await api.data("operator", ORDERS, filter=filter)), filter
    none = ({"channel": "channel:phone"}, {"statuses": ["CLOSED"]}, {"phone": "13900139001"}, {"name": "欧阳"})
    for filter in none:
        assert order not in ids(await api.data("operator", ORDERS, filter=filter)), filter


@pytest.mark.parametrize(
    ("filter", "path"),
    [
        ({"phone": "12"}, "filter.phone"),
        ({"category": "unit:water"}, "filter.category"),
        ({"received": {"start": "2026-11-17T00:00:00Z", "end": "2026-11-16T00:00:00Z"}}, "filter.received"),
        ({"received": {"start": "2026-01-01T00:00:00Z"}}, "received"),
    ],
)
async def test_a_faulty_filter_is_named(api: Api, filter: dict[str, Any], path: str) -> None:
    problem = await api.data("operator", ORDERS, filter=filter)
    assert (problem["code"], problem["fields"]) in [(code, [{"path": path}]) for code in ("INVALID_INPUT", "BAD_PHONE")]


async def test_a_unit_s_desk_is_its_own_and_its_subtree_s(api: Api) -> None:
    order = await api.intake()
    await api.act("dispatcher", "Dispatch", order, lead="unit:water-east", co=["unit:heating"])
    desks = {who: await api.data(who, UNIT_DESK, unit=f"unit:{who}", task="SIGN") for who in ("water", "heating")}
    for who, unit, role in (("water", "unit:water-east", "LEAD"), ("heating", "unit:heating", "CO")):
        rows = [edge["node"] for edge in desks[who]["edges"]]
        (row,) = [row for row in rows if row["order"]["id"] == order]
        assert (row["unit"]["id"], row["role"]) == (unit, role)
        assert row["order"]["title"]
    assert (await api.data("police", UNIT_DESK, unit="unit:water", task="SIGN"))["code"] == "NOT_ALLOWED"
    assert (await api.data("zhang", UNIT_DESK, unit="unit:water", task="SIGN"))["code"] == "NOT_ALLOWED"


async def test_requests_lie_on_the_dispatchers_desk_until_they_are_decided(api: Api) -> None:
    order = await api.intake()
    await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    await api.act("water", "RequestReturn", order, reason="非本单位职责。", suggestedUnit="unit:heating")
    rows = [edge["node"] for edge in (await api.data("dispatcher", REQUEST_DESK, kind="RETURN"))["edges"]]
    assert [row["suggestedUnit"]["id"] for row in rows if row["order"]["id"] == order] == ["unit:heating"]
    await api.act("dispatcher", "Refuse", order, kind="RETURN", reason="属于供水。")
    rows = [edge["node"] for edge in (await api.data("dispatcher", REQUEST_DESK, kind="RETURN"))["edges"]]
    assert order not in [row["order"]["id"] for row in rows]
    assert (await api.data("water", REQUEST_DESK, kind="RETURN"))["code"] == "NOT_ALLOWED"


async def test_the_same_request_sent_again_is_one_order(api: Api) -> None:
    one = await api.mutate("li", "orderIntake", **{**intake_input(), "idempotencyKey": "same"})
    two = await api.mutate("li", "orderIntake", **{**intake_input(), "idempotencyKey": "same"})
    assert one == two
    other = await api.mutate("li", "orderIntake", **{**intake_input(), "title": "另一件事", "idempotencyKey": "same"})
    assert other["code"] == "IDEMPOTENCY_KEY_REUSED"
    mine = await api.data("li", f"{{ myOrders {{ ... on OrderConnection {{ {PAGE} }} }} }}")
    assert ids(mine) == [one["id"]]


def intake_input() -> Json:
    return dict(COMPLAINT)


async def test_the_catalogue_says_why_nobody_was_found(api: Api) -> None:
    query = """{ routing(category: "category:leak", place: "place:street") {
        ... on RoutingSuggestion { lead { id } reason runnersUp { why } } ... on Problem { code }
    } }"""
    found = await api.data("dispatcher", query)
    assert found["lead"] is None
    assert "转人工派单" in found["reason"]
    assert await api.data("zhang", query) == {"code": "NOT_ALLOWED"}
