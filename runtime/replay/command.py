"""`zhengtong replay`: the file, the progress bar, the report in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from foundation.clock import SettableClock
from foundation.faults import SettingsFault
from foundation.paging import EARLIEST
from foundation.settings import Settings
from runtime.preparing import installation
from runtime.replay.figures import Figures, Report, report
from runtime.replay.playing import Progress, play
from runtime.replay.reading import MessageFile, read_messages
from runtime.server import Server

LONGEST_PREFIX: Final = 17
REFUSED_SHOWN: Final = 50


def database_of(settings: Settings, file: MessageFile) -> str:
    """The database of a file's replay: named by its content, so that the same file finds it again."""
    return f"{settings.database[:LONGEST_PREFIX]}_replay_{file.digest[:12]}"


async def replay(settings: Settings, server: Server, content: bytes, database: str | None) -> tuple[str, Report]:
    """Replay the file, or what is left of it, and count; answers the database too.

    Raises `UnreadableFile`, `OtherDatabase`, `DatabaseUnreachable`.
    """
    file = read_messages(content, ZoneInfo(settings.zone))
    name = database or database_of(settings, file)
    engine = server.engine

    def ended() -> bool:
        return engine is not None and engine.exit_code() is not None

    async with installation(_with_database(settings, name), server, SettableClock(EARLIEST)) as app:
        with _bar() as progress:
            await play(app, file, progress=progress, database_ended=ended)
        return name, await report(app, file)


def _with_database(settings: Settings, name: str) -> Settings:
    try:
        return Settings.model_validate({**dict(settings), "database": name})
    except ValidationError:
        raise SettingsFault(f"{name!r} cannot be a database: letters, digits, _ and - only, 38 at most.") from None


@contextmanager
def _bar() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("messages and replies", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def describe(database: str, result: Report) -> str:
    """The report as a person reads it."""
    lines = [
        f"{len(result.refused)} rows refused.",
        *(f"  line {refusal.line}: {refusal.reason}" for refusal in result.refused[:REFUSED_SHOWN]),
    ]
    if len(result.refused) > REFUSED_SHOWN:
        lines.append(f"  … and {len(result.refused) - REFUSED_SHOWN} more (--json lists all)")
    lines += ["", "month      received  replied  on time    rate   median      p90"]
    lines += [_line(month, figures) for month, figures in result.months.items()]
    lines += [_line("all", result.total), "", f"The orders stand in the database {database}."]
    return "\n".join(lines)


def _line(name: str, figures: Figures) -> str:
    rate = "–" if figures.on_time_rate is None else f"{figures.on_time_rate:.1%}"
    median, p90 = (_days(each) for each in (figures.median_handling_seconds, figures.p90_handling_seconds))
    return (
        f"{name:<9}{figures.received:>10}{figures.replied:>9}{figures.replied_on_time:>9}{rate:>8}{median:>9}{p90:>9}"
    )


def _days(seconds: int | None) -> str:
    return "–" if seconds is None else f"{timedelta(seconds=seconds) / timedelta(days=1):.1f} d"
