"""The exchange over HTTP: signed, strict, safe to repeat; whatever is wrong is a client error with a sentence."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.http.requests import LARGEST_BODY
from foundation.outbox import OutboxRow
from identity.actors import system_actor
from runtime.collections import STORED
from tests.api.serving import Api, Json
from tests.installation import is_chinese
from tests.platform_above import PlatformAbove, a_hand_down
from workorders.exchange.documents import SeenNonce
from workorders.lifecycle.documents import OrderDocument

TERMINAL = system_actor("terminal")
GOOD = {"round": 0, "reached": True, "solved": True, "grade": 1}


@pytest.fixture(scope="module")
async def above(api: Api) -> AsyncIterator[PlatformAbove]:
    """The province, connected; it listens to nobody here."""
    yield await connected(api, "province")


async def connected(api: Api, id: str) -> PlatformAbove:
    issued = await api.app.exchange.platforms.connect(TERMINAL, id, name="省平台", url=None, channel="upstream")
    return PlatformAbove(id, issued.key, base64.b64decode(issued.secret), lambda: api.clock.now().timestamp())


def code_of(answer: httpx.Response) -> str:
    """The code of a refusal, which is one: never a server error, always a sentence."""
    assert 400 <= answer.status_code < 500, answer.text
    (error,) = answer.json()["errors"]
    assert is_chinese(error["message"]), error
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
    for field in error["extensions"].get("fields", ()):
        assert is_chinese(field["message"])
    return str(error["extensions"]["code"])


def fields_of(answer: httpx.Response) -> list[str]:
    assert code_of(answer)
    return [field["path"] for field in answer.json()["errors"][0]["extensions"].get("fields", ())]


async def picture(api: Api) -> Json:
    """Everything that is stored, but for nonces and drawn numbers."""
    left_out = {SeenNonce.collection_name(), "numbers", "number_counters"}
    return {
        model.collection_name(): {str(raw["_id"]): raw async for raw in api.app.database.collection(model).find({})}
        for model in STORED
        if model.collection_name() not in left_out
    }


async def handed_down(api: Api, above: PlatformAbove, **changes: Any) -> tuple[str, str]:
    """The platform's number of a new order, and the order's id as the city's people know it."""
    done = await above.does(api.http, "/orders", a_hand_down(**changes))
    query = "query($n: String!) { order(number: $n) { ... on Order { id } } }"
    return done["number"], (await api.data("dispatcher", query, n=done["orderNumber"]))["id"]


async def asked(api: Api, above: PlatformAbove) -> tuple[str, str, str]:
    """An order on which consent was asked: both its names, and the request."""
    number, order = await handed_down(api, above)
    await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    await api.act("water", "Sign", order)
    await api.act("water", "RequestExtension", order, reason="等待配件到货。", workingDays=2)
    refused = await api.act("dispatcher", "Grant", order, kind="EXTENSION")
    assert refused["code"] == "NEEDS_CONSENT"
    answer = await api.act("dispatcher", "AskConsent", order, kind="EXTENSION", note="请予支持。")
    assert answer["__typename"] == "Order", answer
    seen = (await above.look(api.http, number)).json()
    (question,) = [each for each in seen["messages"] if each["type"] == "consent_asked"]
    return number, order, question["request"]


async def answered_up(api: Api, above: PlatformAbove) -> tuple[str, str]:
    number, order = await handed_down(api, above)
    await api.act("dispatcher", "Dispatch", order, lead="unit:water")
    await api.act("water", "Sign", order)
    await replied(api, order)
    return number, order


async def on_desk(api: Api, task: str) -> list[str]:
    """The ids on a tab of the desk of upstream orders."""
    query = f"{{ upstreamDesk(task: {task}, first: 50) {{ ... on OrderConnection {{ edges {{ node {{ id }} }} }} }} }}"
    return [edge["node"]["id"] for edge in (await api.data("reviewer", query))["edges"]]


async def replied(api: Api, order: str) -> None:
    await api.act("water", "SubmitReply", order, outcome="SOLVED", answer="已修复。")
    await api.act("water-head", "UnitApprove", order)
    await api.act("reviewer", "HotlineAccept", order)
    answer = await api.act("reviewer", "AnswerUp", order, answer="已修复，群众满意。")
    assert answer["__typename"] == "Order", answer


# The road


