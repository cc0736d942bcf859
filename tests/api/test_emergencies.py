"""An emergency over HTTP: on the desk with whom to call, up the roster, to the supervisor's inbox, confirmed."""

from datetime import timedelta

from tests.api.serving import PROBLEM, Api, Json

TEN = timedelta(minutes=10, milliseconds=1)
TASK = "call due escalatedAt confirmedAt unit { id } toCall { name post phone }"
DESK = f"""query($stage: PhoneStage!) {{ phoneDesk(stage: $stage) {{
    ... on PhonedOrderConnection {{ edges {{ node {{ task {{ {TASK} }} order {{ id }} }} }} }} {PROBLEM}
}} }}"""
CHANGED = f"__typename ... on UnitRecord {{ unit {{ id }} }} {PROBLEM}"
ZHAO = {"name": "赵一", "post": "值班科长", "phone": "13900000001"}
QIAN = {"name": "钱二", "post": "", "phone": "13900000002"}
OFFICE = {"name": "办公室", "post": "联络员", "phone": "057912345678"}


async def with_a_roster(api: Api) -> None:
    answer = await api.mutate(
        "admin", "changeUnit", CHANGED, unit="unit:water", duty=[{"members": [ZHAO, QIAN]}], contacts=[OFFICE]
    )
    assert answer["__typename"] == "UnitRecord", answer


async def dispatched(api: Api) -> str:
    order = await api.intake("zhang", urgency="EMERGENCY")
    answer = await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    assert answer["__typename"] == "Order", answer
    return order


async def desk(api: Api, stage: str, order: str, who: str = "operator") -> Json | None:
    """The task of this order on that desk."""
    rows = [edge["node"] for edge in (await api.data(who, DESK, stage=stage))["edges"]]
    return next((row["task"] for row in rows if row["order"]["id"] == order), None)


async def swept(api: Api) -> None:
    now = api.clock.now()
    while await api.app.timers.sweep(now) + sum([await each.sweep(now) for each in api.app.consumers]):
        pass


async def words(api: Api, who: str, order: str) -> list[tuple[str, list[str]]]:
    query = f'{{ order(id: "{order}") {{ ... on Order {{ timeline {{ words texts {{ text }} }} }} {PROBLEM} }} }}'
    timeline = (await api.data(who, query))["timeline"]
    return [(entry["words"], [text["text"] for text in entry["texts"]]) for entry in timeline]


async def test_up_the_roster_then_to_the_supervisor_until_somebody_is_reached(api: Api) -> None:
    await with_a_roster(api)
    order = await dispatched(api)
    task = await desk(api, "DUTY", order)
    assert task is not None
    assert (task["call"], task["unit"], task["toCall"]) == (1, {"id": "unit:water"}, [ZHAO])
    api.clock.advance(TEN)
    await swept(api)
    task = await desk(api, "DUTY", order, "supervisor")
    assert task is not None
    assert (task["call"], task["toCall"]) == (2, [QIAN])
    assert (await api.act("operator", "PhoneDuty", order, call=1, reached=False))["code"] == "CALL_MOVED_ON"
    assert (await api.act("operator", "PhoneDuty", order, call=2, reached=False))["__typename"] == "Order"
    assert await desk(api, "DUTY", order) is None
    await swept(api)
    task = await desk(api, "SUPERVISOR", order)
    assert task is not None
    assert (task["due"], task["toCall"]) == (None, [ZHAO, QIAN])
    inbox = "{ inbox { ... on NoticeConnection { edges { node { topic body order } } } } }"
    told = [edge["node"] for edge in (await api.data("supervisor", inbox))["edges"]]
    mine = [each for each in told if each["topic"] == "phone_task" and each["order"] == order]
    assert len(mine) == 1
    assert "市水务局" in mine[0]["body"]
    reached = await api.act("supervisor", "PhoneDuty", order, call=3, reached=True, said="已找到分管领导。")
    assert reached["__typename"] == "Order"
    assert await desk(api, "SUPERVISOR", order) is None


async def test_the_unit_confirms_by_itself_or_by_signing(api: Api) -> None:
    await with_a_roster(api)
    for who, action in (("water", "ConfirmCall"), ("water-head", "ConfirmCall"), ("water", "Sign")):
        order = await dispatched(api)
        assert (await api.act(who, action, order))["__typename"] == "Order"
        assert await desk(api, "DUTY", order) is None
        query = f'{{ order(id: "{order}") {{ ... on Order {{ phoneTask {{ {TASK} }} availableActions }} }} }}'
        seen = await api.data("water", query)
        assert seen["phoneTask"]["confirmedAt"] is not None
        assert seen["phoneTask"]["toCall"] == []
        assert "CONFIRM_CALL" not in seen["availableActions"]


async def test_who_is_called_is_for_those_who_may_know_the_units_people(api: Api) -> None:
    await with_a_roster(api)
    order = await api.intake("zhang", urgency="EMERGENCY")
    await api.act("dispatcher", "Dispatch", order, lead="unit:water", co=["unit:heating"])
    await api.act("operator", "PhoneDuty", order, call=1, reached=True, said="赵一已知悉。")
    query = f'{{ order(id: "{order}") {{ ... on Order {{ phoneTask {{ call }} }} }} }}'
    for who in ("operator", "supervisor", "leader", "water"):
        told = dict(await words(api, who, order))
        assert told["登记通知电话：第1次，已接通。"] == ["赵一已知悉。"], who
        assert any(texts == ["赵一（值班科长）"] for texts in told.values()), who
    told = dict(await words(api, "heating", order))
    assert told["登记通知电话：第1次，已接通。"] == []
    assert "赵一" not in str(told)
    assert await api.data("zhang", query) == {"phoneTask": None}
    plain = await words(api, "zhang", order)
    assert plain[-2:] == [("正在电话通知市水务局值班人员。", []), ("已电话通知市水务局值班人员。", [])]
