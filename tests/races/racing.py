"""Processes that race each other, each with an office of its own on the same database."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.workorders.lifecycle.town import Town

ROOT = Path(__file__).parents[2]
START = 0.15
"""Seconds between the command and its start, for every process to have read it."""

Outcomes = list[dict[str, Any]]


class Process:
    """One racing process."""

    def __init__(self, uri: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.races.worker", uri],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_ready(self) -> None:
        assert self._child.stdout is not None
        assert self._child.stdout.readline() == "ready\n"

    def tell(self, command: dict[str, Any]) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(command) + "\n")
        self._child.stdin.flush()

    async def outcomes(self) -> Outcomes:
        assert self._child.stdout is not None
        answer: Outcomes = json.loads(await asyncio.to_thread(self._child.stdout.readline))
        return answer

    def kill(self) -> None:
        """Kill -9, as a machine that goes down."""
        self._child.kill()
        self.close()

    def close(self) -> None:
        for pipe in (self._child.stdin, self._child.stdout):
            assert pipe is not None
            pipe.close()
        self._child.wait(timeout=20)


class Race:
    """Runs commands in all processes at the same moment."""

    def __init__(self, processes: list[Process], town: Town) -> None:
        self._processes, self._town = processes, town

    async def run(self, *commands: dict[str, Any], **common: Any) -> Outcomes:
        """The outcomes of the commands, given to the processes in turn, all started at once; every one was answered."""
        given = {
            "database": self._town.database.mongo.name,
            "now": self._town.clock.now().isoformat(),
            "go": time.time() + START,
            **common,
        }
        assert len(commands) <= len(self._processes)
        racing = self._processes[: len(commands)]
        for process, command in zip(racing, commands, strict=True):
            process.tell({**given, **command})
        outcomes = [outcome for process in racing for outcome in await process.outcomes()]
        assert [outcome for outcome in outcomes if "crash" in outcome] == []
        return outcomes

    async def everywhere(self, do: str, **common: Any) -> Outcomes:
        """The same command in every process."""
        return await self.run(*({"do": do} for _ in self._processes), **common)
