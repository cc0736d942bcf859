"""Well-formed requests with values that are none: each is told by a code of its own and a Chinese sentence; nothing is
changed, and the log says nothing of what was sent.
"""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from foundation.crypto import Keyring, new_key_setting
from identity.actors import Actor, Role
from identity.tokens import Tokens
from tests.api.serving import COMPLAINT, INPUTS, Api, Json
from tests.installation import Installation, is_chinese

PROBLEM = "{ __typename ... on Problem { code message fields { path message } } }"
LONG = "长" * 100_000
PHONE = "13912345678"


async def told(
    served: Api, installation: Installation, who: str | None, query: str, variables: Json | None = None
) -> Json:
    """The problem, or the error, that a request is answered with."""
    answer = await served.http.post(
        "/graphql", json={"query": query, "variables": variables}, headers=served.headers(who)
    )
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
    body = answer.json()
    line = installation.line_of(answer.headers["x-request-id"])
    assert "unknown_error" not in line
    assert PHONE not in line
    if "errors" in body:
        problem = {"code": body["errors"][0]["extensions"]["code"], "message": body["errors"][0]["message"]}
    else:
        (problem,) = body["data"].values()
        assert problem["__typename"] == "Problem", problem
    assert is_chinese(problem["message"]), problem
    assert problem["code"] != "UNKNOWN"
    return dict(problem)


async def refused(served: Api, installation: Installation, who: str, name: str, /, **input: Any) -> Json:
    """The problem of a mutation, and that it changed nothing of its order."""
    kind = INPUTS.get(name, name[0].upper() + name[1:] + "Input")
    query = f"mutation($input: {kind}!) {{ {name}(input: $input) {PROBLEM} }}"
    return await told(served, installation, who, query, {"input": {"idempotencyKey": "a-key", **input}})


TEXTS = {
    "empty": "",
    "blank": " \u3000\n\t ",
    "NUL": "漏水\u0000",
    "a bell": "漏水\u0007",
    "an escape": "\u001b[31m漏水",
    "C1": "漏\u0085水",
}
INTAKES: dict[str, tuple[Json, str]] = {
    **{f"a title that is {name}": ({"title": text}, "title") for name, text in TEXTS.items()},
    **{f"a detail that is {name}": ({"detail": text}, "detail") for name, text in TEXTS.items()},
    "a title of two lines": ({"title": "漏水\n漏水"}, "title"),
    "a title of 101": ({"title": "长" * 101}, "title"),
    "a detail of 100,000": ({"detail": LONG}, "detail"),
    "a name of 100,000": ({"name": LONG}, "name"),
    "an unknown category": ({"category": "category:none"}, "category"),
    "a category that is a unit": ({"category": "unit:water"}, "category"),
    "a category of 10,000": ({"category": "category:" + "x" * 10_000}, "category"),
    "a category with NUL": ({"category": "category:a\u0000"}, "category"),
    "an unknown place": ({"place": "place:none"}, "place"),
    "an unknown channel": ({"channel": "channel:none"}, "channel"),
    "an unknown unit": ({"complainedOf": "unit:none"}, "complainedOf"),
    "an empty id": ({"place": ""}, "place"),
    "half an id": ({"place": "place:"}, "place"),
    "an id that is a path": ({"linkedTo": "../../etc/passwd"}, "linkedTo"),
    "an id that is a filter": ({"linkedTo": '{"$gt": ""}'}, "linkedTo"),
    **{
        f"the phone {phone!r}": ({"phone": phone}, "phone")
        for phone in ("1", "abc", "1391234567", "139123456789", "+", "1" * 1_000, "\u202e")
    },
}


@pytest.mark.parametrize(("change", "path"), INTAKES.values(), ids=INTAKES.keys())
async def test_an_intake_names_its_faulty_field(
    change: Json, path: str, served: Api, installation: Installation
) -> None:
    before = await served.app.database.mongo["orders"].count_documents({})
    problem = await refused(served, installation, "zhang", "orderIntake", **{**COMPLAINT, "phone": PHONE, **change})
    assert [fault["path"] for fault in problem["fields"]] == [path], problem
    assert is_chinese(problem["fields"][0]["message"])
    assert await served.app.database.mongo["orders"].count_documents({}) == before


async def test_what_is_linked_to_must_be_there(served: Api, installation: Installation) -> None:
    given = {**COMPLAINT, "linkedTo": "order:AAAAAAAAAAAAAAAAAAAAAA"}
    assert (await refused(served, installation, "zhang", "orderIntake", **given))["code"] == "NOT_FOUND"


@pytest.mark.parametrize("key", ["", " \u0000", "\n", "x" * 101, "\u202e", "\u200b"])
async def test_an_idempotency_key_is_some_visible_characters(key: str, served: Api, installation: Installation) -> None:
    problem = await refused(served, installation, "zhang", "orderIntake", **{**COMPLAINT, "idempotencyKey": key})
    assert problem["fields"][0]["path"] == "idempotencyKey"


