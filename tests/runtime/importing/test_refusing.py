"""What is wrong with a mapping, a file or a row is said, with its line; a row that is refused holds up nobody."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import Workbook

from foundation.data_files import DataFileInvalid
from runtime.importing.mapping import SHIPPED, Mapping, MappingFile, read_mapping
from runtime.importing.opening import open_table
from runtime.importing.rows import Matter, Reader, Refused
from runtime.importing.tables import FileRefused
from tests.runtime.importing import boston
from tests.runtime.processes import environment, zhengtong

NOW = datetime(2016, 3, 1, 12, tzinfo=UTC)
BOSTON = (SHIPPED / "boston311.toml").read_text(encoding="utf-8")
GOOD = boston.made_up(1)[0] | {
    "open_dt": "2015-03-01T09:00:00",
    "target_dt": "2015-03-03T09:00:00",
    "closed_dt": "2015-03-02T09:00:00",
    "on_time": "ONTIME",
    "case_status": "Closed",
}


def matters(file: Path, mapping: Mapping | None = None) -> tuple[list[Matter], list[tuple[int, str]]]:
    """What the file's rows say, and which are refused."""
    mapping = mapping or read_mapping("boston311").mapping
    reader, table = Reader(mapping, NOW), open_table(file, mapping)
    read, refused = [], []
    try:
        for record in table.records:
            try:
                read.append(reader.read(record))
            except Refused as reason:
                refused.append((record.line, str(reason)))
    finally:
        table.close()
    return read, refused


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('due = "target_dt"', 'due = "target"', 9, "没有“target”这一列，是否应为 target_dt"),
        ('category = ["subject", "reason", "type"]', 'category = ["subject", "raeson"]', 13, "没有“raeson”这一列"),
    ],
)
def test_a_column_that_the_file_has_not_is_named_with_the_mappings_line(
    old: str, new: str, line: int, said: str
) -> None:
    mapped = MappingFile(BOSTON.replace(old, new), "m.toml")
    with pytest.raises(DataFileInvalid, match=f"m.toml:{line}：.*{said}"):
        mapped.require(list(boston.HEADING))


def test_a_column_that_the_file_has_twice_is_refused() -> None:
    with pytest.raises(DataFileInvalid, match="有 2 个“on_time”列"):
        read_mapping("boston311").require([*boston.HEADING, "on_time"])


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('due = "target_dt"', 'deu = "target_dt"', 9, "没有这一项.*是否应为 due"),
        ('zone = "America/New_York"', 'zone = "America/Boston"', 3, "没有时区"),
        ('opened = "open_dt"\n', "", 5, "opened：缺少此项"),
        ('source = "boston311"', 'source = "Boston 311"', 2, "不能作编号"),
        ("skew_minutes = 5 ", "skew_minutes = -5 ", 21, "不能小于 0"),
        ('open = ["Open"]', 'open = ["Closed"]', 23, "出现在两种状态中"),
        ("[times]", "[time]", 19, "没有这一项"),
        ('unit = "department"', "unit = department", 12, "文字须加引号"),
    ],
)
def test_a_fault_of_the_mapping_is_named_with_its_line(old: str, new: str, line: int, said: str) -> None:
    with pytest.raises(DataFileInvalid, match=f"m.toml:{line}：.*{said}"):
        MappingFile(BOSTON.replace(old, new), "m.toml")


