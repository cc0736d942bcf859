"""Filling an empty database with the demo city, once.

The trees, people and the catalogue are written first; then every order lives its life through the use cases, all
lives in one order of time, timers fired when they are due. A mark in the database says how far it came: a seeding that
was broken off begins anew from an empty database, a finished one is left alone.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from pymongo.errors import PyMongoError

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import SettableClock
from foundation.database import Database
from foundation.errors import Conflict
from foundation.ids import new_id
from foundation.outbox import OutboxRow
from foundation.phones import parse_mobile
from foundation.timers import LONG_AGO, Timer, Timers
from identity.actors import Actor, Role
from identity.documents import Category, Channel, Contact, DutyShift, LoginClaim, Place, Resident, Staff, Unit
from identity.passwords import Passwords
from identity.subjects import STAFF, resident_actor, staff_actor
from runtime.composition import App
from runtime.demo.city import DemoCity, DemoUnit, make_city
from runtime.demo.documents import DemoMark, SeedingState
from runtime.demo.lives import UPSTREAM, UPSTREAM_ID, Life
from runtime.demo.players import Stage
from runtime.demo.stories import plan
from runtime.migrations import MigrationRecord
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.recording import NOTICES
from workorders.lifecycle.timing import timer_handlers
from workorders.statistics.naming import side_by_side
from workorders.statistics.tallying import Dimension

ORDERS = 300
SEED = 12345
PASSWORD = "zhengtong-demo"  # noqa: S105 (of a city that does not exist; shown at every start)
MARK = "demo_city"
AROUND_THE_CLOCK = "24x7"
ALIVE = timedelta(seconds=60)
"""A seeding that did not say for so long that it is at work has died."""
TOGETHER = timedelta(minutes=25)
"""Shorter than the shortest limit that a timer is set for: what acts within it cannot set off what acts beside it."""
AT_ONCE = 8
SEEDER = Actor("system:demo", frozenset({Role.SYSTEM, Role.ADMINISTRATOR}), label="演示城市")
CHANNELS = {
    "phone": "电话",
    "app": "手机应用",
    "mini_program": "小程序",
    "web": "网站",
    "wechat": "微信",
    "letter": "信件",
    "media": "政风热线",
    "upstream": "上级平台",
}

Progress = Callable[[int, int], None]
"""Told now and then how many lives of how many are over."""


class NotEmpty(Conflict):
    code = "DATABASE_NOT_EMPTY"
    text = "数据库中已有数据，不能再生成演示城市。"


class SeedingElsewhere(Conflict):
    code = "SEEDING_ELSEWHERE"
    text = "另一个进程正在生成演示城市，请稍候。"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a seeding did: `fresh` is False where the city was there already.

    A story is `abandoned` where the rules did not allow what its plot wanted; its order stays as it was.
    """

    fresh: bool
    orders: int = 0
    actions: int = 0
    abandoned: int = 0


async def seed(
    app: App, *, seed: int = SEED, orders: int = ORDERS, progress: Progress = lambda done, of: None
) -> Seeded:
    """Fill the app's database, which was prepared, with the demo city as of now, unless it is there.

    The database must be empty or hold a seeding that was broken off, which is cleared away. Afterwards nothing is
    left for a worker to catch up with, and no citizen of the demo is sent a message about the past. Raises `NotEmpty`,
    `SeedingElsewhere`.
    """
    now = app.clock.now()
    mark = await _begin(app, seed, now)
    if mark is None:
        return Seeded(fresh=False)
    keeper = _Keeper(app, mark, progress)
    try:
        seeded = await _make(app, seed, orders, now, keeper)
    except BaseException:
        await keeper.let_go()
        raise
    await keeper.finish()
    return seeded


async def _make(app: App, seed: int, orders: int, now: datetime, keeper: "_Keeper") -> Seeded:
    terms = await app.library.current()
    city = make_city(seed, terms.local_date(now))
    await _write_trees(app, city)
    # It has no address here: it asks by itself, and is told nothing.
    await app.exchange.platforms.connect(SEEDER, UPSTREAM_ID, name=UPSTREAM.label, url=None, channel="upstream")
    await app.cataloguing.load(SEEDER, city.rules)
    clock = SettableClock(now)
    office = replace(app.office, clock=clock)
    stage = Stage(
        office=office,
        city=city,
        calendar=terms.calendar,
        around_the_clock=terms.calendars[AROUND_THE_CLOCK],
        staff=await _write_staff(app, city, now),
        residents=await _write_residents(app, city),
        today=now,
    )
    lives = [Life(stage, plot, seed) for plot in plan(city, seed, now, terms.calendar, orders)]
    theatre = _Theatre(app.database, clock, Timers(app.database, timer_handlers(office)))
    actions = await theatre.play(lives, now, keeper.tell)
    await _record_upkeep(app, stage.staff, seed, now)
    await _settle(app, now)
    return Seeded(fresh=True, orders=len(lives), actions=actions, abandoned=sum(life.abandoned for life in lives))


