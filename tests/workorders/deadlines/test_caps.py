"""How many extensions and suspensions, and how long."""

import pytest

from workorders.deadlines import (
    Extension,
    ExtensionsUsedUp,
    ExtensionTooLong,
    SuspensionsUsedUp,
    SuspensionTooLong,
    check_extension,
    check_suspension,
    shipped_pack,
)

RULES = shipped_pack()


def granted(*days: int) -> list[Extension]:
    return [Extension(working_days=n) for n in days]


@pytest.mark.parametrize("before", [(), (3,), (1, 3)])
@pytest.mark.parametrize("days", [1, 2, 3])
def test_up_to_three_extensions_of_up_to_three_days(before: tuple[int, ...], days: int) -> None:
    check_extension(RULES, granted(*before), working_days=days)


@pytest.mark.parametrize("days", [-1, 0, 4, 100])
def test_an_extension_has_its_length(days: int) -> None:
    with pytest.raises(ExtensionTooLong, match="1 至 3") as refused:
        check_extension(RULES, [], working_days=days)
    assert refused.value.fields[0].path == "workingDays"


def test_a_fourth_extension_is_refused() -> None:
    with pytest.raises(ExtensionsUsedUp):
        check_extension(RULES, granted(1, 1, 1), working_days=1)


def test_all_extensions_together_have_a_length() -> None:
    caps = RULES.caps.model_copy(update={"extensions": 9, "extension_working_days_in_all": 5})
    rules = RULES.model_copy(update={"caps": caps})
    with pytest.raises(ExtensionTooLong, match="1 至 2"):
        check_extension(rules, granted(3), working_days=3)
    with pytest.raises(ExtensionsUsedUp, match="5 个工作日"):
        check_extension(rules, granted(3, 2), working_days=1)


def test_suspensions_are_capped_in_number_and_length() -> None:
    check_suspension(RULES, before=1, working_days=15)
    with pytest.raises(SuspensionsUsedUp):
        check_suspension(RULES, before=2, working_days=1)
    for days in (0, 16):
        with pytest.raises(SuspensionTooLong):
            check_suspension(RULES, before=0, working_days=days)
