"""`zhengtong calendar`: a city's working calendars tried, published, and corrected after the fact."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foundation.faults import ExitCode
from runtime.terminal import AsJson, InFile, answer, fault_told, tell, with_server

if TYPE_CHECKING:
    from foundation.settings import Settings
    from runtime.server import Server

MOST_LINES = 2_000
TOLD_EVERY = 500
"""Corrected orders."""
calendar = typer.Typer(help="Working calendars: holidays, make-up days, opening times.", no_args_is_help=True)


@calendar.command("check")
def check(file: InFile, as_json: AsJson = False) -> None:
    """Try calendars against a file of expected answers, and say per operation how many agree."""
    from foundation.working_time.vectors import check_vectors
    from runtime.reports import describe_vectors

    with fault_told():
        report = check_vectors(file)
    answer(report.model_dump(mode="json"), as_json=as_json, text=lambda: describe_vectors(report))
    if not report.agrees:
        raise typer.Exit(ExitCode.FOUND_WANTING)


@calendar.command("publish")
def publish(
    file: InFile,
    name: Annotated[str | None, typer.Option(help="That units name; without it, the city's own.")] = None,
    correct_open: Annotated[
        bool, typer.Option("--correct-open", help="Compute what still runs on open orders anew, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let what starts from now on go by this calendar; with --correct-open, what is open already as well.

    What was met or missed stays as it was judged. Safe to break off and to repeat, while everything runs.
    """
    from foundation.clock import SystemClock
    from foundation.data_files import text_of
    from foundation.working_time import Calendar
    from identity.directory import KEPT
    from runtime.preparing import installation, prepare
    from workorders.lifecycle.correcting import correct_open as correct

    with fault_told():
        published = Calendar.from_toml(text_of(file, most_lines=MOST_LINES), name=file.name)

    async def body(settings: "Settings", server: "Server") -> int:
        async with installation(settings, server, SystemClock()) as app:
            await prepare(app, tell)
            current = await app.library.current()
            named = {**current.calendars, **({name: published} if name else {})}
            await app.library.publish(current.rules, current.calendar if name else published, named)
            if not correct_open:
                return 0
            tell(f"Waiting {KEPT.total_seconds():.0f} s until every process goes by it.")
            await asyncio.sleep(KEPT.total_seconds())
            return await correct(app.office, _told_now_and_then)

    corrected = with_server(body, tell)
    content: dict[str, Any] = {"calendar": published.id, "title": published.definition.title, "corrected": corrected}
    sentence = f"{published.definition.title or file.name} ({published.id}) holds from now on."
    if correct_open:
        sentence += f" {corrected} open orders were corrected."
    answer(content, as_json=as_json, text=lambda: sentence)


def _told_now_and_then(corrected: int) -> None:
    if corrected and corrected % TOLD_EVERY == 0:
        tell(f"{corrected} open orders are corrected.")
