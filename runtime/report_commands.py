"""`zhengtong report`: a report of a period as three files, made here and now, with a bar."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foundation.faults import ExitCode
from identity.actors import system_actor
from runtime.terminal import AsJson, answer, fault_told, tell, with_server

if TYPE_CHECKING:
    from foundation.settings import Settings
    from runtime.composition import App
    from runtime.server import Server
    from workorders.statistics.reports.documents import ReportJob

TERMINAL = system_actor("terminal")
TICK_SECONDS = 0.2


def report(
    period: Annotated[str, typer.Option(metavar="PERIOD", help="2026-10, 2026-Q4, 2026-H2 or 2026.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder that the files are written into.")],
    unit: Annotated[str | None, typer.Option(help="Only this unit, with what lies below it.")] = None,
    issue: Annotated[bool, typer.Option("--issue", help="印发: lock its months; again: the same files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the report 报告 of a period as PDF, Word and Excel: a draft, or with --issue the one that counts."""
    from foundation.clock import SystemClock
    from foundation.errors import InvalidInput
    from runtime.preparing import installation, prepare

    if issue and unit is not None:
        tell("zhengtong: a unit's report is a draft; leave out --issue or --unit")
        raise typer.Exit(ExitCode.FOUND_WANTING)

    async def body(settings: "Settings", server: "Server") -> dict[str, Any]:
        async with installation(settings, server, SystemClock()) as app:
            await prepare(app, tell)
            return await _made(app, period, unit, out, issue=issue)

    with fault_told():
        made = with_server(body, tell)
        if made["fault"] is not None:
            raise InvalidInput(made["fault"])
    answer(made, as_json=as_json, text=lambda: "\n".join(str(file) for file in made["files"]))


async def _made(app: "App", period: str, unit: str | None, out: Path, *, issue: bool) -> dict[str, Any]:
    from foundation.errors import Conflict, InvalidInput, NotFound
    from workorders.statistics.reports import jobs
    from workorders.statistics.reports.documents import SUFFIXES, ReportState
    from workorders.statistics.reports.errors import AlreadyIssued
    from workorders.statistics.reports.reading import download, issuing

    try:
        if issue:
            try:
                job = await jobs.issue(app.reports, TERMINAL, period=period)
            except AlreadyIssued:
                # One that was broken off is gone on with; one that is made is the same for ever.
                found = await issuing(app.database, period)
                if found is None:
                    raise
                if found.due is None and found.as_of is not None:
                    tell(f"zhengtong: {period} is issued as of {found.as_of:%Y-%m-%d %H:%M} UTC; its files again")
                job = found
        else:
            job = await jobs.request(app.reports, TERMINAL, period=period, unit=unit)
    except (Conflict, NotFound) as fault:
        raise InvalidInput(fault.message) from None
    async with _bar(app, job.id):
        job = await _worked(app, job.id)
    files = []
    if job.state is not ReportState.FAILED:
        await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
        for suffix in SUFFIXES.values():
            file = await download(app.database, TERMINAL, job.id, suffix)
            files.append(out / file.name)
            await asyncio.to_thread(files[-1].write_bytes, file.content)
    return {
        "report": job.id,
        "period": job.period,
        "state": job.state,
        "fault": job.fault,
        "asOf": job.as_of,
        "files": files,
    }


async def _worked(app: "App", id: str) -> "ReportJob":
    """The report once it is made, by us or by a worker that was faster."""
    from workorders.statistics.reports import jobs, reading

    while True:
        job = await reading.report(app.database, TERMINAL, id)
        if job.due is None:
            return job
        if job.due > app.clock.now() or not await jobs.work(app.reports, job):
            await asyncio.sleep(TICK_SECONDS)


@asynccontextmanager
async def _bar(app: "App", id: str) -> AsyncIterator[None]:
    """A bar on standard error for as long as the context lasts."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from workorders.statistics.reports import reading

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("排队等待", total=100)

        async def look() -> None:
            job = await reading.report(app.database, TERMINAL, id)
            bar.update(task, completed=job.percent, description=job.step)

        async def follow() -> None:
            while True:
                await look()
                await asyncio.sleep(TICK_SECONDS)

        following = asyncio.create_task(follow())
        try:
            yield
        finally:
            following.cancel()
            await look()
