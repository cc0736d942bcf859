"""The import of real service requests: speed, memory, and that its verdicts and counts are those of the file."""

import asyncio
from collections import Counter
from pathlib import Path
from time import perf_counter

import duckdb

from bench.city import Place, opened
from bench.rows import Row, at_least, at_most
from foundation.clock import SystemClock
from runtime.importing.command import Imported, report
from runtime.importing.mapping import read_mapping
from runtime.importing.opening import open_table
from runtime.importing.writing import import_table
from tests.runtime.importing.boston import REAL

SETTLED = 10_000
"""From this row on memory is compared."""


async def measure(place: Place) -> list[Row]:
    """Rows, or none where the folder of shared test data is missing."""
    if not REAL.is_file():
        print(f"the import is left out: {REAL.name} of the shared test data is not there")
        return []
    mapped, seen = read_mapping("boston311"), dict[int, int]()

    def progress(done: int) -> None:
        seen[done] = _megabytes()

    async with opened(place, "bench_import", SystemClock()) as app:
        await app.prepare()
        begin, table = perf_counter(), open_table(REAL, mapped.mapping)
        imported = await report(app, await import_table(app, table, mapped, progress))
        took = perf_counter() - begin
        table.close()
    settled = next(used for done, used in seen.items() if done >= SETTLED)
    wrong = await asyncio.to_thread(_wrong, imported)
    return [
        at_least("import: rows", imported.mark.counts.rows / took, "per s", 1_000),
        at_most(
            "import: memory at the end against that after 10,000 rows", list(seen.values())[-1] / settled, "×", 1.1
        ),
        at_most("import: verdicts and overdue counts that differ from the file's", wrong, "", 0),
    ]


def _megabytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


def _wrong(imported: Imported) -> int:
    """How much is wrong, by a count in SQL that compares times as the text that they are."""
    result, as_of = imported.as_json(), imported.mark.as_of.date().isoformat()
    with duckdb.connect() as database:
        rows = database.execute(
            f"SELECT department, target_dt, closed_dt, on_time FROM read_parquet('{REAL}')"
        ).fetchall()
    late: Counter[str] = Counter()
    flagged = 0
    for department, due, closed, flag in rows:
        late[department] += bool(due) and (closed or as_of) > due
        flagged += bool(due and closed and flag)
    missing = len(rows) - result["imported"] + flagged - result["verdicts"]["agree"]
    return missing + sum(result["overdue"][name] != count for name, count in late.items())
