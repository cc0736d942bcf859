"""`zhengtong figures` on real messages and replies: what it prints is what independent code counts from the file."""

import asyncio
import csv
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from foundation.clock import SettableClock
from foundation.faults import ExitCode
from foundation.paging import EARLIEST
from foundation.settings import Settings
from identity.actors import system_actor
from runtime.preparing import installation
from runtime.replay.playing import play
from runtime.server import Server
from tests.runtime.processes import Ended, environment, zhengtong
from tests.runtime.recount import ONE_DAY, after_working_time, working_day_after
from tests.runtime.test_replay import GOOD, read, read_file, replayer, sample, written
from workorders.statistics.checking import check
from workorders.statistics.definitions import Figure
from workorders.statistics.handling import HandlingTimes
from workorders.statistics.reading import Period, Question
from workorders.statistics.windows import Per, Window

__all__ = ["sample"]

NOW = datetime(2024, 6, 1, tzinfo=UTC)
TWO_HOURS = timedelta(hours=2)
YEARS = [Window(date(year, 1, 1), date(year + 3, 12, 31)) for year in range(2010, 2024, 4)]
Months = dict[str, tuple[int, int]]
"""Numerator and denominator of each month that has any."""


def counted_from(file: Path) -> dict[Figure, Months]:
    """Each figure by month: received by the message, on time by the deadline, satisfied by the reply.

    Whoever was late was supervised at the deadline; a supervision has three working days, and ends with the reply.
    """
    above: dict[Figure, Counter[str]] = {figure: Counter() for figure in Figure}
    below: dict[Figure, Counter[str]] = {figure: Counter() for figure in Figure}

    def count(day: date, *figures: Figure, yes: bool = True) -> None:
        for figure in figures:
            below[figure][f"{day:%Y-%m}"] += 1
            above[figure][f"{day:%Y-%m}"] += yes

    for sent, replied in _times(file):
        due = _due(sent)
        count(sent.date(), Figure.RECEIVED, Figure.COMPLETED)
        count(sent.date(), Figure.ANSWERED_AT_ONCE, Figure.RETURNED, yes=False)
        signed_by = after_working_time(sent, TWO_HOURS)
        count(signed_by.date(), Figure.SIGNED_ON_TIME)
        count(max(sent + ONE_DAY, after_working_time(signed_by, TWO_HOURS)).date(), Figure.CONTACTED_ON_TIME)
        count(due.date(), Figure.ON_TIME, yes=replied <= due)
        count(due.date(), Figure.EXTENDED, yes=False)
        count(due.date(), Figure.TURNED_RED, yes=replied > due)
        yellow = datetime.combine(working_day_after(sent.date(), 4), time(17))
        count(yellow.date(), Figure.TURNED_YELLOW, yes=replied > yellow)
        count(replied.date(), Figure.ARCHIVED, Figure.CALLED_BACK, Figure.SOLVED, Figure.SATISFIED)
        count(replied.date(), Figure.REDONE, yes=False)
        if replied > due:
            count(due.date(), Figure.SUPERVISED, Figure.SUPERVISED_OVERDUE)
            answer_by = datetime.combine(working_day_after(due.date(), 3), time(17))
            if replied > answer_by:
                count(answer_by.date(), Figure.SUPERVISION_ANSWERED, yes=False)
    return {
        figure: {month: (above[figure][month], number) for month, number in below[figure].items()} for figure in above
    }


def handling_from(file: Path) -> dict[str, HandlingTimes]:
    """How long the replies of each month took: rounded up to the hour, beyond two days to the day."""
    months: dict[str, list[timedelta]] = {}
    for sent, replied in _times(file):
        months.setdefault(f"{replied:%Y-%m}", []).append(replied - sent)

    def rank(taken: list[timedelta], percent: int) -> int:
        hours = ceil(sorted(taken)[ceil(len(taken) * percent / 100) - 1] / timedelta(hours=1))
        return hours if hours <= 48 else 24 * ceil(hours / 24)

    return {month: HandlingTimes(len(taken), rank(taken, 50), rank(taken, 90)) for month, taken in months.items()}


