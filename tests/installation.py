"""An installation as `zhengtong run` makes it: two API processes, a worker and the SMS gateway's stub, on free ports,
with a little town of its own instead of the demo city.

On a database that is handed over, or with an embedded engine of its own, which tests may kill.
"""

import asyncio
import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from foundation.changes import Change
from foundation.clock import SystemClock
from foundation.engine import EmbeddedEngine, EngineProgram, running_engine, uri_of
from foundation.keys import read_keys
from foundation.settings import Settings
from identity.actors import Role
from identity.documents import Category, Channel, LoginClaim, Place, Resident, Staff, Unit
from identity.passwords import Passwords
from identity.subjects import device_actor, resident_actor, staff_actor
from runtime.composition import App, build
from tests.api.serving import CITIZENS, STAFF, UNITS, Api
from tests.runtime.processes import Running, children_of, environment, free_port, status

PASSWORD = "town-password-2026"
SMS_TOKEN = "development"
STARTS_WITHIN_SECONDS = 90.0
CHANNELS = {"app": "移动端", "phone": "电话", "web": "网站", "upstream": "上级平台"}
SIGN_IN = """mutation($input: StaffLogInInput!) { answer: staffLogIn(input: $input) {
  __typename ... on SignedIn { accessToken refreshToken me { id roles } } ... on Problem { code message } } }"""


class Installation:
    """Everything under one folder, started and stopped as a person does."""

    def __init__(self, folder: Path, *, program: EngineProgram | None = None, mongodb_uri: str | None = None) -> None:
        """With `program` it runs an embedded engine of its own, with `mongodb_uri` on that server."""
        self._program, self._mongodb_uri = program, mongodb_uri
        self._folder, self._starts = folder, 0
        self.port = free_port()
        self._database = f"test_{os.getpid()}_{self.port}"
        self.own_gateway = False
        """Whether a gateway of the test's own is where the SMS stub would run."""
        self._running: Running | None = None
        self._watchman: subprocess.Popen[bytes] | None = None

    # Starting and stopping

    async def make_town(self) -> None:
        """Units, categories, places, channels, staff and two residents: `zhengtong run` then leaves out its demo."""
        if self._program is None:
            await self._make_town()
        else:
            with EmbeddedEngine.start(self._program, self._folder / "data"):
                await self._make_town()

    async def _make_town(self) -> None:
        async with self.app() as app:
            await app.prepare()
            await populate(app)

    async def start(self) -> None:
        """Start everything and return once the API answers."""
        self._dismiss_watchman()
        self._starts += 1
        env = environment(self._folder, ZHENGTONG_PROCESSES="2", ZHENGTONG_PORT=str(self.port))
        env["ZHENGTONG_DATABASE"] = self._database
        if self.own_gateway:
            env["ZHENGTONG_SMS_GATEWAY_URL"] = f"http://127.0.0.1:{self.port + 10}"
        if self._mongodb_uri is not None:
            env["ZHENGTONG_MONGODB_URI"] = self._mongodb_uri
        self._running = Running("run", env=env, log=self._folder / f"log-{self._starts}")
        self._watchman = _ends_with_us(self._running.process.pid)
        await self.answers()

    async def answers(self) -> None:
        """Wait until the API and its database answer."""
        end = time.monotonic() + STARTS_WITHIN_SECONDS
        while await asyncio.to_thread(status, f"{self.url}/readyz") != 200:
            assert self.process.process.poll() is None, self.log()
            assert time.monotonic() < end, f"not ready after {STARTS_WITHIN_SECONDS} s: {self.log()[-3_000:]}"
            await asyncio.sleep(0.05)

    def stop(self) -> int | None:
        """Ctrl-C; the exit code, None if it did not run."""
        if self._running is None:
            return None
        running, self._running = self._running, None
        self._dismiss_watchman()
        return running.interrupt() if running.process.poll() is None else running.process.returncode

    def _dismiss_watchman(self) -> None:
        if self._watchman is not None:
            self._watchman.kill()
            self._watchman.communicate()
            self._watchman = None

    @property
    def process(self) -> Running:
        assert self._running is not None
        return self._running

    # Where it is

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    @property
    def inbox(self) -> str:
        """Where the SMS gateway's stub shows what was sent."""
        return f"http://127.0.0.1:{self.port + 10}/inbox"

    @property
    def uri(self) -> str:
        """Where its database answers."""
        if self._mongodb_uri is not None:
            return self._mongodb_uri
        assert self._program is not None
        engine = running_engine(self._folder / "data", self._program.kind)
        assert engine is not None, "the engine does not run"
        return uri_of(engine.port)

    def log(self) -> str:
        """What all its processes said, since the first start."""
        return "".join((self._folder / f"log-{n}").read_text() for n in range(1, self._starts + 1))

    def log_of(self, request_id: str) -> str:
        """The lines that bear a request's id."""
        return "\n".join(line for line in self.log().splitlines() if request_id in line)

    def line_of(self, request_id: str) -> str:
        """The same, once there are any: the line of a request is written after its answer."""
        end = time.monotonic() + 5
        while not (lines := self.log_of(request_id)):
            assert time.monotonic() < end, f"no line of the log bears {request_id}"
            time.sleep(0.01)
        return lines

    @asynccontextmanager
    async def app(self) -> AsyncIterator[App]:
        """The same parts in this process, to look inside."""
        settings = Settings(
            data_dir=self._folder / "data",
            database=self._database,
            mongodb_uri=SecretStr(self.uri),
            sms_gateway_url=f"http://127.0.0.1:{self.port + 10}",
        )
        app = build(settings, read_keys(settings), SystemClock())
        try:
            await app.open()
            yield app
        finally:
            await app.close()

    @asynccontextmanager
    async def api(self) -> AsyncIterator[Api]:
        """A client of the API with everybody's tokens, good for 15 minutes."""
        async with (
            self.app() as app,
            httpx.AsyncClient(base_url=self.url, timeout=30, trust_env=False) as http,
        ):
            # A town's own clock is the machine's here: nothing in these tests turns it.
            keys = secrets.randbelow(1 << 40)  # another client than those before it
            yield Api(app, app.clock, http, await tokens(app), f"127.0.0.1:{self.port}", keys)  # type: ignore[arg-type]

    # Killing

    def pids(self, module: str) -> list[int]:
        """The processes that run `runtime.web`, `runtime.worker` …"""
        return [pid for pid, command in children_of(self.process.process.pid).items() if module in command]

    def kill(self, module: str) -> int:
        """Kill -9 one process of that kind; its id."""
        pid = self.pids(module)[0]
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_engine(self) -> None:
        """Kill -9 the database. The supervisor then ends everything else."""
        assert self._program is not None
        engine = running_engine(self._folder / "data", self._program.kind)
        assert engine is not None
        os.kill(engine.pid, signal.SIGKILL)


