"""Identity over a real database, with a clock that stands still and an SMS gateway that speaks HTTP."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from foundation.clock import SettableClock
from foundation.crypto import Keyring, new_key_setting
from foundation.database import Database
from identity.actors import Actor, Role
from identity.assembly import MODELS, Identity, build_identity
from identity.personal_data import PersonalDataHolder
from identity.sessions import Grant, Origin
from identity.sms import HttpSmsGateway
from runtime.stubs.sms_gateway import SmsInbox, sms_gateway

START = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)  # Monday 09:00 in the city
ZONE = ZoneInfo("Asia/Shanghai")
HERE = Origin("10.0.0.1", "phone-1")
ADMIN = Actor("staff:admin", frozenset({Role.ADMINISTRATOR}), label="管理员")


class NamedCalendars:
    """Stands for the domain that keeps the calendars."""

    async def names(self) -> list[str]:
        return ["always"]


@dataclass
class City:
    """One city's identity as a process sees it."""

    identity: Identity
    database: Database
    clock: SettableClock
    keyring: Keyring
    inbox: SmsInbox
    gateway: HttpSmsGateway

    def another_process(self, holders: tuple[PersonalDataHolder, ...] = ()) -> Identity:
        """The same city in another process: nothing shared but the database, the keys and the clock."""
        return build_identity(self.database, self.keyring, self.clock, ZONE, self.gateway, NamedCalendars(), holders)

    def code(self, mobile: str = "13812345678") -> str:
        """The code in the latest message to this mobile."""
        found = re.search(r"验证码(\d{6})", self.inbox.latest(f"+86{mobile}")[0].text)
        assert found
        return found[1]

    async def logged_in(self, mobile: str = "13812345678") -> Grant:
        """A resident who logged in by a code, as people do."""
        await self.identity.residents.request_code(mobile, Origin(f"10.1.{mobile[-3:]}"))
        return await self.identity.residents.log_in(mobile, self.code(mobile), HERE)

    async def everything_stored(self) -> str:
        """All that the database holds, as text, to search for what must not be there."""
        names = await self.database.mongo.list_collection_names()
        return "\n".join([str(raw) for name in names async for raw in self.database.mongo[name].find({})])


@pytest.fixture
async def city(database: Database) -> AsyncIterator[City]:
    await database.prepare(MODELS)
    clock, inbox = SettableClock(START), SmsInbox()
    keyring = Keyring.from_settings(new_key_setting("k1"), new_key_setting("h1"))
    transport = httpx.ASGITransport(sms_gateway("secret", clock, inbox))
    gateway = HttpSmsGateway("http://sms", "secret", transport=transport)
    identity = build_identity(database, keyring, clock, ZONE, gateway, NamedCalendars())
    yield City(identity, database, clock, keyring, inbox, gateway)
    await gateway.close()
