"""The people of the journeys, as they are: with phones that get text messages, and desks that are logged in to."""

import asyncio
import itertools
import json
import re
import secrets
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from tests.api.serving import COMPLAINT, INPUTS, Api, Json
from tests.installation import PASSWORD, SIGN_IN, Installation

ORDER = """id number status version reporting title detail closing round linkedTo availableActions redoAsked
  reporter { name phone address } upstream { source number } citizenDeadline { due basis }
  lead { unit { id } state } assignments { unit { id } state role } request { kind }
  files { id name url } timeline { action who words texts { name text } files { id url } }"""
"""All that an order tells."""
WHOLE = f"__typename ... on Problem {{ code message }} ... on Order {{ {ORDER} }}"
PATIENCE_SECONDS = 20.0


@dataclass
class Person:
    """Somebody with a session of their own, and all that they were ever told."""

    api: Api
    name: str
    token: str
    told: list[str] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    async def ask(self, query: str, **variables: Any) -> Any:
        """What the one root field answered."""
        body = {"query": query, "variables": variables}
        answer = await self.api.http.post("/graphql", json=body, headers=self.headers)
        self.told.append(answer.text)
        told = answer.json()
        assert "errors" not in told, (self.name, told)
        (one,) = told["data"].values()
        return one

    async def do(self, action: str, order: str | None = None, /, **input: Any) -> Json:
        """One mutation on an order, which succeeds; the whole order after it, as this person sees it."""
        name = f"order{action}"
        kind = INPUTS.get(name, f"Order{action}Input")
        given = {"idempotencyKey": secrets.token_hex(8), **({"order": order} if order else {}), **input}
        query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {WHOLE} }} }}"
        answer: Json = await self.ask(query, input=given)
        assert answer["__typename"] == "Order", (self.name, action, answer)
        return answer

    async def see(self, order: str) -> Json:
        """The whole order as this person sees it, or the problem."""
        seen: Json = await self.ask(f"query($id: ID!) {{ order(id: $id) {{ {WHOLE} }} }}", id=order)
        return seen

    async def listed(self, query: str) -> list[str]:
        """The ids on a page of orders or assignments."""
        inner = "id order { id }" if query.startswith("unitDesk") else "id"
        kind = "AssignmentConnection" if query.startswith("unitDesk") else "OrderConnection"
        page = f"__typename ... on {kind} {{ edges {{ node {{ {inner} }} }} }} ... on Problem {{ code }}"
        answer = await self.ask(f"{{ {query} {{ {page} }} }}")
        assert answer["__typename"] == kind, (self.name, answer)
        nodes = [edge["node"] for edge in answer["edges"]]
        return [node["order"]["id"] if "order" in node else node["id"] for node in nodes]

    async def upload(self, name: str, content: bytes) -> str:
        """The id of an uploaded file."""
        mutation = """mutation($file: Upload!) { uploadFile(file: $file) {
            __typename ... on File { id } ... on Problem { code } } }"""
        answer = await self.api.http.post(
            "/graphql",
            data={
                "operations": json.dumps({"query": mutation, "variables": {"file": None}}),
                "map": '{"0": ["variables.file"]}',
            },
            files={"0": (name, content)},
            headers=self.headers,
        )
        file = answer.json()["data"]["uploadFile"]
        assert file["__typename"] == "File", file
        return str(file["id"])

    async def download(self, file: str) -> httpx.Response:
        answer = await self.api.http.get("/files/" + file.removeprefix("file:"), headers=self.headers)
        self.told.append(answer.text)
        return answer


@dataclass
class People:
    """Who is logged in, one person each."""

    installation: Installation
    api: Api
    _staff: dict[str, Person] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._staff.clear()

    async def staff(self, login: str) -> Person:
        """Somebody of the staff, logged in with their password."""
        if login not in self._staff:
            given = {"login": login, "password": PASSWORD}
            answer = await self.api.data(None, SIGN_IN, input=given)
            assert answer["__typename"] == "SignedIn", answer
            self._staff[login] = Person(self.api, login, answer["accessToken"])
        return self._staff[login]

    async def citizen(self, mobile: str) -> Person:
        """A citizen who signs in with the code that is sent to their phone."""
        ask = "mutation($m: String!) { requestLoginCode(mobile: $m) { __typename ... on Problem { code message } } }"
        asked = await self.api.data(None, ask, m=mobile)
        assert asked["__typename"] == "CodeSent", asked
        code = await self.message(mobile, r"验证码(\d{6})")
        log_in = """mutation($i: LogInInput!) { logIn(input: $i) {
            __typename ... on SignedIn { accessToken me { id } } ... on Problem { code message } } }"""
        answer = await self.api.data(None, log_in, i={"mobile": mobile, "code": code, "idempotencyKey": "a-phone"})
        assert answer["__typename"] == "SignedIn", answer
        return Person(self.api, answer["me"]["id"], answer["accessToken"])

    async def device(self) -> Person:
        """A device on which nobody is logged in."""
        query = "mutation { startDeviceSession { __typename ... on SignedIn { accessToken me { id } } } }"
        answer = await self.api.data(None, query)
        return Person(self.api, answer["me"]["id"], answer["accessToken"])

    async def messages(self, mobile: str) -> list[str]:
        """What was sent to a phone, newest first."""
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(self.installation.inbox, params={"to": f"+86{mobile}"})
        return [message["text"] for message in answer.json()]

    async def message(self, mobile: str, pattern: str) -> str:
        """The first group of a message that comes to a phone."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for text in await self.messages(mobile):
                    if found := re.search(pattern, text):
                        return found[1]
                await asyncio.sleep(0.1)

    async def handled(self, order: str, *, reply: str = "已修复。", unit: str = "water") -> None:
        """The order's road from the dispatcher to the callback, each step by whose it is."""
        await (await self.staff("dispatcher")).do("Dispatch", order, lead=f"unit:{unit}")
        await (await self.staff(unit)).do("Sign", order)
        await self.replied(order, reply=reply, unit=unit)

    async def replied(self, order: str, *, reply: str = "已修复。", unit: str = "water") -> None:
        await (await self.staff(unit)).do("SubmitReply", order, outcome="SOLVED", answer=reply)
        await (await self.staff(f"{unit}-head")).do("UnitApprove", order)
        await (await self.staff("reviewer")).do("HotlineAccept", order)


def complaint(**changes: Any) -> Json:
    """What is reported, with changes."""
    return {**COMPLAINT, **changes}


_numbers = itertools.count(1_000)


def a_mobile() -> str:
    """A number that no other journey uses; in a range in which nobody answers."""
    return f"1990000{next(_numbers):04}"
