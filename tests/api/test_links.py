"""What leads from one order to another, or to its citizen, leads nobody further than they may see."""

import pytest

from tests.api.serving import COMPLAINT, Api

LINK = "query($id: ID!) { order(id: $id) { ... on Order { linkedTo detail timeline { texts { text } } } } }"


async def test_a_link_does_not_lead_a_unit_to_who_reported_in_confidence(api: Api) -> None:
    """The first order is open: whoever finds it from the second one knows who reported both."""
    first = await api.intake()
    await api.act("dispatcher", "Dispatch", first, lead="unit:water")
    early = await api.mutate("zhang", "orderIntake", **COMPLAINT, linkedTo=first)
    assert [field["path"] for field in early["fields"]] == ["linkedTo"]
    await api.act("zhang", "Withdraw", first, reason="另行反映。")
    second = await api.intake(reporting="CONFIDENTIAL", linkedTo=first)
    await api.act("dispatcher", "Dispatch", second, lead="unit:water")
    assert (await api.data("water", LINK, id=second))["linkedTo"] is None
    assert (await api.data("dispatcher", LINK, id=second))["linkedTo"] == first
    assert (await api.data("zhang", LINK, id=second))["linkedTo"] == first


async def test_leadership_reads_no_text_that_names_who_reported_in_confidence(api: Api) -> None:
    order = await api.intake(reporting="CONFIDENTIAL", name="张三丰", detail="我是张三丰，水管漏水。")
    assert "张三丰" in str(await api.data("dispatcher", LINK, id=order))
    seen = str(await api.data("leader", LINK, id=order))
    assert "漏水" in seen
    assert "张三丰" not in seen


@pytest.mark.parametrize("nobody", ["resident:nobody", "resident:staff:operator", "unit:water"])
async def test_an_operator_names_no_caller_whom_nobody_knows(api: Api, nobody: str) -> None:
    problem = await api.mutate(
        "operator", "orderIntake", **{**COMPLAINT, "channel": "channel:phone", "reporter": nobody}
    )
    assert [field["path"] for field in problem["fields"]] == ["reporter"]


async def test_the_caller_whom_an_operator_names_finds_the_order(api: Api) -> None:
    order = await api.intake("operator", channel="channel:phone", reporter="resident:zhang")
    assert (await api.data("zhang", LINK, id=order))["detail"] == COMPLAINT["detail"]
    assert "detail" not in await api.data("li", LINK, id=order)
