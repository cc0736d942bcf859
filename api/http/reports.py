"""`/reports/{file}`: a report's file, for whoever may read the report, with the same token as GraphQL."""

from starlette.requests import Request
from starlette.responses import Response

from api.http.requests import request_id_of, told
from api.http.view import bearer
from api.services import Services
from foundation.errors import NotAllowed, NotFound, Unauthenticated
from workorders.attachments.names import content_disposition
from workorders.statistics.reports.reading import download


class ReportFiles:
    """Serves files whole; one that this reader may not read does not exist."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, request: Request) -> Response:
        request_id = request_id_of(request.scope)
        try:
            token = bearer(request.headers.get("authorization"))
            if token is None:
                raise Unauthenticated
            actor = await self._services.identity.sessions.authenticate(token)
            id, _, suffix = request.path_params["file"].partition(".")
            found = await download(self._services.database, actor, id, suffix)
        except Unauthenticated as error:
            return told(401, error.code, error.message, request_id)
        except (NotFound, NotAllowed):
            return told(404, NotFound.code, NotFound.text, request_id)
        headers = {
            "Content-Type": found.media_type,
            "Content-Disposition": content_disposition(found.name),
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
        }
        return Response(found.content, headers=headers)
