"""The small town with its exchange, and a courier that writes down what it brings."""

import base64
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from foundation.database import Database
from foundation.outbox import OutboxRow
from identity.actors import Role
from tests.workorders.lifecycle.town import Town, staff
from workorders.exchange.admitting import Gate
from workorders.exchange.platforms import Issued, Platforms
from workorders.exchange.sending import NotTaken, sender
from workorders.lifecycle.recording import EXCHANGE

ADMIN = staff("admin", Role.ADMINISTRATOR)


@dataclass
class Bag:
    """A courier: what it brought where, and where nobody opens."""

    brought: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    closed: set[str] = field(default_factory=set)
    poison: set[str] = field(default_factory=set)
    """Messages on which it breaks in a way that nobody thought of."""

    async def post(self, url: str, content: bytes, headers: dict[str, str]) -> None:
        self.tries[url] += 1
        if url in self.closed:
            raise NotTaken("503")
        message = json.loads(content)
        if message["id"] in self.poison:
            raise RuntimeError("nobody thought of this")
        self.brought.append((url, message, headers))

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for _, message, _ in self.brought]


@dataclass
class City:
    town: Town
    platforms: Platforms
    gate: Gate
    issued: dict[str, Issued]
    bag: Bag = field(default_factory=Bag)

    def __post_init__(self) -> None:
        town = self.town
        self.sender = sender(town.database, town.keyring, town.clock, town.office.orders, self.bag)

    @property
    def database(self) -> Database:
        return self.town.database

    def secret(self, platform: str) -> bytes:
        return base64.b64decode(self.issued[platform].secret)

    async def sweep(self, **later: float) -> int:
        """Send what is due, so much later."""
        self.town.clock.advance(timedelta(**later))
        return await self.sender.sweep(self.town.clock.now())

    async def waiting(self) -> list[OutboxRow]:
        """What is still to be told."""
        raws = await self.database.collection(OutboxRow).find({"consumer": EXCHANGE}).sort("_id", 1).to_list()
        return [OutboxRow.load(raw) for raw in raws]


def url_of(platform: str) -> str:
    return f"https://{platform}.example/city"


async def new_city(town: Town) -> City:
    platforms = Platforms(town.database, town.keyring, town.clock, town, encrypted_only=True)
    issued = {
        id: await platforms.connect(ADMIN, id, name=f"{id}平台", url=url_of(id), channel="upstream")
        for id in ("province", "nation")
    }
    return City(town, platforms, Gate(town.database, town.keyring, town.clock), issued)
