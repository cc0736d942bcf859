"""One API process: `python -m runtime.web`, on a port that all API processes share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api.app import create_app
from foundation.clock import SystemClock
from foundation.keys import read_keys
from foundation.settings import Settings, read_settings
from runtime.answering import answer
from runtime.composition import build
from runtime.logs import configure_logs
from runtime.processes import run_child


def serve(settings: Settings) -> None:
    """Run this process's share of the API until SIGTERM."""
    configure_logs(settings, "api")
    app = build(settings, read_keys(settings), SystemClock())

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        await app.open()
        try:
            yield
        finally:
            await app.close()

    answer(create_app(app), settings.host, settings.port, opened)


if __name__ == "__main__":
    run_child(lambda: serve(read_settings()))
