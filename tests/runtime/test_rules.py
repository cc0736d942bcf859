"""`zhengtong rules`, as a city's official uses it: files checked, packs compared, and tried on what really happened."""

import csv
import io
import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest

from foundation.clock import SettableClock
from foundation.events import event_id
from foundation.paging import EARLIEST
from foundation.settings import Settings
from identity.actors import Actor, Role
from runtime.composition import App
from runtime.preparing import installation
from runtime.replay.playing import play
from runtime.replay.reading import Column, read_messages
from runtime.rules.describing import describe_measured, describe_report
from runtime.rules.measuring import measure_file
from runtime.rules.simulating import LONGEST_SPAN, BadSpan, simulate_stored
from runtime.server import Server
from tests.runtime.processes import environment, zhengtong
from workorders.deadlines import Term, shipped_pack
from workorders.deadlines.packs import shipped_names
from workorders.lifecycle.simulating import Verdict
from workorders.lifecycle.states import ExclusionGround
from workorders.supervision import excluding

ZONE = ZoneInfo("Asia/Shanghai")
REPLIES = Path(__file__).parents[2].parent / "shared" / "data" / "messages" / "replies.csv"
DEFAULT = Path(__file__).parents[2] / "workorders" / "deadlines" / "packs" / "default.toml"
FIRST, LAST = date(2019, 4, 25), date(2019, 5, 8)
NOW = datetime(2019, 8, 1, tzinfo=UTC)


def messages() -> bytes:
    """A message on each of fourteen days about a holiday, answered after a growing number of days."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [str(column) for column in Column])
    writer.writeheader()
    for n in range(14):
        sent = datetime.combine(FIRST + timedelta(days=n), time(23, 30))
        replied = sent + timedelta(days=1 + n, hours=-n)
        row = ("题", "情", "复")
        values = (str(n), "A", row[0], sent.isoformat(), row[1], row[2], replied.isoformat())
        writer.writerow(dict(zip(map(str, Column), values, strict=True)))
    return text.getvalue().encode()


@pytest.fixture(scope="module")
async def app(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    """Fourteen replayed orders."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("data"), mongodb_uri=None, database=f"test_{secrets.token_hex(6)}"
    )
    async with installation(settings, Server(mongodb_uri, "the tests' server"), SettableClock(EARLIEST)) as app:
        await play(app, read_messages(messages(), ZONE))
        yield app
        await app.database.client.drop_database(settings.database)


async def everything(app: App) -> dict[str, list[Any]]:
    names = await app.database.mongo.list_collection_names()
    return {name: await app.database.mongo[name].find({}).sort("_id", 1).to_list() for name in names}


# On stored orders


@pytest.mark.parametrize("name", shipped_names())
async def test_the_rate_simulated_from_the_log_is_the_one_measured_from_the_times(app: App, name: str) -> None:
    before = await everything(app)
    days: list[tuple[int, int]] = []
    report = await simulate_stored(
        app, shipped_pack(name), FIRST, LAST, NOW, progress=lambda done, of: days.append((done, of))
    )
    assert days == [(n + 1, 14) for n in range(14)]
    assert (report.orders, report.not_simulated) == (14, {})
    reply = report.terms[Term.REPLY]
    stored, supposed = (
        measure_file(messages(), [pack], ZONE)[0][0].shares["by_the_limit"] for pack in ("default", name)
    )
    assert 0 < stored.numerator < stored.denominator == 14
    assert (reply.stored.on_time, reply.supposed.on_time) == (stored, supposed)
    assert reply.supposed.red.numerator == 14 - supposed.numerator
    assert reply.earlier + reply.same + reply.later == 14
    assert len(reply.left_out) == reply.open == 0
    changed = [each for each in report.changed if each.term is Term.REPLY]
    better = sum(each.supposed is Verdict.MET for each in changed)
    assert supposed.numerator - stored.numerator == better - (len(changed) - better)
    if name == "default":
        assert not report.changed
        assert all(figures.stored == figures.supposed for figures in report.terms.values())
        assert all(figures.earlier == figures.later == 0 for figures in report.terms.values())
    assert await everything(app) == before
    assert f"（{supposed.numerator}/14）" in describe_report(report, ZONE)


