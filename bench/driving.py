"""The load generator, a process of its own: `python -m bench.driving PLAN`, where PLAN is a JSON text.

It speaks HTTP/1.1 over kept connections and nothing more, so that it takes little from the two cores it shares.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from time import perf_counter, process_time
from typing import Any

import orjson
import uvloop

from bench.loading import ANSWER, DETAIL
from foundation.ids import new_id
from runtime.replay import town

ORDER = "{ answer: %s(input: $input) { __typename ... on Order { id status } ... on Problem { code message } } }"
CREATE = "mutation($input: OrderIntakeInput!) " + ORDER % "orderIntake"
ASSIGN = "mutation($input: OrderDispatchInput!) " + ORDER % "orderDispatch"
RESOLVE = "mutation($input: OrderSubmitReplyInput!) " + ORDER % "orderSubmitReply"
RATE = "mutation($input: OrderRateInput!) " + ORDER % "orderRate"


@dataclass(slots=True)
class Plan:
    """`rates` are life cycles started per second, each with for how many seconds; without them `connections` clients
    go on and on for `seconds`, after a warm-up that is not counted."""

    port: int
    tokens: Mapping[str, str]
    connections: int = 12
    warm_up: float = 3.0
    seconds: float = 20.0
    rates: list[tuple[float, float]] = field(default_factory=list)


@dataclass(slots=True)
class Result:
    """`cycles` ended within the counted seconds; `started` counts those of the warm-up too."""

    cycles: int = 0
    started: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)


class Failed(Exception):
    """A call was not answered as it should have been."""


class Client:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, token: str, query: str, input: Mapping[str, Any]) -> dict[str, Any]:
        """Raises `Failed` for anything but an order."""
        variables = {"input": {**input, "idempotencyKey": new_id()}}
        content = orjson.loads(await self.post(token, {"query": query, "variables": variables}))
        given = (content.get("data") or {}).get("answer") or {}
        if given.get("__typename") != "Order":
            raise Failed(given.get("code") or str(content.get("errors"))[:100])
        return dict(given)

    async def post(self, token: str, request: Mapping[str, Any]) -> bytes:
        """The body of the answer. Raises `Failed` for a lost connection and for any status but 200."""
        body = orjson.dumps(request)
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            reader, writer = self._streams or await self._connected()
            writer.write(head.encode() + body)
            status, answer = await _response(reader)
        except (OSError, EOFError) as fault:
            self._streams = None
            raise Failed(type(fault).__name__) from None
        if status != 200:
            raise Failed(f"HTTP {status}")
        return answer

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        return self._streams


async def _response(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


async def cycle(client: Client, plan: Plan, n: int, taken: list[float]) -> None:
    """Create, assign, resolve, rate: four calls by different people. Raises `Failed`."""
    people = [name for name in plan.tokens if name.startswith("citizen")]
    citizen = people[n % len(people)]

    async def call(who: str, query: str, input: Mapping[str, Any]) -> dict[str, Any]:
        begin = perf_counter()
        try:
            return await client.call(plan.tokens[who], query, input)
        finally:
            taken.append((perf_counter() - begin) * 1e3)

    created = await call(
        citizen,
        CREATE,
        {
            "channel": f"channel:{town.CHANNEL}",
            "kind": "COMPLAINT",
            "category": f"category:{town.CATEGORY}",
            "place": f"place:{town.PLACE}",
            "title": "小区门口水管漏水",
            "detail": DETAIL,
            "name": "张三",
        },
    )
    order = {"order": created["id"]}
    await call("dispatcher", ASSIGN, {**order, "lead": f"unit:{town.UNIT}"})
    await call("clerk", RESOLVE, {**order, "outcome": "SOLVED", "answer": ANSWER})
    done = await call(citizen, RATE, {**order, "grade": 1, "solved": True})
    if done["status"] != "CLOSED":
        raise Failed(f"ended {done['status']}")


async def steadily(plan: Plan) -> Result:
    """As many clients as there are connections, each one cycle after the other."""
    result, start = Result(), perf_counter()
    counted_from, ends = start + plan.warm_up, start + plan.warm_up + plan.seconds

    async def client_of(first: int) -> None:
        client, n = Client(plan.port), first
        while perf_counter() < ends:
            taken: list[float] = []
            begun = perf_counter()
            result.started += 1
            try:
                await cycle(client, plan, n, taken)
            except Failed as failed:
                result.failures[str(failed)] += 1
            else:
                result.cycles += counted_from <= perf_counter() < ends
            if begun >= counted_from:
                result.milliseconds += taken
            n += plan.connections

    await asyncio.gather(*(client_of(n) for n in range(plan.connections)))
    result.seconds = plan.seconds
    return result


async def by_rates(plan: Plan) -> Result:
    """So many cycles started per second, whether those before have ended or not."""
    result, idle = Result(), list[Client]()
    begin, n = perf_counter(), 0

    async def one(n: int) -> None:
        client = idle.pop() if idle else Client(plan.port)
        try:
            await cycle(client, plan, n, result.milliseconds)
        except Failed as failed:
            result.failures[str(failed)] += 1
        else:
            result.cycles += 1
        idle.append(client)

    async with asyncio.TaskGroup() as group:
        next_at = perf_counter()
        for rate, seconds in plan.rates:
            for _ in range(round(rate * seconds)):
                await asyncio.sleep(next_at - perf_counter())
                group.create_task(one(n))
                n, next_at = n + 1, next_at + 1 / rate
    result.seconds = perf_counter() - begin
    return result


def main() -> None:
    plan = Plan(**json.loads(sys.argv[1]))
    started = process_time()
    result = uvloop.run(by_rates(plan) if plan.rates else steadily(plan))
    result.processor_seconds = process_time() - started
    # `asdict` makes a Counter of pairs out of a Counter.
    print(json.dumps(asdict(result) | {"failures": result.failures}))


if __name__ == "__main__":
    main()
