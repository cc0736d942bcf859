"""Whatever is sent: a client error with a code, never a 5xx, never a stack trace."""

import asyncio
import json
from typing import Any

import pytest

from api.http.requests import LARGEST_BODY
from api.limits import DEEPEST, MOST_ROOT_FIELDS
from tests.api.serving import COMPLAINT, ORDER, Api

INTAKE = f"mutation($input: OrderIntakeInput!) {{ answer: orderIntake(input: $input) {{ {ORDER} }} }}"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"5",
        b'"query"',
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"\xff\xfe{}",
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": 5}',
        b'{"query": ["{ __typename }"]}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": "x"}',
        b'{"query": "{ __typename }", "operationName": ["x"]}',
        b'{"query": "{ __typename }", "operationName": "x"}',
        b'{"query": "{ __typename }", "extensions": 7}',
        b'{"query": "{ __typename } \\ud800"}',
        b'{"query": "fragment F on Query { __typename }"}',
    ],
)
async def test_a_body_that_is_no_request(api: Api, body: bytes) -> None:
    answer = await api.http.post("/graphql", content=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert told_codes(answer.json()) == ["MALFORMED"]


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "}",
        "{ nothing }",
        "{ me }",
        "{ order(id: $id) { __typename } }",
        "query($id: Nothing!) { order(id: $id) { __typename } }",
        "mutation { orderSign(input: {}) { __typename } }",
        "{ hotlineDesk(status: NOTHING) { __typename } }",
        "{ hotlineDesk(status: RECEIVED, first: 99999999999) { __typename } }",
        'query($s: String = "\\uD800") { order(number: $s) { __typename } }',
        "{ me { ...F } } fragment F on Me { ...F }",
        "{ " + "a" * 50_000 + " }",
        "{ " + " ".join(f"a{n}: __typename" for n in range(MOST_ROOT_FIELDS + 1)) + " }",
        "{ me " + "{ unit " * 3 + "}" * 3 + " } #" * 10,
        "query A { __typename } query B { __typename }",
        "query " + "($a: Int)" * 3 + "{ __typename }",
        "{ " + "me { roles } " * 1_500 + "}",
        "{" * 5_000,
        "subscription { workOrderChanged { __typename } deskChanged { __typename } }",
    ],
)
async def test_a_query_that_is_not_valid(api: Api, query: str) -> None:
    answer = await api.http.post("/graphql", json={"query": query}, headers=api.headers("dispatcher"))
    assert answer.status_code in (200, 400), answer.text
    body = answer.json()
    assert body.get("data") is None
    assert set(told_codes(body)) == {"MALFORMED"}


async def test_a_query_too_deep_is_refused(api: Api) -> None:
    levels = "lead { order { " * DEEPEST
    body = await api.run("dispatcher", f'{{ order(number: "1") {{ ... on Order {{ {levels} id {"} }" * DEEPEST} }} }}')
    assert set(told_codes(body)) == {"MALFORMED"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"category": "category:none"}, "category"),
        ({"category": "unit:water"}, "category"),
        ({"category": "leak"}, "category"),
        ({"place": "place:" + "x" * 5_000}, "place"),
        ({"channel": "channel:\u0000"}, "channel"),
        ({"channel": "channel:none"}, "channel"),
        ({"complainedOf": "unit:none"}, "complainedOf"),
        ({"linkedTo": "order"}, "linkedTo"),
        ({"attachments": ["file:x", "order:y"]}, "attachments.1"),
        ({"title": ""}, "title"),
        ({"title": "一行\n两行"}, "title"),
        ({"title": "漏" * 101}, "title"),
        ({"detail": "漏" * 10_001}, "detail"),
        ({"detail": "漏水\u0000"}, "detail"),
        ({"detail": "漏水\u001b[2J"}, "detail"),
        ({"detail": " \n "}, "detail"),
        ({"phone": "12"}, "phone"),
        ({"phone": "1" * 300}, "phone"),
        ({"phone": "十三八"}, "phone"),
        ({"name": "三" * 201}, "name"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
        ({"idempotencyKey": "k" * 101}, "idempotencyKey"),
        ({"idempotencyKey": "a\u0000b"}, "idempotencyKey"),
    ],
)
async def test_a_faulty_field_is_a_problem_that_names_it(api: Api, changes: dict[str, Any], path: str) -> None:
    problem = await api.mutate("zhang", "orderIntake", **{**COMPLAINT, **changes})
    assert problem["__typename"] == "Problem", problem
    assert [field["path"] for field in problem["fields"]] == [path]
    assert all("\u4e00" <= field["message"][0] <= "\u9fff" for field in problem["fields"])


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "NOTHING"},
        {"title": 5},
        {"title": None},
        {"detail": ["x"]},
        {"attachments": "file:x", "detail": {}},
        {"nothing": "x"},
        {"upstream": {"source": "s", "number": "n", "due": "yesterday"}},
        {"upstream": {"source": "s", "number": "n", "due": "2026-11-22T08:30:00"}},
        {"upstream": {"source": "s", "number": "n", "due": "0001-01-01T00:00:00+14:00"}},
        {"upstream": {"source": "s", "number": "n", "due": 1e300}},
    ],
)
async def test_a_variable_of_the_wrong_type(api: Api, changes: dict[str, Any]) -> None:
    body = await api.run("zhang", INTAKE, input={**COMPLAINT, "idempotencyKey": "k", **changes})
    assert body.get("data") is None
    assert set(told_codes(body)) == {"MALFORMED"}