async def test_a_key_with_other_input_is_an_error(served: Api, installation: Installation) -> None:
    await served.mutate("zhang", "orderIntake", **COMPLAINT, idempotencyKey="the-same-key")
    other = {**COMPLAINT, "title": "另一件事", "idempotencyKey": "the-same-key"}
    problem = await refused(served, installation, "zhang", "orderIntake", **other)
    assert problem["code"] == "IDEMPOTENCY_KEY_REUSED"


DAYS = (0, -1, -(2**31), 2**31 - 1, 1_000)


@pytest.mark.parametrize("days", DAYS)
@pytest.mark.parametrize("asked", ["orderRequestExtension", "orderRequestSuspension"])
async def test_days_out_of_bounds_are_named(asked: str, days: int, served: Api, installation: Installation) -> None:
    order = await served.intake("zhang")
    await served.act("dispatcher", "Dispatch", order, lead="unit:water")
    await served.act("water", "Sign", order)
    problem = await refused(
        served, installation, "water", asked, order=order, reason="等待配件到货。", workingDays=days
    )
    assert [fault["path"] for fault in problem["fields"]] in (["workingDays"], []), problem


@pytest.mark.parametrize("grade", [0, 6, -1, 2**31 - 1])
async def test_a_grade_is_one_to_five(grade: int, served: Api, installation: Installation) -> None:
    order = await served.intake("zhang")
    for who, action, input in (
        ("dispatcher", "Dispatch", {"lead": "unit:water"}),
        ("water", "Sign", {}),
        ("water", "SubmitReply", {"outcome": "SOLVED", "answer": "已修复。"}),
        ("water-head", "UnitApprove", {}),
        ("reviewer", "HotlineAccept", {}),
    ):
        await served.act(who, action, order, **input)
    problem = await refused(served, installation, "zhang", "orderRate", order=order, grade=grade, solved=True)
    assert problem["code"] == "GRADE_UNKNOWN", problem
    assert (await served.data("zhang", f'{{ order(id: "{order}") {{ ... on Order {{ status }} }} }}'))[
        "status"
    ] == "CALLBACK"


@pytest.mark.parametrize("units", [["unit:none"], ["unit:heating"] * 11, ["order:x"]])
async def test_units_that_cannot_be_dispatched_to(units: list[str], served: Api, installation: Installation) -> None:
    order = await served.intake("zhang")
    problem = await refused(
        served, installation, "dispatcher", "orderDispatch", order=order, lead="unit:water", co=units
    )
    assert problem["code"] not in ("NOT_ALLOWED", "NOT_FOUND")
    assert (await served.data("dispatcher", f'{{ order(id: "{order}") {{ ... on Order {{ status }} }} }}'))[
        "status"
    ] == "RECEIVED"


NUMBERS = ("", "0", "x", "9" * 10_000, "\u0000", "260101000001", "２６０１０１０００００１", "{$ne: 1}")


@pytest.mark.parametrize("number", NUMBERS)
async def test_a_number_that_is_none_is_not_found(number: str, served: Api, installation: Installation) -> None:
    query = f"query($n: String!) {{ order(number: $n) {PROBLEM} }}"
    assert (await told(served, installation, "operator", query, {"n": number}))["code"] == "NOT_FOUND"


def cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


CURSORS = (
    "x",
    "=",
    "!!!!",
    "\u0000",
    "字",
    "A" * 10_000,
    cursor(""),
    cursor("~"),
    cursor("0001-01-01T00:00:00.000Z~x"),
    cursor("9999-12-31T23:59:59.999Z~x"),
    cursor("2026-13-45T99:99:99.999Z~x"),
    cursor("2026-11-22T00:00:00.000Z"),
    cursor("\u0000" * 50),
    cursor("$gt"),
    base64.urlsafe_b64encode(b"\xff\xfe\xff").decode(),
)


@pytest.mark.parametrize("after", CURSORS)
@pytest.mark.parametrize("desk", ["hotlineDesk(status: RECEIVED, after: $after)", "orders(after: $after)"])
async def test_a_cursor_that_is_none_is_named_or_ends_the_list(after: str, desk: str, served: Api) -> None:
    query = f"query($after: String!) {{ {desk} {PROBLEM} }}"
    body = await served.run("dispatcher", query, after=after)
    assert "errors" not in body, body
    (answer,) = body["data"].values()
    if answer["__typename"] == "Problem":
        assert [fault["path"] for fault in answer["fields"]] == ["after"], answer
        assert is_chinese(answer["message"])


@pytest.mark.parametrize("first", [0, -1, 51, 2**31 - 1, -(2**31)])
async def test_a_page_has_one_to_fifty(first: int, served: Api, installation: Installation) -> None:
    query = f"query($first: Int!) {{ myOrders(first: $first) {PROBLEM} }}"
    problem = await told(served, installation, "zhang", query, {"first": first})
    assert [fault["path"] for fault in problem["fields"]] == ["first"]


