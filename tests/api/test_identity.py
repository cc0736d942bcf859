"""Signing in, out and on; reference trees; personal data."""

from typing import Any

import httpx
import pytest

from identity.sms import HttpSmsGateway
from tests.api.serving import PROBLEM, Api

SIGNED_IN = "... on SignedIn { accessToken refreshToken me { id roles label } } " + PROBLEM
LOG_IN = f"mutation($input: LogInInput!) {{ logIn(input: $input) {{ {SIGNED_IN} }} }}"
REQUEST_CODE = f"mutation($mobile: String!) {{ requestLoginCode(mobile: $mobile) {{ __typename {PROBLEM} }} }}"
REFRESH = f"mutation($input: RefreshSessionInput!) {{ refreshSession(input: $input) {{ {SIGNED_IN} }} }}"
STAFF_LOG_IN = f"mutation($input: StaffLogInInput!) {{ staffLogIn(input: $input) {{ {SIGNED_IN} }} }}"


class Inbox:
    """A text message gateway that keeps what it is given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.texts.append(request.content.decode())
        return httpx.Response(202)


@pytest.fixture
def inbox(api: Api, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    inbox = Inbox()
    client = httpx.AsyncClient(base_url="http://gateway", transport=httpx.MockTransport(inbox))
    monkeypatch.setattr(api.app.gateway, "_client", client)
    assert isinstance(api.app.gateway, HttpSmsGateway)
    return inbox


async def test_a_citizen_signs_in_goes_on_and_signs_out(api: Api, inbox: Inbox) -> None:
    assert (await api.data(None, REQUEST_CODE, mobile="139 1234 5678"))["__typename"] == "CodeSent"
    code = inbox.texts[-1].partition("验证码")[2][:6]
    wrong = await api.data(None, LOG_IN, input={"mobile": "13912345678", "code": "000000x"})
    assert wrong["code"] == "WRONG_CODE"
    given = {"mobile": "13912345678", "code": code, "idempotencyKey": "login-1"}
    first = await api.data(None, LOG_IN, input=given)
    assert first["me"]["roles"] == ["CITIZEN"]
    assert "139" not in first["me"]["label"]
    again = await api.data(None, LOG_IN, input=given)
    assert again["refreshToken"] == first["refreshToken"]

    api.tokens["new"] = first["accessToken"]
    fresh = await api.data(None, REFRESH, input={"refreshToken": first["refreshToken"]})
    account = await api.data("new", f"{{ myAccount {{ ... on Resident {{ mobile name }} {PROBLEM} }} }}")
    assert account == {"mobile": "139****5678", "name": None}
    reused = await api.data(None, REFRESH, input={"refreshToken": first["refreshToken"]})
    assert reused["code"] == "REFRESH_REUSED"
    ended = await api.data(None, REFRESH, input={"refreshToken": fresh["refreshToken"]})
    assert ended["code"] == "SESSION_ENDED"


async def test_staff_sign_in_by_password_and_the_wrong_one_tells_nothing(api: Api) -> None:
    create = f"""mutation($input: CreateStaffInput!) {{
        createStaff(input: $input) {{ ... on StaffAccount {{ id }} {PROBLEM} }}
    }}"""
    account = {"login": "wang.fang", "name": "王芳", "roles": ["UNIT_CLERK"], "unit": "unit:water"}
    assert (await api.data("water", create, input={**account, "password": "x" * 12}))["code"] == "NOT_ALLOWED"
    assert "id" in await api.data("admin", create, input={**account, "password": "a-long-pass-phrase"})
    signed_in = await api.data(None, STAFF_LOG_IN, input={"login": "Wang.Fang", "password": "a-long-pass-phrase"})
    assert signed_in["me"]["label"] == "市水务局 王芳"
    wrong = await api.data(None, STAFF_LOG_IN, input={"login": "wang.fang", "password": "wrong"})
    unknown = await api.data(None, STAFF_LOG_IN, input={"login": "nobody", "password": "wrong"})
    assert wrong == unknown
    assert wrong["code"] == "WRONG_LOGIN"


async def test_a_stale_token_does_not_keep_anybody_from_signing_in(api: Api) -> None:
    api.tokens["stale"] = "x.y.z"
    answer = await api.data("stale", REFRESH, input={"refreshToken": "x"})
    assert answer["code"] == "BAD_TOKEN"
    body = await api.run("stale", "{ myOrders { __typename } }")
    assert body["errors"][0]["extensions"]["code"] == "BAD_TOKEN"


async def test_trees_are_read_level_by_level_by_whoever_is_signed_in(api: Api) -> None:
    top = await api.data("zhang", "{ categories { id name hasChildren pathNames } }")
    assert top == [{"id": "category:water", "name": "供水", "hasChildren": True, "pathNames": ["供水"]}]
    below = await api.data("zhang", '{ categories(below: "category:water") { id pathNames } }')
    assert below == [{"id": "category:leak", "pathNames": ["供水", "管道漏水"]}]
    units = await api.data("water", '{ units(below: "unit:city") { id name abolished } }')
    assert [unit["id"] for unit in units] == ["unit:heating", "unit:police", "unit:water"]
    assert {channel["id"] for channel in await api.data("zhang", "{ channels { id } }")} == {
        "channel:app",
        "channel:phone",
        "channel:upstream",
    }
    assert (await api.run(None, "{ units { id } }"))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await api.run("zhang", '{ units(below: "x") { id } }'))["errors"][0]["extensions"][
        "code"
    ] == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("who", "query", "code"),
    [
        ("zhang", '{ findResidents(name: "张三") { ... on Problem { code } } }', "NOT_ALLOWED"),
        ("water", '{ findResidents(name: "张三") { ... on Problem { code } } }', "NOT_ALLOWED"),
        ("dispatcher", "{ myAccount { ... on Problem { code } } }", "NOT_ALLOWED"),
        ("heating", '{ staffOfUnit(unit: "unit:water") { ... on Problem { code } } }', "NOT_FOUND"),
        ("dispatcher", "mutation { exportMyData { ... on Problem { code } } }", "NOT_ALLOWED"),
        ("dispatcher", "mutation { eraseMyData { ... on Problem { code } } }", "NOT_ALLOWED"),
        (
            "water",
            'mutation { revealResident(input: {resident: "resident:zhang", fields: [MOBILE], reason: "核实情况"}) '
            "{ ... on Problem { code } } }",
            "NOT_ALLOWED",
        ),
    ],
)
async def test_who_may_not_is_told_so(api: Api, who: str, query: str, code: str) -> None:
    assert (await api.data(who, query))["code"] == code


async def test_me(api: Api) -> None:
    query = "{ me { id roles label unit { id name pathNames } } }"
    expected: dict[str, Any] = {"id": "unit:water", "name": "市水务局", "pathNames": ["市政府", "市水务局"]}
    assert (await api.data("water", query))["unit"] == expected
    assert await api.data(None, query) is None
