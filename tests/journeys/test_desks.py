"""Each role finds on its desk what is to be done, and nothing that is another's."""

from tests.journeys.people import People, Person, a_mobile, complaint


async def on_desk(person: Person, desk: str, order: str) -> bool:
    """Whether an order lies on one of the desk's pages."""
    after = None
    while True:
        arguments = desk[:-1] + f", first: 50{f', after: {chr(34)}{after}{chr(34)}' if after else ''})"
        kind, inner = ("AssignmentConnection", "order { id }") if desk.startswith("unit") else ("OrderConnection", "id")
        page = await person.ask(
            f"""{{ {arguments} {{ __typename ... on {kind} {{
                edges {{ node {{ {inner} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
        )
        assert page["__typename"] == kind, page
        if order in str(page["edges"]):
            return True
        if not page["pageInfo"]["hasNextPage"]:
            return False
        after = page["pageInfo"]["endCursor"]


async def test_an_order_moves_from_desk_to_desk(people: People) -> None:
    citizen = await people.citizen(a_mobile())
    order = (await citizen.do("Intake", **complaint()))["id"]
    dispatcher, reviewer, caller = [await people.staff(login) for login in ("dispatcher", "reviewer", "caller")]
    water, head, heating = [await people.staff(login) for login in ("water", "water-head", "heating")]

    async def lies_on(person: Person, desk: str) -> bool:
        return await on_desk(person, desk, order)

    assert await lies_on(dispatcher, "hotlineDesk(status: RECEIVED)")
    await dispatcher.do("Dispatch", order, lead="unit:water")
    assert not await lies_on(dispatcher, "hotlineDesk(status: RECEIVED)")
    assert await lies_on(water, 'unitDesk(unit: "unit:water", task: SIGN)')
    assert not await lies_on(heating, 'unitDesk(unit: "unit:heating", task: SIGN)')
    assert (await heating.see(order))["code"] == "NOT_FOUND"
    await water.do("Sign", order)
    assert not await lies_on(water, 'unitDesk(unit: "unit:water", task: SIGN)')
    assert await lies_on(water, 'unitDesk(unit: "unit:water", task: HANDLE)')

    await water.do("RequestExtension", order, reason="等待配件到货。", workingDays=1)
    page = (
        "{ requestDesk(kind: EXTENSION, first: 50) { ... on RequestConnection { edges { node { order { id } } } } } }"
    )
    assert order in str(await dispatcher.ask(page))
    await dispatcher.do("Grant", order, kind="EXTENSION")
    assert order not in str(await dispatcher.ask(page))

    await water.do("SubmitReply", order, outcome="SOLVED", answer="已修复。")
    assert await lies_on(head, 'unitDesk(unit: "unit:water", task: APPROVE)')
    await head.do("UnitApprove", order)
    assert await lies_on(reviewer, "hotlineDesk(status: HOTLINE_REVIEW)")
    await reviewer.do("HotlineAccept", order)
    assert await lies_on(caller, "hotlineDesk(status: CALLBACK)")
    await citizen.do("Rate", order, grade=2, solved=True)
    assert not await lies_on(caller, "hotlineDesk(status: CALLBACK)")
    assert (await water.see(order))["__typename"] == "Order", "what one handled stays one's own"
