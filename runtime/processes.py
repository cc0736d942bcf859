"""The supervisor: keeps our own processes running and ends them in order.

The children stand in sessions of their own, so that Ctrl-C in a terminal reaches the supervisor alone, which then ends
them in order. Each reads its standard input until it closes: when the supervisor is killed, they end by themselves.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from pymongo.errors import PyMongoError

from foundation.faults import ExitCode, OperatorFault, ProcessFailing

TICK_SECONDS = 0.1
STOP_SECONDS = 15.0
STEADY_SECONDS = 20.0
"""Having run this long, a process counts as healthy again."""
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
GIVE_UP_AFTER = 5
"""So many ends in a row, each before it was steady, are not bad luck."""

Tell = Callable[[str], None]


class Child:
    """One process that is to run all the time: `python -m module`."""

    def __init__(self, name: str, module: str, environment: Mapping[str, str]) -> None:
        self.name = name
        self._command = [sys.executable, "-m", module]
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._failures = 0
        self._again_at = 0.0

    def start(self) -> None:
        self._started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            self._command, env=self._environment, stdin=subprocess.PIPE, start_new_session=True
        )

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def look_after(self, tell: Tell) -> None:
        """Start it again when it has ended, after a delay that grows. Raises `ProcessFailing` when that is no use."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._again_at:
                self.start()
            return
        code = self._process.poll()
        if code is None:
            if now - self._started >= STEADY_SECONDS:
                self._failures = 0
            return
        self._close()
        self._failures += 1
        if self._failures >= GIVE_UP_AFTER:
            raise ProcessFailing(
                f"The {self.name} ended {self._failures} times right after its start, the last time {_ending(code)}."
            )
        delay = min(FIRST_DELAY_SECONDS * 2 ** (self._failures - 1), LONGEST_DELAY_SECONDS)
        self._again_at = now + delay
        tell(f"The {self.name} ended {_ending(code)}; it starts again in {delay:g} s.")

    def ask_to_stop(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def wait_stopped(self, until: float) -> None:
        """Wait for its end, which is forced at `until` (monotonic seconds)."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close()

    def _close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None


class Supervisor:
    """Runs groups of children until it is asked to stop; stops the groups in the order in which they are given."""

    def __init__(self, groups: Sequence[Sequence[Child]], stopping: threading.Event, tell: Tell) -> None:
        self._groups = groups
        self._stopping = stopping
        self._tell = tell

    def start(self) -> None:
        for group in reversed(self._groups):
            for child in group:
                child.start()

    def run(self, watch: Callable[[], None]) -> None:
        """Look after the children until asked to stop. `watch` is called every tenth of a second and may raise."""
        while not self._stopping.wait(TICK_SECONDS):
            watch()
            for group in self._groups:
                for child in group:
                    child.look_after(self._tell)

    def stop(self) -> None:
        """End one group after the other, each by force after 15 s."""
        for group in self._groups:
            for child in group:
                child.ask_to_stop()
            until = time.monotonic() + STOP_SECONDS
            for child in group:
                child.wait_stopped(until)


@contextmanager
def asked_to_stop() -> Iterator[threading.Event]:
    """An event that is set when the process is asked to stop: Ctrl-C, SIGTERM, or the terminal going away."""
    event = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        event.set()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, ask) for each in signals}
    try:
        yield event
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def live_and_die_with_parent(stop: Callable[[], object]) -> None:
    """In a child: call `stop`, from a thread, once the supervisor is gone."""

    def read_to_end() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        stop()

    threading.Thread(target=read_to_end, name="parent-watch", daemon=True).start()


def run_child(body: Callable[[], None]) -> None:
    """The main of a child process: an operator's fault or a database that is away is one sentence and an exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        body()
    except OperatorFault as fault:
        sys.stderr.write(f"zhengtong: {fault}\n")
        sys.exit(fault.exit_code)
    except PyMongoError as fault:
        sys.stderr.write(f"zhengtong: The database does not answer ({type(fault).__name__}).\n")
        sys.exit(ExitCode.DATABASE_UNREACHABLE)


def _ending(code: int) -> str:
    if code >= 0:
        return f"with code {code}"
    try:
        return f"by {signal.Signals(-code).name}"
    except ValueError:
        return f"by signal {-code}"
