"""The HTTP application of one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from api.http import explorer
from api.http.exchange import ExchangeApi
from api.http.exports import OrderExports
from api.http.files import Files
from api.http.health import Ready, alive
from api.http.metrics import Metrics
from api.http.reports import ReportFiles
from api.http.requests import Requests, request_id_of, told
from api.http.view import GraphQLView
from api.schema import build_schema
from api.services import Services
from api.workorders.changes import Changes
from api.workorders.screens import Screens
from foundation.settings import Environment
from workorders.exporting.writing import remove_abandoned


def create_app(services: Services) -> Starlette:
    """The application, over a database that whoever serves it has opened."""
    metrics = Metrics()
    development = services.settings.environment is Environment.DEVELOPMENT
    schema = build_schema(introspection=development)
    changes = Changes(services.database)
    screens = Screens(services, changes)
    graphql = GraphQLView(services, schema, changes, screens)
    metrics.subscribers.set_function(lambda: changes.listening)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(remove_abandoned)
        try:
            yield
        finally:
            await screens.close()
            await changes.close()

    return Starlette(
        routes=[
            Route("/graphql", graphql, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", graphql),
            *([Route("/graphql/explorer/{name}", explorer.asset)] if development else ()),
            Route("/files/{id}", Files(services).__call__),
            Route("/reports/{file}", ReportFiles(services).__call__),
            *ExchangeApi(services).routes(),
            *OrderExports(services).routes(),
            Route("/healthz", alive),
            Route("/readyz", Ready(services).__call__),
            Route("/metrics", metrics.page),
        ],
        middleware=[Middleware(Requests, metrics=metrics)],
        exception_handlers={HTTPException: refused},
        lifespan=lifespan,
    )


async def refused(request: Request, error: Exception) -> Response:
    """Paths and methods that there are none of."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code, message = ("NOT_FOUND", "没有这个地址。") if status == 404 else ("MALFORMED", "请求的格式不正确。")
    return told(status, code, message, request_id_of(request.scope))
