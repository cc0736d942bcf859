"""Lines of TOML keys, and faults that name them."""

import pytest
from pydantic import BaseModel, ConfigDict

from foundation.data_files import DataFileInvalid, lines_of, read_data_file


class Item(BaseModel):
    name: str
    count: int = 0


class Data(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    items: list[Item] = []
    deep: dict[str, dict[str, int]] = {}


TEXT = """\
# a comment with title = "x"
title = "t"

[[items]]   # first
name = "one"
count = 1

[[items]]
name = "two"
  count  =  2
[deep.a]
x = 1
"the key" = 2
[deep]
b.y = 3
"""


def test_every_key_and_table_has_its_line() -> None:
    assert lines_of(TEXT) == {
        ("title",): 2,
        ("items",): 4,
        ("items", 0): 4,
        ("items", 0, "name"): 5,
        ("items", 0, "count"): 6,
        ("items", 1): 8,
        ("items", 1, "name"): 9,
        ("items", 1, "count"): 10,
        ("deep", "a"): 11,
        ("deep", "a", "x"): 12,
        ("deep", "a", "the key"): 13,
        ("deep",): 14,
        ("deep", "b"): 15,
        ("deep", "b", "y"): 15,
    }


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (TEXT.replace("count  =  2", 'count  =  "many"'), 10),
        (TEXT.replace('name = "two"\n', ""), 8),
        (TEXT.replace('"the key" = 2', '"the key" = "2!"'), 13),
        (TEXT.replace("b.y = 3", "b.y = []"), 15),
        (TEXT.replace("x = 1", "x = = 1"), 12),
        (TEXT + "\n[surplus]\n", 17),
    ],
)
def test_a_fault_names_its_line(broken: str, line: int) -> None:
    with pytest.raises(DataFileInvalid) as refused:
        read_data_file(broken, Data, name="data.toml")
    assert refused.value.fields[0].path == f"data.toml:{line}"


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(DataFileInvalid) as refused:
        read_data_file(TEXT.replace("count = 1", "count = []").replace("x = 1", "x = []"), Data, name="data.toml")
    assert [fault.path for fault in refused.value.fields] == ["data.toml:6", "data.toml:12"]
    assert refused.value.message.count("\n") == 1
