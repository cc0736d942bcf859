import pytest

from foundation.database import Database
from identity.documents import AuditEntry
from tests.workorders.exchange.city import City, new_city
from tests.workorders.lifecycle.town import MODELS, new_town
from workorders.exchange.documents import MODELS as EXCHANGE


@pytest.fixture
async def city(database: Database) -> City:
    """The small town, connected to the province and to the nation."""
    await database.prepare((*MODELS, *EXCHANGE, AuditEntry))
    return await new_city(new_town(database))
