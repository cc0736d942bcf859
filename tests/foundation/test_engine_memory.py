"""An engine's cache is a quarter of what there is: of the machine, or of the container."""

from pathlib import Path

import pytest

from foundation.engine import memory

GIGABYTE = 2**30


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which a container says how much memory it may have."""
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "CGROUP_LIMITS", (tmp_path / "none", limit))
    return limit


@pytest.mark.parametrize(
    ("limit", "megabytes"), [(GIGABYTE // 2, 256), (GIGABYTE, 256), (2 * GIGABYTE, 512), (3 * GIGABYTE + 5, 768)]
)
def test_a_quarter_of_what_the_container_may_have(container: Path, limit: int, megabytes: int) -> None:
    container.write_text(f"{limit}\n")
    assert memory.cache_megabytes() == megabytes


@pytest.mark.parametrize("said", ["max\n", ""])
def test_without_a_limit_a_quarter_of_the_machine(container: Path, said: str) -> None:
    machine = memory.memory_bytes()
    container.write_text(said)
    assert memory.memory_bytes() == machine
    assert memory.cache_megabytes() == max(256, machine // 4 // 2**20)


def test_a_limit_above_the_machine_is_none(container: Path) -> None:
    machine = memory.memory_bytes()
    container.write_text(str(machine * 2))
    assert memory.memory_bytes() == machine