async def test_an_order_comes_down_and_its_answer_goes_up(api: Api, above: PlatformAbove) -> None:
    number, order, request = await asked(api, above)
    seen = (await above.look(api.http, number)).json()
    assert (seen["status"], seen["round"]) == ("in_progress", 0)
    desk = "{ requestDesk(kind: EXTENSION%s) { ... on RequestConnection { edges { node { order { id } } } } } }"
    for argument, there in (("", False), (", consentAsked: true", True)):
        edges = (await api.data("dispatcher", desk % argument))["edges"]
        assert (order in [edge["node"]["order"]["id"] for edge in edges]) is there
    consent = {"request": request, "consents": True, "reason": "同意。"}
    assert (await above.does(api.http, f"/orders/{number}/consent", consent))["number"] == number
    await replied(api, order)
    seen = (await above.look(api.http, number)).json()
    assert [each["answer"] for each in seen["messages"] if each["type"] == "answer"] == ["已修复，群众满意。"]
    assert order in await on_desk(api, "ACKNOWLEDGE")
    await above.does(api.http, f"/orders/{number}/acknowledgement", {"round": 0})
    assert order in await on_desk(api, "CALL_BACK")
    query = """query($o: ID!) { order(id: $o) { ... on Order { upstream { source number answeredUpAt acknowledgedAt }
        availableActions timeline { who words } } } }"""
    told = await api.data("reviewer", query, o=order)
    assert told["upstream"]["source"] == "province"
    assert told["upstream"]["acknowledgedAt"]
    assert "ANSWER_UP" in told["availableActions"]
    assert {"who": "省平台", "words": "上级签收。"} in told["timeline"]
    unit = await api.data("water", query, o=order)
    assert unit["upstream"] == {**told["upstream"], "answeredUpAt": None, "acknowledgedAt": None}
    await above.does(api.http, f"/orders/{number}/callback", GOOD)
    assert (await above.look(api.http, number)).json()["status"] == "closed"
    assert order not in await on_desk(api, "CALL_BACK")


async def test_a_refusal_gives_its_reason(api: Api, above: PlatformAbove) -> None:
    number, _, request = await asked(api, above)
    refused = {"request": request, "consents": False}
    assert fields_of(await above.say(api.http, f"/orders/{number}/consent", refused)) == ["reason"]
    await above.does(api.http, f"/orders/{number}/consent", {**refused, "reason": "请按期办结。"})


async def test_the_reporter_is_known_as_any_other(api: Api, above: PlatformAbove) -> None:
    _, order = await handed_down(api, above)
    query = "query($o: ID!) { order(id: $o) { ... on Order { reporter { name phone } } } }"
    assert (await api.data("operator", query, o=order))["reporter"] == {"name": "张**", "phone": "138****8000"}


# Repeats


