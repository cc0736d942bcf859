"""Schemes as files: what is wrong is said with its line, and a scheme that was stored is the same scheme."""

from decimal import Decimal

import pytest

from foundation.data_files import DataFileInvalid
from workorders.statistics.assessment.schemes import SHIPPED, Mark, Scheme, shipped_scheme
from workorders.statistics.definitions import Figure

TEXT = (SHIPPED / "default.toml").read_text(encoding="utf-8")


def test_the_shipped_scheme_scores_the_seven_things() -> None:
    scheme = shipped_scheme()
    assert [item.figure or item.mark for item in scheme.items] == [
        Figure.SIGNED_ON_TIME,
        Figure.ON_TIME,
        Figure.CONTACTED_ON_TIME,
        Figure.SOLVED,
        Figure.SATISFIED,
        Figure.RETURN_REFUSED,
        Mark.UPKEEP,
    ]
    stored = Scheme.model_validate(scheme.model_dump(mode="json"))
    assert (stored, stored.id) == (scheme, scheme.id)


@pytest.mark.parametrize(
    ("before", "after", "key", "said"),
    [
        ("weight = 10", "weight = 11", "[[items]]", "各项权重之和须为 100，现为 101"),
        ("weight = 10", "weight = 0", "weight = 0", "须大于 0"),
        ("weight = 10", "weight = true", "weight = true", "应为数字"),
        ('figure = "solved"', 'figure = "solvd"', '"solvd"', "应为 'received'"),
        ('figure = "solved"', 'figure = "received"', '"received"', "受理量是数量，不是比率"),
        ('figure = "solved"', 'figure = "satisfied"', "[[items]]", "指标重复：满意率"),
        ('name = "解决"', 'name = "满意"', "[[items]]", "名称重复：满意"),
        ('name = "逾期被督办"', 'name = "满意"', "[[events]]", "名称重复：满意"),
        ("full = 98", "full = 79", "full = 79", "越高越好，满分线 full 须高于零分线 zero"),
        ("full = 10\n", "full = 60\n", "full = 60", "越低越好，满分线 full 须低于零分线 zero"),
        ("full = 98", "full = 98.123", "full = 98.123", "最多两位小数"),
        ("full = 98", "full = nan", "full = nan", "应为数字"),
        ("full = 98", "full = 101", "full = 101", "不能大于 100"),
        ("full = 98\n", "", "[[items]]", "缺少此项"),
        ('valid_from = "2000-01"', 'valid_from = "2026-13"', "valid_from", "月份应写作 2026-10"),
        ("points = -1\n", "points = 0\n", "points = 0", "不能为 0"),
        ('mark = "upkeep"\n', "", 'name = "知识库维护"', "须写明 figure"),
        ('title = "承办单位月度考核方案"', 'title = ""', "title", "内容不能为空"),
        ("minimum = 5 ", "minimun = 5 ", "minimun", "是否应为 minimum"),
    ],
)
def test_what_is_wrong_with_a_scheme_is_said_with_its_line(before: str, after: str, key: str, said: str) -> None:
    text = TEXT.replace(before, after, 1)
    with pytest.raises(DataFileInvalid) as fault:
        Scheme.from_toml(text)
    (found,) = [each for each in fault.value.fields if said in each.message]
    lines = text.split("\n")
    place = next(number for number, line in enumerate(lines, 1) if key in line)
    near = place - 1 if key.startswith("name") else place  # what a whole item lacks is said where it begins
    assert found.path == f"scheme.toml:{near}"


def test_numbers_are_exact_and_name_the_scheme_however_they_are_spelled() -> None:
    one, other = (Scheme.from_toml(TEXT.replace("full = 98", spelled)) for spelled in ("full = 97.5", "full = 97.50"))
    assert one.items[0].full == Decimal("97.50")
    assert one.id == other.id != shipped_scheme().id
