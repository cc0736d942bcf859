import pytest

from foundation.database import Database
from notifications.documents import MODELS as NOTIFICATIONS
from tests.workorders.lifecycle.town import MODELS, Town, new_town
from workorders.lifecycle.projecting import OrderProjection, Tally
from workorders.supervision.documents import MODELS as SUPERVISION


@pytest.fixture
async def town(database: Database) -> Town:
    await database.prepare((*MODELS, *NOTIFICATIONS, *SUPERVISION, OrderProjection, Tally))
    return new_town(database)
