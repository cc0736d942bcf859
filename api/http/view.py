"""GraphQL over HTTP and WebSocket: the library's view, strict about what comes in and quick about what goes out."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.exceptions import NonJsonMessageReceived
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UNSET

from api.context import Context
from api.http import explorer
from api.http.requests import MALFORMED, BodyRefused, request_id_of, told
from api.schema import CitySchema
from api.services import Services
from api.workorders.changes import Changes
from api.workorders.screens import Screens
from foundation.settings import Environment
from identity.sessions import Origin

LONGEST_DEVICE = 100
CONNECTION_INIT_SECONDS = 10
MOST_SUBSCRIPTIONS = 50
"""On one WebSocket."""


class StrictWebSocket(ASGIWebSocketAdapter):
    """Ends a connection that sends anything but messages of the protocol, each part of the type that it has there."""

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
            if not _is_message(message):
                raise NonJsonMessageReceived
            yield message


def _is_message(message: object) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    payload = message.get("payload")
    if not isinstance(payload, dict | None) or not isinstance(message.get("id"), str | None):
        return False
    if message["type"] == "subscribe":
        return payload is not None and message.get("id") is not None and _misfit(payload) is None
    return message["type"] != "complete" or message.get("id") is not None


class GraphQLView(GraphQL[Context, None]):
    """`/graphql`: POST of JSON or multipart; GET for queries, and for GraphiQL in development; WebSocket; SSE."""

    websocket_adapter_class = StrictWebSocket

    def __init__(self, services: Services, schema: CitySchema, changes: Changes, screens: Screens) -> None:
        development = services.settings.environment is Environment.DEVELOPMENT
        super().__init__(
            schema,
            graphql_ide="graphiql" if development else None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=CONNECTION_INIT_SECONDS),
            multipart_uploads_enabled=True,
            max_subscriptions_per_connection=MOST_SUBSCRIPTIONS,
        )
        self._services, self._changes, self._screens = services, changes, screens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self.run(request)
        except HTTPException as error:
            response = told(error.status_code, "MALFORMED", f"{MALFORMED}：{error.reason}", request_id_of(scope))
        finally:
            await request.close()  # what was uploaded
        await response(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        headers, client = request.headers, request.client
        context = Context(
            services=self._services,
            changes=self._changes,
            screens=self._screens,
            request_id=request_id_of(request.scope),
            origin=Origin(client.host if client else "", headers.get("x-device-id", "")[:LONGEST_DEVICE] or None),
            token=bearer(headers.get("authorization")),
        )
        await context.authenticate()
        request.scope["state"]["context"] = context
        return context

    async def on_ws_connect(self, context: Context) -> Any:
        """A browser cannot set headers on a WebSocket: `connection_init` carries `{"authorization": "Bearer …"}`."""
        given = (context.connection_params or {}).get("authorization")
        if isinstance(given, str):
            context.token = bearer(given)
            await context.authenticate()
        return UNSET

    async def render_graphql_ide(self, request: Request) -> Response:
        return explorer.page()

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData | list[GraphQLRequestData]:
        content_type = (request.content_type or "").partition(";")[0].strip().lower()
        if request.method != "POST" or content_type != "application/json" or "event-stream" in _accept(request):
            return await super().parse_http_body(request)
        return _request_data(self.parse_json(await request.get_body()))

    async def parse_multipart(self, request: AsyncHTTPRequestAdapter) -> dict[str, str]:
        try:
            operations: Any = await super().parse_multipart(request)
        except (HTTPException, BodyRefused):
            raise
        except Exception:
            raise HTTPException(400, "The multipart request does not follow the GraphQL multipart spec") from None
        _request_data(operations)
        fields: dict[str, str] = operations
        return fields

    def parse_query_params(self, params: Any) -> dict[str, Any]:
        fields = super().parse_query_params(params)
        _request_data(fields)
        return fields

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        return Response(orjson.dumps(response_data), media_type="application/json")


def _accept(request: AsyncHTTPRequestAdapter) -> str:
    return str(request.headers.get("accept", ""))


def _misfit(data: dict[str, Any]) -> str | None:
    """The part of a request that has not the type that the spec gives it."""
    types = {"query": str, "variables": dict, "operationName": str, "extensions": dict}
    return next((name for name, type in types.items() if not isinstance(data.get(name), type | None)), None)


def _request_data(data: Any) -> GraphQLRequestData:
    """The request, if each part has the type that the spec gives it. Raises `HTTPException`."""
    if not isinstance(data, dict):
        raise HTTPException(400, "The request must be a JSON object")
    if (name := _misfit(data)) is not None:
        raise HTTPException(400, f"`{name}` has the wrong type")
    return GraphQLRequestData(
        query=data.get("query"),
        variables=data.get("variables"),
        operation_name=data.get("operationName"),
        extensions=data.get("extensions"),
        protocol="http",
    )


def bearer(header: str | None) -> str | None:
    """The token of an `Authorization: Bearer …` header."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
