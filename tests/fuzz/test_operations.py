"""Any document and any values that the schema allows, from anybody: never an unknown error.

`ZHENGTONG_FUZZ=400` tries as many of each operation as a soak does.
"""

import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import schemathesis
from graphql import StringValueNode
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes

from foundation.changes import Change
from identity.documents import Resident
from identity.subjects import resident_actor
from runtime.schema import FILE
from tests.installation import Installation, is_chinese, tokens

EXAMPLES = int(os.environ.get("ZHENGTONG_FUZZ", "8"))
KNOWN = (
    "unit:water",
    "unit:heating",
    "unit:nowhere",
    "category:leak",
    "place:street",
    "channel:app",
    "channel:phone",
    "order:AAAAAAAAAAAAAAAAAAAAAA",
    "file:AAAAAAAAAAAAAAAAAAAAAA",
    "resident:fuzzed",
    "13800138000",
    "\u202e\u200b",
    "\u0000",
)


def text(values: st.SearchStrategy[str]) -> st.SearchStrategy[StringValueNode]:
    return values.map(nodes.String)


schemathesis.graphql.scalar(
    "DateTime",
    text(st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()) | st.text(max_size=50)),
)
schemathesis.graphql.scalar("Date", text(st.dates().map(lambda day: day.isoformat()) | st.text(max_size=12)))
schemathesis.graphql.scalar("ID", text(st.sampled_from(KNOWN) | st.text(max_size=150)))
schemathesis.graphql.scalar("String", text(st.sampled_from(KNOWN) | st.text(max_size=150)))
schemathesis.graphql.scalar("Upload", text(st.text(max_size=10)))


@pytest.fixture(scope="session")
async def granted(installation: Installation) -> AsyncIterator[dict[str, str]]:
    """Tokens of everybody; the citizen is one whom no other test knows, for it may erase itself."""
    async with installation.app() as app:
        given, change, now = await tokens(app), Change(), app.clock.now()
        resident = Resident(_id="resident:fuzzed", data_key=None, sealed={}, claims=(), created_at=now)
        session = app.identity.sessions.opened(change.insert(resident), resident.id, now)
        given["citizen"] = app.identity.sessions.grant(resident_actor(resident, session.id), session, now).access_token
        await app.database.save(change)
        yield given


OPERATIONS: dict[str, Any] = {
    each.ok().label: each.ok()  # type: ignore[union-attr]
    for each in schemathesis.graphql.from_path(FILE).get_all_operations()
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_that_the_schema_allows_is_an_unknown_error(
    operation: str, installation: Installation, granted: dict[str, str]
) -> None:
    with httpx.Client(base_url=installation.url, timeout=30, trust_env=False) as http:

        @given(case=OPERATIONS[operation].as_strategy(), role=st.sampled_from(sorted(granted)))
        # A document that fails is told as it is: to find a shorter one takes minutes.
        @settings(
            max_examples=EXAMPLES,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            database=None,
        )
        def told_its_fault(case: schemathesis.Case, role: str) -> None:
            answer = http.post(
                "/graphql", json={"query": case.body}, headers={"authorization": f"Bearer {granted[role]}"}
            )
            assert answer.status_code < 500, answer.text
            for error in answer.json().get("errors", ()):
                code = error["extensions"]["code"]
                assert code != "UNKNOWN", (role, case.body, installation.log_of(answer.headers["x-request-id"]))
                assert is_chinese(error["message"]), error

        told_its_fault()
