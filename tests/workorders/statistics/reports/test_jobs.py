"""Jobs that are killed, raced and broken: a report is made once, whole, or not at all."""

import asyncio
import random
from contextlib import suppress
from datetime import timedelta

import pytest

from foundation.changes import StaleWrite
from tests.workorders.lifecycle.town import LEADER, MONDAY, SUPERVISOR, WATER_HEAD
from tests.workorders.statistics.reports.desk import Desk, another
from tests.workorders.statistics.test_projecting import flow
from workorders.statistics.definitions import Figure
from workorders.statistics.documents import MonthLock
from workorders.statistics.locking import copy_months
from workorders.statistics.reports import jobs
from workorders.statistics.reports.documents import IssuedPeriod, ReportJob, ReportState
from workorders.statistics.reports.errors import AlreadyIssued, TooManyReports
from workorders.statistics.reports.jobs import LEASE, MOST_WAITING, TRIES
from workorders.statistics.reports.rendering import rendered

KILLS = 12
PERIOD = "2026-11"


@pytest.fixture
async def over(desk: Desk) -> Desk:
    """A town with four orders, in a month that is over."""
    await flow(desk.bureau.town, 4)
    desk.clock.set(MONDAY + timedelta(days=16))
    return desk


async def whole(desk: Desk, id: str) -> None:
    """The report is issued once: its month is locked by it, its three files are there, and the figures agree."""
    job = await desk.job(id)
    assert (job.state, job.percent, job.due, job.lease) == (ReportState.ISSUED, 100, None, None)
    assert await desk.files() == [f"{id}.{suffix}" for suffix in ("docx", "pdf", "xlsx")]
    assert (await desk.bureau.locks(PERIOD))[PERIOD].report == id
    assert (await desk.bureau.check()).differences == []


@pytest.mark.races
async def test_a_worker_that_is_killed_over_and_over_issues_once(over: Desk) -> None:
    job, chance, kills = await jobs.issue(over.reports, SUPERVISOR, period=PERIOD), random.Random(5), 0
    while (await over.job(job.id)).due is not None:
        working = asyncio.create_task(jobs.sweep(another(over).reports, over.clock.now()))
        if kills < KILLS:
            await asyncio.sleep(chance.random() * (0.2 if kills % 2 else 1.5))
            kills += working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        over.clock.advance(LEASE * 2)
    await whole(over, job.id)
    assert await over.bureau.told(Figure.RECEIVED, issued=True) == (4, 4)


@pytest.mark.races
async def test_workers_at_once_make_a_report_once(over: Desk) -> None:
    job = await jobs.issue(over.reports, SUPERVISOR, period=PERIOD)
    taken = await asyncio.gather(*(jobs.work(another(over).reports, job) for _ in range(4)))
    assert sum(taken) == 1
    await whole(over, job.id)


