"""The vectors of other projects' test suites, and files that are none.

Left out, by what the file itself says of a vector and never by its name: `reference_agrees: false`. In the file of
2026-11 these are three: otrs-033 (nothing between swapped moments; ours is negative), wh-079 (24 hours by the wall
clock on a day of 25; ours are elapsed hours) and mbt-004 (the closing instant counts as open; ours are [open, close)).
Vectors marked `boundary` are not left out: we answer them as their files do.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from foundation.errors import InvalidInput
from foundation.working_time import VectorsInvalid, check_vectors

FILE = Path(__file__).parents[2].parent / "shared" / "data" / "working_time" / "vectors.json"

OFFICE = {"tz": "Asia/Shanghai", "weekly": {"mon": [["09:00", "17:00"]]}}
VECTOR = {
    "id": "v-1",
    "op": "add",
    "calendar": "office",
    "start": "2026-01-05T09:00:00+08:00",
    "seconds": 7200,
    "expected": "2026-01-05T11:00:00+08:00",
}


def file_with(*vectors: dict[str, Any], calendar: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"about": "…", "calendars": {"office": calendar or OFFICE}, "vectors": list(vectors)}


@pytest.fixture(scope="module")
def content() -> dict[str, Any]:
    if not FILE.is_file():
        pytest.skip("the folder of shared test data is not there")
    loaded: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded


def test_every_vector_agrees_but_those_that_their_file_marks_as_convention(content: dict[str, Any]) -> None:
    report = check_vectors(FILE)
    assert {op: outcome.differ for op, outcome in report.operations.items() if outcome.differ} == {}
    left_out = {out.id for outcome in report.operations.values() for out in outcome.left_out}
    assert left_out == {vector["id"] for vector in content["vectors"] if vector["reference_agrees"] is False}
    agreeing = sum(outcome.agree for outcome in report.operations.values())
    assert agreeing == len(content["vectors"]) - len(left_out) > 0
    assert report.agrees


def test_what_is_left_out_is_answered_as_the_file_says_that_its_reference_does(content: dict[str, Any]) -> None:
    for vector in content["vectors"]:
        if vector["reference_agrees"] is False:
            expected = {"between": "expected_seconds", "is_open": "expected"}[vector["op"]]
            agreed = {**vector, "reference_agrees": True, expected: vector["reference_result"]}
            assert check_vectors({**content, "vectors": [agreed]}).agrees, vector["id"]


def test_a_wrong_answer_is_named(content: dict[str, Any]) -> None:
    """Every vector, its expected answer spoiled, must differ: a check that cannot fail checks nothing."""
    spoiled = []
    for vector in content["vectors"]:
        copy = dict(vector)
        if copy["op"] == "is_open":
            copy["expected"] = not copy["expected"]
        elif "expected_seconds" in copy:
            copy["expected_seconds"] += 60
        elif "expected_days" in copy:
            copy["expected_days"] += 1
        elif isinstance(copy["expected"], int):
            copy["expected"] += 1
        else:
            year = int(copy["expected"][:4]) + 1
            copy["expected"] = f"{year}-03-01{copy['expected'][10:]}"
        spoiled.append(copy)
    report = check_vectors({**content, "vectors": spoiled})
    assert sum(outcome.agree for outcome in report.operations.values()) == 0
    assert not report.agrees


def test_the_report_counts_by_operation_and_reads_as_json() -> None:
    wrong = {**VECTOR, "id": "v-2", "expected": "2026-01-05T12:00:00+08:00"}
    unknown = {**VECTOR, "id": "v-3", "op": "divide"}
    report = check_vectors(file_with(VECTOR, wrong, unknown))
    assert json.loads(report.model_dump_json()) == {
        "file": "vectors",
        "calendars": 1,
        "vectors": 3,
        "operations": {
            "add": {
                "agree": 1,
                "differ": [{"id": "v-2", "expected": "2026-01-05T12:00:00+08:00", "got": "2026-01-05T03:00:00+00:00"}],
                "left_out": [],
            },
            "divide": {
                "agree": 0,
                "differ": [],
                "left_out": [{"id": "v-3", "reason": "未知的操作 'divide'"}],
            },
        },
    }


def test_a_boundary_vector_of_the_other_convention_is_left_out_with_the_reason() -> None:
    """Eight hours from nine are over at closing; some say at the next opening. Only `boundary` lets that pass."""
    elsewhere = {**VECTOR, "seconds": 28800, "expected": "2026-01-12T09:00:00+08:00"}
    assert not check_vectors(file_with(elsewhere)).agrees
    report = check_vectors(file_with({**elsewhere, "boundary": "at_close"}))
    assert [out.id for out in report.operations["add"].left_out] == ["v-1"]
    later = {**elsewhere, "boundary": "at_close", "expected": "2026-01-12T09:01:00+08:00"}
    assert not check_vectors(file_with(later)).agrees


def test_a_city_checks_its_own_calendar_with_statutory_days() -> None:
    calendar = {**OFFICE, "statutory": "cn", "make_up": [["09:00", "12:00"]], "note": "市民中心"}
    days = {**VECTOR, "op": "add_days", "start": "2026-09-20T08:00:00+08:00", "days": 1}
    # The 20th is a make-up Sunday and does not count itself; the next is Monday the 21st.
    report = check_vectors(file_with({**days, "expected": "2026-09-21T17:00:00+08:00"}, calendar=calendar))
    assert report.agrees
    is_open = {**VECTOR, "op": "is_open", "start": "2026-09-20T11:59:59+08:00", "expected": True}
    assert check_vectors(file_with(is_open, calendar=calendar)).agrees


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "vectors.json:1"),
        ("{", "vectors.json:1"),
        ('{\n"calendars": {},\n"vectors": [}', "vectors.json:3"),
        ("[]", "vectors.json"),
        ("{}", "calendars"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "vectors.json"),
        ("[" * 100_000, "vectors.json"),
        (json.dumps(file_with({**VECTOR, "start": "tomorrow"})), "v-1"),
        (json.dumps(file_with({**VECTOR, "start": "2026-01-05T09:00:00"})), "v-1"),
        (json.dumps(file_with({**VECTOR, "seconds": None})), "v-1"),
        (json.dumps(file_with({**VECTOR, "seconds": "7200"})), "seconds"),
        (json.dumps(file_with({**VECTOR, "seconds": float("nan")})), "v-1"),
        (json.dumps(file_with({**VECTOR, "seconds": 1e300})), "v-1"),
        (json.dumps(file_with({**VECTOR, "calendar": "shop"})), "shop"),
        (json.dumps(file_with({"id": "v-9"})), "vectors.0"),
        (json.dumps(file_with({**VECTOR, "op": "add_days", "days": 0})), "v-1"),
        (json.dumps(file_with({**VECTOR, "op": "is_open", "expected": 1})), "v-1"),
        (json.dumps(file_with(VECTOR, calendar={"tz": "Mars/Olympus"})), "calendars.office"),
        (json.dumps(file_with(VECTOR, calendar={**OFFICE, "holiday": []})), "holiday"),
        (json.dumps(file_with(VECTOR, calendar={**OFFICE, "weekly": {"mon": [["17:00", "09:00"]]}})), "mon"),
    ],
)
def test_a_malformed_file_is_refused_with_what_is_wrong_where(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "vectors.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(VectorsInvalid) as refused:
        check_vectors(path)
    assert says in refused.value.message


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VectorsInvalid, match=r"nowhere\.json"):
        check_vectors(tmp_path / "nowhere.json")
    (tmp_path / "picture.json").write_bytes(b"\x89PNG\r\n\xff\xfe")
    with pytest.raises(InvalidInput, match=r"picture\.json"):
        check_vectors(tmp_path / "picture.json")


def test_an_answer_beyond_the_calendar_differs_and_stops_nothing() -> None:
    never = {**VECTOR, "id": "v-2", "seconds": 10**9 * 9}
    report = check_vectors(file_with(never, VECTOR))
    assert (report.operations["add"].agree, [d.id for d in report.operations["add"].differ]) == (1, ["v-2"])
