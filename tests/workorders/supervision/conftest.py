import pytest

from foundation.database import Database
from notifications.documents import MODELS as NOTIFICATIONS
from tests.workorders.lifecycle.town import MODELS, Town, new_town
from workorders.lifecycle.projecting import OrderProjection, Tally


@pytest.fixture
async def town(database: Database) -> Town:
    await database.prepare((*MODELS, *NOTIFICATIONS, OrderProjection, Tally))
    return new_town(database)
