"""Starting, watching and stopping the embedded engine."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from foundation.engine.memory import cache_megabytes
from foundation.engine.programs import EngineKind, EngineProgram
from foundation.engine.store import FolderLock, Running, StoreFolder
from foundation.faults import DataFolderFault, EngineDied

START_SECONDS = 60.0
"""A store that was killed under load first replays its log."""
STOP_SECONDS = 20.0
TRANSACTION_SECONDS = 5
"""A client that died inside a transaction blocks its documents, and every change stream, for this long."""
DOCUMENT_TABLES = 16

_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")


class EmbeddedEngine:
    """One running engine, in a folder that nobody else has open.

    Use it as a context manager, or call `stop()`. If its starter is killed, the engine stays; the next start finds and
    ends it before it opens the store.
    """

    def __init__(
        self,
        program: EngineProgram,
        folder: StoreFolder,
        process: "subprocess.Popen[bytes]",
        port: int,
        lock: FolderLock,
    ) -> None:
        self.program = program
        self.port = port
        self._folder = folder
        self._process = process
        self._lock: FolderLock | None = lock

    @classmethod
    def start(cls, program: EngineProgram, data_dir: Path, *, durable: bool = True) -> Self:
        """Start the engine with its data under `data_dir` and return once it answers.

        With `durable`, an acknowledged write survives kill -9 and power loss; tests that kill nothing may do without.
        A new store is prepared first (about a second). Raises `DataFolderFault` when the folder cannot be
        written or another program holds it, `EngineDied` with the engine's last words when it does not come up.
        """
        folder = StoreFolder(data_dir, program.kind)
        folder.make()
        lock = _lock(folder)
        try:
            folder.begin_log()
            if durable and program.kind is EngineKind.RUST and not folder.store.exists():
                _prepare(program, folder, lock)
            process, port = _launch(program, folder, folder.store, lock, durable=durable)
            folder.tell_running(Running(port, process.pid, os.getpid(), durable))
        except BaseException:
            lock.release()
            raise
        return cls(program, folder, process, port, lock)

    @property
    def uri(self) -> str:
        return uri_of(self.port)

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative: the number of the signal that ended it."""
        return self._process.poll()

    def last_words(self) -> str:
        return _last_words(self._folder)

    def stop(self) -> None:
        """End the engine in order, by force after 20 s; afterwards the folder is free. Safe to call twice."""
        if self._lock is None:
            return
        _end(self._process)
        self._folder.forget_running()
        self._lock.release()
        self._lock = None

    def kill(self) -> None:
        """End it without warning, as a power cut would: for the tests of faults."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def running_engine(data_dir: Path, kind: EngineKind) -> Running | None:
    """The engine that already runs on this folder, for a second command beside `make run`; else None.

    One whose starter was killed does not count: whoever starts next ends it and has an engine of its own to end.
    """
    folder = StoreFolder(data_dir, kind)
    running = folder.running()
    if running is None or not _alive(running.owner):
        return None
    lock = FolderLock.take(folder)
    if lock is not None:
        lock.release()
        return None
    return running


def uri_of(port: int) -> str:
    """How to connect to an embedded engine."""
    # The engines keep retry records only until they are killed; our idempotency keys outlive that (see the design).
    return f"mongodb://127.0.0.1:{port}/?directConnection=true&retryWrites=false&maxPoolSize=50"


def _lock(folder: StoreFolder) -> FolderLock:
    lock = FolderLock.take(folder)
    if lock is None and _end_orphan(folder):
        lock = FolderLock.take(folder)
    if lock is None:
        raise DataFolderFault(
            f"Another program is already running on the data folder {folder.path}: stop it first, or name another "
            "folder in ZHENGTONG_DATA_DIR."
        )
    return lock


def _end_orphan(folder: StoreFolder) -> bool:
    """End an engine whose starter was killed. The lock is held, so the process written down is still that engine."""
    running = folder.running()
    if running is None or _alive(running.owner):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while time.monotonic() < end:
        lock = FolderLock.take(folder)
        if lock is not None:
            lock.release()
            return True
        time.sleep(0.05)
    return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _launch(
    program: EngineProgram, folder: StoreFolder, store: Path, lock: FolderLock, *, durable: bool
) -> tuple["subprocess.Popen[bytes]", int]:
    """Start the program and wait until it answers: the process and its port, which the system chose."""
    command: list[str] = [
        str(program.path),
        "--config",
        str(folder.configuration),
        "--host",
        "127.0.0.1",
        "--port",
        "0",
    ]
    command += ["--storage-path", str(store), "--cache-size", f"{cache_megabytes()}M"]
    if program.kind is EngineKind.RUST:
        command += ["--log-file-max", "32MB"]
    if durable:
        command += ["--sync-on-commit"]
    start = folder.log.stat().st_size
    process = _spawn(command, folder, lock)
    try:
        port = _await_port(process, folder, start)
        if program.kind is EngineKind.RUST:
            _limit_transactions(port)
    except BaseException:
        _end(process)
        raise
    return process, port


def _spawn(command: Sequence[str], folder: StoreFolder, lock: FolderLock) -> "subprocess.Popen[bytes]":
    try:
        with folder.log.open("ab") as log:
            # A session of its own: Ctrl-C in a terminal reaches us alone, and the engine is stopped last.
            return subprocess.Popen(  # noqa: S603 - our own program and arguments
                command,
                cwd=folder.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock.descriptor,),
                umask=0o077,
            )
    except OSError as fault:
        raise EngineDied(f"The engine {command[0]} cannot be started: {fault.strerror}.") from None


def _await_port(process: "subprocess.Popen[bytes]", folder: StoreFolder, start: int) -> int:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        said = folder.log.read_bytes()[start:].decode(errors="replace")
        if match := _LISTENING.search(said):
            return int(match[1])
        if process.poll() is not None:
            raise EngineDied(
                f"The embedded engine ended at its start with code {process.returncode}: {_last_words(folder)} "
                f"(all of it: {folder.log})."
            )
        time.sleep(0.01)
    raise EngineDied(f"The embedded engine did not answer within {START_SECONDS:.0f} s; see {folder.log}.")


def _limit_transactions(port: int) -> None:
    try:
        with _client(port) as client:
            client.admin.command("setParameter", 1, transactionLifetimeLimitSeconds=TRANSACTION_SECONDS)
    except PyMongoError as fault:
        raise EngineDied(f"The embedded engine came up but does not answer: {fault}.") from None


def _client(port: int) -> "MongoClient[dict[str, Any]]":
    return MongoClient(uri_of(port), serverSelectionTimeoutMS=10_000)


def _prepare(program: EngineProgram, folder: StoreFolder, lock: FolderLock) -> None:
    """Make a new Rust store with all its document tables in place.

    Once `--sync-on-commit` is on, a kill while such a table is being made damages the store for good (31 of 60 kills;
    of a prepared one 0 of 60). So it is made under another name without that flag, and gets its own name when it is
    whole: a store by its right name is a prepared one.
    """
    folder.drop_draft()
    process, port = _launch(program, folder, folder.draft, lock, durable=False)
    try:
        with _client(port) as client:
            for number in range(100 * DOCUMENT_TABLES):
                client["preparation"][f"c{number}"].insert_one({"_id": 0})
                if len(list(folder.draft.glob("secantus_documents_sh*"))) >= DOCUMENT_TABLES:
                    break
            else:
                raise EngineDied(f"The new store {folder.draft} could not be prepared; see {folder.log}.")
            client.drop_database("preparation")
    finally:
        _end(process)
    folder.draft.rename(folder.store)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_words(folder: StoreFolder) -> str:
    try:
        lines = folder.log.read_text(errors="replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else "it said nothing"
