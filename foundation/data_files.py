"""City data in TOML, checked by pydantic: what is wrong is said with the file and the line that it stands on."""

import re
import tomllib
from typing import Any, TypeVar

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
    "value_error": "{error}",
}
"""Pydantic's kinds of error in Chinese; a kind that is not here keeps pydantic's own words."""


class DataFileInvalid(InvalidInput):
    """A data file is not TOML, or does not hold what it must. Each fault names `file:line`."""

    code = "DATA_FILE_INVALID"
    text = "数据文件有误。"


def read_data_file(text: str, model: type[Model], *, name: str) -> Model:
    """Check the TOML `text` against `model`; `name` is what the messages call the file. Raises DataFileInvalid."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{name}:{line[1]}" if line else name
        raise DataFileInvalid.field(where, f"{where}：不是有效的 TOML（{error}）。") from None
    return check_data(content, model, name=name, lines=lines_of(text))


def check_data(content: Any, model: type[Model], *, name: str, lines: dict[Path, int] | None = None) -> Model:
    """Check data read before. Raises DataFileInvalid with every fault, each at its line where `lines` knows it."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = []
        for detail in error.errors(include_url=False, include_input=False):
            where = _where(name, detail["loc"], lines or {})
            key = ".".join(str(part) for part in detail["loc"])
            faults.append(FieldFault(where, f"{where}：{key + '：' if key else ''}{_sentence(detail)}。"))
        raise DataFileInvalid("\n".join(fault.message for fault in faults), fields=faults) from None


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, on which each key and each table of a TOML text begins; what stands inside a value has none."""
    lines: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
            table = _indexed(table, counts)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            path = table + _parts(key[1])
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], number)
    return lines


def _sentence(detail: ErrorDetails) -> str:
    sentence = _SENTENCES.get(detail["type"])
    return sentence.format(**detail.get("ctx", {})) if sentence else detail["msg"]


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


def _where(name: str, location: Path, lines: dict[Path, int]) -> str:
    """The line of the longest known beginning of the location: a missing key is at its table, a bad item at its key."""
    for length in range(len(location), 0, -1):
        if location[:length] in lines:
            return f"{name}:{lines[location[:length]]}"
    return name
