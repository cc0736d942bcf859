"""`zhengtong calendar publish` and `zhengtong rules publish`, as a city's administrator uses them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pymongo import MongoClient

from foundation.database import Database, Raw
from foundation.documents import Stored
from foundation.faults import ExitCode
from foundation.working_time import shipped_calendar
from tests.runtime.processes import environment, zhengtong
from workorders.deadlines.packs import shipped_pack
from workorders.lifecycle.correcting import OPEN
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.library import CurrentTerms

HOURS = '[["08:30", "12:00"], ["13:00", "17:00"]]'
WEEK = "\n".join(f"{day} = {HOURS}" for day in ("mon", "tue", "wed", "thu", "fri"))


@pytest.fixture
def env(mongodb_uri: str, database: Database, tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path, ZHENGTONG_MONGODB_URI=mongodb_uri, ZHENGTONG_DATABASE=database.mongo.name)


def calendar_file(folder: Path, *days_off: str) -> Path:
    """The shipped hours, with these days closed beside the statutory ones."""
    head = f'title = "更正"\ntz = "Asia/Shanghai"\nstatutory = "cn"\nmake_up = {HOURS}\nholidays = {list(days_off)}\n'
    file = folder / "city.toml"
    file.write_text(head.replace("'", '"') + f"[weekly]\n{WEEK}\n", encoding="utf-8")
    return file


def stored(env: dict[str, str], model: type[Stored]) -> list[Raw]:
    with MongoClient[Raw](env["ZHENGTONG_MONGODB_URI"]) as client:
        return list(client[env["ZHENGTONG_DATABASE"]][model.collection_name()].find({}))


def test_a_corrected_calendar_reaches_every_open_order_once(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert zhengtong("seed", "--orders", "25", env=env).returncode == 0
    monkeypatch.setattr("identity.directory.KEPT", timedelta(0))
    today = datetime.now(UTC).date()
    soon = (f"{today + timedelta(days=1)}", f"{today + timedelta(days=7)}")
    file = calendar_file(tmp_path, "/".join(soon))
    ended = zhengtong("calendar", "publish", str(file), "--correct-open", "--json", env=env)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    calendars = [raw["order"]["calendar"] for raw in stored(env, OrderDocument) if raw["status"] in OPEN]
    assert calendars == [told["calendar"]] * told["corrected"]
    assert told["corrected"] > 0
    again = zhengtong("calendar", "publish", str(file), "--correct-open", "--json", env=env)
    assert json.loads(again.stdout) == {**told, "corrected": 0}
    assert zhengtong("verify", env=env).returncode == 0


def test_without_the_option_open_orders_keep_theirs(env: dict[str, str], database: Database, tmp_path: Path) -> None:
    assert zhengtong("migrate", env=env).returncode == 0
    ended = zhengtong("calendar", "publish", str(calendar_file(tmp_path, "2026-12-30")), "--name", "hall", env=env)
    assert ended.returncode == 0, ended.stderr
    (current,) = stored(env, CurrentTerms)
    assert current["calendar"] == shipped_calendar("cn").id
    assert set(current["named_calendars"]) == {"cn", "24x7", "hall"}


def test_a_calendar_with_a_fault_is_refused_with_its_line(env: dict[str, str], tmp_path: Path) -> None:
    file = calendar_file(tmp_path)
    file.write_text(file.read_text(encoding="utf-8").replace("make_up", "makeup"), encoding="utf-8")
    ended = zhengtong("calendar", "publish", str(file), env=env)
    assert ended.returncode == ExitCode.FOUND_WANTING
    assert "city.toml:4" in ended.stderr


def test_a_published_rule_pack_holds_for_what_is_taken_in_from_now_on(env: dict[str, str]) -> None:
    assert zhengtong("migrate", env=env).returncode == 0
    ended = zhengtong("rules", "publish", "beijing-2021", "--json", env=env)
    assert ended.returncode == 0, ended.stderr
    (current,) = stored(env, CurrentTerms)
    assert current["rules"] == json.loads(ended.stdout)["rules"] == shipped_pack("beijing-2021").id