async def test_ten_megabytes_of_text_are_not_read(api: Api) -> None:
    answer = await api.http.post(
        "/graphql",
        json={"query": INTAKE, "variables": {"input": {**COMPLAINT, "detail": "漏" * 3_500_000}}},
        headers=api.headers("zhang"),
    )
    assert answer.status_code == 413
    assert told_codes(answer.json()) == ["BODY_TOO_LARGE"]


async def test_a_large_body_without_its_length_is_cut_off(api: Api) -> None:
    async def pieces() -> Any:
        for _ in range(LARGEST_BODY // 65_536 + 2):
            yield b" " * 65_536

    answer = await api.http.post("/graphql", content=pieces(), headers=JSON)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "cursor", ["x", "é", "MjAyNi0xMS0xNg", "eyJhIjoxfQ==", "A" * 10_000, "\u0000", "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4fg"]
)
async def test_a_cursor_that_is_not_ours(api: Api, cursor: str) -> None:
    query = """query($after: String) {
        hotlineDesk(status: RECEIVED, after: $after) { ... on Problem { code fields { path } } }
    }"""
    problem = await api.data("dispatcher", query, after=cursor)
    assert problem == {"code": "INVALID_INPUT", "fields": [{"path": "after"}]}


@pytest.mark.parametrize("first", [0, -1, 51, 2**31 - 1])
async def test_a_page_of_a_size_that_is_not_offered(api: Api, first: int) -> None:
    query = "query($first: Int!) { myOrders(first: $first) { ... on Problem { fields { path } } } }"
    assert await api.data("zhang", query, first=first) == {"fields": [{"path": "first"}]}


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "UNAUTHENTICATED"),
        ("Basic eDp5", "UNAUTHENTICATED"),
        ("Bearer", "UNAUTHENTICATED"),
        ("Bearer x", "BAD_TOKEN"),
        ("Bearer " + "x" * 5_000, "BAD_TOKEN"),
        ("Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzdGFmZjphZG1pbiJ9.", "BAD_TOKEN"),
        ("Bearer \xe9", "BAD_TOKEN"),
    ],
)
async def test_a_token_that_is_not_ours(api: Api, header: str | None, code: str) -> None:
    headers = {b"authorization": header.encode("latin-1")} if header else {}
    answer = await api.http.post("/graphql", json={"query": "{ myOrders { __typename } }"}, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert told_codes(answer.json()) == [code]


async def test_a_token_whose_claims_were_changed(api: Api) -> None:
    head, _, mac = api.tokens["zhang"].split(".")
    claims = api.tokens["dispatcher"].split(".")[1]
    answer = await api.http.post(
        "/graphql",
        json={"query": "{ hotlineDesk(status: RECEIVED) { __typename } }"},
        headers={"authorization": f"Bearer {head}.{claims}.{mac}"},
    )
    assert told_codes(answer.json()) == ["BAD_TOKEN"]


@pytest.mark.parametrize(
    ("operations", "map"),
    [
        ("{", "{}"),
        ("[]", "[]"),
        ("5", "5"),
        ('{"query": "{ __typename }"}', "[]"),
        ('{"query": "{ __typename }"}', '{"0": "variables.file"}'),
        ('{"query": "{ __typename }"}', '{"0": ["variables.file.x.y"]}'),
        ('{"query": "{ __typename }", "variables": null}', '{"0": ["variables.file"]}'),
        ('{"query": "{ __typename }", "variables": {"a": []}}', '{"0": ["variables.a.7"]}'),
        ('{"query": 7}', "{}"),
    ],
)
async def test_a_multipart_request_that_does_not_follow_the_spec(api: Api, operations: str, map: str) -> None:
    files: dict[str, Any] = {"operations": (None, operations), "map": (None, map), "0": ("a.txt", b"x")}
    answer = await api.http.post("/graphql", files=files)
    assert answer.status_code == 400, answer.text
    assert told_codes(answer.json()) == ["MALFORMED"]


@pytest.mark.parametrize(
    ("method", "path", "content_type"),
    [
        ("PUT", "/graphql", "application/json"),
        ("DELETE", "/graphql", "application/json"),
        ("POST", "/graphql", "text/plain"),
        ("POST", "/graphql", "multipart/form-data"),
        ("POST", "/graphql", "multipart/form-data; boundary=x"),
        ("POST", "/graphql", ""),
        ("POST", "/graphql", ";;;"),
        ("GET", "/nothing", ""),
        ("POST", "/healthz", ""),
        ("GET", "/files/x", ""),
        ("GET", "/files/%00", ""),
        ("GET", "/graphql?query=%7B", ""),
        ("GET", "/graphql?query=mutation%7BsignOut%7B__typename%7D%7D", ""),
        ("GET", "/graphql?query=%7B__typename%7D&variables=x", ""),
        ("GET", "/graphql?query=%7B__typename%7D&variables=5", ""),
    ],
)
async def test_a_request_that_there_is_no_answer_to(api: Api, method: str, path: str, content_type: str) -> None:
    headers = {"content-type": content_type, "accept": "application/json"}
    answer = await api.http.request(method, path, content=b"xyz", headers=headers)
    assert 400 <= answer.status_code < 500 or "errors" in answer.json(), answer.text
    assert told_codes(answer.json())
    assert answer.headers["x-request-id"]


async def test_a_subscription_needs_a_connection_that_stays(api: Api) -> None:
    query = {"query": "subscription { deskChanged(status: RECEIVED) { __typename } }"}
    answer = await api.http.post("/graphql", json=query, headers=api.headers("dispatcher"))
    assert (answer.status_code, told_codes(answer.json())) == (400, ["MALFORMED"])


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "5",
        "[]",
        '{"type": 5}',
        '{"type": "nothing"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": 5}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": [], "payload": {"query": "{ __typename }"}}',
        '{"type": "complete"}',
        '{"type": "connection_init", "payload": {"authorization": 5}}',
    ],
)
async def test_a_websocket_message_that_is_none(api: Api, message: str) -> None:
    async with api.websocket("zhang") as socket:
        await socket.raw.send(message)
        async with asyncio.timeout(10):
            await socket.raw.wait_closed()
        assert socket.raw.close_code is not None
        assert 4400 <= socket.raw.close_code < 4500


async def test_a_large_websocket_message_is_not_read(api: Api) -> None:
    async with api.websocket("zhang") as socket:
        await socket.raw.send(json.dumps({"type": "ping", "payload": {"x": "x" * (LARGEST_BODY + 1)}}))
        async with asyncio.timeout(10):
            await socket.raw.wait_closed()
        assert socket.raw.close_code == 1009


async def test_what_nobody_expected_is_masked_under_its_request_id(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def explode(*_: object) -> None:
        raise RuntimeError("13800138000 的工单")

    monkeypatch.setattr(type(api.app.office.orders), "own", explode)
    answer = await api.http.post(
        "/graphql",
        json={"query": "{ myOrders { __typename } }"},
        headers={**api.headers("zhang"), "x-request-id": "given-by-client"},
    )
    assert answer.status_code == 200
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "UNKNOWN", "requestId": "given-by-client"}
    assert "13800138000" not in answer.text
    assert answer.headers["x-request-id"] == "given-by-client"


def told_codes(body: Any) -> list[str]:
    return [error["extensions"]["code"] for error in body["errors"]]