MOMENTS: tuple[object, ...] = (
    "",
    "yesterday",
    "2026-11-22",
    "2026-11-22T08:30:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "1900-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-11-22T25:00:00Z",
    "2026-11-22T08:30:00+99:00",
    "２０２６-11-22T08:30:00Z",
    "x" * 10_000,
    7,
    2**70,
    1.5,
    True,
    [],
    {},
)


@pytest.mark.parametrize("moment", MOMENTS, ids=[str(moment)[:40] for moment in MOMENTS])
async def test_a_moment_that_is_none_is_malformed(moment: object, served: Api, installation: Installation) -> None:
    query = f"query($s: DateTime) {{ orders(filter: {{received: {{start: $s}}}}) {PROBLEM} }}"
    assert (await told(served, installation, "operator", query, {"s": moment}))["code"] == "MALFORMED"


async def test_spans_that_are_none_are_named(served: Api, installation: Installation) -> None:
    query = f"query($s: DateTime, $e: DateTime) {{ orders(filter: {{received: {{start: $s, end: $e}}}}) {PROBLEM} }}"
    for start, end in (
        ("2026-11-22T00:00:00Z", "2026-11-21T00:00:00Z"),
        ("2026-01-01T00:00:00Z", "2026-11-21T00:00:00Z"),
    ):
        problem = await told(served, installation, "operator", query, {"s": start, "e": end})
        assert problem["code"] == "INVALID_INPUT"


async def test_a_hand_down_that_was_due_long_ago_is_no_fault_of_the_machine(
    served: Api, installation: Installation
) -> None:
    """Only a platform hands down; a due time in the past is told as such or taken, never an unknown error."""
    for due in ("2001-01-01T00:00:00Z", "2098-01-01T00:00:00Z"):
        upstream = {"source": "province", "number": "1", "due": due}
        problem = await refused(served, installation, "operator", "orderIntake", **{**COMPLAINT, "upstream": upstream})
        assert problem["code"] == "NOT_ALLOWED"


# Tokens

QUERY = f"{{ myOrders {PROBLEM} }}"


def tampered(token: str, **claims: object) -> str:
    """The token with other claims and the signature of the old ones."""
    head, body, mac = token.split(".")
    content = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) | claims
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip('=')}.{mac}"


def signed(token: str, header: Json, key: bytes) -> str:
    """The token's claims under a header and a key of one's own."""
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    body = token.split(".")[1]
    mac = hmac.new(key, f"{head}.{body}".encode(), hashlib.sha256).digest() if key else b""
    return f"{head}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


async def test_forged_and_expired_tokens_are_no_tokens(served: Api, installation: Installation) -> None:
    genuine = served.tokens["zhang"]
    stranger = Keyring.from_settings(new_key_setting("local"), new_key_setting("local"))
    now = served.app.clock.now()
    actor = Actor("resident:zhang", frozenset({Role.CITIZEN}), resident_id="resident:zhang", session_id="x")
    own = Tokens(served.app.keys.keyring)
    forged = {
        "of another city": Tokens(stranger).issue_access(actor, now)[0],
        "of no session": own.issue_access(actor, now)[0],
        "expired": own.issue_access(actor, now - timedelta(hours=1))[0],
        "with another role": tampered(genuine, rol=["administrator"]),
        "of somebody else": tampered(genuine, sub="resident:li"),
        "that never ends": tampered(genuine, exp=2**40),
        "not signed": signed(genuine, {"alg": "none", "typ": "JWT"}, b""),
        "signed with nothing": signed(genuine, {"alg": "HS256", "kid": "local"}, b"\0"),
        "under an unknown key": signed(genuine, {"alg": "HS256", "kid": "../../etc/passwd"}, b"x"),
        "under a list of keys": signed(genuine, {"alg": "HS256", "kid": ["local"]}, b"x"),
        "a refresh token": own.issue_refresh("x", 0),
        "cut off": genuine[:-10],
        "twice": f"{genuine}.{genuine}",
        "dots": "..",
        "long": "x" * 5_000,
        "spaces": "a b c",
    }
    for name, token in forged.items():
        served.tokens["forger"] = token
        problem = await told(served, installation, "forger", QUERY)
        assert problem["code"] in ("BAD_TOKEN", "SESSION_ENDED", "UNAUTHENTICATED"), (name, problem)
        assert token not in installation.log()


@pytest.mark.parametrize("header", [b"Bearer", b"Basic eDp5", b"Bearer,", b"\xff\xfe", b"Bearer \xe5\xad\x97"])
async def test_headers_that_carry_no_token(header: bytes, served: Api) -> None:
    answer = await served.http.post("/graphql", json={"query": QUERY}, headers={b"authorization": header})
    assert answer.status_code < 500
    assert answer.json()["errors"][0]["extensions"]["code"] in ("BAD_TOKEN", "UNAUTHENTICATED")
