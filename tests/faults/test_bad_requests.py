"""Requests that are none: whatever comes in over HTTP is told its fault, never met with a stack trace.

Each answer is a client's error with a stable code and a Chinese sentence; the log has a line with the request's id and
nothing of what was sent.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.serving import Api
from tests.installation import Installation, is_chinese

SECRET = "只有我知道的秘密13912345678"
"""Stands in everything that is sent here and in no line of the log."""
JSON = {"content-type": "application/json"}
MINE = "{ myOrders { __typename } }"


def fault(answer: httpx.Response, installation: Installation) -> str:
    """The code of the one fault that was told; raises `AssertionError` unless it was told as it should be."""
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
    request_id = answer.headers["x-request-id"]
    body = answer.json()
    assert body.get("data") is None, body
    codes = set()
    for error in body["errors"]:
        assert is_chinese(error["message"]), error
        codes.add(error["extensions"]["code"])
    assert codes, body
    assert "UNKNOWN" not in codes, (body, installation.log_of(request_id))
    line = installation.line_of(request_id)
    assert "Traceback" not in line
    assert SECRET not in installation.log()
    (code,) = codes
    return str(code)


async def post(served: Api, content: Any, headers: dict[str, str] | None = None, who: str | None = "zhang") -> Any:
    return await served.http.post(
        "/graphql", content=content, headers={**JSON, **served.headers(who), **(headers or {})}
    )


BODIES = {
    "nothing": b"",
    "no JSON": b"{query: " + SECRET.encode(),
    "a cut-off object": b'{"query": "{ me { id } }"',
    "a string": b'"{ me { id } }"',
    "a number": b"1",
    "null": b"null",
    "an empty object": b"{}",
    "a batch": json.dumps([{"query": MINE}] * 3).encode(),
    "an empty batch": b"[]",
    "a query that is a list": b'{"query": ["x"]}',
    "a query that is a number": b'{"query": 7}',
    "an empty query": b'{"query": ""}',
    "variables that are a list": b'{"query": "{ me { id } }", "variables": []}',
    "variables that are a string": b'{"query": "{ me { id } }", "variables": "{}"}',
    "an operation's name that is a number": b'{"query": "{ me { id } }", "operationName": 1}',
    "an operation that is not there": b'{"query": "query a { me { id } }", "operationName": "b"}',
    "two operations and no name": b'{"query": "query a { me { id } } query b { me { id } }"}',
    "bytes that are no UTF-8": b'{"query": "\xff\xfe"}',
    "UTF-16": '{"query": "{ me { id } }"}'.encode("utf-16"),
    "a lone surrogate": b'{"query": "{ me { id } }", "variables": {"x": "\\ud800"}}',
    "NaN": b'{"query": "{ me { id } }", "variables": {"x": NaN}}',
    "brackets without end": b'{"query": ' + b"[" * 100_000,
    "objects without end": b'{"a":' * 100_000,
    "NUL in the query": b'{"query": "{ me\\u0000 { id } }"}',
    "a control character in the query": b'{"query": "{ me\\u0007 { id } }"}',
    "a persisted query": b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "abc"}}}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_body_that_is_no_request_is_malformed(body: bytes, served: Api, installation: Installation) -> None:
    answer = await post(served, body)
    assert fault(answer, installation) == "MALFORMED"


DEEP = '{ order(number: "1") { ... on Order ' + "{ lead { order " * 30 + "{ id }" + "} }" * 30 + " } }"
DOCUMENTS = {
    "no GraphQL": SECRET,
    "an unknown field": "{ nothing }",
    "a selection that is missing": "{ me }",
    "an argument of the wrong type": '{ myOrders(first: "ten") { __typename } }',
    "an argument that is too large": "{ myOrders(first: 99999999999999999999) { __typename } }",
    "an argument that is a fraction": "{ myOrders(first: 1.5) { __typename } }",
    "an enumeration's value that is none": "{ hotlineDesk(status: NOWHERE) { __typename } }",
    "a lone surrogate": '{ order(number: "\\uD800") { __typename } }',
    "a variable that is not declared": "{ myOrders(first: $n) { __typename } }",
    "a fragment in a circle": "{ me { ...a } } fragment a on Me { ...b } fragment b on Me { ...a }",
    "a fragment that is not there": "{ me { ...gone } }",
    "a directive that is not there": "{ me @gone { id } }",
    "depth": DEEP,
    "width": "{" + " ".join(f"a{n}: myOrders {{ __typename }}" for n in range(21)) + "}",
    "width through fragments": "{ ...a }"
    + "fragment a on Query {"
    + " ".join(f"a{n}: myOrders {{ __typename }}" for n in range(200))
    + "}",
    "width through inline fragments": "{ ... on Query {"
    + " ".join(f"a{n}: myOrders {{ __typename }}" for n in range(200))
    + "} }",
    "fragments that spread each other twice": "{ ...f0 } "
    + " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(100))
    + " fragment f100 on Query { me { id } }",
    "one field over and over": "{ myOrders { " + "__typename " * 900 + "} }",
    "one field over and over where nobody looks": "{ me { id } } fragment f on Query { " + "me { id } " * 400 + "}",
    "many mutations": "mutation {"
    + " ".join(f'a{n}: requestLoginCode(mobile: "1990000{n:04}") {{ __typename }}' for n in range(21))
    + "}",
    "tokens without end": "{ me { " + "id " * 3_000 + "} }",
    "comments without end": "# x\n" * 3_000 + "{ me { id } }",
    "a text that is too long": "{ me { id } } #" + "x" * 50_000,
    "directives without end": "{ me { id " + "@include(if: true) " * 300 + "} }",
    "braces without end": "{ a " * 900,
    "lists without end": "{ myOrders(first: " + "[" * 900 + ") { __typename } }",
    "aliases of a deep list": "{ myOrders { ... on OrderConnection { edges { node {"
    + " ".join(
        f"a{n}: assignments {{ b: order {{ c: assignments {{ d: order {{ e: assignments {{ id }} }} }} }} }}"
        for n in range(50)
    )
    + "} } } } }",
    "a schema's circle": "{ __schema { types { fields { type { fields { type { fields { type { fields { type { name "
    "} } } } } } } } } } }",
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
async def test_a_document_that_does_not_fit_the_schema_is_malformed(
    document: str, served: Api, installation: Installation
) -> None:
    answer = await post(served, json.dumps({"query": document}))
    assert fault(answer, installation) == "MALFORMED"


VARIABLES: dict[str, Any] = {
    "a missing one": {},
    "null": {"input": None},
    "another type": {"input": "x"},
    "an unknown field": {"input": {"order": "order:x", "idempotencyKey": "k", "more": SECRET}},
    "a huge number": {"input": {"order": "order:x", "idempotencyKey": 10**30}},
    "a list": {"input": [{"order": "order:x", "idempotencyKey": "k"}] * 2},
    "a key that is an object": {"input": {"order": "order:x", "idempotencyKey": {"$gt": ""}}},
    "an id that is an object": {"input": {"order": {"$ne": None}, "idempotencyKey": "k"}},
    "an id that is true": {"input": {"order": True, "idempotencyKey": "k"}},
}


@pytest.mark.parametrize("variables", VARIABLES.values(), ids=VARIABLES.keys())
async def test_variables_of_other_types_are_malformed(
    variables: dict[str, Any], served: Api, installation: Installation
) -> None:
    query = "mutation($input: OrderActionInput!) { orderSign(input: $input) { __typename } }"
    answer = await post(served, json.dumps({"query": query, "variables": variables}), who="water")
    assert fault(answer, installation) == "MALFORMED"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/graphql", "", "/;="],
)
async def test_other_content_types_are_refused(content_type: str, served: Api, installation: Installation) -> None:
    answer = await post(served, json.dumps({"query": "{ me { id } }"}), {"content-type": content_type})
    assert answer.status_code in (400, 415)
    assert fault(answer, installation) == "MALFORMED"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
async def test_other_methods_are_refused(method: str, served: Api, installation: Installation) -> None:
    answer = await served.http.request(method, "/graphql", headers=served.headers("zhang"))
    assert answer.status_code == 405
    assert fault(answer, installation) == "MALFORMED"


@pytest.mark.parametrize(
    "query",
    [
        "?query=" + "mutation%7BstartDeviceSession%7B__typename%7D%7D",
        "?query=%7Bme%7Bid%7D%7D&variables=%5B%5D",
        "?query=%7Bme%7Bid%7D%7D&variables=%7B",
        "?query=%FF%FE",
        "?query=%7Bme%00%7D",
        "?variables=%7B%7D",
        "?query=",
    ],
)
async def test_a_get_asks_one_question_and_changes_nothing(query: str, served: Api, installation: Installation) -> None:
    answer = await served.http.get(
        "/graphql" + query, headers={**served.headers("zhang"), "accept": "application/json"}
    )
    assert fault(answer, installation) == "MALFORMED"


@pytest.mark.parametrize("path", ["/", "/nothing", "/graphql/x", "/%00", "/..%2f..%2fetc%2fpasswd", "/files/x/y/z"])
async def test_paths_that_there_are_none_of(path: str, served: Api, installation: Installation) -> None:
    answer = await served.http.get(path + ("?" + SECRET if path == "/nothing" else ""))
    assert answer.status_code == 404
    assert fault(answer, installation) == "NOT_FOUND"


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    yield b'{"query": "'
    for _ in range(size // 65_536):
        yield b"x" * 65_536
    yield b'"}'


async def test_ten_megabytes_are_too_much(served: Api, installation: Installation) -> None:
    """Announced or not; nobody waits for the rest."""
    announced = await post(served, json.dumps({"query": "{ me { id } }", "variables": {"x": "字" * (10 << 20)}}))
    assert announced.status_code == 413
    assert fault(announced, installation) == "BODY_TOO_LARGE"
    counted = await post(served, in_pieces(10 << 20))
    assert counted.status_code == 413
    assert fault(counted, installation) == "BODY_TOO_LARGE"


@pytest.mark.parametrize(
    "given", ["short", "x" * 65, "a b c d e f g h", "<script>alert(1)</script>", "12345678;SECRET"]
)
async def test_a_request_id_is_taken_over_only_if_it_is_one(given: str, served: Api) -> None:
    answer = await post(served, b"{}", {"x-request-id": given})
    assert answer.headers["x-request-id"] != given
    own = await post(served, b"{}", {"x-request-id": "a-request-id-of-my-own"})
    assert own.headers["x-request-id"] == "a-request-id-of-my-own"
