"""`make soak`: the load test beside a million stored orders, and 200 kills of everything."""

import os
import shutil
import subprocess
import sys
import tempfile

from bench import cycles
from bench.city import Place
from bench.rows import Row, at_least, show

STORED = 1_000_000
STORED_ON_A_SMALL_DISK = 300_000
BYTES_PER_ORDER = 40_000
"""With indexes and the engine's log, on the safe side."""
KILLS = 200
ROUNDS = 3
LEAST = 0.9


def fitting() -> int:
    """How many orders the disk has room for, of the two numbers."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free > STORED * BYTES_PER_ORDER:
        return STORED
    print(f"only {free / 1e9:.0f} GB are free: {STORED_ON_A_SMALL_DISK:,} orders instead of {STORED:,}")
    return STORED_ON_A_SMALL_DISK


async def measure(few: Place, many: Place, number: int) -> list[Row]:
    """Rows of the load test beside few and many stored orders, shown one by one.

    They are measured in turns: what the machine does beside meets both.
    """
    places = {cycles.STORED: few, number: many}
    rows = _shown([row for stored, place in places.items() for row in await cycles.store(place, stored)])
    rates = dict.fromkeys(places, 0.0)
    for _ in range(ROUNDS):
        for stored, place in places.items():
            measured = _shown(await cycles.load_test(place, stored))
            rates[stored] += measured[0]["value"]
            rows += measured
    ratio = rates[number] / rates[cycles.STORED]
    name = f"DIGIT's load test with {number:,} orders stored against {cycles.STORED:,}"
    return rows + _shown([at_least(name, ratio, "×", LEAST)])


def _shown(rows: list[Row]) -> list[Row]:
    for row in rows:
        show(row)
    return rows


def kills() -> int:
    """The tests of faults with 200 kills each; their exit code."""
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=0", "tests/faults"]
    return subprocess.run(command, env={**os.environ, "ZHENGTONG_KILLS": str(KILLS)}, check=False).returncode
