"""Expected failures outside of GraphQL: a status, and the same code and sentence that a `Problem` has."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from api.http.requests import request_id_of
from foundation.errors import (
    Busy,
    Conflict,
    DomainError,
    FieldFault,
    InvalidInput,
    NotAllowed,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from workorders.exporting.errors import ExportTooLarge

log = structlog.get_logger()

STATUS: Final[Mapping[type[DomainError], int]] = {
    Unauthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    ExportTooLarge: 413,
    InvalidInput: 422,
    RateLimited: 429,
    Busy: 503,
}
"""What is none of these is malformed, 400."""


def refused(error: DomainError, request: Request, logged: str) -> Response:
    """An expected failure, in the form of all that go wrong outside of GraphQL; `logged` is what the log calls it."""
    log.info(logged, request=request_id_of(request.scope), code=error.code)
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 400)
    return problem(status, error.code, error.message, request, error.fields)


def problem(status: int, code: str, message: str, request: Request, fields: tuple[FieldFault, ...] = ()) -> Response:
    extensions: dict[str, Any] = {"code": code, "requestId": request_id_of(request.scope)}
    if fields:
        extensions["fields"] = [{"path": fault.path, "message": fault.message} for fault in fields]
    return json_answer(status, {"errors": [{"message": message, "extensions": extensions}]})


def json_answer(status: int, content: Mapping[str, Any]) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
