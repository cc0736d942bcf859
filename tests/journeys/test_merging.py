"""Two citizens report the same matter: it is handled once, and each of them is answered, called back and heard."""

import asyncio

from tests.journeys.people import PATIENCE_SECONDS, WHOLE, People, Person, a_mobile, complaint
from tests.journeys.test_confidential import ADDRESS, NAME, betrays, listen

MERGED = "... on Order { mergedInto { id number status } children { id number status } }"
CANDIDATES = """query($id: ID!) { mergeCandidates(order: $id) { __typename ... on Problem { code }
    ... on MergeCandidates { candidates { order { id number title } reasons score } } } }"""


async def status(person: Person, order: str, wanted: str) -> None:
    """Wait until the order stands there, as this person sees it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await person.see(order))["status"] != wanted:  # noqa: ASYNC110 - the worker does it
            await asyncio.sleep(0.1)


async def test_a_duplicate_is_handled_once_and_both_citizens_are_answered_and_rate(people: People) -> None:
    phones = a_mobile(), a_mobile()
    one, other = [await people.citizen(mobile) for mobile in phones]
    main = await one.do("Intake", **complaint(phone=phones[0], title="北门桥头水管爆裂，水漫上了马路"))
    child = await other.do("Intake", **complaint(phone=phones[1], title="北门桥头水管爆裂，水漫上了路面"))
    dispatcher = await people.staff("dispatcher")

    found = {each["order"]["id"]: each for each in (await dispatcher.ask(CANDIDATES, id=child["id"]))["candidates"]}
    assert {"SAME_MATTER", "SAME_WORDS"} <= set(found[main["id"]]["reasons"])
    await dispatcher.do("Merge", child["id"], into=main["id"], note="同一处漏水。")
    pointed = await dispatcher.ask(f"query($id: ID!) {{ order(id: $id) {{ {MERGED} }} }}", id=child["id"])
    assert pointed["mergedInto"] == {"id": main["id"], "number": main["number"], "status": "RECEIVED"}
    pointed = await dispatcher.ask(f"query($id: ID!) {{ order(id: $id) {{ {MERGED} }} }}", id=main["id"])
    assert pointed["children"] == [{"id": child["id"], "number": child["number"], "status": "RECEIVED"}]
    assert child["id"] not in await dispatcher.listed("hotlineDesk(status: RECEIVED, first: 50)")
    actions = (await dispatcher.see(child["id"]))["availableActions"]
    assert set(actions) == {"MERGE", "UNMERGE"}

    await people.handled(main["id"], reply="已于今早修复，请查看。")
    await status(other, child["id"], "CALLBACK")
    assert await people.message(phones[0], r"（编号(\d{12})）已答复") == main["number"]
    assert await people.message(phones[1], r"（编号(\d{12})）已答复") == child["number"]
    for citizen, order in ((one, main), (other, child)):
        seen = await citizen.see(order["id"])
        assert "已于今早修复，请查看。" in str(seen["timeline"])
        assert seen["number"] == order["number"]
        rated = await citizen.do("Rate", order["id"], grade=1, solved=True)
        assert (rated["status"], rated["closing"]) == ("CLOSED", "RATED")


async def test_a_duplicate_that_was_none_is_handled_by_itself(people: People) -> None:
    citizen, dispatcher = await people.citizen(a_mobile()), await people.staff("dispatcher")
    main, child = await citizen.do("Intake", **complaint()), await citizen.do("Intake", **complaint())
    await dispatcher.do("Merge", child["id"], into=main["id"])
    await dispatcher.do("Unmerge", child["id"], reason="不是同一处漏水。")
    await people.handled(child["id"])
    assert (await citizen.see(child["id"]))["status"] == "CALLBACK"
    assert (await citizen.see(main["id"]))["status"] == "RECEIVED"


async def test_a_unit_and_other_citizens_learn_nothing_of_a_confidential_child(people: People) -> None:
    mobile = a_mobile()
    secret, neighbour = await people.citizen(mobile), await people.citizen(a_mobile())
    child = await secret.do(
        "Intake",
        **complaint(
            reporting="CONFIDENTIAL",
            name=NAME,
            phone=mobile,
            address=ADDRESS,
            title=f"{NAME}反映漏水",
            detail=f"我是{NAME}，住{ADDRESS}，电话{mobile}，请勿告诉邻居。",
        ),
    )
    main = await neighbour.do("Intake", **complaint())
    water, head, leader = [await people.staff(login) for login in ("water", "water-head", "leader")]
    dispatcher = await people.staff("dispatcher")
    await dispatcher.do("Dispatch", main["id"], lead="unit:water")

    heard: list[str] = []
    ready = [asyncio.Event() for _ in range(3)]
    fields = f"{WHOLE} {MERGED}"
    of_desk = (
        'subscription { deskChanged(unit: "unit:water") { ... on DeskChange { order { '
        "id number version timeline { words texts { text } } mergedInto { number } children { number } } } } }"
    )
    of_order = f'subscription {{ workOrderChanged(id: "{main["id"]}") {{ {fields} }} }}'
    listeners = [
        asyncio.create_task(listen(people, who, query, heard, done))
        for who, query, done in zip((water, head, neighbour), (of_desk, of_order, of_order), ready, strict=True)
    ]
    for each in ready:
        await each.wait()
    await asyncio.sleep(1)

    await dispatcher.do("Merge", child["id"], into=main["id"], note=f"{NAME}（{mobile}）也报了此事。")
    await secret.do("Supplement", child["id"], text=f"还是我{NAME}，{mobile}。")
    await water.do("Sign", main["id"])

    problem = "{ __typename ... on Problem { code message } }"
    strangers = (water, head, neighbour)
    for who in (*strangers, leader):
        seen = await who.ask(f"query($id: ID!) {{ order(id: $id) {{ {fields} }} }}", id=main["id"])
        assert (seen["mergedInto"], seen["children"]) == (None, [])
    for who in strangers:
        for query in (
            f'{{ order(id: "{child["id"]}") {problem} }}',
            f'{{ order(number: "{child["number"]}") {problem} }}',
            f'{{ mergeCandidates(order: "{main["id"]}") {problem} }}',
            f'{{ mergeCandidates(order: "{child["id"]}") {problem} }}',
            f'{{ orders(filter: {{phone: "{mobile}"}}) {problem} }}',
            f'mutation {{ orderMerge(input: {{order: "{main["id"]}", into: "{child["id"]}",'
            f' idempotencyKey: "k"}}) {problem} }}',
            f'mutation {{ orderMerge(input: {{order: "{child["id"]}", into: "{main["id"]}",'
            f' idempotencyKey: "l"}}) {problem} }}',
            f'mutation {{ orderUnmerge(input: {{order: "{child["id"]}", reason: "好奇。",'
            f' idempotencyKey: "m"}}) {problem} }}',
        ):
            answer = await who.ask(query)
            assert answer["__typename"] == "Problem", (who.name, query, answer)
        for task in ("SIGN", "HANDLE", "WAIT", "APPROVE", "MERGED") if who is not neighbour else ():
            await who.listed(f'unitDesk(unit: "unit:water", task: {task}, first: 50)')

    await people.replied(main["id"])
    await status(secret, child["id"], "CALLBACK")
    await secret.do("Rate", child["id"], grade=2, solved=True, comment=f"{NAME}表示满意。")
    for who in strangers:
        await who.ask(f"query($id: ID!) {{ order(id: $id) {{ {fields} }} }}", id=main["id"])
    await asyncio.sleep(1)
    for listener in listeners:
        listener.cancel()
    assert heard, "the subscriptions told something"
    for text in [*heard, *(text for who in strangers for text in who.told)]:
        assert betrays(text, mobile) == [], text
        assert child["number"] not in text
        assert child["id"] not in text
    assert betrays(people.installation.log(), mobile) == []
    assert child["number"] in "".join(dispatcher.told), "the hotline is told, so it would be found"
