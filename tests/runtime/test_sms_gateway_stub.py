from datetime import UTC, datetime

import httpx
import pytest

from foundation.clock import SettableClock
from identity.errors import SmsUnavailable
from identity.sms import HttpSmsGateway
from runtime.stubs.sms_gateway import KEPT, SmsInbox, TextMessage, sms_gateway

CLOCK = SettableClock(datetime(2027, 3, 1, 1, 0, tzinfo=UTC))


def stub(inbox: SmsInbox | None = None) -> httpx.ASGITransport:
    return httpx.ASGITransport(sms_gateway("secret", CLOCK, inbox))


async def test_what_is_sent_can_be_read_once_per_key_newest_first():
    transport = stub()
    gateway = HttpSmsGateway("http://sms", "secret", transport=transport)
    for text, key in (("一", "1"), ("一", "1"), ("<b>二</b>", "2")):
        await gateway.send("+8613812345678", text, key)
    await gateway.send("+8613900000000", "三", "3")
    await gateway.close()
    async with httpx.AsyncClient(transport=stub_of(transport), base_url="http://sms") as reader:
        found = (await reader.get("/inbox", params={"to": "+8613812345678"})).json()
        assert [(m["to"], m["text"]) for m in found] == [("+8613812345678", "<b>二</b>"), ("+8613812345678", "一")]
        assert found[0]["at"] == "2027-03-01T01:00:00+00:00"
        assert len((await reader.get("/inbox")).json()) == 3
        page = (await reader.get("/")).text
        assert "&lt;b&gt;二&lt;/b&gt;" in page


def stub_of(transport: httpx.ASGITransport) -> httpx.ASGITransport:
    return httpx.ASGITransport(transport.app)


async def test_a_wrong_token_is_refused():
    gateway = HttpSmsGateway("http://sms", "wrong", transport=stub())
    with pytest.raises(SmsUnavailable):
        await gateway.send("+8613812345678", "一", "1")
    await gateway.close()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"1", b'{"to": "1"}', b"\xff", b'{"to":1,"text":2}', b"x" * 10_000]
)
async def test_what_is_no_message_is_a_client_error(body: bytes):
    async with httpx.AsyncClient(transport=stub(), base_url="http://sms") as sender:
        answer = await sender.post("/messages", content=body, headers={"Authorization": "Bearer secret"})
        assert 400 <= answer.status_code < 500


def test_the_inbox_is_bounded():
    inbox = SmsInbox()
    for n in range(KEPT + 10):
        inbox.take(str(n), TextMessage("x", str(n), CLOCK.now()))
    assert len(inbox.latest()) == KEPT
    assert inbox.latest()[0].text == str(KEPT + 9)