async def test_the_same_hand_down_many_times_at_once_is_one_order(api: Api, above: PlatformAbove) -> None:
    given = a_hand_down()
    answers = await asyncio.gather(*(above.say(api.http, "/orders", given) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    stored = api.app.database.collection(OrderDocument).find({"order.upstream.number": given["number"]})
    assert len(await stored.to_list()) == 1


async def test_the_same_request_again_is_answered_with_the_same_bytes_and_does_nothing(
    api: Api, above: PlatformAbove
) -> None:
    number, _ = await answered_up(api, above)
    target = f"/exchange/v1/orders/{number}/callback"
    body = json.dumps({**GOOD, "grade": 5}).encode()
    headers = above.signed("POST", target, body, request_id="cb-1")
    first = await api.http.post(target, content=body, headers=headers)
    assert first.status_code == 200, first.text
    before = await picture(api)
    again = await asyncio.gather(*(api.http.post(target, content=body, headers=headers) for _ in range(5)))
    assert {(answer.status_code, answer.text) for answer in again} == {(200, first.text)}
    anew = above.signed("POST", target, body, request_id="cb-1")  # signed again, under the same request id
    assert (await api.http.post(target, content=body, headers=anew)).text == first.text
    assert await picture(api) == before
    other = above.signed("POST", target, b'{"round": 1, "reached": false}', request_id="cb-1")
    reused = await api.http.post(target, content=b'{"round": 1, "reached": false}', headers=other)
    assert code_of(reused) == "IDEMPOTENCY_KEY_REUSED"


async def test_a_recorded_request_cannot_be_played_again_on_something_later(api: Api, above: PlatformAbove) -> None:
    """Whoever recorded what the platform said changes nothing with it, whatever happened since."""
    number, order, request = await asked(api, above)
    target, body = f"/exchange/v1/orders/{number}/consent", json.dumps({"request": request, "consents": True}).encode()
    recorded = above.signed("POST", target, body)
    await api.http.post(target, content=body, headers=recorded)
    await api.act("water", "RequestExtension", order, reason="配件未到。", workingDays=1)
    await api.act("dispatcher", "AskConsent", order, kind="EXTENSION")
    before = await picture(api)
    assert (await api.http.post(target, content=body, headers=recorded)).status_code == 200
    anew = above.signed("POST", target, body)
    assert code_of(await api.http.post(target, content=body, headers=anew)) == "NO_OPEN_REQUEST"
    assert await picture(api) == before
    looked = above.signed("GET", f"/exchange/v1/orders/{number}", b"")
    assert (await api.http.get(f"/exchange/v1/orders/{number}", headers=looked)).status_code == 200
    assert code_of(await api.http.get(f"/exchange/v1/orders/{number}", headers=looked)) == "NONCE_REUSED"


# Signatures


async def test_what_is_not_signed_by_a_platform_is_refused_and_changes_nothing(api: Api, above: PlatformAbove) -> None:
    target, body = "/exchange/v1/orders", json.dumps(a_hand_down()).encode()
    good = above.signed("POST", target, body)
    stranger = PlatformAbove("province", above.key, b"x" * 32, above.clock)
    now = int(above.clock())
    tries: list[tuple[dict[str, str], str]] = [
        ({}, "SIGNATURE_MISSING"),
        ({"authorization": f"Bearer {api.tokens['admin']}"}, "SIGNATURE_MISSING"),
        *(({k: v for k, v in good.items() if k != name}, "SIGNATURE_MISSING") for name in good if name[0] == "X"),
        ({**good, "X-Exchange-Signature": "x"}, "SIGNATURE_REFUSED"),
        ({**good, "X-Exchange-Nonce": "n" * 20}, "SIGNATURE_REFUSED"),
        ({**good, "X-Exchange-Nonce": "short"}, "SIGNATURE_MISSING"),
        ({**good, "X-Exchange-Request-Id": "other"}, "SIGNATURE_REFUSED"),
        ({**good, "X-Exchange-Timestamp": str(now - 1)}, "SIGNATURE_REFUSED"),
        ({**good, "X-Exchange-Timestamp": "yesterday"}, "SIGNATURE_MISSING"),
        (stranger.signed("POST", target, body), "SIGNATURE_REFUSED"),
        (above.signed("POST", target, body, platform="nobody"), "SIGNATURE_REFUSED"),
        (above.signed("POST", target, body, key="other"), "SIGNATURE_REFUSED"),
        (above.signed("GET", target, body), "SIGNATURE_REFUSED"),
        (above.signed("POST", f"{target}?", body), "SIGNATURE_REFUSED"),
        (above.signed("POST", target, body + b" "), "SIGNATURE_REFUSED"),
        (above.signed("POST", target, body, timestamp=str(now - 301)), "REQUEST_STALE"),
        (above.signed("POST", target, body, timestamp=str(now + 302)), "REQUEST_STALE"),
        (above.signed("POST", target, body, timestamp="9" * 12), "REQUEST_STALE"),
    ]
    before = await picture(api)
    for headers, code in tries:
        answer = await api.http.post(target, content=body, headers={"Content-Type": "application/json", **headers})
        assert (answer.status_code, code_of(answer)) == (401, code), headers
    assert await picture(api) == before


async def test_a_clock_may_differ_by_five_minutes(api: Api, above: PlatformAbove) -> None:
    now = int(above.clock())
    for skew in (-299, 299):
        target, body = "/exchange/v1/orders", json.dumps(a_hand_down()).encode()
        headers = above.signed("POST", target, body, timestamp=str(now + skew))
        assert (await api.http.post(target, content=body, headers=headers)).status_code == 200


async def test_a_query_is_signed_too(api: Api, above: PlatformAbove) -> None:
    number, _ = await handed_down(api, above)
    target = f"/exchange/v1/orders/{number}?since=1"
    assert (await api.http.get(target, headers=above.signed("GET", target, b""))).status_code == 200
    headers = above.signed("GET", f"/exchange/v1/orders/{number}", b"")
    assert code_of(await api.http.get(target, headers=headers)) == "SIGNATURE_REFUSED"


async def test_another_platforms_orders_do_not_exist(api: Api, above: PlatformAbove) -> None:
    rival = await connected(api, "rival")
    number, _, request = await asked(api, above)
    missing = f"{number}-none"
    for path, content in (
        ("consent", {"request": request, "consents": True}),
        ("acknowledgement", {"round": 0}),
        ("callback", GOOD),
    ):
        answers = [await rival.say(api.http, f"/orders/{each}/{path}", content) for each in (number, missing)]
        assert [(each.status_code, code_of(each)) for each in answers] == [(404, "NOT_FOUND")] * 2
    assert code_of(await rival.look(api.http, number)) == "NOT_FOUND"
    done = await rival.does(api.http, "/orders", a_hand_down(number=number))
    theirs = (await above.look(api.http, number)).json()["orderNumber"]
    assert done["orderNumber"] != theirs, "numbers are a platform's own"


# Malformed


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "MALFORMED"),
        (b"{", "MALFORMED"),
        (b"null", "MALFORMED"),
        (b"[]", "MALFORMED"),
        (b"5", "MALFORMED"),
        (b'"x"', "MALFORMED"),
        (b"\xff\xfe{}", "MALFORMED"),
        (b'{"number": "\\ud800"}', "MALFORMED"),
        (b'{"a":' * 5_000, "MALFORMED"),
        (b"{}", "INVALID_INPUT"),
        (b'{"number": 1e999}', "INVALID_INPUT"),
        (b'{"number": ' + b"9" * 5_000 + b"}", "INVALID_INPUT"),
    ],
)
async def test_a_body_that_is_no_hand_down(api: Api, above: PlatformAbove, body: bytes, code: str) -> None:
    target = "/exchange/v1/orders"
    answer = await api.http.post(target, content=body, headers=above.signed("POST", target, body))
    told = code_of(answer)
    assert told == code or (code == "INVALID_INPUT" and told == "MALFORMED"), answer.text


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"number": ""}, "number"),
        ({"number": "a/b"}, "number"),
        ({"number": "漏"}, "number"),
        ({"number": "-a"}, "number"),
        ({"number": "x" * 65}, "number"),
        ({"number": 5}, "number"),
        ({"number": None}, "number"),
        ({"kind": "wish"}, "kind"),
        ({"urgency": "NORMAL"}, "urgency"),
        ({"category": "none"}, "category"),
        ({"category": "x" * 201}, "category"),
        ({"place": "none"}, "place"),
        ({"title": ""}, "title"),
        ({"title": "漏" * 101}, "title"),
        ({"title": "一\n二"}, "title"),
        ({"detail": "漏" * 10_001}, "detail"),
        ({"detail": "漏\u0000"}, "detail"),
        ({"detail": ["漏"]}, "detail"),
        ({"due": "yesterday"}, "due"),
        ({"due": "2026-11-22T08:30:00"}, "due"),
        ({"due": 1_800_000_000}, "due"),
        ({"due": "0001-01-01T00:00:00+14:00"}, "due"),
        ({"due": "9999-12-31T23:59:59-14:00"}, "due"),
        ({"complainedOf": "none"}, "complainedOf"),
        ({"complained_of": "water"}, "complained_of"),
        ({"source": "nation"}, "source"),
        ({"reporting": "hidden"}, "reporting"),
        ({"phone": "12"}, "phone"),
        ({"name": "三" * 201}, "name"),
        ({"reporter": "resident:li"}, "reporter"),
        ({"reporting": "anonymous"}, "name"),
    ],
)
async def test_a_faulty_field_is_named(api: Api, above: PlatformAbove, changes: Json, path: str) -> None:
    before = await picture(api)
    answer = await above.say(api.http, "/orders", a_hand_down(**changes))
    assert (answer.status_code, fields_of(answer)) == (422, [path])
    assert await picture(api) == before


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("consent", {"request": "x", "consents": "yes"}),
        ("consent", {"request": "x"}),
        ("consent", {"request": "x", "consents": True, "reason": "漏" * 1_001}),
        ("acknowledgement", {}),
        ("acknowledgement", {"round": -1}),
        ("acknowledgement", {"round": 0.5}),
        ("acknowledgement", {"round": True}),
        ("acknowledgement", {"round": 10**30}),
        ("callback", {"round": 0}),
        ("callback", {"round": 0, "reached": True}),
        ("callback", {"round": 0, "reached": True, "solved": True, "grade": 0}),
        ("callback", {"round": 0, "reached": True, "solved": True, "grade": 10**30}),
        ("callback", {**GOOD, "due": "2026-12-01T00:00:00+08:00"}),
        ("callback", {**GOOD, "said": "漏\u001b"}),
    ],
)
async def test_a_faulty_answer_of_the_platform_is_refused(
    api: Api, above: PlatformAbove, path: str, content: Json
) -> None:
    number, _ = await answered_up(api, above)
    answer = await above.say(api.http, f"/orders/{number}/{path}", content)
    assert answer.status_code == 422, answer.text
    assert code_of(answer) in ("INVALID_INPUT", "ANSWER_MISSING", "GRADE_UNKNOWN")


