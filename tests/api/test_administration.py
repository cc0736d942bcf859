"""What administrators do: units, reference trees, staff accounts, the audit trail."""

import asyncio

import pytest

from tests.api.serving import PROBLEM, Api, Json

RECORD = f"""__typename ... on UnitRecord {{
    unit {{ id name pathNames abolished }} calendar contacts {{ name phone post }}
    duty {{ days start end members {{ name }} }} onDuty {{ name }}
    categories {{ id }} places {{ id }} abolishedOn successor {{ id }}
}} {PROBLEM}"""
NODE = f"""__typename ... on Category {{ id name retired pathNames }} ... on Place {{ id name retired pathNames }}
    ... on Channel {{ id name retired }} {PROBLEM}"""
ACCOUNT = f"... on StaffAccount {{ id login name roles active unit {{ id }} }} {PROBLEM}"
AUDIT = f"""... on AuditEntryConnection {{
    edges {{ node {{ at actor actorLabel actorRoles action subject reason details }} }}
    pageInfo {{ hasNextPage endCursor }}
}} {PROBLEM}"""
LI = {"name": "李明", "phone": "13812345678", "post": "值班员"}
NIGHTS = {"days": [1, 2, 3, 4, 5], "start": "17:00", "end": "08:30", "members": [LI]}


async def unit(api: Api, who: str, id: str) -> Json:
    answer: Json = await api.data(who, f'{{ unit(id: "{id}") {{ {RECORD} }} }}')
    return answer


async def audited(api: Api, who: str, **about: str) -> list[Json]:
    given = "".join(f', {name}: "{value}"' for name, value in about.items())
    answer = await api.data(who, f"{{ auditTrail(first: 50{given}) {{ {AUDIT} }} }}")
    return [edge["node"] for edge in answer["edges"]]


async def test_a_unit_is_made_described_moved_and_abolished(api: Api) -> None:
    made = await api.mutate("admin", "createUnit", RECORD, id="gas", name="市燃气办", parent="unit:city")
    assert made["unit"] == {
        "id": "unit:gas",
        "name": "市燃气办",
        "pathNames": ["市政府", "市燃气办"],
        "abolished": False,
    }
    described = await api.mutate(
        "admin",
        "changeUnit",
        RECORD,
        unit="unit:gas",
        name="市燃气管理处",
        calendar="24x7",
        contacts=[LI],
        duty=[{"members": [LI]}, NIGHTS],
        categories=["category:leak", "category:leak"],
        places=["place:town"],
    )
    assert described["calendar"] == "24x7"
    assert described["contacts"] == [LI]
    assert described["duty"][0] == {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"} | {
        "members": [{"name": "李明"}]
    }
    assert described["onDuty"] == [{"name": "李明"}]
    assert described["categories"] == [{"id": "category:leak"}]
    assert await unit(api, "dispatcher", "unit:gas") == described
    cleared = await api.mutate("admin", "changeUnit", RECORD, unit="unit:gas", calendar="", contacts=[], duty=[])
    assert (cleared["calendar"], cleared["contacts"], cleared["duty"], cleared["onDuty"]) == (None, [], [], [])
    assert cleared["places"] == [{"id": "place:town"}], "what was not given stays"

    moved = await api.mutate("admin", "moveUnit", RECORD, unit="unit:gas", parent="unit:water")
    assert moved["unit"]["pathNames"] == ["市政府", "市水务局", "市燃气管理处"]
    assert (await unit(api, "water", "unit:gas"))["unit"]["id"] == "unit:gas"
    gone = await api.mutate("admin", "abolishUnit", RECORD, unit="unit:gas", successor="unit:water")
    assert (gone["unit"]["abolished"], gone["abolishedOn"], gone["successor"]) == (
        True,
        "2026-11-16",
        {"id": "unit:water"},
    )
    trail = await audited(api, "admin", subject="unit:gas")
    assert sorted(entry["action"] for entry in trail) == ["unit_abolished", *["unit_changed"] * 3, "unit_created"]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"name": " "}, "INVALID_INPUT", "name"),
        ({"calendar": "moon"}, "INVALID_INPUT", "calendar"),
        ({"contacts": [{**LI, "phone": "12"}]}, "INVALID_INPUT", "contacts"),
        ({"contacts": [{**LI, "name": "李" * 41}]}, "INVALID_INPUT", "contacts"),
        ({"contacts": [{**LI, "post": "员" * 61}]}, "INVALID_INPUT", "contacts"),
        ({"contacts": [LI] * 51}, "INVALID_INPUT", "contacts"),
        ({"duty": [NIGHTS] * 51}, "INVALID_INPUT", "duty"),
        ({"duty": [{**NIGHTS, "start": "25:00"}]}, "INVALID_INPUT", "duty"),
        ({"duty": [{**NIGHTS, "days": [8]}]}, "INVALID_INPUT", "duty"),
        ({"duty": [{**NIGHTS, "members": []}]}, "INVALID_INPUT", "duty"),
        ({"categories": ["category:none"]}, "INVALID_INPUT", "categories"),
        ({"categories": ["place:town"]}, "INVALID_INPUT", "categories.0"),
        ({"places": ["place:none"]}, "INVALID_INPUT", "places"),
        ({"unit": "unit:none", "name": "某"}, "NOT_FOUND", None),
        ({"unit": "category:leak"}, "INVALID_INPUT", "unit"),
    ],
)
async def test_a_bad_detail_is_named_and_nothing_changes(api: Api, change: Json, code: str, path: str | None) -> None:
    before = await unit(api, "admin", "unit:police")
    problem = await api.mutate("admin", "changeUnit", RECORD, **{"unit": "unit:police", **change})
    assert problem["code"] == code
    assert [fault["path"] for fault in problem["fields"]] == ([path] if path else [])
    assert await unit(api, "admin", "unit:police") == before


