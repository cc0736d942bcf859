"""Connections that stall, lie or break: nobody else waits for them, and they are closed in time."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from api.http import requests
from runtime.answering import HEADER_SECONDS, LARGEST_FRAME
from tests.api.serving import Api
from tests.installation import Installation, is_chinese

HEAD = (
    b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    b"x-request-id: a-broken-connection\r\ncontent-length: %d\r\n\r\n"
)


async def open_connection(installation: Installation) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", installation.port)


async def test_headers_that_do_not_come_are_not_waited_for(installation: Installation, served: Api) -> None:
    """Twenty connections that say nothing, or half of it; the others are answered meanwhile."""
    opened = [await open_connection(installation) for _ in range(20)]
    for _, writer in opened[10:]:
        writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\nx-slow: ")
    assert (await served.http.get("/healthz")).status_code == 200
    async with asyncio.timeout(HEADER_SECONDS + 10):
        for reader, writer in opened:
            assert await reader.read() == b""
            writer.close()


async def test_a_body_that_comes_drop_by_drop_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "BODY_SECONDS", 0.2)

    async def drops() -> dict[str, Any]:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b" ", "more_body": True}

    receive = requests._bounded(drops, {})
    with pytest.raises(requests.BodyTooSlow) as refused:
        for _ in range(100):
            await receive()
    assert refused.value.status == 408
    assert is_chinese(refused.value.message)


async def test_what_follows_the_body_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream listens for its client's going away for as long as it runs."""
    monkeypatch.setattr(requests, "BODY_SECONDS", 0.05)
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": b"{}"}, {"type": "http.disconnect"}]

    async def slowly() -> dict[str, Any]:
        if len(messages) == 1:
            await asyncio.sleep(0.2)
        return messages.pop(0)

    receive = requests._bounded(slowly, {})
    assert (await receive())["type"] == "http.request"
    assert (await receive())["type"] == "http.disconnect"


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",  # TLS
        b"\x00" * 1_000,
        b"GET\r\n\r\n",
        b"GET /graphql HTTP/9.9\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nZZZ\r\n",
        b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 50_000 + b"\r\n",
    ],
    ids=["TLS", "zeros", "half a line", "version", "negative", "two lengths", "chunks", "a long path", "headers"],
)
async def test_what_is_no_http_is_refused(sent: bytes, installation: Installation, served: Api) -> None:
    reader, writer = await open_connection(installation)
    answer = b""
    try:
        writer.write(sent)
        async with asyncio.timeout(HEADER_SECONDS + 5):
            answer = await reader.read(65_536)
    except ConnectionError:
        pass  # cut off while it was still being sent
    writer.close()
    assert answer == b"" or answer.split(b" ")[1].startswith(b"4"), answer[:200]
    assert b"Traceback" not in answer
    assert (await served.http.get("/readyz")).status_code == 200
    assert "Traceback" not in installation.log()


async def test_a_client_that_goes_away_in_the_middle_is_no_fault_of_ours(
    installation: Installation, served: Api
) -> None:
    for cut in (0, 10):
        _, writer = await open_connection(installation)
        writer.write(HEAD % 100_000 + b"{" * cut)
        await writer.drain()
        writer.transport.abort()
    assert (await served.http.get("/readyz")).status_code == 200
    await asyncio.sleep(0.3)
    assert "unknown_error" not in installation.log_of("a-broken-connection")


MULTIPART = {
    "no boundary": ("multipart/form-data", b"--x\r\n"),
    "an empty body": ("multipart/form-data; boundary=x", b""),
    "another boundary": ("multipart/form-data; boundary=x", b"--y\r\n\r\n--y--\r\n"),
    "no operations": (
        "multipart/form-data; boundary=x",
        b'--x\r\ncontent-disposition: form-data; name="map"\r\n\r\n{}\r\n--x--\r\n',
    ),
    "operations that are no JSON": (
        "multipart/form-data; boundary=x",
        b'--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{{{\r\n'
        b'--x\r\ncontent-disposition: form-data; name="map"\r\n\r\n{}\r\n--x--\r\n',
    ),
    "a map to nowhere": (
        "multipart/form-data; boundary=x",
        b'--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query": "{ me { id } }"}\r\n'
        b'--x\r\ncontent-disposition: form-data; name="map"\r\n\r\n{"0": ["variables.a.b.c"]}\r\n'
        b'--x\r\ncontent-disposition: form-data; name="0"; filename="a"\r\n\r\nx\r\n--x--\r\n',
    ),
    "a map of another type": (
        "multipart/form-data; boundary=x",
        b'--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query": "{ me { id } }"}\r\n'
        b'--x\r\ncontent-disposition: form-data; name="map"\r\n\r\n[1, 2]\r\n--x--\r\n',
    ),
    "cut off": (
        "multipart/form-data; boundary=x",
        b'--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query": "{ me',
    ),
    "a thousand files": (
        "multipart/form-data; boundary=x",
        b"".join(
            b'--x\r\ncontent-disposition: form-data; name="%d"; filename="a"\r\n\r\nx\r\n' % n for n in range(1_500)
        )
        + b"--x--\r\n",
    ),
    "headers without end": (
        "multipart/form-data; boundary=x",
        b"--x\r\n" + b"a: " + b"b" * 500_000 + b"\r\n\r\n\r\n--x--\r\n",
    ),
}


