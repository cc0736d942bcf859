"""Files: uploaded as multipart, attached by an action, served to those who may see the order."""

import json
import struct
import zlib
from typing import Any

from tests.api.serving import PROBLEM, Api

UPLOAD = (
    f"mutation($file: Upload!) {{ uploadFile(file: $file) {{ ... on File {{ id name mediaType url }} {PROBLEM} }} }}"
)


def png() -> bytes:
    """A picture of one white dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\xff\xff")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


async def upload(api: Api, who: str | None, content: bytes, name: str = "漏水.png") -> Any:
    operations = json.dumps({"query": UPLOAD, "variables": {"file": None}})
    files: dict[str, Any] = {
        "operations": (None, operations),
        "map": (None, '{"0": ["variables.file"]}'),
        "0": (name, content, "image/png"),
    }
    answer = await api.http.post("/graphql", files=files, headers=api.headers(who))
    return answer.json()


async def test_a_photo_goes_with_its_order_to_those_who_may_see_it(api: Api) -> None:
    file = (await upload(api, "zhang", png()))["data"]["uploadFile"]
    assert (file["name"], file["mediaType"]) == ("漏水.png", "image/png")
    assert await statuses(api, file["url"], "zhang", "li", "dispatcher", None) == [200, 404, 404, 401]

    order = await api.intake(attachments=[file["id"]])
    assert await statuses(api, file["url"], "zhang", "li", "dispatcher", "water") == [200, 404, 200, 404]
    await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    assert await statuses(api, file["url"], "water", "heating") == [200, 404]
    answer = await api.http.get(file["url"], headers=api.headers("water"))
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content.startswith(b"\x89PNG")
    query = "query($id: ID!) { order(id: $id) { ... on Order { files { id } timeline { files { id } } } } }"
    seen = await api.data("water", query, id=order)
    assert [each["id"] for each in seen["files"]] == [file["id"]]
    assert seen["timeline"][0]["files"] == seen["files"]
    again = await api.act("zhang", "Supplement", order, text="再传一次。", attachments=[file["id"]])
    assert again["code"] == "ATTACHMENT_TAKEN"


async def test_a_confidential_citizen_s_photo_is_withheld_until_it_is_released(api: Api) -> None:
    file = (await upload(api, "zhang", png()))["data"]["uploadFile"]
    order = await api.intake(reporting="CONFIDENTIAL", attachments=[file["id"]])
    await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    query = "query($id: ID!) { order(id: $id) { ... on Order { files { id } timeline { files { id } } } } }"
    assert file["id"] not in str(await api.data("water", query, id=order))
    assert await statuses(api, file["url"], "dispatcher", "water") == [200, 404]
    release = f"""mutation($input: ReleaseFileInput!) {{
        releaseFile(input: $input) {{ ... on File {{ released }} {PROBLEM} }}
    }}"""
    given = {"file": file["id"], "reason": "照片中没有可识别的信息"}
    assert await api.data("dispatcher", release, input=given) == {"released": True}
    assert await statuses(api, file["url"], "water") == [200]


async def test_what_is_no_photo_is_refused(api: Api) -> None:
    for content, code in ((b"", "EMPTY_FILE"), (b"<script>", "UNSUPPORTED_FILE"), (png()[:40], "DAMAGED_FILE")):
        assert (await upload(api, "zhang", content))["data"]["uploadFile"]["code"] == code
    assert (await upload(api, None, png()))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    answered = await api.run("zhang", UPLOAD, file="not a file")
    assert answered["data"]["uploadFile"]["code"] == "INVALID_INPUT"


async def statuses(api: Api, url: str, *readers: str | None) -> list[int]:
    return [(await api.http.get(url, headers=api.headers(who))).status_code for who in readers]
