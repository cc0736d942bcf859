"""Citizens and staff at work over HTTP while things are killed around them.

Each action has an idempotency key of its own and is sent again under it until it is acknowledged: what a phone on a
bad network does.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.api.serving import COMPLAINT, INPUTS, Json

ANSWER = "__typename ... on Order { id number status version } ... on Problem { code message }"
PATIENCE_SECONDS = 120.0
"""How long one action is sent again before the test fails."""
LIFE: tuple[tuple[str, str, Json], ...] = (
    ("dispatcher", "orderDispatch", {"lead": "unit:water"}),
    ("water", "orderSign", {}),
    ("water", "orderContact", {"reached": True, "said": "已约好上门时间。"}),
    ("water", "orderSubmitReply", {"outcome": "SOLVED", "answer": "已修复。"}),
    ("water-head", "orderUnitApprove", {}),
    ("reviewer", "orderHotlineAccept", {}),
    ("zhang", "orderRate", {"grade": 1, "solved": True}),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One acknowledged action: what was asked, and what was answered."""

    who: str
    name: str
    input: Json
    order: str
    number: str
    version: int


@dataclass
class Load:
    """Clients that work until `stopping` is set, and what was acknowledged to them."""

    url: str
    tokens: Mapping[str, str]
    """By name; replaced while it runs when they grow old."""
    acknowledged: list[Sent] = field(default_factory=list)
    unanswered: Counter[str] = field(default_factory=Counter)
    """Tries that got no acknowledgement, by what came instead."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    keys: int = 0

    async def run(self, clients: int) -> None:
        """Work with so many clients at once; returns when each has finished its life after `stopping`."""
        limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
        async with (
            httpx.AsyncClient(base_url=self.url, timeout=15, trust_env=False, limits=limits) as http,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(clients):
                group.create_task(self._client(http))

    async def until_acknowledged(self, more: int) -> None:
        """Wait until so many more actions were acknowledged."""
        goal = len(self.acknowledged) + more
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.acknowledged) < goal:  # noqa: ASYNC110 - it counts, nothing is to be woken
                await asyncio.sleep(0.02)

    async def _client(self, http: httpx.AsyncClient) -> None:
        while not self.stopping.is_set():
            taken = await self.act(http, "zhang", "orderIntake", COMPLAINT)
            for who, name, input in LIFE:
                if self.stopping.is_set():
                    return
                await self.act(http, who, name, {"order": taken.order, **input})

    async def act(self, http: httpx.AsyncClient, who: str, name: str, input: Json) -> Sent:
        """Send an action until it is acknowledged."""
        self.keys += 1
        whole = {"idempotencyKey": f"load-{self.keys}", **input}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (answer := await self.send(http, who, name, whole)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        sent = Sent(who, name, whole, answer["id"], answer["number"], answer["version"])
        self.acknowledged.append(sent)
        return sent

    async def send(self, http: httpx.AsyncClient, who: str, name: str, input: Json) -> Json | None:
        """The order as acknowledged, or None when it must be sent again. Raises `AssertionError` for a refusal."""
        kind = INPUTS.get(name, name[0].upper() + name[1:] + "Input")
        query = f"mutation($input: {kind}!) {{ answer: {name}(input: $input) {{ {ANSWER} }} }}"
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        try:
            response = await http.post(
                "/graphql", json={"query": query, "variables": {"input": input}}, headers=headers
            )
        except httpx.TransportError as error:
            self.unanswered[type(error).__name__] += 1
            return None
        body: dict[str, Any] = response.json()
        if response.status_code != 200 or "errors" in body:
            code = body["errors"][0]["extensions"]["code"]
            assert code == "UNAVAILABLE", (response.status_code, body, name, input)
            self.unanswered[code] += 1
            return None
        answer: Json = body["data"]["answer"]
        if answer.get("code") == "BUSY":
            self.unanswered["BUSY"] += 1
            return None
        assert answer["__typename"] == "Order", (answer, name, input)
        return answer