@pytest.mark.parametrize(("content_type", "body"), MULTIPART.values(), ids=MULTIPART.keys())
async def test_a_broken_multipart_request_is_malformed(content_type: str, body: bytes, served: Api) -> None:
    answer = await served.http.post(
        "/graphql", content=body, headers={**served.headers("zhang"), "content-type": content_type}
    )
    assert 400 <= answer.status_code < 500, answer.text
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "MALFORMED"
    assert is_chinese(error["message"])


async def test_an_upload_that_is_too_large_is_cut_off(served: Api) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="0"; filename="a"\r\n\r\n'
        for _ in range(36):
            yield b"x" * (1 << 20)

    headers = {**served.headers("zhang"), "content-type": "multipart/form-data; boundary=x"}
    try:
        answer = await served.http.post("/graphql", content=endless(), headers=headers)
    except httpx.TransportError:
        return  # cut off before all was sent
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


# WebSockets

INIT = json.dumps({"type": "connection_init"})


async def told(socket: ClientConnection) -> int:
    """How the server closed the connection."""
    try:
        async with asyncio.timeout(20):
            while True:
                await socket.recv()
    except websockets.ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


FRAMES: dict[str, list[str | bytes]] = {
    "no JSON": ["{{{"],
    "a list": ["[1, 2]"],
    "a number": ["7"],
    "null": ["null"],
    "no type": ["{}"],
    "an unknown type": ['{"type": "surprise"}'],
    "a type that is a list": ['{"type": ["connection_init"]}'],
    "bytes": [b"\xff\xfe\x00"],
    "a subscription before the start": ['{"id": "1", "type": "subscribe", "payload": {"query": "{ me { id } }"}}'],
    "the start twice": [INIT, INIT],
    "the start with a payload that is a list": ['{"type": "connection_init", "payload": [1]}'],
    "a subscription without a payload": [INIT, '{"id": "1", "type": "subscribe"}'],
    "a subscription whose query is a number": [INIT, '{"id": "1", "type": "subscribe", "payload": {"query": 1}}'],
    "a subscription without an id": [INIT, '{"type": "subscribe", "payload": {"query": "{ me { id } }"}}'],
    "an id that is an object": [INIT, '{"id": {}, "type": "subscribe", "payload": {"query": "{ me { id } }"}}'],
}


@pytest.mark.parametrize("frames", FRAMES.values(), ids=FRAMES.keys())
async def test_broken_frames_close_the_connection_and_nothing_else(
    frames: list[str | bytes], installation: Installation, served: Api
) -> None:
    async with connect(installation.websocket, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        for frame in frames:
            await socket.send(frame)
        code = await told(socket)
    assert code in range(4400, 4500) or code == 1002, code
    assert (await served.http.get("/readyz")).status_code == 200
    assert "Traceback" not in installation.log()
    assert "unknown_error" not in installation.log()


async def test_a_frame_that_is_too_large_closes_the_connection(installation: Installation) -> None:
    async with connect(installation.websocket, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send("x" * (LARGEST_FRAME + 1))
        assert await told(socket) == 1009


async def test_a_connection_that_never_starts_is_closed(installation: Installation) -> None:
    async with connect(installation.websocket, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        assert await told(socket) == 4408


@pytest.mark.parametrize("token", ["", "x", "Bearer", "Bearer x.y.z", "Bearer " + "x" * 100_000, "\ud83d\ude00"])
async def test_a_forged_token_subscribes_to_nothing(token: str, installation: Installation) -> None:
    async with connect(installation.websocket, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": token}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        query = 'subscription { workOrderChanged(id: "order:x") { __typename } }'
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        async with asyncio.timeout(10):
            answer = json.loads(await socket.recv())
    assert answer["type"] in ("error", "next"), answer
    errors = answer["payload"] if answer["type"] == "error" else answer["payload"]["errors"]
    assert errors[0]["extensions"]["code"] in ("UNAUTHENTICATED", "BAD_TOKEN", "SESSION_ENDED")
