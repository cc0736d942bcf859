"""One process of a race: an office of its own on the database that all share.

`python -m tests.races.worker URI` reads commands as lines of JSON and answers each with a line of outcomes. A command
is run `times` times at once, all processes starting at the same moment; `go` is that moment of the machine's clock.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from foundation.changes import Change
from foundation.clock import SettableClock
from foundation.database import Database
from foundation.documents import Stored
from foundation.errors import DomainError
from foundation.idempotency import Once
from foundation.ids import new_id
from foundation.outbox import Applied, Consumer, OutboxRow
from foundation.timers import Timers
from identity.actors import Role
from notifications.documents import Notice
from tests.workorders.lifecycle.town import (
    CITIZEN,
    COMPLAINT,
    DISPATCHER,
    MODELS,
    REVIEWER,
    UPSTREAM,
    Town,
    clerk_of,
    head_of,
    new_town,
    staff,
)
from tests.workorders.supervision.crossing import consumer as line_consumer
from tests.workorders.supervision.crossing import exclusion_consumer, phone_consumer
from workorders.deadlines.values import SupervisionLevel
from workorders.lifecycle import dispatching, handling, intake, reviewing, upstream
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.projecting import OrderProjection, Tally, projector
from workorders.lifecycle.states import ExclusionGround, RequestKind
from workorders.lifecycle.timing import timer_handlers
from workorders.lifecycle.values import Upstream
from workorders.statistics.documents import MODELS as STATISTICS
from workorders.statistics.projecting import FiguresFold
from workorders.supervision import excluding, merging, phoning, supervising
from workorders.supervision.following import follower, settle_children
from workorders.supervision.repeating import repeat_watcher


class Seen(Stored):
    """One outbox row that was worked through; its id is new each time, so that a doubled effect is seen."""

    row: str
    by: str

    class Settings:
        name = "seen"


RACE_MODELS = (*MODELS, *STATISTICS, OrderProjection, Tally, Seen, Notice)

ZONE = ZoneInfo("Asia/Shanghai")

Do = Callable[[Town, Mapping[str, Any]], Awaitable[Any]]


def _once(actor: str, given: Mapping[str, Any]) -> Once | None:
    key = given.get("key")
    return Once.of(actor, key, given["do"], given.get("input", {})) if key else None


def _answer(document: OrderDocument) -> dict[str, Any]:
    return {"id": document.id, "version": document.version, "number": document.order.number}


async def take_in(town: Town, given: Mapping[str, Any]) -> Any:
    document = await intake.take_in(town.office, CITIZEN, COMPLAINT, once=_once(CITIZEN.id, given))
    return _answer(document)


async def hand_down(town: Town, given: Mapping[str, Any]) -> Any:
    report = replace(COMPLAINT, upstream=Upstream(source="province", number=given["number"]), channel="upstream")
    return _answer(await intake.take_in(town.office, UPSTREAM, report, once=_once(UPSTREAM.id, given)))


async def consent(town: Town, given: Mapping[str, Any]) -> Any:
    once = _once(UPSTREAM.id, given)
    return _answer(await upstream.consent(town.office, UPSTREAM, given["order"], request=given["request"], once=once))


async def refuse(town: Town, given: Mapping[str, Any]) -> Any:
    kind = RequestKind(given["kind"])
    return _answer(await dispatching.refuse(town.office, DISPATCHER, given["order"], kind=kind, reason="按期办结。"))


async def call_back(town: Town, given: Mapping[str, Any]) -> Any:
    document = await upstream.call_back(
        town.office,
        UPSTREAM,
        given["order"],
        round=0,
        reached=True,
        solved=False,
        grade=5,
        once=_once(UPSTREAM.id, given),
    )
    return _answer(document)


async def dispatch(town: Town, given: Mapping[str, Any]) -> Any:
    actor = staff(given["who"], Role.DISPATCHER) if "who" in given else DISPATCHER
    document = await dispatching.dispatch(
        town.office, actor, given["order"], lead=given["lead"], once=_once(actor.id, given)
    )
    return _answer(document)


async def sign(town: Town, given: Mapping[str, Any]) -> Any:
    actor = staff(given["who"], Role.UNIT_CLERK, unit="water") if "who" in given else clerk_of("water")
    return _answer(await handling.sign(town.office, actor, given["order"], once=_once(actor.id, given)))


async def supplement(town: Town, given: Mapping[str, Any]) -> Any:
    once = _once(CITIZEN.id, given)
    return _answer(await intake.supplement(town.office, CITIZEN, given["order"], text=given["text"], once=once))


async def rate(town: Town, given: Mapping[str, Any]) -> Any:
    once = _once(CITIZEN.id, given)
    return _answer(await reviewing.rate(town.office, CITIZEN, given["order"], grade=5, solved=False, once=once))


async def merge(town: Town, given: Mapping[str, Any]) -> Any:
    actor = staff(given["who"], Role.DISPATCHER) if "who" in given else DISPATCHER
    document = await merging.merge(town.office, actor, given["order"], into=given["into"], once=_once(actor.id, given))
    return _answer(document)


async def unmerge(town: Town, given: Mapping[str, Any]) -> Any:
    return _answer(await merging.unmerge(town.office, DISPATCHER, given["order"], reason="不是同一处。"))


async def accept(town: Town, given: Mapping[str, Any]) -> Any:
    return _answer(await reviewing.accept(town.office, REVIEWER, given["order"]))


async def withdraw(town: Town, given: Mapping[str, Any]) -> Any:
    return _answer(await intake.withdraw(town.office, CITIZEN, given["order"], reason="已解决。"))


async def sweep_merging(town: Town, given: Mapping[str, Any]) -> Any:
    """Let children follow; the leader is this call, not this process."""
    consumer = follower(town.database, town.office)
    return sum([await consumer.sweep(town.clock.now()) for _ in range(given["sweeps"])])


async def settle(town: Town, given: Mapping[str, Any]) -> Any:
    """What a worker does that still believes to lead, whoever leads by now."""
    await settle_children(town.office, given["order"], given["sequence"])


async def supervise(town: Town, given: Mapping[str, Any]) -> Any:
    actor = staff(given["who"], Role.SUPERVISOR)
    document = await supervising.supervise(
        town.office, actor, given["order"], level=SupervisionLevel.KEY, reason="市民多次来电。", shortens=True
    )
    return _answer(document)


async def close_supervision(town: Town, given: Mapping[str, Any]) -> Any:
    actor, order = staff(given["who"], Role.SUPERVISOR), given["order"]
    document = await supervising.close(town.office, actor, order, supervision=f"{order}:s1", conclusion="已落实。")
    return _answer(document)


async def sweep_timers(town: Town, given: Mapping[str, Any]) -> Any:
    """Sweep until `sweeps` sweeps are done, and answer how many timers were fired."""
    timers = Timers(town.database, timer_handlers(town.office))
    return sum([await timers.sweep(town.clock.now()) for _ in range(given["sweeps"])])


async def sweep_outbox(town: Town, given: Mapping[str, Any]) -> Any:
    """Sweep both consumers; the leader of a consumer is this call, not this process."""
    name = new_id()

    async def work(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        await asyncio.sleep(0.005)
        return Applied(Change().insert(*(Seen(_id=new_id(), row=row.id, by=name) for row in rows)))

    consumers = (Consumer(town.database, "notices", work), projector(town.database, FiguresFold(town.database, ZONE)))
    swept = 0
    for _ in range(given["sweeps"]):
        for consumer in consumers:
            swept += await consumer.sweep(town.clock.now())
    return swept


async def tell_lines(town: Town, given: Mapping[str, Any]) -> Any:
    """Tell of crossed lines; the leader is this call."""
    each = line_consumer(town)
    return sum([await each.sweep(town.clock.now()) for _ in range(given["sweeps"])])


async def phone_duty(town: Town, given: Mapping[str, Any]) -> Any:
    actor = staff(given["who"], Role.OPERATOR)
    return _answer(
        await phoning.phone(town.office, actor, given["order"], call=given["call"], reached=given["reached"])
    )


async def confirm_call(town: Town, given: Mapping[str, Any]) -> Any:
    return _answer(await phoning.confirm(town.office, clerk_of("water"), given["order"]))


async def tell_supervisors(town: Town, given: Mapping[str, Any]) -> Any:
    """Tell supervisors of what is theirs now; the leader is this call."""
    each = phone_consumer(town)
    return sum([await each.sweep(town.clock.now()) for _ in range(given["sweeps"])])


async def file_appeal(town: Town, given: Mapping[str, Any]) -> Any:
    actor = head_of("water")
    document = await excluding.file_appeal(
        town.office,
        actor,
        given["order"],
        ground=ExclusionGround.FORCE_MAJEURE,
        reason="台风期间道路中断。",
        once=_once(actor.id, given),
    )
    return _answer(document)


async def decide_appeal(town: Town, given: Mapping[str, Any]) -> Any:
    actor, order = staff(given["who"], Role.SUPERVISOR), given["order"]
    document = await excluding.decide_appeal(
        town.office, actor, order, appeal=f"{order}:p1", upheld=given["upheld"], reason="已核实。"
    )
    return _answer(document)


async def exclude(town: Town, given: Mapping[str, Any]) -> Any:
    actor = staff(given["who"], Role.SUPERVISOR)
    document = await excluding.exclude(
        town.office, actor, given["order"], ground=ExclusionGround.LEGACY, reason="历史遗留问题。"
    )
    return _answer(document)


async def tell_exclusions(town: Town, given: Mapping[str, Any]) -> Any:
    """Tell of appeals and exclusions; the leader is this call."""
    each = exclusion_consumer(town)
    return sum([await each.sweep(town.clock.now()) for _ in range(given["sweeps"])])


async def sweep_repeats(town: Town, given: Mapping[str, Any]) -> Any:
    """Look at new orders, as one who leads for this call only."""
    watcher = repeat_watcher(town.office)
    return sum([await watcher.sweep(town.clock.now()) for _ in range(given["sweeps"])])


COMMANDS: dict[str, Do] = {
    each.__name__: each
    for each in (
        *(take_in, hand_down, consent, refuse, call_back),
        *(dispatch, sign, supplement, rate, sweep_timers, sweep_outbox),
        *(merge, unmerge, accept, withdraw, sweep_merging, settle, tell_lines),
        *(supervise, close_supervision, sweep_repeats),
        *(phone_duty, confirm_call, tell_supervisors),
        *(file_appeal, decide_appeal, exclude, tell_exclusions),
    )
}


async def _outcome(town: Town, given: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {"ok": await COMMANDS[given["do"]](town, given)}
    except DomainError as error:
        return {"error": error.code}
    except Exception as error:
        return {"crash": repr(error)}


async def main(uri: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is for outcomes
    towns: dict[str, Town] = {}
    loop = asyncio.get_running_loop()
    print("ready", flush=True)  # noqa: T201
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        given = json.loads(line)
        name = given["database"]
        if name not in towns:
            database = Database(uri, name)
            await database.bind(RACE_MODELS)
            towns[name] = new_town(database)
        town = towns[name]
        if not isinstance(town.clock, SettableClock):
            raise TypeError
        town.clock.set(datetime.fromisoformat(given["now"]))
        await asyncio.sleep(max(0.0, given["go"] - time.time()))
        outcomes = await asyncio.gather(*(_outcome(town, given) for _ in range(given.get("times", 1))))
        print(json.dumps(outcomes), flush=True)  # noqa: T201
    for town in towns.values():
        await town.database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