async def _begin(app: App, seed: int, now: datetime) -> DemoMark | None:
    """Claim the seeding; None if it is done. Raises `NotEmpty`, `SeedingElsewhere`."""
    fresh = DemoMark(
        _id=MARK, state=SeedingState.SEEDING, seed=seed, token=new_id(), as_of=now, alive_until=now + ALIVE
    )
    mark = await app.database.get(DemoMark, MARK)
    if mark is not None and mark.state is SeedingState.DONE:
        return None
    try:
        if mark is None:
            if not await _empty(app.database):
                raise NotEmpty
            await app.database.save(Change().insert(fresh))
        elif mark.alive_until > now:
            raise SeedingElsewhere
        else:
            await app.database.save(Change().replace(fresh, expecting={"token": mark.token}))
            await _clear(app.database)
            await app.library.publish_shipped()
            await app.assessments.library.publish_shipped()
            app.identity.directory.forget()
    except (AlreadyClaimed, StaleWrite):
        raise SeedingElsewhere from None
    return fresh


async def _empty(database: Database) -> bool:
    """Whether nobody has entered anything: no unit, no account, no order."""
    for model in (Unit, Staff, Resident, OrderDocument):
        if await database.collection(model).find_one({}, {"_id": 1}) is not None:
            return False
    return True


async def _clear(database: Database) -> None:
    """Empty every collection but the mark's and the migrations'. Collections and indexes stay."""
    kept = {DemoMark.collection_name(), MigrationRecord.collection_name()}
    for name in await database.mongo.list_collection_names():
        if name not in kept:
            await database.mongo[name].delete_many({})


# The city's trees and people


async def _write_trees(app: App, city: DemoCity) -> None:
    for model, nodes in ((Category, city.categories), (Place, city.places)):
        change = Change().insert(
            *(model(_id=node.id, name=node.name, parent=node.parent, path=node.path) for node in nodes.values())
        )
        await app.database.save(change)
    await app.database.save(
        Change().insert(*(Channel(_id=id, name=name, parent=None, path=(id,)) for id, name in CHANNELS.items()))
    )
    answers_for: dict[str, set[str]] = {}
    for rule in city.rules:
        answers_for.setdefault(rule.lead, set()).add(rule.category)
    units = (_unit(unit, tuple(sorted(answers_for.get(unit.id, ())))) for unit in city.units.values())
    await app.database.save(Change().insert(*units))
    app.identity.directory.forget()


def _unit(unit: DemoUnit, categories: tuple[str, ...]) -> Unit:
    desk = Contact(name="热线工作联络员", phone=unit.phone, post="办公室")
    duty = Contact(name="值班室", phone=unit.phone, post="值班员")
    leader = Contact(name="带班领导", phone=unit.phone[:7] + f"{int(unit.phone[7:]) + 5_000:04}", post="分管负责人")
    days = DutyShift(days=(1, 2, 3, 4, 5), start="08:30", end="17:00", members=(desk, leader))
    nights = DutyShift(start="17:00", end="08:30", members=(duty, leader))
    weekends = DutyShift(days=(6, 7), start="08:30", end="17:00", members=(duty, leader))
    around_the_clock = DutyShift(members=(duty, leader))
    return Unit(
        _id=unit.id,
        name=unit.name,
        parent=unit.parent,
        path=unit.path,
        calendar=AROUND_THE_CLOCK if unit.round_the_clock else None,
        contacts=(desk,),
        duty=(around_the_clock,) if unit.round_the_clock else (days, nights, weekends),
        categories=categories,
        places=unit.places,
    )


async def _write_staff(app: App, city: DemoCity, now: datetime) -> dict[str, Actor]:
    """All accounts with the demo's one password; their actors by login."""
    hashed = await Passwords().hash(
        PASSWORD
    )  # one for all: everybody knows the password, and hashing is slow on purpose
    accounts = [
        Staff(
            _id=STAFF + person.login,
            login=person.login,
            name=person.name,
            roles=person.roles,
            unit=person.unit,
            password=hashed,
            created_at=now,
        )
        for person in city.staff
    ]
    claims = [LoginClaim(_id=account.login, staff=account.id) for account in accounts]
    await app.database.save(Change().insert(*accounts).insert(*claims))
    units = (await app.identity.directory.snapshot()).units
    return {
        account.login: staff_actor(account, units.get(account.unit) if account.unit else None, None)
        for account in accounts
    }


