"""`zhengtong import`: the file, the mapping, the progress bar, the report in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from foundation.clock import SystemClock
from foundation.settings import Settings
from runtime.composition import App
from runtime.importing.documents import Finding, ImportMark, Told, finding_id
from runtime.importing.mapping import read_mapping
from runtime.importing.opening import open_table
from runtime.importing.writing import Progress, import_table
from runtime.preparing import installation, prepare
from runtime.server import Server
from runtime.terminal import tell

SHOWN: Final = 50
READ_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Named:
    """A row that the report names: the line of the file that it begins on, its own number, and why it is named."""

    line: int
    id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to."""

    mark: ImportMark
    named: dict[Told, list[Named]]

    def as_json(self) -> dict[str, Any]:
        counts = self.mark.counts
        return {
            "file": self.mark.file,
            "source": self.mark.source,
            "as_of": self.mark.as_of.isoformat(),
            "rows": counts.rows,
            "imported": counts.imported,
            "already": counts.already,
            "refused": [asdict(each) for each in self.named[Told.REFUSED]],
            "skewed": [asdict(each) for each in self.named[Told.SKEWED]],
            "verdicts": {
                "agree": counts.agree,
                "differ": counts.differ,
                "differing": [asdict(each) for each in self.named[Told.DIFFERS]],
            },
            "overdue": counts.overdue(),
            "departments": [each.model_dump() for each in counts.departments],
        }


async def import_file(settings: Settings, server: Server, file: Path, mapping: str) -> Imported:
    """Import the file, or what is left of it. Raises `DataFileInvalid`, `FileRefused`, `OtherImporter`, `Busy`."""
    mapped = read_mapping(mapping)
    table = open_table(file, mapped.mapping)
    try:
        mapped.require(table.heading)
        async with installation(settings, server, SystemClock()) as app:
            await prepare(app, tell)
            with _bar(file.name) as progress:
                mark = await import_table(app, table, mapped, progress)
            return await report(app, mark)
    finally:
        table.close()


async def report(app: App, mark: ImportMark) -> Imported:
    """What the import counted, and every row that it names, by line."""
    named: dict[Told, list[Named]] = {told: [] for told in Told}
    after, end = finding_id(mark.id, 0), f"{mark.id};"
    while True:
        found = app.database.collection(Finding).find({"_id": {"$gt": after, "$lt": end}})
        batch = [Finding.load(raw) for raw in await found.sort("_id", 1).limit(READ_AT_ONCE).to_list()]
        for each in batch:
            named[each.told].append(Named(each.line, each.id_in_file, each.reason))
        if len(batch) < READ_AT_ONCE:
            return Imported(mark, named)
        after = batch[-1].id


@contextmanager
def _bar(name: str) -> Iterator[Progress]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed} rows"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done: bar.update(task, completed=done)


def describe(imported: Imported) -> str:
    """The report as a person reads it."""
    counts = imported.mark.counts
    lines = [
        f"{counts.rows} rows: {counts.imported} imported, {counts.already} imported before, {counts.refused} refused.",
        *_listed(imported.named[Told.REFUSED]),
        *([f"{counts.skewed} closed before they were opened."] if counts.skewed else []),
        *_listed(imported.named[Told.SKEWED]),
    ]
    if counts.agree or counts.differ:
        lines.append(f"Verdicts: {counts.agree} agree with the file, {counts.differ} differ.")
        lines += _listed(imported.named[Told.DIFFERS])
    lines += ["", "  closed late  open late   unjudged  unit"]
    for each in sorted(counts.departments, key=lambda each: (-(each.closed_late + each.open_late), each.name)):
        lines.append(f"{each.closed_late:>13}{each.open_late:>11}{each.unjudged:>11}  {each.name}")
    return "\n".join(lines)


def _listed(named: list[Named]) -> Iterator[str]:
    for each in named[:SHOWN]:
        yield f"  line {each.line}{f' ({each.id})' if each.id else ''}: {each.reason}"
    if len(named) > SHOWN:
        yield f"  … and {len(named) - SHOWN} more (--json lists all)"
