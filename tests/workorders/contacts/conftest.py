import pytest

from foundation.database import Database
from identity.documents import AuditEntry
from tests.workorders.lifecycle.town import MODELS, Town, new_town
from workorders.contacts.desk import ContactDesk
from workorders.contacts.documents import MODELS as CONTACTS


@pytest.fixture
async def town(database: Database) -> Town:
    await database.prepare([*MODELS, *CONTACTS, AuditEntry])
    return new_town(database)


@pytest.fixture
def desk(town: Town) -> ContactDesk:
    return ContactDesk(town.office, area_code="0571")