async def _write_residents(app: App, city: DemoCity) -> list[Actor]:
    actors = []
    for person in city.residents:
        resident = await app.identity.residents.having_mobile(parse_mobile(person.mobile))
        actor = resident_actor(resident, None)
        await app.identity.residents.give_real_name(actor, person.name, resident_number=person.number)
        actors.append(actor)
    return actors


# The orders' lives


class _Theatre:
    """Plays many lives in one order of time.

    Those whose moments lie close together act beside each other, each at its own moment and on its own order; timers
    fire in between, each at its own time. Intakes go one by one, so that numbers are given out in order.
    """

    def __init__(self, database: Database, clock: SettableClock, timers: Timers) -> None:
        self._database, self._clock, self._timers = database, clock, timers

    async def play(self, lives: Sequence[Life], until: datetime, tell: Callable[[int, int], Awaitable[None]]) -> int:
        """Play all lives up to `until`, and answer how many times one went on."""
        waiting = [(life.plot.received, n) for n, life in enumerate(lives)]
        heapq.heapify(waiting)
        turns = 0
        while waiting and waiting[0][0] <= until:
            first = waiting[0][0]
            before = min(await self._fire_timers(first), first + TOGETHER)
            batch: list[tuple[datetime, int]] = []
            while waiting and len(batch) < AT_ONCE and waiting[0][0] < before:
                if batch and not (lives[batch[0][1]].begun and lives[waiting[0][1]].begun):
                    break
                batch.append(heapq.heappop(waiting))
            following = await asyncio.gather(*(lives[n].go_on(moment) for moment, n in batch))
            for moment, (_, n) in zip(following, batch, strict=True):
                if moment is not None:
                    heapq.heappush(waiting, (moment, n))
            turns += len(batch)
            await tell(len(lives) - sum(moment <= until for moment, _ in waiting), len(lives))
        await self._fire_timers(until)
        return turns

    async def _fire_timers(self, until: datetime) -> datetime:
        """Fire those due up to `until`, each at its own time, and answer when the next one is due."""
        timers = self._database.collection(Timer)
        horizon = until + TOGETHER
        while True:
            due = {"due": {"$gte": LONG_AGO, "$lt": horizon}}
            first = await timers.find(due, {"due": 1}).sort("due", 1).limit(1).to_list()
            if not first or first[0]["due"] > until:
                return first[0]["due"] if first else horizon
            self._clock.set(first[0]["due"])
            await self._timers.sweep(self._clock.now())


class _Keeper:
    """Tells how far it is, and keeps saying in the mark that somebody is at it."""

    def __init__(self, app: App, mark: DemoMark, progress: Progress) -> None:
        self._app, self._mark, self._progress = app, mark, progress
        self._said = mark.alive_until - ALIVE

    async def tell(self, done: int, of: int) -> None:
        """Raises `SeedingElsewhere` if another process has taken over."""
        self._progress(done, of)
        now = self._app.clock.now()
        if now - self._said > ALIVE / 6:
            await self._write({"alive_until": now + ALIVE})
            self._said = now

    async def finish(self) -> None:
        await self._write({"state": SeedingState.DONE})

    async def let_go(self) -> None:
        """It failed or was stopped: whoever is next need not wait until it counts as dead."""
        with suppress(SeedingElsewhere, PyMongoError):
            await self._write({"alive_until": self._app.clock.now()})

    async def _write(self, fields: dict[str, object]) -> None:
        change = Change().update(DemoMark, MARK, {"$set": fields}, expecting={"token": self._mark.token})
        try:
            await self._app.database.save(change)
        except StaleWrite:
            raise SeedingElsewhere from None


async def _record_upkeep(app: App, staff: Mapping[str, Actor], seed: int, now: datetime) -> None:
    """Of the knowledge entries of the units below the root, as a supervisor recorded them: this month's and the one
    before."""
    chance = Random(f"upkeep {seed}")  # noqa: S311 (plausible, not secret)
    city = await app.identity.directory.snapshot()
    supervisor = next(actor for actor in staff.values() if actor.has(Role.SUPERVISOR))
    this = now.astimezone(app.figures.zone).date().replace(day=1)
    for day in (this - timedelta(days=1), this):
        for unit in side_by_side(city, Dimension.UNIT, None) or ():
            due = chance.randint(4, 30)
            await app.assessments.upkeep.record(
                supervisor,
                city,
                month=f"{day:%Y-%m}",
                unit=unit,
                due=due,
                kept=chance.randint(due * 6 // 10, due),
                reason="热线知识库月度巡检台账",
            )


async def _settle(app: App, now: datetime) -> None:
    """Leave nothing to catch up with: desks' totals counted, messages about the past not sent."""
    await app.database.collection(OutboxRow).delete_many({"consumer": NOTICES})
    for consumer in app.consumers:
        while await consumer.sweep(now):
            pass
