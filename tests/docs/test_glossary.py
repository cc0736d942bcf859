"""The glossary names what the code names."""

from pathlib import Path

import pytest

from identity.actors import Role
from workorders.lifecycle.states import Action, RequestKind, Status
from workorders.statistics.definitions import DEFINITIONS, Figure

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*Status, *Action])
def test_every_state_and_action_has_its_chinese_term(name: str) -> None:
    assert f"`{name}`" in GLOSSARY


@pytest.mark.parametrize("name", [*Role, *RequestKind])
def test_every_role_and_request_has_its_chinese_term(name: str) -> None:
    assert str(name).replace("_", " ") in GLOSSARY


@pytest.mark.parametrize("figure", Figure)
def test_every_figure_is_there_under_its_chinese_name(figure: Figure) -> None:
    assert any(f"`{figure}`" in line and DEFINITIONS[figure].name in line for line in GLOSSARY.splitlines())
