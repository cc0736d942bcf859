"""A small town's API over real HTTP: the composition root's parts, a settable clock, somebody of every role."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.app import create_app
from foundation.changes import Change
from foundation.clock import SettableClock
from foundation.crypto import Keyring, Signer, new_key_setting
from foundation.keys import Keys
from foundation.settings import Settings
from identity.actors import Role
from identity.documents import Category, Channel, Place, Resident, Staff, Unit
from identity.subjects import resident_actor, staff_actor
from runtime.composition import App, build

MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
"""09:00 on a working Monday in Shanghai."""

UNITS = {
    "city": ("市政府", None),
    "water": ("市水务局", "city"),
    "water-east": ("水务局东区所", "water"),
    "heating": ("市供热办", "city"),
    "police": ("市公安局", "city"),
}
STAFF: dict[str, tuple[Role, str | None]] = {
    "operator": (Role.OPERATOR, None),
    "dispatcher": (Role.DISPATCHER, None),
    "chief": (Role.CHIEF_DISPATCHER, None),
    "reviewer": (Role.REVIEWER, None),
    "caller": (Role.CALLBACK_AGENT, None),
    "supervisor": (Role.SUPERVISOR, None),
    "leader": (Role.LEADERSHIP, None),
    "admin": (Role.ADMINISTRATOR, None),
    "water": (Role.UNIT_CLERK, "water"),
    "water-head": (Role.UNIT_HEAD, "water"),
    "east": (Role.UNIT_CLERK, "water-east"),
    "heating": (Role.UNIT_CLERK, "heating"),
    "police": (Role.UNIT_CLERK, "police"),
}
CITIZENS = ("zhang", "li")

PROBLEM = "... on Problem { code message fields { path message } }"
ORDER = "__typename ... on Order { id number status version } " + PROBLEM
INPUTS = {
    **dict.fromkeys(("orderSign", "orderCoSign", "orderConfirmCall"), "OrderActionInput"),
    **dict.fromkeys(("orderUnitApprove", "orderResume", "orderHotlineAccept", "orderCallbackClose"), "OrderNoteInput"),
    **dict.fromkeys(
        ("orderWithdraw", "orderUnitSendBack", "orderRequestComplex", "orderHotlineSendBack"),
        "OrderReasonInput",
    ),
    **dict.fromkeys(("orderUnmerge", "orderReadmit"), "OrderReasonInput"),
    **dict.fromkeys(("orderFileAppeal", "orderExclude"), "OrderGroundInput"),
    **dict.fromkeys(("orderRequestExtension", "orderRequestSuspension"), "OrderRequestDaysInput"),
    "orderAdjudicate": "OrderDispatchInput",
    "orderAskConsent": "OrderGrantInput",
}
"""Inputs that several mutations share."""

COMPLAINT = {
    "channel": "channel:app",
    "kind": "COMPLAINT",
    "category": "category:leak",
    "place": "place:street",
    "title": "小区门口水管漏水",
    "detail": "昨晚开始一直漏，路面已经结冰，老人出门很不方便。",
    "name": "张三丰",
    "phone": "13800138000",
    "address": "东街1号3单元502室",
}

Json = dict[str, Any]


def keys() -> Keys:
    ring = Keyring.from_settings(new_key_setting("k1"), new_key_setting("h1"))
    return Keys(ring, Signer.from_settings(new_key_setting("s1")))


@dataclass
class Api:
    """The served town and everybody's tokens."""

    app: App
    clock: SettableClock
    http: httpx.AsyncClient
    tokens: dict[str, str]
    address: str
    keys: int = 0

    def headers(self, who: str | None) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[who]}"} if who else {}

    async def run(self, who: str | None, query: str, **variables: Any) -> Json:
        """The whole body of an answer that is GraphQL's."""
        answer = await self.http.post(
            "/graphql", json={"query": query, "variables": variables}, headers=self.headers(who)
        )
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    async def data(self, who: str | None, query: str, **variables: Any) -> Any:
        """What the one root field answered."""
        body = await self.run(who, query, **variables)
        assert "errors" not in body, body
        (answer,) = body["data"].values()
        return answer

    async def act(self, who: str, action: str, order: str, /, **input: Any) -> Json:
        """One action on an order; its number, state and version after it, or the problem's code."""
        answer: Json = await self.mutate(who, f"order{action}", order=order, **input)
        return answer

    async def mutate(self, who: str | None, name: str, /, select: str = ORDER, **input: Any) -> Json:
        self.keys += 1
        given = {"idempotencyKey": f"key-{self.keys}", **input}
        kind = INPUTS.get(name, name[0].upper() + name[1:] + "Input")
        query = f"mutation($input: {kind}!) {{ answer: {name}(input: $input) {{ {select} }} }}"
        answer: Json = await self.data(who, query, input=given)
        return answer

    async def intake(self, who: str = "zhang", /, **changes: Any) -> str:
        """The id of a new order."""
        return str((await self.mutate(who, "orderIntake", **{**COMPLAINT, **changes}))["id"])

    @asynccontextmanager
    async def websocket(self, who: str | None) -> AsyncIterator["Socket"]:
        """A connection that speaks `graphql-transport-ws`, initialised in somebody's name."""
        uri, protocol = f"ws://{self.address}/graphql", Subprotocol("graphql-transport-ws")
        async with connect(uri, subprotocols=[protocol], proxy=None) as raw:
            socket = Socket(raw)
            await socket.send({"type": "connection_init", "payload": self.headers(who)})
            assert (await socket.receive())["type"] == "connection_ack"
            yield socket


