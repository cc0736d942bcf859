"""Processor time of processes: what something costs, however busy the machine is with other things."""

import asyncio
import os
from pathlib import Path
from time import monotonic

AT_REST = 0.1
"""Of one core."""
LOOK_SECONDS = 10.0
REST_WITHIN_SECONDS = 900.0


def processor_seconds(pid: int) -> float:
    """What this process has used so far, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def at_rest(pid: int) -> float:
    """Wait until the process has done what was left to do, a quarter of an hour at most; for how many seconds."""
    begin = monotonic()
    while monotonic() - begin < REST_WITHIN_SECONDS:
        before = processor_seconds(pid)
        await asyncio.sleep(LOOK_SECONDS)
        if processor_seconds(pid) - before < AT_REST * LOOK_SECONDS:
            break
    return monotonic() - begin


def children(pid: int) -> list[tuple[int, str]]:
    """The running children of a process, each with its command line."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                command = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
            if parent == pid:
                found.append((int(folder.name), command))
    return found


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
