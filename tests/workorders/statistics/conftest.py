import pytest

from foundation.database import Database
from tests.workorders.lifecycle.town import MODELS, Town, new_town
from tests.workorders.statistics.bureau import Bureau
from workorders.lifecycle.projecting import OrderProjection, Tally
from workorders.statistics.documents import MODELS as STATISTICS


@pytest.fixture
async def town(database: Database) -> Town:
    await database.prepare((*MODELS, *STATISTICS, OrderProjection, Tally))
    return new_town(database)


@pytest.fixture
def bureau(town: Town) -> Bureau:
    return Bureau(town)
