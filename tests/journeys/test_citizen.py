"""A citizen signs in with a code, complains, follows the matter, is told by text message, and rates."""

from tests.journeys.people import People, a_mobile, complaint


async def test_a_citizen_complains_follows_and_rates(people: People) -> None:
    mobile = a_mobile()
    citizen = await people.citizen(mobile)
    order = await citizen.do("Intake", **complaint(phone=mobile))
    assert await people.message(mobile, r"已受理，工单编号(\d{12})") == order["number"]
    assert await citizen.listed("myOrders") == [order["id"]]

    await people.handled(order["id"], reply="已于今早修复，请查看。")
    assert await people.message(mobile, r"（编号(\d{12})）已答复") == order["number"]
    seen = await citizen.see(order["id"])
    assert seen["status"] == "CALLBACK"
    told = [entry["words"] for entry in seen["timeline"]]
    assert any("市水务局" in words for words in told), told
    assert "已于今早修复，请查看。" in str(seen["timeline"])
    assert seen["assignments"] == [], "the city's own business"

    rated = await citizen.do("Rate", order["id"], grade=1, solved=True)
    assert (rated["status"], rated["closing"]) == ("CLOSED", "RATED")


async def test_a_citizen_is_told_no_reply_before_the_hotline_accepted_it(people: People) -> None:
    mobile = a_mobile()
    citizen = await people.citizen(mobile)
    order = await citizen.do("Intake", **complaint(phone=mobile))
    await (await people.staff("dispatcher")).do("Dispatch", order["id"], lead="unit:water")
    water = await people.staff("water")
    await water.do("Sign", order["id"])
    await water.do("SubmitReply", order["id"], outcome="SOLVED", answer="草稿答复", internalNote="内部备注")
    await (await people.staff("water-head")).do("UnitSendBack", order["id"], reason="措辞不当")
    seen = str(await citizen.see(order["id"]))
    assert not any(words in seen for words in ("草稿答复", "内部备注", "措辞不当"))


async def test_a_citizen_sees_nothing_of_another(people: People) -> None:
    one, other = await people.citizen(a_mobile()), await people.citizen(a_mobile())
    order = await one.do("Intake", **complaint())
    assert (await other.see(order["id"]))["code"] == "NOT_FOUND"
    assert order["id"] not in await other.listed("myOrders")


async def test_signing_out_everywhere_ends_the_other_phone_too(people: People) -> None:
    citizen = await people.citizen(a_mobile())
    assert (await citizen.ask("mutation { signOutEverywhere { __typename } }"))["__typename"] == "Done"
    body = {"query": "{ me { id } }"}
    answer = (await people.api.http.post("/graphql", json=body, headers=citizen.headers)).json()
    # The other process may believe for four seconds that the session lives.
    assert "errors" in answer or answer["data"]["me"]["id"] == citizen.name
