"""A stub of an SMS gateway 短信网关: takes messages over HTTP as a real one does, and shows them instead of sending.

    POST /messages   {"to", "text", "key"} with a bearer token → 202 {"id"}; the same key again is one message
    GET  /inbox      the latest messages as JSON, newest first; `?to=+8613…` for one number
    GET  /           the same as a page to read in the demo

For development only: whoever reads the inbox can log in as anybody.
"""

import hmac
from collections import OrderedDict
from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from foundation.clock import Clock

KEPT: Final = 500
LARGEST_BODY: Final = 4_096


@dataclass(frozen=True, slots=True)
class TextMessage:
    """One message that would have been sent."""

    to: str
    text: str
    at: datetime


class SmsInbox:
    """The latest messages, by key."""

    def __init__(self) -> None:
        self._messages: OrderedDict[str, TextMessage] = OrderedDict()

    def take(self, key: str, message: TextMessage) -> None:
        """Keep a message; the same key again changes nothing."""
        self._messages.setdefault(key, message)
        while len(self._messages) > KEPT:
            self._messages.popitem(last=False)

    def latest(self, to: str | None = None) -> list[TextMessage]:
        """Newest first."""
        return [message for message in reversed(self._messages.values()) if to in (None, message.to)]


def sms_gateway(token: str, clock: Clock, inbox: SmsInbox | None = None) -> Starlette:
    """The stub as an application of its own."""
    messages = inbox if inbox is not None else SmsInbox()

    async def take(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return JSONResponse({"error": "unauthorized"}, 401)
        if len(await request.body()) > LARGEST_BODY:
            return JSONResponse({"error": "too large"}, 413)
        try:
            body = await request.json()
            to, text, key = (str(body[name]) for name in ("to", "text", "key"))
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"error": "expected to, text and key"}, 400)
        messages.take(key, TextMessage(to, text, clock.now()))
        return JSONResponse({"id": key}, 202)

    async def read(request: Request) -> Response:
        found = messages.latest(request.query_params.get("to"))
        return JSONResponse([asdict(message) | {"at": message.at.isoformat()} for message in found])

    async def page(_request: Request) -> Response:
        rows = "".join(
            f"<tr><td>{message.at:%H:%M:%S}</td><td>{escape(message.to)}</td><td>{escape(message.text)}</td></tr>"
            for message in messages.latest()
        )
        return HTMLResponse(
            "<!doctype html><html lang='zh-CN'><meta charset='utf-8'><meta http-equiv='refresh' content='3'>"
            f"<title>短信收件箱（演示）</title><h1>短信收件箱（演示）</h1><table border='1'>{rows}</table></html>"
        )

    return Starlette(
        routes=[
            Route("/messages", take, methods=["POST"]),
            Route("/inbox", read),
            Route("/", page),
        ]
    )
