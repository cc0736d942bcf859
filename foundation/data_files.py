"""City data in TOML, checked by pydantic: what is wrong is said with the file and the line that it stands on."""

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from foundation.errors import FieldFault, InvalidInput

Model = TypeVar("Model", bound=BaseModel)
Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")

_SENTENCES = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这一项，请检查拼写",
    "string_type": "应为文字",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "dict_type": "应为表",
    "model_type": "应为表",
    "list_type": "应为列表",
    "tuple_type": "应为列表",
    "frozen_set_type": "应为列表",
    "date_type": "应为日期 YYYY-MM-DD",
    "date_parsing": "应为日期 YYYY-MM-DD",
    "date_from_datetime_parsing": "应为日期 YYYY-MM-DD",
    "literal_error": "应为 {expected} 之一",
    "enum": "应为 {expected} 之一",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "too_short": "至少要有 {min_length} 项",
    "value_error": "{error}",
}
"""Pydantic's kinds of error in Chinese; a kind that is not here keeps pydantic's own words."""

_TOML_FAULTS = {
    "Expected '=' after": "名称后面缺少 =",
    "Expected ']": "表名后面缺少 ]",
    "Expected newline": "行末有多余的内容",
    "Expected": "文字缺少右引号",
    "Unterminated string": "文字缺少右引号",
    "Unclosed array": "列表缺少 ]",
    "Unclosed inline table": "行内的表缺少 }",
    "Duplicate inline table key": "同一项写了两次",
    "Cannot overwrite a value": "同一项写了两次",
    "Cannot declare": "同一个表写了两次",
    "Cannot redefine namespace": "同一个表写了两次",
    "Cannot mutate immutable namespace": "行内的表不能在别处补充",
    "Escaped character": "文字中的 \\ 转义不正确",
    "Unescaped": "文字中的 \\ 转义不正确",
    "Invalid hex value": "文字中的 \\ 转义不正确",
    "Invalid initial character": "名称不正确",
    "Invalid statement": "既不是“名称 = 值”，也不是 [表名]",
    "Invalid date": "日期不存在",
    "Invalid value": "值不正确（文字须加引号）",
    "Found invalid character": "有不允许的控制字符",
    "Illegal character": "有不允许的控制字符",
}
"""How tomllib's messages begin, in Chinese, the more particular first; one that is not here keeps its own words."""

NEWLINE = b"\n"
LARGEST_FILE = 1_000_000
"""Bytes. No data file that a person writes comes near it."""


class DataFileInvalid(InvalidInput):
    """A data file is not TOML, or does not hold what it must. Each fault names `file:line`."""

    code = "DATA_FILE_INVALID"
    text = "数据文件有误。"


def text_of(file: FilePath, *, most_lines: int) -> str:
    """The text of a data file. Raises DataFileInvalid for what is no text in UTF-8 or is longer; OSError."""
    with file.open("rb") as opened:
        content = opened.read(LARGEST_FILE + 1)
    try:
        text = content[:LARGEST_FILE].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"{file.name}:{1 + content[: error.start].count(NEWLINE)}"
        raise DataFileInvalid.field(where, f"{where}：不是 UTF-8 编码的文本，请另存为 UTF-8。") from None
    if len(content) > LARGEST_FILE or text.count("\n") > most_lines:
        line = min(text.count("\n"), most_lines) + 1
        where = f"{file.name}:{line}"
        raise DataFileInvalid.field(where, f"{where}：文件过长，最多 {most_lines} 行、{LARGEST_FILE} 字节。")
    return text


def read_data_file(text: str, model: type[Model], *, name: str) -> Model:
    """Check the TOML `text` against `model`; `name` is what the messages call the file. Raises DataFileInvalid."""
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        where, reason = _toml_fault(text, name, str(error))
        raise DataFileInvalid.field(where, f"{where}：不是有效的 TOML（{reason}）。") from None
    return check_data(content, model, name=name, lines=lines_of(text))


def check_data(content: Any, model: type[Model], *, name: str, lines: dict[Path, int] | None = None) -> Model:
    """Check data read before. Raises DataFileInvalid with every fault, each at its line where `lines` knows it, and
    with the right name beside one that looks misspelt."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        found = []
        for detail in error.errors(include_url=False, include_input=False):
            line = _line(detail["loc"], lines)
            where = f"{name}:{line}" if line else name
            key = ".".join(str(part) for part in detail["loc"])
            sentence = f"{where}：{key + '：' if key else ''}{_sentence(detail, model)}。"
            found.append((line, FieldFault(where, sentence)))
        faults = [fault for _, fault in sorted(found, key=lambda each: each[0])]
        raise DataFileInvalid("\n".join(fault.message for fault in faults), fields=faults) from None


def nearest(word: str, known: list[str]) -> str:
    """What to add to a message about an unknown word: the known one that it looks like, if any."""
    close = get_close_matches(word, known, n=1)
    return f"，是否应为 {close[0]}" if close else ""


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, on which each key and each table of a TOML text begins; what stands inside a value has none."""
    lines: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
            table = _indexed(table, counts)
            lines.setdefault(table, number)
            lines.setdefault(_parts(header[2]), number)
        elif key := _KEY.match(line):
            path = table + _parts(key[1])
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], number)
    return lines


def _toml_fault(text: str, name: str, message: str) -> tuple[str, str]:
    """Where a TOML text breaks off, and why, from what the parser says."""
    place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if place is None and not message.endswith("(at end of document)"):
        # Lists within lists without end, or a number of thousands of digits: Python does not say where.
        lines = text.split("\n")
        return f"{name}:{lines.index(max(lines, key=len)) + 1}", "嵌套过深，或数字过长"
    line, column = (place[1], f"第 {place[2]} 列，") if place else (str(text.count("\n") + 1), "")
    words = (chinese for english, chinese in _TOML_FAULTS.items() if message.startswith(english))
    return f"{name}:{line}", column + next(words, message)


def _sentence(detail: ErrorDetails, model: type[BaseModel]) -> str:
    known = _SENTENCES.get(detail["type"])
    sentence = known.format(**detail.get("ctx", {})) if known else detail["msg"]
    if detail["type"] == "extra_forbidden":
        *table, key = detail["loc"]
        sentence += nearest(str(key), _names_in(model, tuple(table)))
    return sentence


def _names_in(model: type[BaseModel], table: Path) -> list[str]:
    """The names that the table at a path may hold; none for one that holds any."""
    fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    for depth, part in enumerate(table, 1):
        if isinstance(part, str):
            inner = _model_in(fields.get(part))
            return _names_in(inner, table[depth:]) if inner else []
    return list(fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _parts(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _indexed(table: Path, counts: dict[Path, int]) -> Path:
    """The table's path with the index of the latest element after every array of tables in it."""
    path: Path = ()
    for length in range(1, len(table) + 1):
        path += (table[length - 1],)
        if table[:length] in counts:
            path += (counts[table[:length]],)
    return path


def _line(location: Path, lines: dict[Path, int] | None) -> int:
    """The line of the longest known beginning of the location: a missing key is at its table, a bad item at its key.

    What belongs to no table is at the first line; 0 where the lines are not known.
    """
    if lines is None:
        return 0
    beginnings = (location[:length] for length in range(len(location), 0, -1))
    return next((lines[beginning] for beginning in beginnings if beginning in lines), 1)