def _ends_with_us(pid: int) -> "subprocess.Popen[bytes]":
    """A process that ends another when this one is gone, however it ended: nothing is left running."""
    script = f"cat >/dev/null; kill -INT {pid}"
    return subprocess.Popen(["/bin/sh", "-c", script], stdin=subprocess.PIPE, start_new_session=True)


async def populate(app: App) -> None:
    """Write the town into an empty database that was prepared."""
    change, paths, now = Change(), dict[str, tuple[str, ...]](), app.clock.now()
    for id, (name, parent) in UNITS.items():
        paths[id] = (*paths.get(parent or "", ()), id)
        change.insert(Unit(_id=id, name=name, parent=parent, path=paths[id]))
    change.insert(Category(_id="water", name="供水", parent=None, path=("water",)))
    change.insert(Category(_id="leak", name="管道漏水", parent="water", path=("water", "leak")))
    change.insert(Place(_id="town", name="中心镇", parent=None, path=("town",)))
    change.insert(Place(_id="street", name="东街", parent="town", path=("town", "street")))
    change.insert(*(Channel(_id=id, name=name, parent=None, path=(id,)) for id, name in CHANNELS.items()))
    password = await Passwords().hash(PASSWORD)
    for login, (role, unit) in STAFF.items():
        account = Staff(
            _id=f"staff:{login}", login=login, name=login, roles=(role,), unit=unit, password=password, created_at=now
        )
        change.insert(account, LoginClaim(_id=login, staff=account.id))
    for name in CITIZENS:
        change.insert(Resident(_id=f"resident:{name}", data_key=None, sealed={}, claims=(), created_at=now))
    await app.database.save(change)


async def tokens(app: App) -> dict[str, str]:
    """A new session for everybody: staff by login, citizens by name, and `device` for a device of nobody's."""
    change, granted = Change(), {}
    sessions, now, units = app.identity.sessions, app.clock.now(), (await app.identity.directory.snapshot()).units
    for login, (role, unit) in STAFF.items():
        account = Staff(
            _id=f"staff:{login}", login=login, name=login, roles=(role,), unit=unit, password="", created_at=now
        )
        session = sessions.opened(change, account.id, now)
        actor = staff_actor(account, units.get(unit) if unit else None, session.id)
        granted[login] = sessions.grant(actor, session, now).access_token
    for name in CITIZENS:
        resident = Resident(_id=f"resident:{name}", data_key=None, sealed={}, claims=(), created_at=now)
        session = sessions.opened(change, resident.id, now)
        granted[name] = sessions.grant(resident_actor(resident, session.id), session, now).access_token
    session = sessions.opened(change, "device:of-nobody", now)
    granted["device"] = sessions.grant(device_actor("device:of-nobody", session.id), session, now).access_token
    await app.database.save(change)
    return granted


def staff_with(role: Role) -> str:
    """The login of somebody with that role."""
    return next(login for login, (has, _) in STAFF.items() if has is role)


def is_chinese(sentence: Any) -> bool:
    """Whether somebody in this city can read it."""
    return isinstance(sentence, str) and re.search("[\u4e00-\u9fff]", sentence) is not None


@pytest.fixture(scope="session")
async def installation(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    """One installation with its town for all tests that only talk to it; what one test leaves, the next one finds."""
    made = Installation(tmp_path_factory.mktemp("installation"), mongodb_uri=mongodb_uri)
    await made.make_town()
    try:
        await made.start()
        yield made
    finally:
        ended = made.stop()
    assert ended == 0


@pytest.fixture(scope="module")
async def served(installation: Installation) -> AsyncIterator[Api]:
    """A client of the running installation with everybody's tokens, for the tests of one file."""
    async with installation.api() as api:
        yield api
