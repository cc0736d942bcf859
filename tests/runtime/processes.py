"""Starting the command line as a person does, in a process group of its own, and reading what it says."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from unittest.mock import patch

import pytest

from runtime.commands import main

PATIENCE_SECONDS = 60.0


def free_port() -> int:
    """A port with a free one ten higher, where the SMS stub goes."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 10))
            except (OSError, OverflowError):
                continue
            return port


def environment(folder: Path, **more: str) -> dict[str, str]:
    """An installation of its own under `folder`: nothing of the developer's settings but the choice of engine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZHENGTONG_")}
    engine = {name: os.environ[name] for name in ("ZHENGTONG_ENGINE",) if name in os.environ}
    return {**kept, **engine, "ZHENGTONG_DATA_DIR": str(folder / "data"), "ZHENGTONG_PROCESSES": "1", **more}


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that ran to its end."""

    returncode: int
    stdout: str
    stderr: str


def zhengtong(*arguments: str, env: dict[str, str]) -> Ended:
    """Run a command to its end, in this process: reading the whole program anew takes seconds."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, env, clear=True),
        patch.object(sys, "argv", ["zhengtong", *arguments]),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return Ended(int(ended.value.code or 0), stdout.getvalue(), stderr.getvalue())


class Running:
    """`zhengtong serve` or another command that runs until it is told to stop."""

    def __init__(self, *arguments: str, env: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "runtime.commands", *arguments],
                env=env,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.log.read_text()

    def wait_until_said(self, words: str) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while words not in self.said():
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.said()}"
            assert time.monotonic() < end, f"it never said {words!r}: {self.said()}"
            time.sleep(0.05)

    def interrupt(self) -> int:
        """Ctrl-C in a terminal: the whole process group gets it. Answers the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.end()

    def end(self) -> int:
        return self.process.wait(PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.end()


def status(url: str) -> int | None:
    """The HTTP status of a page, or None when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code
    except OSError:
        return None


def children_of(pid: int) -> dict[int, str]:
    """The child processes and their command lines (Linux)."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return {int(line.split(None, 1)[0]): line.split(None, 1)[1] for line in listed.splitlines()}
