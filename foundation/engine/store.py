"""The data folder of an embedded engine: its lock, its layout, and who runs in it.

data/rust/             data/python/
  lock                 held while an engine runs in the folder, by whoever started it and by the engine itself
  running.json         where the running engine answers
  engine.log           what it said since its start; engine.log.1 from the start before
  empty.toml           the engine's configuration: explicitly none
  store/               the engine's own files
"""

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from foundation.engine.programs import EngineKind
from foundation.faults import DataFolderFault


@dataclass(frozen=True, slots=True)
class Running:
    """An engine that runs in a folder: its port, its process and the process that answers for it."""

    port: int
    pid: int
    owner: int
    durable: bool
    """Whether what it acknowledges survives kill -9."""


class StoreFolder:
    """The folder of one engine under the data folder."""

    def __init__(self, data_dir: Path, kind: EngineKind) -> None:
        self.kind = kind
        self.path = data_dir.absolute() / kind
        self.store = self.path / "store"
        self.draft = self.path / "store.being-prepared"
        self.log = self.path / "engine.log"
        self.configuration = self.path / "empty.toml"
        self._running = self.path / "running.json"

    @property
    def has_data(self) -> bool:
        return (self.store / "WiredTiger").exists()

    def make(self) -> None:
        """Make the folder, readable by its owner only. Raises `DataFolderFault` when it cannot be written."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.configuration.write_bytes(b"")
        except OSError as fault:
            raise DataFolderFault(
                f"The data folder {self.path} cannot be written: {fault.strerror}. Give the program the right to, "
                "or name another folder in ZHENGTONG_DATA_DIR."
            ) from None

    def begin_log(self) -> None:
        """Put the last start's log aside and begin a new one, readable by its owner only."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log.touch(mode=0o600)

    def tell_running(self, running: Running) -> None:
        draft = self._running.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(running)))
        draft.replace(self._running)

    def forget_running(self) -> None:
        self._running.unlink(missing_ok=True)

    def running(self) -> Running | None:
        """What the engine's starter wrote down; it is true only while the folder is locked."""
        try:
            return Running(**json.loads(self._running.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def drop_draft(self) -> None:
        """Throw away a preparation that was broken off: no data was ever in it."""
        shutil.rmtree(self.draft, ignore_errors=True)


class FolderLock:
    """A folder's lock. It lasts until every process that was given `descriptor` has ended or closed it, however it
    ends: an engine whose starter was killed still holds it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def take(cls, folder: StoreFolder) -> Self | None:
        """The lock, or None when another program holds it. Raises `DataFolderFault` when it cannot be tried."""
        try:
            descriptor = os.open(folder.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise DataFolderFault(f"The data folder {folder.path} cannot be locked: {fault.strerror}.") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def release(self) -> None:
        os.close(self.descriptor)


def other_engines_data(data_dir: Path, kind: EngineKind) -> Path | None:
    """Where data lies that was written under the other engine, which `kind` does not see; None if there is none."""
    other = StoreFolder(data_dir, kind.other)
    return other.path if other.has_data else None