async def test_what_comes_out_of_turn_is_told_so(api: Api, above: PlatformAbove) -> None:
    number, _ = await handed_down(api, above)
    for path, content, code in (
        ("consent", {"request": "x", "consents": True}, "NO_OPEN_REQUEST"),
        ("acknowledgement", {"round": 0}, "WRONG_STATE"),
        ("callback", GOOD, "WRONG_STATE"),
    ):
        answer = await above.say(api.http, f"/orders/{number}/{path}", content)
        assert (answer.status_code, code_of(answer)) == (409, code)
    number, _ = await answered_up(api, above)
    answer = await above.say(api.http, f"/orders/{number}/callback", {**GOOD, "round": 1})
    assert (answer.status_code, code_of(answer)) == (409, "ANOTHER_ROUND")


async def test_paths_methods_and_types_that_there_are_none_of(api: Api, above: PlatformAbove) -> None:
    body = b"{}"
    for method, path in (
        ("GET", "/exchange/v1/orders"),
        ("PUT", "/exchange/v1/orders"),
        ("DELETE", "/exchange/v1/orders/x"),
        ("POST", "/exchange/v1/orders/x"),
        ("GET", "/exchange/v1/orders/x/consent"),
        ("POST", "/exchange/v1/orders/x/nothing"),
        ("POST", "/exchange/v2/orders"),
        ("GET", "/exchange"),
    ):
        answer = await api.http.request(method, path, content=body, headers=above.signed(method, path, body))
        assert code_of(answer) in ("NOT_FOUND", "MALFORMED"), (method, path)
    for type in ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""):
        headers = {**above.signed("POST", "/exchange/v1/orders", body), "Content-Type": type}
        answer = await api.http.post("/exchange/v1/orders", content=body, headers=headers)
        assert (answer.status_code, code_of(answer)) == (415, "MALFORMED")
    for number in ("%00", "a%2Fb", "%E6%BC%8F", "x" * 5_000, "..", "%2e%2e"):
        target = f"/exchange/v1/orders/{number}"
        answer = await api.http.get(
            httpx.URL(api.http.base_url).copy_with(raw_path=target.encode()), headers=above.signed("GET", target, b"")
        )
        assert code_of(answer) == "NOT_FOUND", number


async def test_a_body_that_is_too_large_is_not_waited_for(api: Api, above: PlatformAbove) -> None:
    body = json.dumps(a_hand_down(detail="x" * LARGEST_BODY)).encode()
    headers = above.signed("POST", "/exchange/v1/orders", body)
    answer = await api.http.post("/exchange/v1/orders", content=body, headers=headers)
    assert (answer.status_code, code_of(answer)) == (413, "BODY_TOO_LARGE")


async def test_a_revoked_platform_is_out_at_once(api: Api) -> None:
    short = await connected(api, "short-lived")
    number, _ = await handed_down(api, short)
    await api.app.exchange.platforms.revoke(TERMINAL, "short-lived")
    assert code_of(await short.look(api.http, number)) == "SIGNATURE_REFUSED"
    assert code_of(await short.say(api.http, "/orders", a_hand_down())) == "SIGNATURE_REFUSED"


async def test_what_is_told_waits_in_the_outbox(api: Api, above: PlatformAbove) -> None:
    _, order = await answered_up(api, above)
    rows = await api.app.database.collection(OutboxRow).find({"consumer": "exchange"}).to_list()
    assert order.removeprefix("order:") in {row["subject"] for row in rows}
