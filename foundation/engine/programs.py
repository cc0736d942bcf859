"""Which embedded engine there is on this machine."""

import os
import shutil
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from foundation.faults import EngineMissing
from foundation.settings import EngineChoice

RUST_NAMES = ("secantusd-rs", "secantusd-mdb")
"""Later releases bear the second name."""
PYTHON_NAME = "secantusd-py"


class EngineKind(StrEnum):
    RUST = "rust"
    PYTHON = "python"

    @property
    def other(self) -> "EngineKind":
        return EngineKind.PYTHON if self is EngineKind.RUST else EngineKind.RUST


@dataclass(frozen=True, slots=True)
class EngineProgram:
    """An engine that can be started."""

    kind: EngineKind
    path: Path


def find_engine(choice: EngineChoice = EngineChoice.AUTO) -> EngineProgram:
    """The engine to use: the one that is asked for, or the Rust engine if there is one, else the Python engine.

    Raises `EngineMissing`, with how to get it.
    """
    if choice is not EngineChoice.PYTHON and (rust := _rust()):
        return EngineProgram(EngineKind.RUST, rust)
    if choice is EngineChoice.RUST:
        raise EngineMissing(
            f"The Rust engine ({RUST_NAMES[0]}) is neither in {cached_engine_folder()} nor on PATH: "
            "`make engine` builds it, or leave out ZHENGTONG_ENGINE=rust."
        )
    if python := _python():
        return EngineProgram(EngineKind.PYTHON, python)
    raise EngineMissing(
        f"The Python engine ({PYTHON_NAME}) is not installed: run `make install`, or name a MongoDB replica set in "
        "ZHENGTONG_MONGODB_URI."
    )


def cached_engine_folder() -> Path:
    """Where `make engine` puts the Rust engine."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "zhengtong" / "engine" / "bin"


def _rust() -> Path | None:
    """The one that `make engine` built comes first: its version is known to work."""
    built = [str(cached_engine_folder() / name) for name in RUST_NAMES]
    found = (shutil.which(candidate) for candidate in (*built, *RUST_NAMES))
    return next((Path(program) for program in found if program), None)


def _python() -> Path | None:
    installed = str(Path(sys.executable).parent / PYTHON_NAME)
    found = shutil.which(installed) or shutil.which(PYTHON_NAME)
    return Path(found) if found else None
