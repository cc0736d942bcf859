"""Reports made by jobs: asked for, taken by a worker under a lease, ready once, however often a worker is killed.

A job has a lease and a sweep of its own, beside the timers: it takes seconds, and deadlines do not wait for it. Every
step renews the lease and proves it; the files are stored in the transaction that says they are there. Issuing leads
the projector until the months are locked, in one transaction with what the report says of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from pymongo.errors import ConnectionFailure

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock
from foundation.database import Database
from foundation.errors import InvalidInput
from foundation.idempotency import Once
from foundation.ids import new_id
from foundation.paging import time_key
from identity.actors import Actor
from identity.directory import Directory
from workorders.statistics.locking import Projecting, copy_months, leading, locked, moment_of_lock, state_of
from workorders.statistics.reading import Figures
from workorders.statistics.reports.access import require_issuer, require_visible, scope_asked
from workorders.statistics.reports.documents import (
    Format,
    IssuedPeriod,
    ReportContent,
    ReportFile,
    ReportJob,
    ReportState,
    file_id,
)
from workorders.statistics.reports.errors import AlreadyIssued, PeriodNotBegun, PeriodNotOver, TooManyReports
from workorders.statistics.reports.gathering import Asked, gathered
from workorders.statistics.reports.periods import ReportPeriod, read_period
from workorders.statistics.reports.rendering import rendered
from workorders.statistics.reports.writing import written

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=30)
"""Each step takes seconds."""
TRIES: Final = 5
MOST_WAITING: Final = 50
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
FAR: Final = datetime(2100, 1, 1, tzinfo=UTC)
FAULT: Final = "报告制作多次失败，请联系系统管理员。"
FORMAT_STEPS: Final = {Format.PDF: "生成PDF", Format.WORD: "生成Word", Format.EXCEL: "生成Excel"}


SourceNames = Callable[[], Awaitable[Mapping[str, str]]]
"""What platforms above are called, by what their orders name as their source."""


@dataclass(frozen=True, slots=True)
class Reports:
    """What reports are asked for and made with; one per process."""

    figures: Figures
    directory: Directory
    clock: Clock
    projecting: Projecting
    source_names: SourceNames

    @property
    def database(self) -> Database:
        return self.figures.database

    @property
    def zone(self) -> ZoneInfo:
        return self.figures.zone


async def request(
    reports: Reports, actor: Actor, *, period: str, unit: str | None = None, once: Once | None = None
) -> ReportJob:
    """Ask for a draft. Raises `NotAllowed`, `NotFound`, `InvalidInput`, `PeriodNotBegun`, `TooManyReports`."""
    wanted = scope_asked(actor, unit)
    path = () if wanted is None else (await reports.directory.snapshot()).units.path(wanted)
    if wanted is not None and not path:
        raise InvalidInput.field("unit", "没有这个单位。")
    require_visible(actor, path)
    asked = read_period(period)
    if asked.first > _today(reports):
        raise PeriodNotBegun
    return await _queued(reports, actor, asked, path, once, issuing=False)


async def issue(reports: Reports, actor: Actor, *, period: str, once: Once | None = None) -> ReportJob:
    """Ask for the report that is issued 印发, which locks its months.

    Raises `NotAllowed`, `BadPeriod`, `PeriodNotOver`, `AlreadyIssued`, `TooManyReports`.
    """
    require_issuer(actor)
    asked = read_period(period)
    if asked.window.last >= _today(reports):
        raise PeriodNotOver
    return await _queued(reports, actor, asked, (), once, issuing=True)


async def sweep(reports: Reports, now: datetime) -> int:
    """Work through the report that is due longest; answers how many were taken. Safe to run twice and in several
    processes at once."""
    bounds = {"$gte": LONG_AGO, "$lte": now}
    raw = await reports.database.collection(ReportJob).find_one({"due": bounds}, sort=[("due", 1)])
    return 0 if raw is None else await work(reports, ReportJob.load(raw))


async def work(reports: Reports, job: ReportJob) -> int:
    """Make a report that is due, if nobody else has it; answers 1 if it was taken.

    One that fails is due again after its lease; after some tries it has failed, unless it is written already, and its
    months may be locked.
    """
    leased = await _leased(reports, job)
    if leased is None:
        return 0
    try:
        await _made(reports, leased)
    except StaleWrite:
        log.info("report_lease_lost", report=job.id)
    except ConnectionFailure:
        raise
    except Exception:
        log.exception("report_failed", report=job.id, tries=leased.tries)
        if leased.tries >= TRIES:
            await _fail(reports, leased)
    return 1


async def _queued(
    reports: Reports, actor: Actor, period: ReportPeriod, path: tuple[str, ...], once: Once | None, *, issuing: bool
) -> ReportJob:
    database, now, id = reports.database, reports.clock.now(), new_id()
    if once is not None and (earlier := await once.answer(database)) is not None:
        return await _job(database, earlier)
    waiting = database.collection(ReportJob).find({"due": {"$gte": LONG_AGO, "$lt": FAR}}, {"_id": 1})
    if len(await waiting.limit(MOST_WAITING).to_list()) >= MOST_WAITING:
        raise TooManyReports
    job = ReportJob(
        _id=id,
        period=period.key,
        unit=path[-1] if path else None,
        path=path,
        issuing=issuing,
        asked_by=actor.id,
        asked_label=actor.label,
        asked_at=now,
        key=time_key(now, id),
        due=now,
    )
    change = Change().insert(job)
    if issuing:
        change.insert(IssuedPeriod(_id=period.key, report=id))
    if once is not None:
        once.record(change, id, now)
    try:
        await database.save(change)
    except AlreadyClaimed as claimed:
        earlier = None if once is None else await once.answer(database)
        if earlier is not None:
            return await _job(database, earlier)
        if claimed.collection == IssuedPeriod.collection_name():
            raise AlreadyIssued from None
        raise
    return job


async def _job(database: Database, id: str) -> ReportJob:
    job = await database.get(ReportJob, id)
    assert job is not None
    return job


async def _leased(reports: Reports, job: ReportJob) -> ReportJob | None:
    """The job, taken; None if another worker was faster."""
    fields = {
        "lease": new_id(),
        "due": reports.clock.now() + LEASE,
        "tries": job.tries + 1,
        "state": ReportState.RUNNING,
    }
    taken = Change().update(ReportJob, job.id, {"$set": fields}, expecting={"due": job.due, "lease": job.lease})
    try:
        await reports.database.save(taken)
    except StaleWrite:
        return None
    return job.changed(**fields)


async def _made(reports: Reports, job: ReportJob) -> None:
    """Raises `StaleWrite` where another worker has it by now, or another process took the lead of the projector."""
    if job.as_of is None:
        await _step(reports, job, 10, "汇总数据")
        await (_issued(reports, job) if job.issuing else _drafted(reports, job))
    written_down = await reports.database.get(ReportContent, job.id)
    assert written_down is not None
    files: dict[Format, bytes] = {}
    for n, (format, step) in enumerate(FORMAT_STEPS.items()):
        await _step(reports, job, 40 + 20 * n, step)
        files[format] = await asyncio.to_thread(rendered, written_down.content, format)
    change = Change().insert(*(ReportFile(_id=file_id(job.id, format), content=file) for format, file in files.items()))
    done = {
        "state": ReportState.ISSUED if job.issuing else ReportState.READY,
        "percent": 100,
        "step": "完成",
        "sizes": {format.value: len(file) for format, file in files.items()},
        "due": None,
        "lease": None,
    }
    await reports.database.save(_proven(change, job, done))


async def _drafted(reports: Reports, job: ReportJob) -> None:
    await reports.database.save(await _written(reports, job))


async def _issued(reports: Reports, job: ReportJob) -> None:
    """Write what is issued, and lock its months in the same transaction. Those that are locked already, by the report
    of another period, stay as they were issued."""
    database, clock = reports.database, reports.clock
    async with leading(reports.projecting, clock) as keep:
        change = await _written(reports, job)
        known = (await state_of(database)).locked
        months = [month for month in read_period(job.period).months if month not in known]
        await copy_months(database, months, keep)
        at = await moment_of_lock(database, clock.now())
        await keep(change.include(await locked(database, months, job.id, at)))


async def _written(reports: Reports, job: ReportJob) -> Change:
    """What writes the content down, if the lease is still ours."""
    city = await reports.directory.snapshot()
    asked = Asked(read_period(job.period), job.unit, job.issuing)
    facts = await gathered(reports.figures, city, await reports.source_names(), asked, reports.clock.now())
    change = Change().insert(ReportContent(_id=job.id, content=written(facts)))
    return _proven(change, job, {"as_of": facts.as_of, "percent": 30, "step": "撰写报告"})


async def _step(reports: Reports, job: ReportJob, percent: int, step: str) -> None:
    """Tell how far it is, and hold it longer."""
    fields = {"percent": percent, "step": step, "due": reports.clock.now() + LEASE}
    await reports.database.save(_proven(Change(), job, fields))


async def _fail(reports: Reports, job: ReportJob) -> None:
    """Give it up, and let another report issue its period; not once it is written, nor its months locked."""
    fields = {"state": ReportState.FAILED, "step": "失败", "fault": FAULT, "due": None, "lease": None}
    change = Change()
    if job.issuing:
        change.delete(IssuedPeriod, job.period, expecting={"report": job.id})
    change.update(ReportJob, job.id, {"$set": fields}, expecting={"lease": job.lease, "as_of": None})
    try:
        await reports.database.save(change)
    except StaleWrite:
        log.info("report_goes_on", report=job.id)


def _proven(change: Change, job: ReportJob, fields: dict[str, Any]) -> Change:
    """The change, if the lease is still ours."""
    return change.update(ReportJob, job.id, {"$set": fields}, expecting={"lease": job.lease})


def _today(reports: Reports) -> date:
    return reports.clock.now().astimezone(reports.zone).date()