@dataclass
class Socket:
    """One WebSocket, a message at a time."""

    raw: ClientConnection
    subscriptions: int = 0

    async def send(self, message: Json) -> None:
        await self.raw.send(json.dumps(message))

    async def receive(self) -> Json:
        async with asyncio.timeout(10):
            message: Json = json.loads(await self.raw.recv())
        return message

    async def subscribe(self, query: str, **variables: Any) -> None:
        self.subscriptions += 1
        payload = {"query": query, "variables": variables}
        await self.send({"id": str(self.subscriptions), "type": "subscribe", "payload": payload})

    async def hears(self, expected: Json) -> None:
        """Read on until this is told: what happened before, and repeated looks at what did not change, come too."""
        heard = []
        for _ in range(20):
            heard.append(await self.next())
            if heard[-1] == expected:
                return
        raise AssertionError(f"not told {expected}, but {heard}")

    async def next(self) -> Any:
        """What the one root field of the next event told."""
        message = await self.receive()
        assert message["type"] == "next", message
        (told,) = message["payload"]["data"].values()
        return told


@asynccontextmanager
async def serving(mongodb_uri: str, database: str) -> AsyncIterator[Api]:
    """The API of a new town on a port of its own."""
    settings = Settings(mongodb_uri=SecretStr(mongodb_uri), database=database)
    clock = SettableClock(MONDAY)
    app = build(settings, keys(), clock)
    await app.prepare()
    tokens = await _populate(app)
    config = uvicorn.Config(create_app(app), log_config=None, ws="websockets-sansio", ws_max_size=1 << 20)
    server = uvicorn.Server(config)
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.01)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:
            yield Api(app, clock, http, tokens, f"127.0.0.1:{port}")
        server.should_exit = True
        await running
    await app.close()


async def _populate(app: App) -> dict[str, str]:
    change, paths = Change(), dict[str, tuple[str, ...]]()
    for id, (name, parent) in UNITS.items():
        paths[id] = (*paths.get(parent or "", ()), id)
        change.insert(Unit(_id=id, name=name, parent=parent, path=paths[id]))
    change.insert(Category(_id="water", name="供水", parent=None, path=("water",)))
    change.insert(Category(_id="leak", name="管道漏水", parent="water", path=("water", "leak")))
    change.insert(Place(_id="town", name="中心镇", parent=None, path=("town",)))
    change.insert(Place(_id="street", name="东街", parent="town", path=("town", "street")))
    for channel, name in (("app", "移动端"), ("phone", "电话"), ("upstream", "上级平台")):
        change.insert(Channel(_id=channel, name=name, parent=None, path=(channel,)))
    tokens, sessions, now = {}, app.identity.sessions, app.clock.now()
    for login, (role, unit) in STAFF.items():
        staff = Staff(
            _id=f"staff:{login}", login=login, name=login, roles=(role,), unit=unit, password="", created_at=now
        )
        at = Unit(_id=unit, name=UNITS[unit][0], parent=None, path=paths[unit]) if unit else None
        session = sessions.opened(change.insert(staff), staff.id, now)
        tokens[login] = sessions.grant(staff_actor(staff, at, session.id), session, now).access_token
    for name in CITIZENS:
        resident = Resident(_id=f"resident:{name}", data_key=None, sealed={}, claims=(), created_at=now)
        session = sessions.opened(change.insert(resident), resident.id, now)
        tokens[name] = sessions.grant(resident_actor(resident, session.id), session, now).access_token
    await app.database.save(change)
    return tokens
