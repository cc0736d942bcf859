"""The command line. Each command is a thin shell that imports what it needs when it runs."""

import sys

import typer

from foundation.faults import ExitCode, OperatorFault

app = typer.Typer(
    name="zhengtong",
    help="Zhengtong 政通: a city's 12345 hotline and government services. Settings come from ZHENGTONG_… variables.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def tell(sentence: str) -> None:
    """A sentence for the person at the terminal; standard output is left to what a program would read."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


@app.command()
def run() -> None:
    """Start everything with a demo city: the database, the API and a worker. Ctrl-C stops it."""
    from foundation.settings import read_settings
    from runtime.running import address, run_processes

    settings = read_settings()

    def ready() -> None:
        tell(f"Ready: GraphQL and its explorer at {address(settings)}/graphql")

    run_processes(settings, tell, ready=ready)


@app.command()
def serve() -> None:
    """Run the API processes, one per core, until Ctrl-C or SIGTERM."""
    from foundation.settings import read_settings
    from runtime.running import address, run_processes

    settings = read_settings()
    run_processes(settings, tell, workers=0, ready=lambda: tell(f"The API answers at {address(settings)}"))


@app.command()
def worker(processes: int = typer.Option(1, min=1, max=64, help="How many worker processes.")) -> None:
    """Run worker processes (deadlines, notifications, everything that is due) until Ctrl-C or SIGTERM."""
    from foundation.settings import read_settings
    from runtime.running import run_processes

    run_processes(read_settings(), tell, web=False, workers=processes)


def main() -> None:
    """The console script: an operator's fault is one sentence and an exit code, never a stack trace."""
    try:
        app()
    except OperatorFault as fault:
        sys.stderr.write(f"zhengtong: {fault}\n")
        sys.exit(fault.exit_code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.DONE)


if __name__ == "__main__":
    main()