def test_a_mapping_that_says_the_same_is_the_same_in_every_process() -> None:
    """Sets of words come in another order in each."""
    asked = (
        "import sys; from runtime.importing.mapping import MappingFile;"
        "print(MappingFile(sys.argv[1], 'm').mapping.digest)"
    )
    words = [f"state{n}" for n in range(20)]
    texts = (BOSTON.replace('closed = ["Closed"]', f"closed = {each}  # some") for each in (words, words[::-1]))
    digests = {
        subprocess.run(
            [sys.executable, "-c", asked, text],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for text, seed in zip(texts, "12", strict=True)
    }
    assert len(digests) == 1


def test_every_shipped_mapping_holds() -> None:
    for file in SHIPPED.glob("*.toml"):
        assert read_mapping(file.stem).mapping.source


def some(folder: Path, name: str, content: bytes) -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def workbook(file: Path, *rows: list[Any], sheets: int = 1) -> Path:
    book = Workbook()
    for n in range(1, sheets):
        book.create_sheet(f"另一个{n}")
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file


def parquet(file: Path) -> bytes:
    with duckdb.connect() as database:
        database.execute(f"COPY (SELECT * FROM read_csv('{boston.SAMPLE}')) TO '{file}' (FORMAT parquet)")
    return file.read_bytes()


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    whole = parquet(tmp_path / "good.parquet")
    book = workbook(tmp_path / "good.xlsx", list(boston.HEADING), list(GOOD.values())).read_bytes()
    text = boston.SAMPLE.read_bytes()
    files = {
        "empty.csv": b"",
        "empty.xlsx": b"",
        "empty.parquet": b"",
        "parquet.csv": whole,
        "book.csv": book,
        "text.parquet": text,
        "text.xlsx": text,
        "parquet.xlsx": whole,
        "old.xlsx": b"\xd0\xcf\x11\xe0" + bytes(100),
        "old.xls": b"\xd0\xcf\x11\xe0" + bytes(100),
        "zip.xlsx": b"PK\x03\x04" + bytes(100),
        "binary.csv": b"case_id\n\x00\x01",
        "neither.csv": b"case_id\n\xff\xff\xff",
        "cut.parquet": whole[:-100],
        "holed.parquet": whole[:4] + bytes(300) + whole[304:],
        "cut.xlsx": book[:-100],
        "holed.xlsx": book[:2_000] + bytes(500) + book[2_500:],
        "blank.csv": b"\n",
        "some.pdf": b"%PDF-1.7",
        "utf16.csv": "a,b\n".encode("utf-16"),
    }
    for name, content in files.items():
        try:
            open_table(some(tmp_path, name, content), read_mapping("boston311").mapping).close()
            raise AssertionError(f"{name} was opened")
        except FileRefused as fault:
            assert fault.message.startswith(name)
    codes = {"empty.csv": "IMPORT_FILE_EMPTY", "text.parquet": "IMPORT_FILE_FORMAT", "blank.csv": "IMPORT_FILE_REFUSED"}
    for name, code in codes.items():
        with pytest.raises(FileRefused) as refused:
            open_table(tmp_path / name, read_mapping("boston311").mapping)
        assert refused.value.code == code


def test_of_several_sheets_one_must_be_named(tmp_path: Path) -> None:
    file = workbook(tmp_path / "two.xlsx", list(boston.HEADING), list(GOOD.values()), sheets=2)
    with pytest.raises(FileRefused, match="有 2 个工作表"):
        open_table(file, read_mapping("boston311").mapping)
    named = MappingFile(f'sheet = "Sheet"\n{BOSTON}', "m.toml").mapping
    assert len(matters(file, named)[0]) == 1
    with pytest.raises(FileRefused, match="没有名为"):
        open_table(file, named.model_copy(update={"sheet": "第三个"}))


def merged(file: Path, areas: list[str], *rows: list[Any]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for area in areas:
        book.active.merge_cells(area)
    book.save(file)
    return file


def test_a_heading_of_merged_cells_names_the_columns_that_it_spans(tmp_path: Path) -> None:
    """A title above, a group of columns under one word, and a name that spans both lines of the heading."""
    above = ["编号等", "时间", None, None, *boston.HEADING[4:]]
    below = ["case_id", *boston.HEADING[1:4], *[None] * len(boston.HEADING[4:])]
    down = [f"{chr(ord('A') + n)}2:{chr(ord('A') + n)}3" for n in range(4, len(boston.HEADING))]
    rows = (["2015年工单台账"], above, below, list(GOOD.values()))
    two_lines = MappingFile(f"heading_line = 3\n{BOSTON}", "m.toml")
    file = merged(tmp_path / "m.xlsx", ["A1:M1", "B2:D2", *down], *rows)
    read, refused = matters(file, two_lines.mapping)
    assert refused == []
    assert [(matter.line, matter.on_time, matter.names["unit"]) for matter in read] == [
        (4, True, (GOOD["department"],))
    ]
    one_word = merged(tmp_path / "w.xlsx", ["B1:D1"], ["case_id", "open_dt", *[None] * 2, *boston.HEADING[4:]])
    with pytest.raises(DataFileInvalid, match="文件有 3 个“open_dt”列"):
        read_mapping("boston311").require(
            open_table(one_word, two_lines.mapping.model_copy(update={"heading_line": 1})).heading
        )


def test_a_cell_that_is_part_of_a_merged_area_refuses_its_row_where_it_is_read(tmp_path: Path) -> None:
    """It is blank in the file, and means what stands above or beside it: no default may stand in."""
    rows: list[list[str | None]] = [[f"{n}", *list(GOOD.values())[1:]] for n in range(4)]
    column = boston.HEADING.index("department")
    rows[2][column] = None
    letter = chr(ord("A") + column)
    areas = [f"{letter}3:{letter}4", "A7:M8"]
    file = merged(tmp_path / "m.xlsx", areas, list(boston.HEADING), *rows, [], ["备注：以上为本月工单"])
    read, refused = matters(file)
    assert [matter.line for matter in read] == [2, 3, 5]
    assert refused == [
        (4, "“department”是合并单元格的一部分，请先取消合并并逐行填写。"),
        (7, "“open_dt”是合并单元格的一部分，请先取消合并并逐行填写。"),
    ]


DATES = ("2015-03-01 09:00", "01/03/2015 09:00", "03/01/2015 09:00 AM", "13/03/2015 09:00", "2015年3月1日")
"""Three ways to write a day in one column; the second and third tell month and day apart by nothing but the mapping."""


@pytest.mark.parametrize(
    ("formats", "wrong"),
    [
        ("[]", {3, 4, 5}),
        ('["iso", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]', {3, 4, 6}),
        ('["iso", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%Y年%m月%d日"]', set()),
    ],
)
def test_dates_in_three_formats_are_read_by_those_of_the_mapping_or_refused_never_guessed(
    tmp_path: Path, formats: str, wrong: set[int]
) -> None:
    mapping = MappingFile(BOSTON.replace('formats = ["iso"]', f"formats = {formats}"), "m.toml").mapping
    iso = {"closed_dt": "2015-03-20T09:00:00", "target_dt": ""}
    if "iso" not in formats:
        iso["closed_dt"] = "2015-03-20 09:00"
    rows = [GOOD | iso | {"case_id": f"{n}", "open_dt": written} for n, written in enumerate(DATES)]
    read, refused = matters(boston.write(tmp_path / "d.csv", rows), mapping)
    assert {line for line, _ in refused} == wrong
    assert all("无法识别" in said or "不止一种读法" in said for _, said in refused)
    days = {2: 1, 3: 1, 4: 1, 5: 13, 6: 1}
    for matter in read:
        assert (matter.opened.month, matter.opened.day) == (3, days[matter.line])


def test_a_formula_or_an_error_in_a_column_that_is_read_refuses_the_row(tmp_path: Path) -> None:
    rows = [list(GOOD.values()) for _ in range(5)]
    for n, row in enumerate(rows):
        row[0] = f"{n}"
    rows[1][2], rows[2][6], rows[3][3] = "=B3+2", "#N/A", "=NOW()"
    book = [*rows, [*GOOD.values(), "=1+1"]]  # beside the table nobody reads it
    read, refused = matters(workbook(tmp_path / "f.xlsx", list(boston.HEADING), *book))
    assert [matter.line for matter in read] == [2, 6, 7]
    assert refused == [
        (3, "“target_dt”是公式，请先转为数值。"),
        (4, "“subject”是错误值，请先更正。"),
        (5, "“closed_dt”是公式，请先转为数值。"),
    ]


BAD = {
    "缺少受理时间": {"open_dt": " "},
    "open_dt无法识别": {"open_dt": "01/03/2015"},
    "时间在将来": {"open_dt": "2017-01-01", "closed_dt": "", "case_status": "Open"},
    "办结时间早于受理时间": {"closed_dt": "2015-02-28T09:00:00"},
    "却没有办结时间": {"closed_dt": ""},
    "却有办结时间": {"case_status": "Open"},
    "映射没有写明状态 'Pending'": {"case_status": "Pending"},
    "缺少编号": {"case_id": ""},
    "编号过长": {"case_id": "1" * 101},
    "不在 2001 至 2098 年": {"target_dt": "2999-01-01"},
    "queue：内容过长": {"queue": "长" * 10_001},
    "queue：内容含有不可见的控制字符": {"queue": "a\x07b"},
}


@pytest.mark.parametrize("reason", BAD)
def test_a_bad_row_is_refused_with_its_line_and_the_rest_goes_on(tmp_path: Path, reason: str) -> None:
    rows = [GOOD | {"queue": "两行的\n说明"}, GOOD | {"case_id": "2"} | BAD[reason], GOOD | {"case_id": "3"}]
    read, refused = matters(boston.write(tmp_path / "bad.csv", rows))
    assert [matter.line for matter in read] == [2, 5]
    assert [(line, reason in said) for line, said in refused] == [(4, True)]


def test_a_row_with_a_column_too_many_or_too_few_is_refused(tmp_path: Path) -> None:
    file = boston.write(tmp_path / "c.csv", [GOOD])
    file.write_bytes(file.read_bytes() + b"1,2\r\n\r\n" + b"," * 20 + b"\r\n")
    read, refused = matters(file)
    assert len(read) == 1
    assert [line for line, _ in refused] == [3, 5]


def test_lines_that_a_stray_quote_swallows_are_named(tmp_path: Path) -> None:
    rows = [GOOD | {"case_id": f"{n}"} for n in range(6)]
    file = boston.write(tmp_path / "q.csv", rows)
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[2], lines[5] = lines[2][:-1] + ',"', lines[5][:-5] + ',"never closed'
    file.write_text("\n".join(lines), encoding="utf-8")
    read, refused = matters(file)
    assert [matter.line for matter in read] == [2, 7]
    assert [line for line, _ in refused] == [3]
    assert "第 3 至 6 行" in refused[0][1]
    file.write_text("\n".join([*lines[:2], lines[1][: lines[1].rindex(",")] + ',"never closed', *lines[1:2]]))
    read, refused = matters(file)
    assert ([matter.line for matter in read], [line for line, _ in refused]) == ([2], [3])
    assert "第 3 至 4 行" in refused[0][1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_the_encodings_of_spreadsheets_are_read(tmp_path: Path, encoding: str) -> None:
    file = boston.write(tmp_path / "c.csv", [GOOD | {"queue": "路灯"}])
    file.write_bytes(file.read_text(encoding="utf-8").encode(encoding))
    assert matters(file)[0][0].texts["detail"] == "路灯"


def test_the_command_says_what_is_wrong_in_one_sentence_and_fails(tmp_path: Path, mongodb_uri: str) -> None:
    env = environment(tmp_path, ZHENGTONG_MONGODB_URI=mongodb_uri, ZHENGTONG_DATABASE="import_command")
    good = boston.write(tmp_path / "good.csv", [GOOD, GOOD | {"case_id": "2", "on_time": "OVERDUE"}])
    (tmp_path / "other.toml").write_text(BOSTON.replace("target_dt", "target"), encoding="utf-8")
    for file, mapping, said in (
        (some(tmp_path, "empty.csv", b""), "boston311", "IMPORT_FILE_EMPTY：empty.csv：文件是空的"),
        (good, str(tmp_path / "other.toml"), "DATA_FILE_INVALID：other.toml:9："),
        (good, "nowhere", "读不到映射文件 nowhere"),
    ):
        ended = zhengtong("import", str(file), "--mapping", mapping, "--json", env=env)
        assert (ended.returncode, ended.stdout) == (1, "")
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr
    ended = zhengtong("import", str(good), "--mapping", "boston311", "--json", env=env)
    assert ended.returncode == 0, ended.stderr
    result = json.loads(ended.stdout)
    assert (result["rows"], result["imported"], result["refused"]) == (2, 2, [])
    assert result["verdicts"] == {
        "agree": 1,
        "differ": 1,
        "differing": [{"line": 3, "id": "2", "reason": "文件的结论是超期，按文件的期限是按时。"}],
    }
    told = zhengtong("import", str(good), "--mapping", "boston311", env=env)
    assert "line 3 (2): 文件的结论是超期" in told.stdout
