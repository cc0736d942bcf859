"""A device on which nobody is logged in complains with a photo."""

from pathlib import Path

from tests.journeys.people import People, complaint

PHOTO = (Path(__file__).parents[1] / "workorders/attachments/samples/turned.jpg").read_bytes()
ANONYMOUS = {"reporting": "ANONYMOUS", "name": None, "phone": None, "address": None}


async def test_an_anonymous_complaint_with_a_photo_is_solved_and_archived_without_a_callback(people: People) -> None:
    device = await people.device()
    photo = await device.upload("漏水 照片.jpg", PHOTO)
    order = await device.do("Intake", **complaint(**ANONYMOUS, attachments=[photo]))
    assert order["reporter"] is None
    assert [file["id"] for file in order["files"]] == [photo]

    water, dispatcher = await people.staff("water"), await people.staff("dispatcher")
    await dispatcher.do("Dispatch", order["id"], lead="unit:water")
    assert (await water.see(order["id"]))["files"] == [], "a photo may show who took it"
    assert (await water.download(photo)).status_code == 404
    release = """mutation($f: ID!) { releaseFile(input: {file: $f, reason: "照片上没有人。"}) {
        __typename ... on File { released } } }"""
    assert (await dispatcher.ask(release, f=photo))["released"] is True
    seen = await water.download(photo)
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert seen.content.startswith(b"\xff\xd8")

    await water.do("Sign", order["id"])
    await people.replied(order["id"], reply="已更换水管。")
    after = await device.see(order["id"])
    assert (after["status"], after["closing"]) == ("CLOSED", "WITHOUT_CALLBACK")
    assert "已更换水管。" in str(after["timeline"])


async def test_what_a_device_sends_is_its_own(people: People) -> None:
    mine, other = await people.device(), await people.device()
    photo = await mine.upload("a.jpg", PHOTO)
    order = await mine.do("Intake", **complaint(**ANONYMOUS, attachments=[photo]))
    assert await mine.listed("myOrders") == [order["id"]]
    assert await other.listed("myOrders") == []
    assert (await other.see(order["id"]))["code"] == "NOT_FOUND"
    assert (await other.download(photo)).status_code == 404
    query = f'{{ order(number: "{order["number"]}") {{ __typename ... on Problem {{ code }} }} }}'
    assert (await other.ask(query))["code"] == "NOT_FOUND"


async def test_a_device_tells_no_name(people: People) -> None:
    device = await people.device()
    query = """mutation($i: OrderIntakeInput!) { orderIntake(input: $i) { __typename ... on Problem { code } } }"""
    open_report = {"idempotencyKey": "one", **complaint()}
    assert (await device.ask(query, i=open_report))["code"] == "NOT_ALLOWED"
    named = {"idempotencyKey": "two", **complaint(reporting="ANONYMOUS")}
    assert (await device.ask(query, i=named))["code"] == "INVALID_INPUT"
