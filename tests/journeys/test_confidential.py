"""A confidential reporter: whatever a unit does, it is never told who it was."""

import asyncio
import json
import re
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.journeys.people import ORDER, WHOLE, People, Person, a_mobile, complaint

NAME, ADDRESS = "欧阳慎言", "柳荫巷88号7单元1201室"
PHOTO = (Path(__file__).parents[1] / "workorders/attachments/samples/turned.jpg").read_bytes()


def betrays(text: str, mobile: str) -> list[str]:
    """What of the reporter stands in a text, also in JSON's escapes."""
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text)
    return [known for known in (NAME, mobile, ADDRESS, "柳荫巷88号", "慎言", "私人照片") if known in plain]


async def listen(people: People, person: Person, query: str, told: list[str], ready: asyncio.Event) -> None:
    """Keep all that a subscription tells somebody."""
    uri, protocol = people.installation.websocket, Subprotocol("graphql-transport-ws")
    async with connect(uri, subprotocols=[protocol], proxy=None) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": person.headers}))
        await socket.recv()
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        ready.set()
        async for message in socket:
            told.append(str(message))


async def test_a_unit_never_learns_a_confidential_reporter(people: People) -> None:
    mobile = a_mobile()
    citizen = await people.citizen(mobile)
    photo = await citizen.upload("欧阳慎言的私人照片.jpg", PHOTO)
    order = await citizen.do(
        "Intake",
        **complaint(
            reporting="CONFIDENTIAL",
            name=NAME,
            phone=mobile,
            address=ADDRESS,
            title=f"{NAME}反映漏水",
            detail=f"我是{NAME}，住{ADDRESS}，电话{mobile}，请勿告诉邻居。",
            attachments=[photo],
        ),
    )
    id = order["id"]
    units = [await people.staff(login) for login in ("water", "water-head", "east", "heating")]
    water, head, east, heating = units

    subscribed: list[str] = []
    ready = [asyncio.Event(), asyncio.Event()]
    of_desk = f'subscription {{ deskChanged(unit: "unit:water") {{ ... on DeskChange {{ order {{ {ORDER} }} }} }} }}'
    of_order = f'subscription {{ workOrderChanged(id: "{id}") {{ {WHOLE} }} }}'
    listeners = [
        asyncio.create_task(listen(people, water, of_desk, subscribed, ready[0])),
    ]
    await ready[0].wait()
    await asyncio.sleep(1)

    dispatcher, operator = await people.staff("dispatcher"), await people.staff("operator")
    await dispatcher.do("Dispatch", id, lead="unit:water", co=["unit:heating"])
    listeners.append(asyncio.create_task(listen(people, head, of_order, subscribed, ready[1])))
    await ready[1].wait()
    await citizen.do("Supplement", id, text=f"补充：还是我{NAME}，{mobile}。")
    await operator.do("Supplement", id, text=f"{NAME}先生来电（{mobile[:3]} {mobile[3:7]} {mobile[7:]}）催办。")
    await citizen.do("Urge", id, text=f"{ADDRESS}还在漏。")
    await water.do("Sign", id)
    await heating.do("CoSign", id)
    await water.do("Delegate", id, to="unit:water-east", note="请现场处理。")
    await east.do("CoSign", id)

    number = order["number"]
    person = "{ __typename ... on Problem { code message } }"
    for unit in units:
        seen = await unit.see(id)
        assert seen["__typename"] == "Order"
        assert seen["reporter"] is None
        assert seen["files"] == []
        assert (await unit.download(photo)).status_code == 404
        assert (await unit.download("file:" + "A" * 22)).status_code == 404
        for query in (
            f'{{ orders(filter: {{phone: "{mobile}"}}) {person} }}',
            f'{{ orders(filter: {{name: "{NAME}"}}) {person} }}',
            f'{{ orders(filter: {{number: "{number}"}}) {person} }}',
            f'{{ findResidents(mobile: "{mobile}") {person} }}',
            f'{{ findResidents(name: "{NAME}") {person} }}',
            f'mutation {{ revealReporter(input: {{order: "{id}", reason: "联系市民。"}}) {person} }}',
            f"mutation {{ exportMyData {person} }}",
            "mutation { revealResident(input: {"
            f'resident: "{citizen.name}", fields: [NAME], reason: "联系市民。"}}) {person} }}',
            f'mutation {{ releaseFile(input: {{file: "{photo}", reason: "需要查看照片。"}}) {person} }}',
            f'mutation {{ orderRate(input: {{order: "{id}", idempotencyKey: "x", grade: 1, solved: true}}) {person} }}',
        ):
            answer = await unit.ask(query)
            found = answer["__typename"]
            assert found == "Problem" or (found == "OrderConnection" and number in query), (unit.name, query, answer)
        for task in ("SIGN", "HANDLE", "WAIT", "APPROVE"):
            own = {"water": "water", "water-head": "water", "east": "water-east", "heating": "heating"}[unit.name]
            await unit.ask(
                f"""{{ unitDesk(unit: "unit:{own}", task: {task}) {{ __typename ... on AssignmentConnection {{
                    edges {{ node {{ id order {{ {ORDER} }} }} }} }} }} }}"""
            )
    await east.do("CoReply", id, answer="已到场。")
    await heating.do("CoReply", id, answer="已配合。")
    await people.replied(id)
    caller = await people.staff("caller")
    await caller.do("CallbackAttempt", id, reached=True, solved=True, grade=2, said=f"{NAME}表示满意，{mobile}。")
    await caller.do("CallbackClose", id)
    for unit in units:
        await unit.see(id)

    await asyncio.sleep(1)
    for listener in listeners:
        listener.cancel()
    assert subscribed, "the subscriptions told something"
    assert set(betrays("".join(citizen.told), mobile)) >= {NAME, "私人照片"}, (
        "the citizen is told, so it would be found"
    )
    for unit in units:
        for text in unit.told:
            assert betrays(text, mobile) == [], (unit.name, text)
    for text in subscribed:
        assert betrays(text, mobile) == [], text
    assert betrays(people.installation.log(), mobile) == []
    assert citizen.name not in people.installation.log()
    assert not any(citizen.name in text for unit in units for text in unit.told)

    known = (await (await people.staff("reviewer")).see(id))["reporter"]
    assert known["name"].startswith("欧"), "the hotline relays, so it knows"
