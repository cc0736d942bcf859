"""`python -m bench [NAME]…`: run the measurements, or those named."""

import argparse
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from bench import costs, cycles, deadlines, replaying
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
    "replay": replaying.measure,
}


@contextmanager
def engine() -> Iterator[Place]:
    """A Rust engine of its own, durable as in production, on a store that is thrown away."""
    with (
        tempfile.TemporaryDirectory(prefix="zhengtong-bench-") as folder,
        EmbeddedEngine.start(find_engine(EngineChoice.RUST), Path(folder)) as running,
    ):
        yield Place(running.uri, Path(folder))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*MEASUREMENTS, []], help="all, if none is named")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for name in arguments.names or MEASUREMENTS:
        with engine() as place:
            measured = uvloop.run(MEASUREMENTS[name](place))
        for row in measured:
            show(row)
        rows += measured
        keep(measured)
    return 0 if all(row["met"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
