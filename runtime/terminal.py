"""What every command does with its terminal: telling, answering, and running something beside the database."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from foundation.faults import ExitCode

if TYPE_CHECKING:
    from foundation.settings import Settings
    from runtime.server import Server

T = TypeVar("T")
InFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
CANCELLED_EVERY_SECONDS = 1.0
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for a program to read.")]


def tell(sentence: str) -> None:
    """A sentence for the person at the terminal; standard output is left to what a program would read."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def answer(content: object, *, as_json: bool, text: Callable[[], str]) -> None:
    """The answer, on standard output."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2, default=str) if as_json else text())


def with_server(body: "Callable[[Settings, Server], Coroutine[Any, Any, T]]", tell: Callable[[str], None]) -> T:
    """Run `body` with the database server, which is started for as long if it has to be.

    Raises `DatabaseUnreachable`, `KeyboardInterrupt`, beside what finding the server raises.
    """
    from pymongo.errors import PyMongoError

    from foundation.faults import DatabaseUnreachable
    from foundation.settings import read_settings
    from runtime.server import brief, database_server

    settings = read_settings()
    with database_server(settings, tell) as server:
        try:
            return run_interruptibly(body(settings, server))
        except PyMongoError as fault:
            raise DatabaseUnreachable(f"The database failed: {brief(fault)}.") from None


def run_interruptibly(body: Coroutine[Any, Any, T]) -> T:
    """Run `body` to its end, or until Ctrl-C, which cancels it until it ends: a cancellation that comes just when a
    `wait_for` is done gets lost in Python 3.11 (python/cpython#86296).

    Raises `KeyboardInterrupt`.
    """
    import uvloop

    interrupted = False

    async def until_interrupted() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(body)

        def cancel() -> None:
            task.cancel()
            loop.call_later(CANCELLED_EVERY_SECONDS, cancel)

        def interrupt() -> None:
            nonlocal interrupted
            if not interrupted:
                cancel()
            interrupted = True

        loop.add_signal_handler(signal.SIGINT, interrupt)
        try:
            return await task
        finally:
            loop.remove_signal_handler(signal.SIGINT)

    try:
        return uvloop.run(until_interrupted())
    except asyncio.CancelledError:
        if interrupted:
            raise KeyboardInterrupt from None
        raise


@contextmanager
def fault_told() -> Iterator[None]:
    """What is wrong with what was given or asked for is told, and the command ends."""
    from foundation.errors import DomainError

    try:
        yield
    except DomainError as fault:
        tell(f"zhengtong: {fault}")
        raise typer.Exit(ExitCode.FOUND_WANTING) from None
