from collections.abc import AsyncIterator

import pytest

from foundation.database import Database
from tests.api.serving import Api, serving


@pytest.fixture(scope="module")
async def api(mongodb_uri: str, database_of_module: Database) -> AsyncIterator[Api]:
    """The API of a small town, served over HTTP for the tests of one file."""
    async with serving(mongodb_uri, database_of_module.mongo.name) as served:
        yield served
