"""What operators of the service see: health, metrics, GraphiQL, request ids; and what production does not show."""

import re
from dataclasses import replace

import httpx

from api.app import create_app
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
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>政通" in page.text
    assert (await api.data(None, "{ __schema { queryType { name } } }"))["queryType"]["name"] == "Query"


async def test_the_explorer_is_served_whole_from_here(api: Api) -> None:
    page = await api.http.get("/graphql", headers={"accept": "text/html"})
    assert "default-src 'none'" in page.headers["content-security-policy"]
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assets = [address for address in addresses if address != "data:,"]
    assert len(assets) == 5
    assert all(address.startswith("/graphql/explorer/") for address in assets)
    kinds = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
    for address in assets:
        asset = await api.http.get(address)
        assert asset.status_code == 200, address
        assert asset.headers["content-type"] == kinds[address.rpartition(".")[2]]
        assert ("immutable" in asset.headers["cache-control"]) is bool(re.search(r"-\d+\.\d+\.\d+\.min", address))
        assert "sourceMappingURL" not in asset.text
        assert not re.search(r"url\([\"']?(?!data:|#)\w|@import|new Worker|importScripts|\bimport\(", asset.text), (
            address
        )
        if ".min." not in address:
            assert not re.search(r"(https?|wss?):?//", page.text + asset.text)
    for other in ("LICENSES.md", "__init__.py", "index.html", "..%2Fview.py"):
        assert (await api.http.get(f"/graphql/explorer/{other}")).status_code == 404


async def test_production_serves_no_explorer(api: Api) -> None:
    settings = api.app.settings.model_copy(update={"environment": Environment.PRODUCTION})
    transport = httpx.ASGITransport(create_app(replace(api.app, settings=settings)))
    async with httpx.AsyncClient(transport=transport, base_url="http://city") as http:
        page = await http.get("/graphql", headers={"accept": "text/html"})
        assert page.status_code == 404
        assert (await http.get("/graphql/explorer/explorer.js")).status_code == 404


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
