"""A town to measure in: the replay's, with people who have tokens, on an engine as in production."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import SecretStr

from foundation.changes import Change
from foundation.clock import Clock, SystemClock
from foundation.keys import read_keys
from foundation.settings import Settings
from identity.actors import Actor
from identity.documents import Resident, Staff
from identity.subjects import resident_actor
from runtime.composition import App, build
from runtime.preparing import prepare
from runtime.replay import town
from workorders.deadlines.packs import RulePack, shipped_pack

CITIZENS = 50
SWITCHES = {"auto_sign": True, "unit_review": False, "hotline_review": False}
"""Those of the load test: four calls make a life cycle."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the engine answers, its process, and where the keys lie."""

    uri: str
    folder: Path
    engine: int

    def settings(self, database: str) -> Settings:
        return Settings(data_dir=self.folder, database=database, mongodb_uri=SecretStr(self.uri))


def short_cycle() -> RulePack:
    """The default pack with the three switches of smaller places."""
    pack = shipped_pack()
    return pack.model_copy(update={"switches": pack.switches.model_copy(update=SWITCHES)})


@asynccontextmanager
async def opened(place: Place, database: str, clock: Clock | None = None) -> AsyncIterator[App]:
    """The program's parts over one database of the engine."""
    settings = place.settings(database)
    app = build(settings, read_keys(settings), clock or SystemClock())
    try:
        await app.open()
        yield app
    finally:
        await app.close()


async def found(app: App, rules: RulePack | None = None) -> None:
    """The town, in a database of this release; dispatching is a call of its own here."""
    await prepare(app, print)
    await town.found(app, rules=rules, fallback=replace(town.FALLBACK, auto_dispatch=False))


def citizen(n: int) -> Actor:
    account = Resident(_id=f"resident:bench{n}", data_key=None, sealed={}, claims=(), created_at=SystemClock().now())
    return resident_actor(account, None)


async def tokens(app: App) -> dict[str, str]:
    """Sessions good for 15 minutes: `dispatcher`, `clerk`, and `citizen0` … ; accounts are made at the first time."""
    change, granted = Change(), {}
    sessions, now = app.identity.sessions, app.clock.now()
    actors = {"dispatcher": town.DISPATCHER, "clerk": town.CLERK}
    actors |= {f"citizen{n}": citizen(n) for n in range(CITIZENS)}
    for name, actor in actors.items():
        change.put(_account(name, actor, app))
        session = sessions.opened(change, actor.id, now)
        granted[name] = sessions.grant(replace(actor, session_id=session.id), session, now).access_token
    await app.database.save(change)
    return granted


def _account(name: str, actor: Actor, app: App) -> Staff | Resident:
    now = app.clock.now()
    if actor.resident_id is not None:
        return Resident(_id=actor.id, data_key=None, sealed={}, claims=(), created_at=now)
    return Staff(
        _id=actor.id,
        login=name,
        name=name,
        roles=tuple(actor.roles),
        unit=actor.unit_id,
        password="",
        created_at=now,
    )
