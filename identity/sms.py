"""The SMS gateway 短信网关, as identity needs it, and a client of one that speaks HTTP."""

from typing import Protocol

import httpx

from identity.errors import SmsUnavailable

TIMEOUT_SECONDS = 5.0


class SmsGateway(Protocol):
    """Sends text messages."""

    async def send(self, mobile: str, text: str, key: str) -> None:
        """Hand over one message to a mobile (E.164); the same `key` again sends nothing more.

        Raises SmsUnavailable when the gateway did not take it.
        """
        ...


class HttpSmsGateway:
    """A gateway that takes `POST {base}/messages {"to", "text", "key"}` with a bearer token and answers 202."""

    def __init__(self, base_url: str, token: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
            trust_env=False,
        )

    async def send(self, mobile: str, text: str, key: str) -> None:
        try:
            answer = await self._client.post("/messages", json={"to": mobile, "text": text, "key": key})
        except httpx.HTTPError:
            raise SmsUnavailable from None
        if answer.status_code != httpx.codes.ACCEPTED:
            raise SmsUnavailable

    async def close(self) -> None:
        await self._client.aclose()
