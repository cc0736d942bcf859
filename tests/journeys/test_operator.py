"""An operator takes a call: finds who calls, writes the order, answers what is simple at once."""

from tests.journeys.people import People, a_mobile, complaint


async def test_an_operator_takes_a_call_and_the_caller_follows_it_in_the_app(people: People) -> None:
    mobile = a_mobile()
    caller = await people.citizen(mobile)
    operator = await people.staff("operator")
    find = """query($m: String!) { findResidents(mobile: $m) {
        __typename ... on Residents { residents { id mobile } } ... on Problem { code } } }"""
    (found,) = (await operator.ask(find, m=mobile))["residents"]
    assert found["id"] == caller.name
    assert found["mobile"] != mobile, "lists are masked"
    order = await operator.do(
        "Intake", **complaint(channel="channel:phone", reporter=found["id"], name="王小明", phone=mobile)
    )
    assert order["reporter"]["name"] == "王**" or order["reporter"]["name"].startswith("王*")
    assert mobile not in str(order)
    assert await caller.listed("myOrders") == [order["id"]]

    history = await operator.listed(f'orders(filter: {{phone: "{mobile}"}})')
    assert history == [order["id"]]
    assert await operator.listed(f'orders(filter: {{number: "{order["number"]}"}})') == [order["id"]]

    reveal = """mutation($o: ID!) { revealReporter(input: {order: $o, reason: "回拨核实地址。"}) {
        __typename ... on RevealedReporter { name phone } ... on Problem { code } } }"""
    revealed = await operator.ask(reveal, o=order["id"])
    assert (revealed["name"], revealed["phone"]) == ("王小明", f"+86{mobile}")


async def test_a_simple_question_is_answered_at_once_and_a_bad_rating_opens_another_order(people: People) -> None:
    mobile = a_mobile()
    caller, operator = await people.citizen(mobile), await people.staff("operator")
    asked = complaint(channel="channel:phone", kind="CONSULT", reporter=caller.name, phone=mobile)
    order = await operator.do("Intake", **asked)
    answered = await operator.do("AnswerNow", order["id"], answer="停水通知在官网首页。")
    assert (answered["status"], answered["closing"]) == ("CLOSED", "ANSWERED")
    await caller.do("Rate", order["id"], grade=5, solved=False, comment="没有解决。")
    mine = await caller.listed("myOrders")
    assert len(mine) == 2
    (new,) = set(mine) - {order["id"]}
    assert (await caller.see(new))["linkedTo"] == order["id"]
