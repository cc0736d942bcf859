import pytest

from foundation.database import Database
from tests.workorders.lifecycle.town import MODELS, Town, new_town


@pytest.fixture
async def town(database: Database) -> Town:
    await database.prepare(MODELS)
    return new_town(database)