async def test_people_of_a_unit_are_known_to_the_hotline_and_to_its_own_superiors(api: Api) -> None:
    for who in ("heating", "east", "zhang"):
        assert (await unit(api, who, "unit:water"))["code"] == "NOT_FOUND", who
        assert await unit(api, who, "unit:water") == await unit(api, who, "unit:none"), who
    for who in ("water", "operator", "leader", "admin"):
        assert (await unit(api, who, "unit:water-east"))["__typename"] == "UnitRecord", who


async def test_the_same_request_under_one_key_is_carried_out_once(api: Api) -> None:
    query = f"mutation($i: CreateUnitInput!) {{ createUnit(input: $i) {{ {RECORD} }} }}"
    given = {"idempotencyKey": "make-it-once", "id": "once", "name": "一次处", "parent": "unit:city"}
    answers = await asyncio.gather(*(api.data("admin", query, i=given) for _ in range(5)))
    assert {answer["unit"]["id"] for answer in answers} == {"unit:once"}
    other = await api.data("admin", query, i={**given, "name": "另一处"})
    assert other["code"] == "IDEMPOTENCY_KEY_REUSED"
    taken = await api.data("admin", query, i={**given, "idempotencyKey": "another"})
    assert taken["code"] == "UNIT_IN_USE"

    abolish = f"mutation($i: AbolishUnitInput!) {{ abolishUnit(input: $i) {{ {RECORD} }} }}"
    ending = {"idempotencyKey": "abolish-it-once", "unit": "unit:once", "successor": "unit:water"}
    ended = await asyncio.gather(*(api.data("admin", abolish, i=ending) for _ in range(5)))
    assert {answer["unit"]["abolished"] for answer in ended} == {True}
    again = await api.data("admin", abolish, i={**ending, "idempotencyKey": "abolish-it-again"})
    assert again["code"] == "UNIT_ABOLISHED"
    trail = await audited(api, "admin", subject="unit:once")
    assert sorted(entry["action"] for entry in trail) == ["unit_abolished", "unit_created"]


async def test_a_change_that_is_sent_again_does_not_undo_what_came_after_it(api: Api) -> None:
    query = f"mutation($i: ChangeUnitInput!) {{ changeUnit(input: $i) {{ {RECORD} }} }}"
    first = {"idempotencyKey": "rename-heating", "unit": "unit:heating", "name": "供热一办"}
    assert (await api.data("admin", query, i=first))["unit"]["name"] == "供热一办"
    await api.mutate("admin", "changeUnit", RECORD, unit="unit:heating", name="市供热办")
    assert (await api.data("admin", query, i=first))["unit"]["name"] == "市供热办"


@pytest.mark.parametrize("tree", ["CATEGORY", "PLACE", "CHANNEL"])
async def test_reference_trees_are_kept(api: Api, tree: str) -> None:
    kind = tree.lower()
    top = await api.mutate("admin", "createReference", NODE, tree=tree, id="top", name="顶")
    assert (top["__typename"], top["id"]) == (kind.capitalize(), f"{kind}:top")
    await api.mutate("admin", "createReference", NODE, tree=tree, id="leaf", name="叶")
    moved = await api.mutate("admin", "moveReference", NODE, node=f"{kind}:leaf", parent=f"{kind}:top")
    assert moved["id"] == f"{kind}:leaf"
    circle = await api.mutate("admin", "moveReference", NODE, node=f"{kind}:top", parent=f"{kind}:leaf")
    assert circle["code"] == "NOT_A_TREE"
    wrong = await api.mutate("admin", "moveReference", NODE, node=f"{kind}:leaf", parent="unit:water")
    assert [fault["path"] for fault in wrong["fields"]] == ["parent"]
    changed = await api.mutate("admin", "changeReference", NODE, node=f"{kind}:leaf", name="新叶", retired=True)
    assert (changed["name"], changed["retired"]) == ("新叶", True)
    many = {"CATEGORY": "categories", "PLACE": "places", "CHANNEL": "channels"}[tree]
    below = "" if tree == "CHANNEL" else f', below: "{kind}:top"'
    offered = await api.data("zhang", f"{{ {many}(retired: false{below}) {{ id }} }}")
    everything = await api.data("zhang", f"{{ {many}(retired: true{below}) {{ id }} }}")
    assert {"id": f"{kind}:leaf"} in everything and {"id": f"{kind}:leaf"} not in offered
    anew = await api.mutate("admin", "changeReference", NODE, node=f"{kind}:leaf", retired=False)
    assert (anew["name"], anew["retired"]) == ("新叶", False)
    assert (await api.mutate("admin", "createReference", NODE, tree=tree, id="leaf", name="叶"))[
        "code"
    ] == "UNIT_IN_USE"
    strange = await api.mutate("admin", "changeReference", NODE, node="unit:water", name="x")
    assert [fault["path"] for fault in strange["fields"]] == ["node"]


