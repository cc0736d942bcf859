"""Appeals and exclusions over GraphQL: filed, decided, listed, shown to staff and to no citizen."""

from typing import Any

from tests.api.serving import PROBLEM, Api, Json
from tests.api.test_figures import DAYS, ORDERS, projected

EXCLUSION = f"""... on Order {{ id status exclusion {{ ground at by appeal }} availableActions
    appeals {{ id ground state unit {{ id }} }} timeline {{ action words texts {{ text }} }} }} {PROBLEM}"""
APPEALS = f"""query($unit: ID, $pending: Boolean! = true, $first: Int! = 20, $after: String) {{
  appeals(unit: $unit, pending: $pending, first: $first, after: $after) {{
    ... on AppealedOrderConnection {{
      edges {{ node {{ appeal {{ id state unit {{ name }} }} order {{ id exclusion {{ ground }} }} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
    {PROBLEM}
  }}
}}"""
FILED = {"ground": "FORCE_MAJEURE", "reason": "台风期间道路中断。"}


async def signed(api: Api) -> str:
    order = await api.intake()
    await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    await api.act("water", "Sign", order)
    return order


async def read(api: Api, who: str, order: str) -> Json:
    found: Json = await api.data(who, f"query($id: ID!) {{ order(id: $id) {{ {EXCLUSION} }} }}", id=order)
    return found


async def listed(api: Api, who: str, **how: Any) -> list[str]:
    """The orders of a list of appeals to its end, one at a time."""
    found: list[str] = []
    after = None
    while True:
        page = await api.data(who, APPEALS, first=1, after=after, **how)
        found += [edge["node"]["order"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def test_an_appeal_is_filed_and_decided_and_the_order_shows_it_to_staff_alone(api: Api) -> None:
    order = await signed(api)
    filed = await api.mutate("water-head", "orderFileAppeal", EXCLUSION, order=order, **FILED)
    (appeal,) = filed["appeals"]
    assert (appeal["state"], appeal["ground"], appeal["unit"]["id"]) == ("PENDING", "FORCE_MAJEURE", "unit:water")
    assert filed["exclusion"] is None
    decided = await api.mutate(
        "supervisor", "orderDecideAppeal", EXCLUSION, order=order, appeal=appeal["id"], upheld=True, reason="属实。"
    )
    assert decided["exclusion"] == {
        "ground": "FORCE_MAJEURE",
        "at": decided["exclusion"]["at"],
        "by": "staff:supervisor",
        "appeal": appeal["id"],
    }
    assert decided["appeals"][0]["state"] == "UPHELD"
    assert decided["status"] == filed["status"] == "IN_PROGRESS"
    for who in ("operator", "leader", "water", "water-head"):
        assert (await read(api, who, order))["exclusion"]["ground"] == "FORCE_MAJEURE"
    citizen = await read(api, "zhang", order)
    assert (citizen["exclusion"], citizen["appeals"]) == (None, [])
    assert not {"FILE_APPEAL", "DECIDE_APPEAL"} & {entry["action"] for entry in citizen["timeline"]}
    refused = await api.act("water-head", "FileAppeal", order, **FILED)
    assert (refused["code"], refused["message"][-1]) == ("ALREADY_EXCLUDED", "。")
    back = await api.mutate("supervisor", "orderReadmit", EXCLUSION, order=order, reason="剔除有误。")
    assert back["exclusion"] is None


async def test_what_may_be_done_with_a_closed_order_is_told_by_role(api: Api) -> None:
    order = await api.intake("operator", channel="channel:phone")
    await api.act("operator", "AnswerNow", order, answer="已当场答复。")
    offered = {who: set((await read(api, who, order))["availableActions"]) for who in ("supervisor", "dispatcher")}
    assert offered["supervisor"] >= {"EXCLUDE", "READMIT", "DECIDE_APPEAL"}
    assert not offered["dispatcher"] & {"EXCLUDE", "READMIT", "DECIDE_APPEAL", "FILE_APPEAL"}


async def test_appeals_are_listed_for_supervisors_and_for_their_unit(api: Api) -> None:
    await api.app.database.mongo["appeals"].delete_many({})
    first, second, third = [await signed(api) for _ in range(3)]
    for order in (first, second, third):
        await api.act("water-head", "FileAppeal", order, **FILED)
    appeal = (await read(api, "supervisor", second))["appeals"][0]["id"]
    await api.act("supervisor", "DecideAppeal", second, appeal=appeal, upheld=False, reason="理由不充分。")
    for who, unit in (("supervisor", None), ("leader", None), ("water-head", "unit:water"), ("operator", "unit:water")):
        given = {"unit": unit} if unit else {}
        assert set(await listed(api, who, **given)) == {first, third}
        assert await listed(api, who, pending=False, **given) == [second]
    for who in ("water-head", "operator", "heating"):
        assert (await api.data(who, APPEALS))["code"] == "NOT_ALLOWED"
    assert (await api.data("heating", APPEALS, unit="unit:water"))["code"] == "NOT_ALLOWED"


async def test_lists_and_desks_are_filtered_and_the_figure_lists_the_excluded(api: Api) -> None:
    excluded, plain = await signed(api), await signed(api)
    await api.act("supervisor", "Exclude", excluded, ground="LEGACY", reason="历史遗留问题。")
    lists = {
        "operator": "orders(filter: {excluded: %s}, first: 50) { ... on OrderConnection { edges { node { id } } } }",
        "dispatcher": "hotlineDesk(status: IN_PROGRESS, excluded: %s, first: 50)"
        " { ... on OrderConnection { edges { node { id } } } }",
        "water": 'unitDesk(unit: "unit:water", task: HANDLE, excluded: %s, first: 50)'
        " { ... on AssignmentConnection { edges { node { order { id } } } } }",
    }
    for who, query in lists.items():
        for asked in (True, False):
            page = await api.data(who, f"{{ {query % str(asked).lower()} }}")
            found = {(edge["node"].get("order") or edge["node"])["id"] for edge in page["edges"]}
            assert (excluded in found, plain in found) == (asked, not asked), (who, asked)
    await projected(api)
    given = {"figure": "ON_TIME", "part": "LEFT_OUT", "reason": "EXCLUDED", **DAYS}
    behind = [edge["node"] for edge in (await api.data("supervisor", ORDERS, **given))["edges"]]
    assert excluded in {node["order"]["id"] for node in behind}
    assert {node["outcome"] for node in behind} == {"EXCLUDED"}
    assert plain not in {node["order"]["id"] for node in behind}
