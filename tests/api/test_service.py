"""What operators of the service see: health, metrics, GraphiQL, request ids; and what production does not show."""

from foundation.settings import Environment, Settings
from tests.api.serving import Api


async def test_health_and_metrics(api: Api) -> None:
    assert (await api.http.get("/healthz")).json() == {"status": "ok"}
    assert (await api.http.get("/readyz")).json() == {"status": "ok"}
    await api.run("zhang", '{ order(id: "order:none") { __typename } }')
    text = (await api.http.get("/metrics")).text
    line = next(line for line in text.splitlines() if line.startswith("zhengtong_http_requests_total{"))
    assert "process=" in line
    assert 'path="/graphql"' in text
    assert 'zhengtong_problems_total{code="NOT_FOUND"' in text


async def test_graphiql_and_introspection_in_development(api: Api) -> None:
    page = await api.http.get("/graphql", headers={"accept": "text/html"})
    assert "graphiql" in page.text.lower()
    assert (await api.data(None, "{ __schema { queryType { name } } }"))["queryType"]["name"] == "Query"


async def test_request_ids_are_kept_if_they_are_plain(api: Api) -> None:
    for given, kept in (("abcdefgh-1", True), ("short", False), ("x" * 65, False), ("a b c d e f g", False)):
        answer = await api.http.get("/healthz", headers={"x-request-id": given})
        assert (answer.headers["x-request-id"] == given) is kept


def test_production_shows_neither(settings: Settings) -> None:
    from api.schema import build_schema

    assert settings.environment is Environment.DEVELOPMENT
    result = build_schema(introspection=False).execute_sync("{ __schema { queryType { name } } }")
    assert result.errors is not None
    assert result.data is None
