"""What keeps the program from starting or going on, told in one sentence to the person who runs it.

These are the operator's failures, not a citizen's: the command line prints the sentence, without a stack trace, and
leaves with the exit code. `foundation.errors` holds the failures that the API answers.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How a command ends. 2 is the command line's own: an unknown option or argument."""

    DONE = 0
    FOUND_WANTING = 1
    """A check ran to its end and found something wrong: `doctor`, `verify`, `calendar check`."""
    SETTINGS = 3
    PORT_TAKEN = 4
    DATA_FOLDER = 5
    DATABASE_UNREACHABLE = 6
    ENGINE_DIED = 7
    ENGINE_MISSING = 8
    PROCESS_FAILING = 9


class OperatorFault(Exception):
    """One clear sentence, with what to do about it, and the exit code that a script can tell it by."""

    exit_code: ClassVar[ExitCode]


class SettingsFault(OperatorFault):
    exit_code = ExitCode.SETTINGS


class PortTaken(OperatorFault):
    exit_code = ExitCode.PORT_TAKEN


class DataFolderFault(OperatorFault):
    """The data folder cannot be written, is held by another program, or is not what it ought to be."""

    exit_code = ExitCode.DATA_FOLDER


class DatabaseUnreachable(OperatorFault):
    exit_code = ExitCode.DATABASE_UNREACHABLE


class EngineDied(OperatorFault):
    exit_code = ExitCode.ENGINE_DIED


class EngineMissing(OperatorFault):
    exit_code = ExitCode.ENGINE_MISSING


class ProcessFailing(OperatorFault):
    """One of our own processes ends again and again right after its start."""

    exit_code = ExitCode.PROCESS_FAILING
