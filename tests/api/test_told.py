"""What an order tells whom: its citizen in plain words, staff everything that they may see, nobody who may not know."""

from typing import Any

import pytest

from tests.api.serving import COMPLAINT, Api

TELLING = """query($id: ID!) { order(id: $id) {
    ... on Problem { code }
    ... on Order {
        number title detail status reporting returns
        reporter { name phone address }
        assignments { role state unit { id name } signDeadline { explanation } }
        request { kind workingDays }
        citizenDeadline { due basis explanation }
        timeline { sequence action who words texts { name text } files { name } }
        availableActions
    }
} }"""

NAMING = {
    "title": "张三丰反映水管漏水",
    "detail": "我是张三丰，家住东街1号3单元502室，电话138 0013 8000，请张先生的邻居也来看看。",
    "name": "张三丰",
    "phone": "138-0013-8000",
    "address": "东街1号3单元502室",
}
WHO = (
    "张三丰",
    "三丰",
    "张先生",
    "13800138000",
    "138 0013 8000",
    "138****8000",
    "3单元502",
    "东街1号3单元",
    "resident",
)


async def told(api: Api, who: str, order: str) -> Any:
    return await api.data(who, TELLING, id=order)


async def test_the_citizen_reads_plain_words_and_only_the_public_part(api: Api) -> None:
    order = await api.intake()
    await api.act("dispatcher", "Dispatch", order, lead="unit:water", note="请尽快，媒体在问。")
    await api.act("water", "Sign", order)
    await api.act("water", "RequestExtension", order, reason="材料未到。", workingDays=2)
    await api.act("dispatcher", "Grant", order, kind="EXTENSION", note="同意。")
    reply = {"outcome": "SOLVED", "answer": "第一次答复。", "internalNote": "其实没修好。"}
    await api.act("water", "SubmitReply", order, **reply)
    await api.act("water-head", "UnitSendBack", order, reason="写清楚。")
    await api.act("water", "SubmitReply", order, outcome="SOLVED", answer="水管已更换。", internalNote="用了备件。")
    await api.act("water-head", "UnitApprove", order)
    await api.act("reviewer", "HotlineAccept", order, note="可以。")

    citizen = await told(api, "zhang", order)
    assert [entry["action"] for entry in citizen["timeline"]] == [
        "INTAKE", "DISPATCH", "SIGN", "GRANT_EXTENSION", "HOTLINE_ACCEPT",
    ]  # fmt: skip
    assert citizen["timeline"][0]["words"] == f"您的诉求已受理，工单编号{citizen['number']}。"
    assert citizen["timeline"][1]["words"] == "已派至市水务局办理。"
    assert citizen["timeline"][-1]["texts"] == [{"name": "answer", "text": "水管已更换。"}]
    assert citizen["detail"] == COMPLAINT["detail"]
    assert (citizen["assignments"], citizen["request"]) == ([], None)
    assert {entry["who"] for entry in citizen["timeline"]} == {"您", "12345热线", "市水务局"}
    for secret in ("媒体", "材料未到", "没修好", "第一次", "写清楚", "备件", "dispatcher", "water-head"):
        assert secret not in str(citizen)

    staff = await told(api, "reviewer", order)
    assert [entry["sequence"] for entry in staff["timeline"]] == list(range(1, 11))
    for text in ("媒体", "材料未到", "没修好", "第一次", "写清楚", "备件"):
        assert text in str(staff)
    assert staff["reporter"] == {"name": "张**", "phone": "138****8000", "address": "***"}
    assert "延期2个工作日" in staff["citizenDeadline"]["explanation"]


