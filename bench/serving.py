"""The program as its operators run it, beside a measurement: API processes and a worker on the bench's engine."""

import asyncio
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from bench.city import Place
from bench.processors import children, processor_seconds, resident_megabytes

PORT = 18400


@dataclass(frozen=True, slots=True)
class Serving:
    """Two API processes and a worker, by the process ids of the commands that watch over them."""

    serve: int
    worker: int

    def api_megabytes(self) -> float:
        """The largest resident set of an API process."""
        return max(self.megabytes_of_each().values())

    def megabytes_of_each(self) -> dict[int, float]:
        """The resident set of each API process."""
        return {pid: resident_megabytes(pid) for pid in self._running(self.serve, "runtime.web")}

    def processor_seconds(self) -> dict[str, float]:
        """What each part has used so far."""
        parts = {
            "API": self._running(self.serve, "runtime.web"),
            "worker": self._running(self.worker, "runtime.worker"),
        }
        return {name: sum(map(processor_seconds, pids)) for name, pids in parts.items()}

    def _running(self, parent: int, module: str) -> list[int]:
        return [pid for pid, command in children(parent) if module in command]


@asynccontextmanager
async def serving(place: Place, database: str) -> AsyncIterator[Serving]:
    """`zhengtong serve` and `zhengtong worker` on that database."""
    started = [begun(what, place, database) for what in ("serve", "worker")]
    try:
        await asyncio.to_thread(_answers, PORT)
        yield Serving(*(process.pid for process in started))
    finally:
        for process in started:
            process.send_signal(signal.SIGINT)
        for process in started:
            await asyncio.to_thread(process.wait, 60)


def begun(what: str, place: Place, database: str) -> subprocess.Popen[bytes]:
    """`zhengtong serve` or `zhengtong worker` on that database, in a process group of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ZHENGTONG_")}
    env |= {
        "ZHENGTONG_MONGODB_URI": place.uri,
        "ZHENGTONG_DATABASE": database,
        "ZHENGTONG_DATA_DIR": str(place.folder),
        "ZHENGTONG_PORT": str(PORT),
        "ZHENGTONG_PROCESSES": "2",
        "ZHENGTONG_ENVIRONMENT": "production",
        # Nobody in the load gives a phone: nothing is sent.
        "ZHENGTONG_SMS_GATEWAY_URL": "http://127.0.0.1:9",
        "ZHENGTONG_SMS_GATEWAY_TOKEN": "none",
    }
    for name in ("key_encryption_keys", "hash_keys", "signing_keys"):
        env[f"ZHENGTONG_{name.upper()}"] = (place.folder / "keys" / name).read_text()
    with (place.folder / "serving.log").open("ab") as log:
        command = [str(Path(sys.executable).parent / "zhengtong"), what]
        return subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)


def _answers(port: int) -> None:
    end = monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            if monotonic() > end:
                raise
        asyncio.run(asyncio.sleep(0.2))
