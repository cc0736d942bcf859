from collections.abc import AsyncIterator

import pytest

from tests.api.serving import Api
from tests.installation import Installation
from tests.journeys.people import People


@pytest.fixture
async def people(installation: Installation, served: Api) -> AsyncIterator[People]:
    """Everybody of the town, each with a phone or a desk of their own."""
    async with People(installation, served) as people:
        yield people