async def test_a_day_is_the_city_s_own(app: App) -> None:
    report = await simulate_stored(app, shipped_pack(), LAST, LAST + timedelta(days=1), NOW)
    assert report.orders == 1
    assert (await simulate_stored(app, shipped_pack(), date(2019, 5, 9), date(2019, 5, 9), NOW)).orders == 0


@pytest.mark.parametrize(
    ("first", "last"),
    [(LAST, FIRST), (FIRST, FIRST + timedelta(days=LONGEST_SPAN)), (date.min, date.min), (date.max, date.max)],
)
async def test_a_span_without_end_or_without_a_day_is_refused(app: App, first: date, last: date) -> None:
    with pytest.raises(BadSpan):
        await simulate_stored(app, shipped_pack(), first, last, NOW)


async def test_an_order_whose_log_is_damaged_is_named_and_the_others_are_told(app: App) -> None:
    events = app.database.mongo["events"]
    raw = await events.find_one({"sequence": 1})
    assert raw is not None
    await events.delete_one({"_id": raw["_id"]})
    report = await simulate_stored(app, shipped_pack(), FIRST, LAST, NOW)
    await events.insert_one(raw)
    assert report.orders == 13
    assert list(report.not_simulated) == [raw["subject"]]
    assert event_id(raw["subject"], 1) == raw["_id"]
    assert raw["subject"] in describe_report(report, ZONE)


async def test_an_order_that_is_excluded_is_judged_by_neither_side(app: App) -> None:
    supervisor = Actor("staff:supervisor", frozenset({Role.SUPERVISOR}))
    raw = await app.database.mongo["orders"].find_one({})
    assert raw is not None
    before = await simulate_stored(app, shipped_pack(), FIRST, LAST, NOW)
    ground = ExclusionGround.OUTSIDE_CAUSE
    await excluding.exclude(app.office, supervisor, raw["_id"], ground=ground, reason="不可归责。")
    report = await simulate_stored(app, shipped_pack(), FIRST, LAST, NOW)
    for term, figures in report.terms.items():
        assert figures.left_out["excluded"] >= 1
        was = before.terms[term]
        assert figures.stored.on_time.denominator < was.stored.on_time.denominator
        assert figures.supposed.on_time.denominator < was.supposed.on_time.denominator
    assert "1 项（剔除）" in describe_report(report, ZONE)
    await excluding.readmit(app.office, supervisor, raw["_id"], reason="剔除有误。")
    assert (await simulate_stored(app, shipped_pack(), FIRST, LAST, NOW)).terms == before.terms


# On a file of replies


def recounted(days: int, *, working: bool) -> int:
    """Replies that came in time, counted from the file without any of the program's own code."""
    china = holidays.country_holidays("CN", years=range(2011, 2021))
    with REPLIES.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    met = 0
    for row in rows:
        day, left = datetime.fromisoformat(row["留言时间"]).date(), days
        while left:
            day += timedelta(days=1)
            open_ = day in china.weekend_workdays or (day.weekday() < 5 and day not in china)
            left -= open_ or not working
        due = datetime.combine(day, time(17)) if working else datetime.combine(day + timedelta(days=1), time())
        met += datetime.fromisoformat(row["答复时间"]) <= due
    return met


