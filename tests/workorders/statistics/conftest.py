import pytest

from foundation.database import Database
from tests.workorders.statistics.bureau import Bureau, a_bureau


@pytest.fixture
async def bureau(database: Database) -> Bureau:
    return await a_bureau(database)
