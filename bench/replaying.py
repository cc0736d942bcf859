"""The replay of real complaints: speed, whether it stays, and that its figures are those counted from the file."""

from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

from bench.city import Place, opened
from bench.rows import Row, at_least, at_most
from foundation.clock import SettableClock
from foundation.paging import EARLIEST
from runtime.replay import playing
from runtime.replay.figures import report
from runtime.replay.reading import read_messages
from tests.runtime.recount import recount

REPLIES = Path(__file__).parents[2] / "shared" / "data" / "messages" / "replies.csv"
ROWS = 500
"""The first and the last so many are compared."""


async def measure(place: Place) -> list[Row]:
    """Rows, or none where the folder of shared test data is missing."""
    if not REPLIES.is_file():
        print(f"the replay is left out: {REPLIES.name} of the shared test data is not there")
        return []
    file = read_messages(REPLIES.read_bytes(), ZoneInfo("Asia/Shanghai"))
    times: list[tuple[int, float]] = []
    async with opened(place, "bench_replay", SettableClock(EARLIEST)) as app:
        await playing.play(app, file, progress=lambda done, of: times.append((done, perf_counter())))
        result = (await report(app, file)).as_json()
    differing = {name: result[name] != counted for name, counted in recount(REPLIES).items()}
    return [
        at_least("replay: whole life cycles", _per_second(times, 0, 2 * len(file.rows)), "per s", 20),
        at_least(f"replay: the last {ROWS} against the first {ROWS}", _last_to_first(times, len(file.rows)), "×", 0.85),
        at_most("replay: figures that differ from an independent count", sum(differing.values()), "", 0),
    ]


def _last_to_first(times: list[tuple[int, float]], rows: int) -> float:
    first = _per_second(times, 0, 2 * ROWS)
    last = _per_second(times, 2 * (rows - ROWS), 2 * rows)
    return last / first


def _per_second(times: list[tuple[int, float]], start: int, end: int) -> float:
    """Life cycles per second, of two events each, between two counts of events."""
    within = [each for each in times if start <= each[0] <= end]
    (first, begin), (last, finish) = within[0], within[-1]
    return (last - first) / 2 / (finish - begin)
