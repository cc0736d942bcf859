"""A little platform above: it speaks the exchange as `docs/operations.md` describes it, with signing of its own.

It hands orders down, takes messages on a local port, counts each once by its id, and can be away.
"""

import asyncio
import base64
import hmac
import json
import secrets
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

HEADERS = ("Platform", "Key", "Timestamp", "Nonce", "Request-Id")
PATIENCE_SECONDS = 40.0
Json = dict[str, Any]


def sm3_hex(data: bytes) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize().hex()


def signature(secret: bytes, method: str, target: str, body: bytes, named: Mapping[str, str]) -> str:
    """As the manual says, line by line."""
    lines = ["ZT-HMAC-SM3-1", method, target, sm3_hex(body), *(named[f"X-Exchange-{name}"] for name in HEADERS)]
    mac = HMAC(secret, hashes.SM3())
    mac.update("\n".join(lines).encode())
    return base64.b64encode(mac.finalize()).decode()


@dataclass
class PlatformAbove:
    """Who it is, what it was told, and how it behaves."""

    id: str
    key: str
    secret: bytes
    clock: Callable[[], float] = time.time
    path: str = "/city/messages"
    url: str = ""
    away: bool = False
    """It answers that it is out of service."""
    slow_seconds: float = 0.0
    """It has taken a message and lets its sender wait."""
    messages: dict[str, Json] = field(default_factory=dict)
    """What it was told, each once, by id."""
    deliveries: Counter[str] = field(default_factory=Counter)
    """How often each came."""
    refused: int = 0
    nonces: set[str] = field(default_factory=set)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    # Listening

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["PlatformAbove"]:
        """Take messages on a free port of this machine."""
        app = Starlette(routes=[Route(self.path, self._take, methods=["POST"])])
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        with socket.socket(proto=socket.IPPROTO_TCP) as listener:
            listener.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}{self.path}"
            running = asyncio.create_task(server.serve(sockets=[listener]))
            while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
                await asyncio.sleep(0.01)
            try:
                yield self
            finally:
                server.should_exit = True
                await running

    async def _take(self, request: Request) -> Response:
        body, named = await request.body(), dict(request.headers)
        given = {f"X-Exchange-{name}": named[f"x-exchange-{name.lower()}"] for name in HEADERS}
        expected = signature(self.secret, "POST", self.path, body, given)
        fresh = abs(int(given["X-Exchange-Timestamp"]) - self.clock()) <= 300
        nonce = given["X-Exchange-Nonce"]
        if not hmac.compare_digest(expected, named["x-exchange-signature"]) or not fresh or nonce in self.nonces:
            self.refused += 1
            return JSONResponse({"refused": True}, 401)
        if self.away:
            return JSONResponse({"away": True}, 503)
        self.nonces.add(nonce)
        message: Json = json.loads(body)
        assert message["id"] == given["X-Exchange-Request-Id"]
        self.deliveries[message["id"]] += 1
        assert self.messages.setdefault(message["id"], message) == message, "the same message, whenever it comes"
        self.arrived.set()
        await asyncio.sleep(self.slow_seconds)
        return JSONResponse({"taken": True})

    def told(self, number: str, type: str | None = None) -> list[Json]:
        """What it was told of one of its orders, in the order of that order's history."""
        found = (each for each in self.messages.values() if each["number"] == number and type in (None, each["type"]))
        return sorted(found, key=lambda each: int(each["sequence"]))

    async def hears(self, number: str, type: str, **fields: Any) -> Json:
        """Wait for a message with these fields."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for each in self.told(number, type):
                    if fields.items() <= each.items():
                        return each
                self.arrived.clear()
                await self.arrived.wait()

    # Speaking

    def signed(
        self, method: str, target: str, body: bytes, *, request_id: str | None = None, **changes: str
    ) -> dict[str, str]:
        """The headers of a request; `changes` are made before it is signed: `timestamp`, `nonce`, `key`, `platform`."""
        named = {
            "X-Exchange-Platform": changes.get("platform", self.id),
            "X-Exchange-Key": changes.get("key", self.key),
            "X-Exchange-Timestamp": changes.get("timestamp", str(int(self.clock()))),
            "X-Exchange-Nonce": changes.get("nonce", secrets.token_urlsafe(18)),
            "X-Exchange-Request-Id": request_id or secrets.token_urlsafe(12),
        }
        named["X-Exchange-Signature"] = signature(self.secret, method, target, body, named)
        return {**named, "Content-Type": "application/json"}

    async def say(
        self, http: httpx.AsyncClient, path: str, content: Json, *, request_id: str | None = None
    ) -> httpx.Response:
        """Post something to the city."""
        target, body = f"/exchange/v1{path}", json.dumps(content, ensure_ascii=False).encode()
        return await http.post(target, content=body, headers=self.signed("POST", target, body, request_id=request_id))

    async def does(self, http: httpx.AsyncClient, path: str, content: Json) -> Json:
        """Post something that is taken."""
        answer = await self.say(http, path, content)
        assert answer.status_code == 200, answer.text
        done: Json = answer.json()
        return done

    async def look(self, http: httpx.AsyncClient, number: str) -> httpx.Response:
        target = f"/exchange/v1/orders/{number}"
        return await http.get(target, headers=self.signed("GET", target, b""))


def a_hand_down(**changes: Any) -> Json:
    """An order as the province hands it down, under a number of its own."""
    return {
        "number": f"SZ-{secrets.token_hex(6)}",
        "kind": "complaint",
        "category": "leak",
        "place": "street",
        "title": "小区门口水管漏水",
        "detail": "昨晚开始一直漏，路面已经结冰。",
        "name": "张三丰",
        "phone": "13800138000",
        "address": "东街1号",
        **changes,
    }
