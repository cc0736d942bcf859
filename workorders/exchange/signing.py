"""The signature on what platforms say to each other: HMAC-SM3 (GB/T 32905-2016) over all that matters. Pure.

Signed are these lines, joined by line feeds, in UTF-8:

    ZT-HMAC-SM3-1
    method, in capitals
    path and query as they stand in the request
    SM3 digest of the body, in lower hexadecimal digits
    platform
    key
    timestamp, seconds since 1970
    nonce
    request id

The signature is the 32-byte HMAC-SM3 of that under the platform's secret, in base64.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from foundation.crypto import hmac_sm3, sm3
from workorders.exchange.errors import RequestStale, SignatureMissing

SCHEME: Final = "ZT-HMAC-SM3-1"
WINDOW: Final = timedelta(minutes=5)
"""How far the clocks of both sides may lie apart, on its way included."""

_HEADERS: Final = {
    "platform": "X-Exchange-Platform",
    "key": "X-Exchange-Key",
    "timestamp": "X-Exchange-Timestamp",
    "nonce": "X-Exchange-Nonce",
    "request_id": "X-Exchange-Request-Id",
}
_SIGNATURE: Final = "X-Exchange-Signature"
_FORMS: Final = {
    "platform": re.compile(r"[a-z][a-z0-9-]{1,30}"),
    "key": re.compile(r"[A-Za-z0-9_-]{1,32}"),
    "timestamp": re.compile(r"[0-9]{1,12}"),
    "nonce": re.compile(r"[A-Za-z0-9_-]{16,64}"),
    "request_id": re.compile(r"[!-~]{1,100}"),
}


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """One request with everything that its signature covers. `target` is its path and query."""

    method: str
    target: str
    body: bytes
    platform: str
    key: str
    timestamp: int
    nonce: str
    request_id: str

    @property
    def content(self) -> bytes:
        """What is signed."""
        lines = (
            SCHEME,
            self.method,
            self.target,
            sm3(self.body).hex(),
            self.platform,
            self.key,
            str(self.timestamp),
            self.nonce,
            self.request_id,
        )
        return "\n".join(lines).encode()

    def signature(self, secret: bytes) -> str:
        return base64.b64encode(hmac_sm3(secret, self.content)).decode()

    def fits(self, secret: bytes, signature: str) -> bool:
        """Whether the signature is this request's under this secret; takes the same time either way."""
        return hmac.compare_digest(self.signature(secret).encode(), signature.encode())

    def headers(self, secret: bytes) -> dict[str, str]:
        """What the request carries beside its body."""
        named = {header: str(getattr(self, name)) for name, header in _HEADERS.items()}
        return {**named, _SIGNATURE: self.signature(secret)}

    def check_fresh(self, now: datetime) -> None:
        """That it was signed within the window. Raises `RequestStale`."""
        if abs(self.timestamp - now.timestamp()) > WINDOW.total_seconds():
            raise RequestStale


def read_signed(method: str, target: str, body: bytes, headers: Mapping[str, str]) -> tuple[SignedRequest, str]:
    """A request and the signature that it bears. `headers` are found by any case. Raises `SignatureMissing`."""
    given = {name: headers.get(header, "") for name, header in _HEADERS.items()}
    if not all(_FORMS[name].fullmatch(value) for name, value in given.items()):
        raise SignatureMissing
    # What is signed is what was sent: a timestamp with leading zeros would read as another text.
    timestamp = given.pop("timestamp")
    if str(int(timestamp)) != timestamp or _SIGNATURE not in headers:
        raise SignatureMissing
    return SignedRequest(method, target, body, timestamp=int(timestamp), **given), headers[_SIGNATURE]
