"""The embedded engine: MongoDB's wire protocol from one child process, for whoever has no MongoDB at hand.

SecantusDB exists twice, written in Rust and in Python. Both keep their data with WiredTiger, each in a folder of its
own, and neither ever opens the other's. They are run as programs and never imported (they are GPL-2.0).

    programs.py   which engine there is on this machine
    store.py      the data folder: its lock, its preparation, who runs in it
    process.py    starting, watching and stopping the engine
"""

from foundation.engine.process import EmbeddedEngine, running_engine, uri_of
from foundation.engine.programs import EngineKind, EngineProgram, find_engine
from foundation.engine.store import other_engines_data

__all__ = [
    "EmbeddedEngine",
    "EngineKind",
    "EngineProgram",
    "find_engine",
    "other_engines_data",
    "running_engine",
    "uri_of",
]
