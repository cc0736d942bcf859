"""Whether the process lives, and whether it can answer."""

import asyncio

from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import JSONResponse

from api.services import Services

READY_SECONDS = 2.0


async def alive(request: Request) -> JSONResponse:
    """`/healthz`: the process runs."""
    return JSONResponse({"status": "ok"})


class Ready:
    """`/readyz`: the database answers within 2 s; 503 otherwise."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, request: Request) -> JSONResponse:
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._services.database.mongo.command("ping")
        except (PyMongoError, TimeoutError):
            return JSONResponse({"status": "database unreachable"}, 503)
        return JSONResponse({"status": "ok"})
