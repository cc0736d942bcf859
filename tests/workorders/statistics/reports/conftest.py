import pytest

from foundation.database import Database
from tests.workorders.statistics.bureau import Bureau, a_bureau
from tests.workorders.statistics.reports.desk import Desk, a_desk


@pytest.fixture
async def bureau(database: Database) -> Bureau:
    return await a_bureau(database)


@pytest.fixture
async def desk(bureau: Bureau) -> Desk:
    return await a_desk(bureau)
