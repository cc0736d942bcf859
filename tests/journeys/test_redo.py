"""Not satisfied: a redo, and when it is bad again a final answer."""

from tests.journeys.people import People, a_mobile, complaint

BAD = {"reached": True, "solved": False, "grade": 5, "wantsRedo": True, "said": "还在漏。"}


async def test_a_redo_and_then_the_final_answer(people: People) -> None:
    mobile = a_mobile()
    citizen = await people.citizen(mobile)
    order = (await citizen.do("Intake", **complaint(phone=mobile)))["id"]
    await people.handled(order)
    caller, dispatcher = await people.staff("caller"), await people.staff("dispatcher")
    assert (await caller.do("CallbackAttempt", order, **BAD))["redoAsked"] is True
    redone = await dispatcher.do("CallbackRedo", order, reason="市民反映仍在漏水。")
    assert (redone["status"], redone["round"]) == ("IN_PROGRESS", 1)

    await people.replied(order, reply="再次修复。")
    await caller.do("CallbackAttempt", order, **BAD)
    refused = await dispatcher.ask(
        """mutation($o: ID!) { orderCallbackRedo(input: {order: $o, idempotencyKey: "again", reason: "再来一次。"}) {
            __typename ... on Problem { code message } } }""",
        o=order,
    )
    assert refused["__typename"] == "Problem", "one redo, and no more"
    supervisor = await people.staff("supervisor")
    final = await supervisor.do("FinalAnswer", order, answer="已尽其责，可申请行政复议。")
    assert (final["status"], final["closing"]) == ("CLOSED", "FINAL_ANSWER")
    assert "可申请行政复议" in str((await citizen.see(order))["timeline"])
    assert await people.message(mobile, r"（编号(\d{12})）已办结") == final["number"]


async def test_three_calls_that_nobody_answers_close_it(people: People) -> None:
    citizen = await people.citizen(a_mobile())
    order = (await citizen.do("Intake", **complaint()))["id"]
    await people.handled(order)
    caller = await people.staff("caller")
    for _ in range(3):
        await caller.do("CallbackAttempt", order, reached=False)
    after = await caller.see(order)
    if after["status"] == "CALLBACK":
        after = await caller.do("CallbackClose", order)
    assert (after["status"], after["closing"]) == ("CLOSED", "UNREACHED")
