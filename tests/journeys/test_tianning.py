"""A district's half year, imported by the command, is what the district published: to the order and to the decimal."""

import asyncio
import json
import secrets
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from pymongo import AsyncMongoClient
from pypdf import PdfReader

from foundation.clock import SystemClock
from foundation.settings import Settings
from runtime.preparing import installation
from runtime.server import Server
from tests.journeys import tianning
from tests.journeys.tianning import PROVINCE, Row, figures_of, from_province, handling_of
from tests.runtime.processes import environment, zhengtong
from workorders.statistics.definitions import Figure
from workorders.statistics.tallying import NOWHERE

pytestmark = pytest.mark.races

HALF, BEFORE = (date(2019, 1, 1), date(2019, 6, 30)), (date(2018, 1, 1), date(2018, 6, 30))


@pytest.mark.timeout(900)
def test_the_half_year_of_a_district_is_as_it_was_published(mongodb_uri: str, tmp_path: Path) -> None:
    file, mapping = tianning.written(tmp_path)
    rows, name = tianning.read(file), f"test_{secrets.token_hex(6)}"
    env = environment(tmp_path, ZHENGTONG_MONGODB_URI=mongodb_uri, ZHENGTONG_DATABASE=name)
    try:
        ended = zhengtong("import", str(file), "--mapping", str(mapping), "--json", env=env)
        assert ended.returncode == 0, ended.stderr
        imported = json.loads(ended.stdout)
        assert (imported["rows"], imported["imported"], imported["refused"]) == (len(rows), len(rows), [])
        assert set(imported["overdue"].values()) == {0}
        asyncio.run(_settled(Settings(data_dir=tmp_path / "data", mongodb_uri=None, database=name), mongodb_uri))
        by_source = _figures("source", env)
        _as_published(by_source)
        _as_counted(by_source, rows, None)
        _as_counted(_figures("unit", env), rows, "承办单位")
        told = zhengtong("figures", "--from", "2019-01-01", "--to", "2019-06-30", "--by", "source", env=env).stdout
        for line in ("受理量  6421", "按时办结率  6421 / 6421  100.0%", "受理量  111", "满意率  107 / 111  96.4%"):
            assert f"  {line}\n" in told
        _reported(tmp_path / "report", env)
    finally:
        asyncio.run(_dropped(mongodb_uri, name))


async def _settled(settings: Settings, uri: str) -> None:
    async with installation(settings, Server(uri, "the tests' server"), SystemClock()) as app:
        await app.prepare()
        await tianning.project(app)


async def _dropped(uri: str, name: str) -> None:
    client: AsyncMongoClient[Any] = AsyncMongoClient(uri)
    await client.drop_database(name)
    await client.close()


def _reported(folder: Path, env: dict[str, str]) -> None:
    """The report that is issued says in all its files what was published."""
    ended = zhengtong("report", "--period", "2019-H1", "--issue", "--out", str(folder), env=env)
    assert ended.returncode == 0, ended.stderr
    files = {file.suffix: file for file in folder.iterdir()}
    word = "".join(paragraph.text for paragraph in Document(str(files[".docx"])).paragraphs)
    sheet = "".join(str(row[0].value) for row in load_workbook(files[".xlsx"]).worksheets[0])
    pages = "".join(page.extract_text() for page in PdfReader(files[".pdf"]).pages)
    for text in (word, sheet, "".join(pages.split())):
        for told in (
            "2019年上半年，全市受理工单6,421件",
            "比上年同期上升94.4%",
            "按时办结率100.0%（6,421/6,421）",
            "转办111件，比上年同期上升94.7%",
            "按时办结111件，按时办结率100.0%",
            "评价111件，满意107件，满意率96.4%。",
        ):
            assert told in text, told


def _figures(by: str, env: dict[str, str]) -> dict[str, Any]:
    ended = zhengtong("figures", "--from", "2019-01-01", "--to", "2019-06-30", "--by", by, "--json", env=env)
    assert ended.returncode == 0, ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


def _as_published(told: dict[str, Any]) -> None:
    province = next(row["figures"] for row in told["rows"] if row["value"] == PROVINCE)
    total = told["total"]
    assert (total["received"]["numerator"], f"{total['received']['onYearBefore']:.1%}") == (6_421, "94.4%")
    assert (province["received"]["numerator"], f"{province['received']['onYearBefore']:.1%}") == (111, "94.7%")
    for figures in (total, province):
        assert figures["on_time"]["rate"] == figures["completed"]["rate"] == 1.0
    satisfied = province["satisfied"]
    assert (satisfied["numerator"], satisfied["denominator"], f"{satisfied['rate']:.1%}") == (107, 111, "96.4%")


def _as_counted(told: dict[str, Any], rows: list[Row], column: str | None) -> None:
    """Every figure, that of the year before too, is the one that the file comes to; `column` tells rows apart, None is
    by source."""
    parts: dict[str, Any] = {"": lambda row: True}
    if column is None:
        parts |= {PROVINCE: from_province, "本市": lambda row: not from_province(row)}
    else:
        parts |= {each: lambda row, each=each: row[column] == each for each in {row[column] for row in rows}}
    found = {row["name"] if row["value"] != PROVINCE else PROVINCE: row for row in told["rows"]}
    assert set(parts) - {""} <= set(found)
    assert told["by"] != "source" or {row["value"] for row in told["rows"]} == {PROVINCE, NOWHERE}
    found[""] = {"figures": told["total"], "handling": told["handling"]}
    for name, part in parts.items():
        figures, expected = found[name]["figures"], figures_of(rows, *HALF, part)
        assert set(figures) == set(expected) == set(Figure)
        assert {each: (told["numerator"], told["denominator"]) for each, told in figures.items()} == expected
        handled = found[name]["handling"]
        assert (handled["orders"], handled["median_hours"], handled["p90_hours"]) == handling_of(rows, *HALF, part)
        before = figures_of(rows, *BEFORE, part)
        for each, (above, below) in expected.items():
            was, on = before[each], figures[each]["onYearBefore"]
            if figures[each]["isCount"]:
                assert on == (pytest.approx(below / was[1] - 1) if was[1] else None)
            else:
                assert on == (pytest.approx(above / below - was[0] / was[1]) if below and was[1] else None)
