"""`node(id)`: for each kind that has a read of its own, those who may see it, and null for everybody else."""

import pytest

from tests.api.serving import CITIZENS, PROBLEM, STAFF, Api
from tests.api.test_files import png, upload

HOTLINE = {"operator", "dispatcher", "chief", "reviewer", "caller", "supervisor"}
EVERYBODY = {*STAFF, *CITIZENS}
NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Order { number } ... on Unit { name } } }"


async def seen_by(api: Api, id: str) -> set[str]:
    """Who gets the node; everybody else gets null."""
    answers = {who: await api.data(who, NODE, id=id) for who in sorted(EVERYBODY)}
    assert all(answer is None or answer["id"] == id for answer in answers.values())
    return {who for who, answer in answers.items() if answer is not None}


async def test_a_node_is_there_for_those_who_may_see_it_and_for_nobody_else(api: Api) -> None:
    order = await api.intake("zhang")
    await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    contact = await api.mutate("operator", "recordContact", "... on Contact { id }", channel="channel:phone")
    made = f"... on DispatchRule {{ id }} {PROBLEM}"
    propose = f"mutation($i: DispatchRuleInput!) {{ proposeDispatchRule(input: $i) {{ {made} }} }}"
    said = {"idempotencyKey": "a-rule", "lead": "unit:water", "basis": "三定方案", "validFrom": "2026-11-16"}
    rule = await api.data("admin", propose, i=said)
    asked = "... on Report { id }"
    report = await api.mutate("water-head", "requestReport", asked, period="2026-10")
    allowed = {
        str(report["id"]): {"supervisor", "leader", "water-head"},
        order: HOTLINE | {"leader", "water", "water-head", "zhang"},
        str(contact["id"]): HOTLINE,
        str(rule["id"]): HOTLINE | {"leader", "admin"},
        "staff:water": HOTLINE | {"leader", "admin", "water", "water-head"},
        "staff:east": HOTLINE | {"leader", "admin", "water", "water-head", "east"},
        "staff:operator": HOTLINE | {"leader", "admin"},
        "unit:water": EVERYBODY,
        "category:leak": EVERYBODY,
        "place:street": EVERYBODY,
        "channel:app": EVERYBODY,
    }
    for id, readers in allowed.items():
        assert await seen_by(api, id) == readers, id


@pytest.mark.parametrize(
    "id",
    [
        "order:AAAAAAAAAAAAAAAAAAAAAA",
        "contact:AAAAAAAAAAAAAAAAAAAAAA",
        "rule:none",
        "report:none",
        "file:none",
        "unit:none",
        "category:none",
        "staff:none",
        "resident:zhang",
        "assignment:x",
        "request:x",
    ],
)
async def test_what_is_not_there_or_has_no_read_of_its_own_is_null(api: Api, id: str) -> None:
    assert await seen_by(api, id) == set()


async def test_an_id_that_is_none_is_told_so_and_nobody_reads_without_signing_in(api: Api) -> None:
    for id in ("", "water", "unit:", "cat:leak", "unit:" + "x" * 200, "unit:\u202e"):
        body = await api.run("admin", NODE, id=id)
        assert body["errors"][0]["extensions"]["code"] == "INVALID_INPUT", id
    body = await api.run(None, NODE, id="unit:water")
    assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_file_is_its_uploaders_until_it_is_attached(api: Api) -> None:
    file = (await upload(api, "zhang", png()))["data"]["uploadFile"]["id"]
    assert await seen_by(api, file) == {"zhang"}
