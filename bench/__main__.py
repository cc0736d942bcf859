"""`python -m bench [NAME]…`: run the measurements, or those named."""

import argparse
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from bench import costs, cycles, deadlines, exporting, figuring, importing, lighting, replaying, reporting, soaking
from bench.city import Place
from bench.rows import Row, keep, show
from foundation.engine import EmbeddedEngine, find_engine
from foundation.settings import EngineChoice


async def _deadlines(_: Place) -> list[Row]:
    return [{**row, "bound": f"<= {row['bound']:g}"} for row in deadlines.measure()]


MEASUREMENTS: dict[str, Callable[[Place], Awaitable[list[Row]]]] = {
    "deadlines": _deadlines,
    "costs": costs.measure,
    "cycles": cycles.measure,
    "lights": lighting.measure,
    "figures": figuring.measure,
    "report": reporting.measure,
    "exports": exporting.measure,
    "replay": replaying.measure,
    "import": importing.measure,
}


@contextmanager
def engine() -> Iterator[Place]:
    """A Rust engine of its own, durable as in production, on a store that is thrown away."""
    with (
        tempfile.TemporaryDirectory(prefix="zhengtong-bench-") as folder,
        EmbeddedEngine.start(find_engine(EngineChoice.RUST), Path(folder)) as running,
    ):
        yield Place(running.uri, Path(folder), running.pid)


def run(measurement: Callable[[Place], Awaitable[list[Row]]]) -> list[Row]:
    """Measure on a new engine, show and keep the rows."""
    with engine() as place:
        rows = uvloop.run(_measured(measurement, place))
    for row in rows:
        show(row)
    keep(rows)
    return rows


async def _measured(measurement: Callable[[Place], Awaitable[list[Row]]], place: Place) -> list[Row]:
    return await measurement(place)


def soak(orders: int | None) -> int:
    """The load test beside 50,000 and a million orders, or so many, and the kills; 0 if all is well."""
    with engine() as few, engine() as many:
        rows = uvloop.run(soaking.measure(few, many, orders or soaking.fitting()))
    keep(rows)
    return max(soaking.kills(), int(not all(row["met"] for row in rows)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(MEASUREMENTS)}; all, if none is named")
    parser.add_argument("--soak", action="store_true", help="the load test beside a million orders, and 200 kills")
    parser.add_argument("--orders", type=int, help="so many in the soak, instead of a million")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(MEASUREMENTS):
        parser.error(f"there is no measurement {', '.join(sorted(unknown))}")
    if arguments.soak:
        return soak(arguments.orders)
    rows = [row for name in arguments.names or MEASUREMENTS for row in run(MEASUREMENTS[name])]
    return int(not all(row["met"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