async def test_a_unit_never_learns_a_confidential_reporter(api: Api) -> None:
    order = await api.intake(reporting="CONFIDENTIAL", **NAMING)
    await api.act("dispatcher", "Dispatch", order, lead="unit:water", co=["unit:heating"], note="张三丰本人来电多次。")
    await api.act("zhang", "Supplement", order, text="张三丰补充：还是东街1号3单元502室，请打13800138000。")
    await api.act("zhang", "Urge", order, text="我叫张 三 丰，怎么还没人来？")
    for who in ("water", "water-head", "heating"):
        seen = await told(api, who, order)
        assert seen["reporter"] is None
        assert "漏水" in seen["title"]
        assert "补充" in str(seen["timeline"])
        for trace in (*WHO, "张 三 丰"):
            assert trace not in str(seen), (who, trace, seen)
    hotline = await told(api, "dispatcher", order)
    assert hotline["reporter"]["name"] == "张**"
    assert "张三丰" in hotline["detail"]


async def test_nobody_learns_an_anonymous_reporter(api: Api) -> None:
    order = await api.intake(reporting="ANONYMOUS", name=None, phone=None)
    await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    for who in ("dispatcher", "water", "supervisor"):
        assert (await told(api, who, order))["reporter"] is None
        problem = await reveal(api, who, order)
        assert problem["code"] == "NOT_ALLOWED"


async def test_a_unit_does_not_read_what_another_said_in_its_own_house(api: Api) -> None:
    order = await api.intake()
    await api.act("dispatcher", "Dispatch", order, lead="unit:water", co=["unit:heating"])
    await api.act("water", "Sign", order)
    reply = {"outcome": "SOLVED", "answer": "好了。", "notWaitingBecause": "协办单位无需到场。"}
    await api.act("water", "SubmitReply", order, **reply)
    await api.act("water-head", "UnitSendBack", order, reason="家丑不可外扬。")
    assert "家丑" not in str(await told(api, "heating", order))
    assert "家丑" in str(await told(api, "water", order))
    assert "家丑" in str(await told(api, "reviewer", order))


@pytest.mark.parametrize("who", ["li", "heating", "police", "east", "admin"])
async def test_who_may_not_see_an_order_finds_nothing(api: Api, who: str) -> None:
    order = await api.intake()
    await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    number = (await told(api, "zhang", order))["number"]
    assert await told(api, who, order) == {"code": "NOT_FOUND"}
    assert await told(api, who, "order:none") == {"code": "NOT_FOUND"}
    query = "query($number: String!) { order(number: $number) { ... on Problem { code } } }"
    assert await api.data(who, query, number=number) == {"code": "NOT_FOUND"}
    version = (await api.act("dispatcher", "Grant", order, kind="RETURN"))["code"]
    for action, input in (("Sign", {}), ("Urge", {}), ("Withdraw", {"reason": "不要了"})):
        assert (await api.act(who, action, order, **input))["code"] == "NOT_FOUND"
    assert version == "NO_OPEN_REQUEST"
    assert (await told(api, "dispatcher", order))["timeline"][-1]["action"] == "DISPATCH"


async def reveal(api: Api, who: str, order: str, reason: str = "核实市民反映的情况") -> Any:
    query = """mutation($input: RevealReporterInput!) { revealReporter(input: $input) {
        ... on RevealedReporter { name phone address } ... on Problem { code }
    } }"""
    return await api.data(who, query, input={"order": order, "reason": reason})


async def test_who_reported_is_shown_whole_with_a_reason_and_audited(api: Api) -> None:
    order = await api.intake(**NAMING)
    await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    assert (await reveal(api, "water", order, "短"))["code"] == "REASON_MISSING"
    assert (await reveal(api, "police", order))["code"] == "NOT_FOUND"
    assert (await reveal(api, "zhang", order))["code"] == "NOT_ALLOWED"
    clear = {"name": "张三丰", "phone": "+8613800138000", "address": "东街1号3单元502室"}
    assert await reveal(api, "water", order) == clear
    trail = await api.app.database.mongo["audit"].find({"subject": order}).to_list()
    assert [(entry["action"], entry["actor"]) for entry in trail] == [("reveal", "staff:water")]
