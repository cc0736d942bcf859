"""`zhengtong run`, `serve` and `worker`: server, API processes and worker together, from start to end."""

import asyncio
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from pymongo.errors import PyMongoError

from foundation.faults import DatabaseUnreachable, DataFolderFault, EngineDied
from foundation.settings import PREFIX, Settings
from runtime.processes import TICK_SECONDS, Child, Supervisor, Tell, asked_to_stop
from runtime.server import Server, brief, database_server
from runtime.sockets import LOOPBACK, reserve

if TYPE_CHECKING:
    from runtime.composition import App

READY_REQUEST_SECONDS = 2.0


async def _nothing_more(app: "App") -> None:
    """By default nothing is done before the processes start, beside preparing the database."""


def run_processes(
    settings: Settings,
    tell: Tell,
    *,
    web: bool = True,
    workers: int = 1,
    first: "Callable[[App], Awaitable[None]]" = _nothing_more,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Run API processes and workers until asked to stop; then end them in this order: web, workers, engine.

    Before the first of them starts, the database is made ready for this release, and then `first` is done. `ready` is
    called once the API answers. Raises an `OperatorFault` when something keeps it from starting or going on; whatever
    ran has been ended by then.
    """
    stub_port = settings.sms_stub_port if web else None
    with asked_to_stop() as stopping, ExitStack() as stack:
        if web:
            stack.enter_context(reserve(settings.host, settings.port))
        if stub_port is not None:
            stack.enter_context(reserve(LOOPBACK, stub_port))
        _make_data_folder(settings)
        server = stack.enter_context(database_server(settings, tell))
        tell(f"Database: {server.description}.")
        if not _done_before_asked_to_stop(_make_ready(settings, server, tell, first), stopping):
            return
        environment = _environment(settings, server)
        groups = [
            [Child("API process", "runtime.web", environment) for _ in range(settings.api_processes if web else 0)],
            [Child("worker", "runtime.worker", environment) for _ in range(workers)],
            [Child("SMS gateway stub", "runtime.sms_stub", environment) for _ in range(stub_port is not None)],
        ]
        watch = _Watch(server, settings if web else None, ready)
        with _supervised(Supervisor(groups, stopping, tell)) as supervisor:
            supervisor.run(watch)
    tell("Stopped.")


async def _make_ready(
    settings: Settings, server: Server, tell: Tell, first: "Callable[[App], Awaitable[None]]"
) -> None:
    # Imported late: what keeps the program from starting is said before seconds go by with reading every domain.
    from foundation.clock import SystemClock
    from runtime.preparing import installation, prepare

    try:
        async with installation(settings, server, SystemClock()) as app:
            await prepare(app, tell)
            await first(app)
    except PyMongoError as fault:
        raise DatabaseUnreachable(f"The database failed while it was being prepared: {brief(fault)}.") from None


def _done_before_asked_to_stop(body: Coroutine[Any, Any, None], stopping: threading.Event) -> bool:
    """Run `body` to its end, or cancel it when asked to stop; says which."""

    async def race() -> bool:
        task = asyncio.create_task(body)
        while not stopping.is_set():
            done, _ = await asyncio.wait([task], timeout=TICK_SECONDS)
            if done:
                await task
                return True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False

    return asyncio.run(race())


@contextmanager
def _supervised(supervisor: Supervisor) -> Iterator[Supervisor]:
    try:
        supervisor.start()
        yield supervisor
    finally:
        supervisor.stop()


class _Watch:
    """Called while the children run: tells once that the API answers, and ends it all when the engine is gone."""

    def __init__(self, server: Server, settings: Settings | None, ready: Callable[[], None]) -> None:
        self._engine = server.engine
        self._ready = ready
        self._asking: threading.Thread | None = None
        self._answered = threading.Event()
        self._announced = False
        self._settings = settings

    def __call__(self) -> None:
        if self._engine is not None and (code := self._engine.exit_code()) is not None:
            raise EngineDied(
                f"The embedded engine ended (code {code}), its last words: {self._engine.last_words()} "
                "Everything else has been stopped; what was acknowledged is kept. Start again to go on."
            )
        if self._announced:
            return
        if self._answered.is_set() or self._settings is None:
            self._announced = True
            self._ready()
        elif self._asking is None or not self._asking.is_alive():
            self._asking = threading.Thread(target=self._ask, args=(self._settings,), daemon=True)
            self._asking.start()

    def _ask(self, settings: Settings) -> None:
        try:
            with urllib.request.urlopen(f"{address(settings)}/readyz", timeout=READY_REQUEST_SECONDS):  # noqa: S310
                self._answered.set()
        except (urllib.error.URLError, OSError):
            return


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the API."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - only compared
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{settings.port}"


def _environment(settings: Settings, server: Server) -> dict[str, str]:
    """The children's environment: the same settings, and the database that was found or started."""
    return {
        **os.environ,
        f"{PREFIX}MONGODB_URI": server.uri,
        f"{PREFIX}DATA_DIR": str(settings.data_dir.absolute()),
    }


def _make_data_folder(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        fits = os.access(settings.data_dir, os.W_OK | os.X_OK)
        reason = "no right to write there"
    except OSError as fault:
        fits, reason = False, fault.strerror or str(fault)
    if not fits:
        raise DataFolderFault(
            f"The data folder {settings.data_dir.absolute()} cannot be used: {reason}. "
            f"Name another in {PREFIX}DATA_DIR."
        )