async def test_accounts_are_found_by_login_and_those_of_the_hotline_listed(api: Api) -> None:
    query = f"mutation($i: CreateStaffInput!) {{ createStaff(input: $i) {{ {ACCOUNT} }} }}"
    account = {
        "login": "zhao.lei",
        "name": "赵雷",
        "roles": ["OPERATOR"],
        "password": "a-long-pass-phrase",
        "idempotencyKey": "zhao",
    }
    made = await api.data("admin", query, i=account)
    assert await api.data("admin", query, i={**account, "password": "another-pass-phrase"}) == made
    assert (await api.data("admin", query, i={**account, "name": "赵电"}))["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert (await api.data("admin", query, i={**account, "idempotencyKey": None}))["code"] == "LOGIN_TAKEN"
    stored = [raw async for raw in api.app.database.mongo["idempotency_keys"].find({"answer": made["id"]})]
    assert len(stored) == 1
    assert await api.data("supervisor", f'{{ staffAccount(login: "Zhao.Lei") {{ {ACCOUNT} }} }}') == made
    for who in ("water", "zhang"):
        unknown = await api.data(who, f'{{ staffAccount(login: "nobody") {{ {ACCOUNT} }} }}')
        assert await api.data(who, f'{{ staffAccount(login: "zhao.lei") {{ {ACCOUNT} }} }}') == unknown
    both = await api.data("admin", f'{{ staffAccount(id: "staff:water", login: "water") {{ {ACCOUNT} }} }}')
    assert both["code"] == "INVALID_INPUT"
    listed = f"{{ staffOfUnit {{ ... on Staff {{ accounts {{ login }} }} {PROBLEM} }} }}"
    logins = {account["login"] for account in (await api.data("admin", listed))["accounts"]}
    assert {"operator", "zhao.lei", "admin"} <= logins and "water" not in logins
    assert (await api.data("water", listed))["code"] == "NOT_FOUND"


async def test_the_audit_trail_is_read_page_by_page_by_thing_and_by_person(api: Api) -> None:
    order = await api.intake("zhang")
    reveal = f'mutation {{ revealReporter(input: {{order: "{order}", reason: "回访核实"}}) {{ __typename }} }}'
    await api.data("reviewer", reveal)
    (entry,) = await audited(api, "supervisor", subject=order)
    assert (entry["action"], entry["actor"], entry["subject"]) == ("reveal", "staff:reviewer", order)
    assert (entry["reason"], entry["actorRoles"]) == ("回访核实", ["REVIEWER"])
    assert entry in await audited(api, "admin", actor="staff:reviewer")
    everything = await audited(api, "admin")
    assert entry in everything
    paged, after = [], ""
    for _ in range(len(everything)):
        page = await api.data("admin", f"{{ auditTrail(first: 3{after}) {{ {AUDIT} }} }}")
        paged += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{page["pageInfo"]["endCursor"]}"'
    assert paged[: len(everything)] == everything
    both = await api.data("admin", f'{{ auditTrail(subject: "unit:water", actor: "staff:admin") {{ {AUDIT} }} }}')
    assert both["code"] == "INVALID_INPUT"
    for bad in ("", "x", "unit:\u202e", "unit:" + "x" * 200):
        assert (await api.data("admin", f'{{ auditTrail(subject: "{bad}") {{ {AUDIT} }} }}'))["code"] == "INVALID_INPUT"


async def test_residents_read_who_looked_at_their_own_account_and_nothing_else(api: Api) -> None:
    assert await audited(api, "zhang", subject="resident:zhang") == []
    for query in ("", '(subject: "resident:li")', '(actor: "resident:zhang")', '(subject: "unit:water")'):
        assert (await api.data("zhang", f"{{ auditTrail{query} {{ {AUDIT} }} }}"))["code"] == "NOT_ALLOWED"
