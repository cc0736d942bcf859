"""What is true of every request: an id, a bounded body, a line in the log, a count, and never a stack trace."""

import asyncio
import re
import time
from typing import Any

import orjson
import structlog
from pymongo.errors import ConnectionFailure
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.context import Context
from api.http.metrics import Metrics
from api.logs import where
from foundation.ids import new_id

LARGEST_BODY = 1 << 20
LARGEST_UPLOAD = 32 << 20
BODY_SECONDS = 30.0
UPLOAD_SECONDS = 300.0
CLIENT_GONE = 499
"""For the log and the metrics: nobody was left to be answered."""
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
MALFORMED = "请求的格式不正确"
UNAVAILABLE = "系统暂时无法提供服务，请稍后重试。"
UNKNOWN = "系统出现异常，请稍后重试；如仍未解决，请提供请求编号。"

log = structlog.get_logger()


class BodyRefused(Exception):
    """The rest of the body is not waited for."""

    status: int
    code: str
    message: str


class BodyTooLarge(BodyRefused):
    """More was sent than is taken."""

    status, code, message = 413, "BODY_TOO_LARGE", "提交的内容过大。"


class BodyTooSlow(BodyRefused):
    """It did not arrive in time."""

    status, code, message = 408, "BODY_TOO_SLOW", "提交的内容传输过慢，请检查网络后重试。"


def request_id_of(scope: Scope) -> str:
    """The id of the request, as answered in `X-Request-Id`."""
    return str(scope["state"]["request_id"])


class Requests:
    """Wraps the whole application; pure ASGI, for it runs on every request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        state: dict[str, Any] = scope.setdefault("state", {})
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        id = state["request_id"] = given if REQUEST_ID.fullmatch(given) else new_id()
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0
        id_header = (b"x-request-id", id.encode())

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], id_header]
            await send(message)

        try:
            await self._app(scope, _bounded(receive, headers), sending)
        except BodyRefused as refused:
            if not status:
                await told(refused.status, refused.code, refused.message, id)(scope, receive, sending)
        except ClientDisconnect:
            status = status or CLIENT_GONE
        except asyncio.CancelledError:  # the server stops, and has waited long enough
            if not status:
                await told(503, "UNAVAILABLE", UNAVAILABLE, id)(scope, receive, sending)
        except ConnectionFailure as error:
            log.warning("database_unreachable", request=id, error=type(error).__name__)
            if not status:
                await told(503, "UNAVAILABLE", UNAVAILABLE, id)(scope, receive, sending)
        except Exception as error:
            log.error("unknown_error", request=id, error=type(error).__name__, where=where(error))
            if not status:
                await told(500, "UNKNOWN", UNKNOWN, id)(scope, receive, sending)
        finally:
            self._account(scope, state, status, time.perf_counter() - started)

    def _account(self, scope: Scope, state: dict[str, Any], status: int, seconds: float) -> None:
        context: Context | None = state.get("context")
        self._metrics.answered(_route(scope["path"]), status, seconds)
        for code in context.codes if context else ():
            self._metrics.told(code)
        log.info(
            "request",
            request=state["request_id"],
            method=scope["method"],
            path=_route(scope["path"]),
            status=status,
            ms=round(seconds * 1000, 1),
            **(context.for_log() if context else {}),
        )


def _route(path: str) -> str:
    """The path without what may identify something."""
    first = path.split("/", 2)[1]
    return f"/{first}" if first in ("graphql", "healthz", "readyz", "metrics", "files", "exchange", "exports") else "/…"


def _bounded(receive: Receive, headers: dict[bytes, bytes]) -> Receive:
    """Receives no more than is taken, 1 MiB or 32 MiB of multipart, and for no longer than 30 s or 5 min.

    Raises `BodyTooLarge`, `BodyTooSlow`.
    """
    multipart = headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
    most = LARGEST_UPLOAD if multipart else LARGEST_BODY
    announced = headers.get(b"content-length", b"0")
    received = int(announced) if announced.isdigit() else 0
    if received <= most:
        received = 0
    deadline = asyncio.get_running_loop().time() + (UPLOAD_SECONDS if multipart else BODY_SECONDS)
    whole = False

    async def bounded() -> Message:
        nonlocal received, whole
        if received > most:
            raise BodyTooLarge
        if whole:
            return await receive()  # the client's going away, for which a stream waits
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise BodyTooSlow from None
        whole = not message.get("more_body", False)
        received += len(message.get("body", b""))
        if received > most:
            raise BodyTooLarge
        return message

    return bounded


def told(status: int, code: str, message: str, request_id: str) -> Response:
    """A failure outside of GraphQL, in the same form."""
    body = {"errors": [{"message": message, "extensions": {"code": code, "requestId": request_id}}]}
    return Response(orjson.dumps(body), status, media_type="application/json")
