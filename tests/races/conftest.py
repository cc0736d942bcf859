from collections.abc import Iterator

import pytest

from foundation.database import Database
from tests.races.racing import Process, Race
from tests.races.worker import RACE_MODELS
from tests.workorders.lifecycle.town import Town, new_town

PROCESSES = 4


@pytest.fixture(scope="session")
def processes(mongodb_uri: str) -> Iterator[list[Process]]:
    started = [Process(mongodb_uri) for _ in range(PROCESSES)]
    for process in started:
        process.wait_ready()
    yield started
    for process in started:
        process.close()


@pytest.fixture
async def town(database: Database) -> Town:
    await database.prepare(RACE_MODELS)
    return new_town(database)


@pytest.fixture
def race(processes: list[Process], town: Town) -> Race:
    return Race(processes, town)
