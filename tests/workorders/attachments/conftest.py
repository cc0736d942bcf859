import pytest

from foundation.database import Database
from foundation.rate_limits import RateLimiter, RateWindow
from identity.documents import AuditEntry
from tests.workorders.lifecycle.town import MODELS, Town, new_town
from workorders.attachments.desk import AttachmentDesk
from workorders.attachments.documents import MODELS as ATTACHMENTS


@pytest.fixture
async def town(database: Database) -> Town:
    await database.prepare([*MODELS, *ATTACHMENTS, AuditEntry, RateWindow])
    return new_town(database)


@pytest.fixture
def desk(town: Town) -> AttachmentDesk:
    return AttachmentDesk(town.office, RateLimiter(town.database))