def _times(file: Path) -> Iterator[tuple[datetime, datetime]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        for row in csv.DictReader(opened):
            yield datetime.fromisoformat(row["留言时间"]), datetime.fromisoformat(row["答复时间"])


def _due(sent: datetime) -> datetime:
    return datetime.combine(working_day_after(sent.date(), 5), time(17))


async def test_the_figures_of_real_replies_are_those_counted_from_the_file(
    settings: Settings, mongodb_uri: str, sample: Path
) -> None:
    expected = counted_from(sample)
    assert [figure for figure in Figure if not expected[figure]] == [Figure.RETURN_REFUSED]
    async with replayer(settings, mongodb_uri, "replay_statistics") as app:
        await play(app, read_file(sample))
        found = [
            period
            for window in YEARS
            for period in (await app.figures.table(system_actor("t"), Question(window, per=Per.MONTH), NOW)).periods
        ]
        for figure in Figure:
            assert _by_month(found, figure) == expected[figure], figure
        handled = {f"{period.window.first:%Y-%m}": period.total.handling for period in found}
        assert {month: each for month, each in handled.items() if each.orders} == handling_from(sample)
        checked = await check(app.database, app.figures.zone, app.projector, app.clock)
        assert checked.differences == []
        assert checked.orders == len(read_file(sample).rows)


def _by_month(found: list[Period], figure: Figure) -> Months:
    told = {f"{period.window.first:%Y-%m}": period.total.figure(figure) for period in found}
    return {month: (each.numerator, each.denominator) for month, each in told.items() if each.denominator}


@pytest.fixture
def env(mongodb_uri: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A city of one replayed order."""
    name = f"test_{secrets.token_hex(6)}"
    own = environment(tmp_path, ZHENGTONG_MONGODB_URI=mongodb_uri, ZHENGTONG_DATABASE=name)

    async def make() -> None:
        settings = Settings(data_dir=tmp_path / "data", mongodb_uri=None, database=name)
        async with installation(settings, Server(mongodb_uri, "the tests' server"), SettableClock(EARLIEST)) as app:
            await play(app, read(written(GOOD)))

    async def drop() -> None:
        client: AsyncMongoClient[Any] = AsyncMongoClient(mongodb_uri)
        await client.drop_database(name)
        await client.close()

    asyncio.run(make())
    yield own
    asyncio.run(drop())


def run(env: dict[str, str], *arguments: str, expecting: int = ExitCode.DONE) -> Ended:
    ended = zhengtong("figures", *arguments, env=env)
    assert ended.returncode == expecting, ended.stderr
    return ended


APRIL = ("--from", "2019-04-01", "--to", "2019-04-30")


def test_figures_are_printed_checked_and_made_anew(env: dict[str, str], mongodb_uri: str) -> None:
    april = json.loads(run(env, *APRIL, "--by", "unit", "--json").stdout)
    assert (april["from"], april["to"], april["by"]) == ("2019-04-01", "2019-04-30", "unit")
    assert april["total"]["received"]["numerator"] == 1
    assert april["total"]["received"]["onPrevious"] is None
    assert [row["name"] for row in april["rows"]] == ["市政府", "承办单位"]
    assert april["rows"][0]["figures"]["completed"]["rate"] == 1.0
    may = json.loads(run(env, "--from", "2019-05-01", "--to", "2019-05-31", "--json").stdout)
    assert may["total"]["received"]["onPrevious"] == -1.0
    assert may["total"]["on_time"] == {
        "name": "按时办结率", "isCount": False, "numerator": 0, "denominator": 1, "rate": 0.0, "leftOut": {},
        "onPrevious": None, "onYearBefore": None,
    }  # fmt: skip
    assert may["handling"] == {"orders": 1, "median_hours": 384, "p90_hours": 384}
    assert "办结率  1 / 1  100.0%" in run(env, *APRIL).stdout
    assert "0 differences" in run(env, "check").stdout

    async def alter() -> None:
        client: AsyncMongoClient[Any] = AsyncMongoClient(mongodb_uri)
        rollups = client[env["ZHENGTONG_DATABASE"]]["figure_rollups"]
        await rollups.update_one({"cut": "1|all", "month": "2019-04"}, {"$inc": {"days.25.intake:completed": 1}})
        await client.close()

    asyncio.run(alter())
    told = run(env, "check", expecting=ExitCode.FOUND_WANTING).stdout
    assert "all  2019-04-25 intake:completed: kept 2, by the events 1" in told
    wrong = json.loads(run(env, "check", "--json", expecting=ExitCode.FOUND_WANTING).stdout)
    assert {"what": "all  2019-04-25 intake:completed", "kept": 2, "recounted": 1} in wrong["differences"]
    assert "1 orders" in run(env, "rebuild").stdout
    assert json.loads(run(env, "check", "--json").stdout)["differences"] == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--from"),
        (("--from", "1900-01-01", "--to", "1900-01-31"), "2000 至 2099"),
        (("--from", "2019-05-01", "--to", "2019-04-01"), "不能晚于"),
        ((*APRIL, "--by", "moon"), "统计维度"),
        ((*APRIL, "--within", "unit"), "统计维度"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(env: dict[str, str], arguments: tuple[str, ...], told: str) -> None:
    assert told in run(env, *arguments, expecting=ExitCode.FOUND_WANTING).stderr
