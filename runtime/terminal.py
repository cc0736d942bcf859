"""What every command does with its terminal: telling, answering, and running something beside the database."""

import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from foundation.faults import ExitCode

if TYPE_CHECKING:
    from foundation.settings import Settings
    from runtime.server import Server

T = TypeVar("T")
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

    Raises `DatabaseUnreachable`, beside what finding the server raises.
    """
    import uvloop
    from pymongo.errors import PyMongoError

    from foundation.faults import DatabaseUnreachable
    from foundation.settings import read_settings
    from runtime.server import brief, database_server

    settings = read_settings()
    with database_server(settings, tell) as server:
        try:
            return uvloop.run(body(settings, server))
        except PyMongoError as fault:
            raise DatabaseUnreachable(f"The database failed: {brief(fault)}.") from None


@contextmanager
def fault_told() -> Iterator[None]:
    """What is wrong with what was given is told, and the command ends."""
    from foundation.errors import InvalidInput

    try:
        yield
    except InvalidInput as fault:
        tell(f"zhengtong: {fault}")
        raise typer.Exit(ExitCode.FOUND_WANTING) from None
