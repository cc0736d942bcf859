"""`zhengtong assessment` and `zhengtong schemes`: a scheme checked and published, a month scored by it."""

import json
from pathlib import Path

import pytest

from foundation.faults import ExitCode
from tests.runtime.processes import Ended, zhengtong
from tests.runtime.test_figures import env
from workorders.statistics.assessment.schemes import SHIPPED

__all__ = ["env"]

TEXT = (SHIPPED / "default.toml").read_text(encoding="utf-8").replace('version = "默认 1"', 'version = "2019"')


def run(env: dict[str, str], *arguments: str, expecting: int = ExitCode.DONE) -> Ended:
    ended = zhengtong(*arguments, env=env)
    assert ended.returncode == expecting, ended.stderr
    return ended


def test_a_month_is_scored_by_a_scheme_that_was_published(env: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "scheme.toml"
    file.write_text(TEXT.replace("weight = 10", "weight = 11"), encoding="utf-8")
    wrong = run(env, "schemes", "check", str(file), expecting=ExitCode.FOUND_WANTING)
    assert "scheme.toml:10：items：各项权重之和须为 100，现为 101。" in wrong.stdout
    assert "101" in run(env, "schemes", "publish", str(file), expecting=ExitCode.FOUND_WANTING).stderr

    file.write_text(TEXT.replace("minimum = 5 ", "minimum = 1 "), encoding="utf-8")
    checked = json.loads(run(env, "schemes", "check", str(file), "--json").stdout)
    assert (checked["version"], checked["faults"]) == ("2019", [])
    published = json.loads(run(env, "schemes", "publish", str(file), "--json").stdout)
    assert published["id"] == checked["id"]
    assert "2019" in run(env, "schemes", "publish", str(file)).stdout
    file.write_text(TEXT, encoding="utf-8")
    assert "已经发布" in run(env, "schemes", "publish", str(file), expecting=ExitCode.FOUND_WANTING).stderr

    april = json.loads(run(env, "assessment", "--month", "2019-04", "--json").stdout)
    assert (april["month"], april["scheme"]["version"], april["issued"]) == ("2019-04", "2019", False)
    (unit,) = april["assessments"]
    assert (unit["rank"], unit["ranked"], unit["sample"]) == (1, 1, 1)
    assert sum(float(item["earned"]) for item in unit["items"]) == float(unit["total"]) == 100.0
    told = run(env, "assessment", "--month", "2019-05", "--unit", unit["unit"]).stdout
    assert "按时办结率 0/1，即 0.00%" in told


@pytest.mark.parametrize(
    ("arguments", "told"), [(("--month", "2019-4"), "2026-10"), (("--month", "2019-04", "--unit", "none"), "未找到")]
)
def test_a_question_that_makes_no_sense_is_refused(env: dict[str, str], arguments: tuple[str, ...], told: str) -> None:
    assert told in run(env, "assessment", *arguments, expecting=ExitCode.FOUND_WANTING).stderr
