"""`make soak`: the load test beside a million stored orders, and 200 kills of everything."""

import os
import shutil
import subprocess
import sys
import tempfile

from bench import cycles
from bench.city import Place
from bench.rows import Row, at_least

STORED = 1_000_000
STORED_ON_A_SMALL_DISK = 300_000
BYTES_PER_ORDER = 40_000
"""With indexes and the engine's log, on the safe side."""
KILLS = 200
LEAST = 0.9


def fitting() -> int:
    """How many orders the disk has room for, of the two numbers."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free > STORED * BYTES_PER_ORDER:
        return STORED
    print(f"only {free / 1e9:.0f} GB are free: {STORED_ON_A_SMALL_DISK:,} orders instead of {STORED:,}")
    return STORED_ON_A_SMALL_DISK


async def few(place: Place) -> list[Row]:
    return await cycles.measure(place)


async def many(place: Place, stored: int) -> list[Row]:
    return await cycles.measure(place, stored=stored)


def compared(few_rows: list[Row], many_rows: list[Row], stored: int) -> Row:
    """Life cycles per second beside many stored orders against beside few."""
    rates = [
        next(row["value"] for row in rows if row["name"].endswith("life cycles")) for rows in (few_rows, many_rows)
    ]
    return at_least(
        f"DIGIT's load test with {stored:,} orders stored against {cycles.STORED:,}", rates[1] / rates[0], "×", LEAST
    )


def kills() -> int:
    """The tests of faults with 200 kills each; their exit code."""
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=0", "tests/faults"]
    return subprocess.run(command, env={**os.environ, "ZHENGTONG_KILLS": str(KILLS)}, check=False).returncode
