"""`/files/{id}`: a file's content, for whoever may see it, with the same token as GraphQL."""

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.http.requests import request_id_of, told
from api.http.view import bearer
from api.services import Services
from foundation.errors import NotFound, Unauthenticated
from workorders.attachments.reading import download


class Files:
    """Serves files whole; one that this reader may not see does not exist."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, request: Request) -> Response:
        id = request_id_of(request.scope)
        try:
            token = bearer(request.headers.get("authorization"))
            if token is None:
                raise Unauthenticated
            actor = await self._services.identity.sessions.authenticate(token)
            found = await download(self._services.attachments, actor, request.path_params["id"])
        except Unauthenticated as error:
            return told(401, error.code, error.message, id)
        except NotFound as error:
            return told(404, error.code, error.message, id)
        headers = {**found.headers, "Content-Length": str(found.file.size)}
        if request.method == "HEAD":
            return Response(headers=headers)
        return StreamingResponse(found.content(), headers=headers)