def test_real_replies_under_each_pack_are_those_that_independent_code_counts() -> None:
    if not REPLIES.is_file():
        pytest.skip("the folder of shared test data is not there")
    measured, refused = measure_file(REPLIES.read_bytes(), shipped_names(), ZONE)
    assert refused == 0
    found = {each.name: [share.numerator for share in each.shares.values()] for each in measured}
    five, fourteen, fifteen = (recounted(n, working=True) for n in (5, 14, 15))
    assert found["default"] == found["lvliang-2024"] == [five, fourteen, fifteen]
    assert found["shandong-2020"] == [five, fifteen, fifteen]
    week, _, fortnight = found["beijing-2021"]
    assert (week, fortnight) == (recounted(7, working=False), recounted(15, working=False))
    assert all(each.on_time.replies == 2107 and each.on_time.provisional == 0 for each in measured)
    assert f"{five / 2107:.1%}（{five}/2107）" in describe_measured(measured, refused)


# As commands


def test_a_pack_is_checked_and_its_faults_are_the_answer(tmp_path: Path) -> None:
    env = environment(tmp_path)
    good = zhengtong("rules", "check", str(DEFAULT), env=env)
    assert (good.returncode, good.stderr) == (0, "")
    assert shipped_pack().id in good.stdout
    file = tmp_path / "city.toml"
    file.write_text(DEFAULT.read_text(encoding="utf-8").replace("returns = 2", "retruns = -2"), encoding="utf-8")
    bad = zhengtong("rules", "check", str(file), env=env)
    assert bad.returncode == 1
    assert "caps.retruns：没有这一项，请检查拼写，是否应为 returns。" in bad.stdout
    told = json.loads(zhengtong("rules", "check", str(file), "--json", env=env).stdout)
    assert told["id"] is None
    assert [fault.split("：")[0].split(":")[0] for fault in told["faults"]] == ["city.toml"] * 2
    for content in (b"\x00\xff" * 9_000, b"[" * 9_000, b""):
        file.write_bytes(content)
        spoiled = zhengtong("rules", "check", str(file), env=env)
        assert (spoiled.returncode, spoiled.stderr) == (1, "")


def test_packs_are_compared_by_name_or_by_file(tmp_path: Path) -> None:
    env = environment(tmp_path)
    same = zhengtong("rules", "diff", "default", str(DEFAULT), env=env)
    assert (same.returncode, "规则相同" in same.stdout) == (0, True)
    differ = json.loads(zhengtong("rules", "diff", "default", "beijing-2021", "--json", env=env).stdout)
    assert {
        "row": "reply.help",
        "name": "办结时限：求助",
        "one": "5个工作日",
        "other": "7个自然日",
        "effect": None,
    } in differ
    nowhere = zhengtong("rules", "diff", "default", str(tmp_path / "none.toml"), env=env)
    assert nowhere.returncode == 1
    assert "Traceback" not in nowhere.stderr
    assert "shandong-2020" in nowhere.stderr


def test_a_pack_is_tried_on_the_stored_orders_and_on_a_file(app: App, tmp_path: Path) -> None:
    uri = app.settings.mongodb_uri
    assert uri is not None
    more = {"ZHENGTONG_MONGODB_URI": uri.get_secret_value(), "ZHENGTONG_DATABASE": app.settings.database}
    env = environment(tmp_path, **more)
    span = ("--from", f"{FIRST}", "--to", f"{LAST}")
    told = zhengtong("rules", "simulate", "beijing-2021", *span, "--json", env=env)
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    assert (report["orders"], report["first"], report["title"]) == (14, "2019-04-25", "北京 2021")
    assert report["terms"]["reply"]["supposed"]["on_time"]["denominator"] == 14
    backwards = zhengtong("rules", "simulate", "default", "--from", f"{LAST}", "--to", f"{FIRST}", env=env)
    assert backwards.returncode == 1
    assert "起始日期" in backwards.stderr
    file = tmp_path / "replies.csv"
    file.write_bytes(messages())
    measured = json.loads(zhengtong("rules", "measure", str(file), "default", "--json", env=env).stdout)
    assert [each["pack"] for each in measured["packs"]] == ["default"]
    assert measured["packs"][0]["by_the_limit"]["denominator"] == 14