async def test_a_worker_that_slept_past_its_lease_stores_nothing(over: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await jobs.issue(over.reports, SUPERVISOR, period=PERIOD)
    slept = False

    def sleepy(*given: object) -> bytes:
        nonlocal slept
        if not slept:
            slept = True
            over.clock.advance(LEASE * 2)
            asyncio.run_coroutine_threadsafe(jobs.sweep(another(over).reports, over.clock.now()), loop).result(120)
        return rendered(*given)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(jobs, "rendered", sleepy)
    await jobs.sweep(over.reports, over.clock.now())
    await whole(over, job.id)
    assert (await over.job(job.id)).tries == 2


@pytest.mark.races
async def test_of_supervisors_at_once_one_issues(over: Desk) -> None:
    tries = [jobs.issue(over.reports, SUPERVISOR, period=PERIOD) for _ in range(6)]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    (job,) = [each for each in ended if isinstance(each, ReportJob)]
    assert sum(isinstance(each, AlreadyIssued) for each in ended) == 5
    await over.drain()
    await whole(over, job.id)


@pytest.mark.races
async def test_a_month_is_issued_while_orders_flow_and_projectors_race(over: Desk) -> None:
    town, stopping = over.bureau.town, asyncio.Event()

    async def work() -> None:
        while not stopping.is_set():
            await over.bureau.projector().sweep(town.clock.now())
            await asyncio.sleep(0.01)

    async def stream() -> None:
        while not stopping.is_set():
            await flow(town, 4)

    tasks = [asyncio.create_task(each) for each in (work(), work(), stream())]
    job = await jobs.issue(over.reports, SUPERVISOR, period=PERIOD)
    while (await over.job(job.id)).due is not None:
        await jobs.sweep(over.reports, over.clock.now())
        over.clock.advance(LEASE)
    await asyncio.sleep(0.5)
    stopping.set()
    await asyncio.gather(*tasks)
    await over.bureau.project()
    await whole(over, job.id)
    issued = (await over.bureau.told(Figure.RECEIVED, issued=True))[0]
    assert f"受理工单{issued:,}件" in "".join((await over.content(job.id)).sections[0].sentences)
    assert issued < (await over.bureau.told(Figure.RECEIVED))[0]


async def test_a_lead_that_is_taken_while_issuing_locks_nothing(over: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await jobs.issue(over.reports, SUPERVISOR, period=PERIOD)
    rival = over.bureau.projector()

    async def robbed(*given: object) -> None:
        await rival.take_over(over.clock.now())
        await copy_months(*given)

    monkeypatch.setattr(jobs, "copy_months", robbed)
    await jobs.sweep(over.reports, over.clock.now())
    assert await over.bureau.locks(PERIOD) == {}
    assert (await over.job(job.id)).as_of is None
    monkeypatch.undo()
    over.clock.advance(LEASE)
    await rival.resign()
    await over.drain()
    await whole(over, job.id)


async def test_one_that_fails_again_and_again_is_given_up_and_may_be_asked_for_anew(
    over: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await jobs.issue(over.reports, SUPERVISOR, period=PERIOD)

    async def broken(*given: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(jobs, "gathered", broken)
    for _ in range(TRIES):
        assert (await over.job(job.id)).due is not None
        await over.drain()
        over.clock.advance(LEASE)
    failed = await over.job(job.id)
    assert (failed.state, failed.due) == (ReportState.FAILED, None)
    assert failed.fault
    monkeypatch.undo()
    again = await jobs.issue(over.reports, SUPERVISOR, period=PERIOD)
    await over.drain()
    await whole(over, again.id)


async def test_one_whose_month_is_locked_is_never_given_up(over: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await jobs.issue(over.reports, SUPERVISOR, period=PERIOD)

    def broken(*given: object) -> bytes:
        raise RuntimeError

    monkeypatch.setattr(jobs, "rendered", broken)
    for _ in range(TRIES + 2):
        await over.drain()
        over.clock.advance(LEASE)
    assert (await over.job(job.id)).state is ReportState.RUNNING
    written = await over.content(job.id)
    assert await over.bureau.town.database.get(IssuedPeriod, PERIOD) is not None
    monkeypatch.undo()
    await flow(over.bureau.town, 4)
    await over.drain()
    assert await over.content(job.id) == written
    await over.bureau.project()
    await whole(over, job.id)


async def test_a_draft_locks_nothing(over: Desk) -> None:
    for actor in (SUPERVISOR, LEADER, WATER_HEAD):
        await over.draft(PERIOD, actor=actor)
    assert await over.bureau.town.database.collection(MonthLock).count_documents({}) == 0


async def test_not_everything_can_wait_at_once(over: Desk) -> None:
    for _ in range(MOST_WAITING):
        await jobs.request(over.reports, SUPERVISOR, period=PERIOD)
    with pytest.raises(TooManyReports):
        await jobs.request(over.reports, SUPERVISOR, period=PERIOD)


async def test_a_step_of_somebody_elses_job_is_refused(over: Desk) -> None:
    job = await jobs.request(over.reports, SUPERVISOR, period=PERIOD)
    with pytest.raises(StaleWrite):
        await jobs._step(over.reports, job.changed(lease="stolen"), 10, "汇总数据")
