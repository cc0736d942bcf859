"""The signature: what the manual describes, over every part of a request."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platform_above import signature as as_the_manual_says
from workorders.exchange.errors import RequestStale, SignatureMissing
from workorders.exchange.signing import WINDOW, SignedRequest, read_signed

SECRET = b"s" * 32
NOW = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
names = st.from_regex(r"[a-z][a-z0-9-]{1,30}", fullmatch=True)
nonces = st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True)
requests = st.builds(
    SignedRequest,
    method=st.sampled_from(["GET", "POST", "HEAD"]),
    target=st.from_regex(r"/[!-~]{0,40}", fullmatch=True),
    body=st.binary(max_size=200),
    platform=names,
    key=st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True),
    timestamp=st.integers(0, 10**12 - 1),
    nonce=nonces,
    request_id=st.from_regex(r"[!-~]{1,100}", fullmatch=True),
)


@given(requests, st.binary(min_size=16, max_size=64))
def test_it_is_what_the_manual_says_and_is_read_back_as_it_was_sent(request: SignedRequest, secret: bytes) -> None:
    headers = request.headers(secret)
    theirs = as_the_manual_says(secret, request.method, request.target, request.body, headers)
    assert headers["X-Exchange-Signature"] == theirs
    read, signature = read_signed(request.method, request.target, request.body, headers)
    assert read == request
    assert read.fits(secret, signature)


@given(requests, requests)
def test_no_two_requests_share_a_signature(one: SignedRequest, other: SignedRequest) -> None:
    assert other.fits(SECRET, one.signature(SECRET)) is (one == other)
    for name in ("method", "target", "body", "platform", "key", "timestamp", "nonce", "request_id"):
        altered = replace(one, **{name: getattr(other, name)})
        assert altered.fits(SECRET, one.signature(SECRET)) is (altered == one)


@given(requests, st.binary(min_size=1, max_size=64), st.text(max_size=60))
def test_neither_another_secret_nor_a_made_up_signature_fits(
    request: SignedRequest, secret: bytes, made_up: str
) -> None:
    assert request.fits(SECRET, request.signature(secret)) is (secret == SECRET)
    assert not request.fits(SECRET, made_up)


@given(st.integers(-1_000, 1_000))
def test_it_is_fresh_within_the_window(seconds: int) -> None:
    request = SignedRequest("GET", "/", b"", "province", "k", int(NOW.timestamp()) + seconds, "n" * 16, "r")
    if abs(seconds) <= WINDOW.total_seconds():
        request.check_fresh(NOW)
    else:
        with pytest.raises(RequestStale):
            request.check_fresh(NOW)
    with pytest.raises(RequestStale):
        request.check_fresh(NOW + timedelta(days=1))


@given(requests, st.sampled_from(["Platform", "Key", "Timestamp", "Nonce", "Request-Id", "Signature"]), st.data())
def test_a_header_that_is_missing_or_malformed_is_told_so(
    request: SignedRequest, name: str, data: st.DataObject
) -> None:
    headers = request.headers(SECRET)
    del headers[f"X-Exchange-{name}"]
    with pytest.raises(SignatureMissing):
        read_signed(request.method, request.target, request.body, headers)
    if name == "Signature":
        return
    bad = data.draw(st.sampled_from(["", " ", "\n", "a\nb", "漏", "x" * 101, "-1", "007", "1e3", "0x1", "1.5", "١"]))
    if name in ("Key", "Request-Id") and bad.isascii() and 0 < len(bad) <= 32 and bad.isprintable() and bad != " ":
        return
    with pytest.raises(SignatureMissing):
        read_signed(request.method, request.target, request.body, {**headers, f"X-Exchange-{name}": bad})
