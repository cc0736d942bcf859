"""One API process: `python -m runtime.web`, on a port that all API processes share."""

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp
from strawberry.asgi import GraphQL

from foundation.settings import Settings, read_settings
from runtime.processes import live_and_die_with_parent, run_child
from runtime.sockets import listen

SHUTDOWN_SECONDS = 5
"""What open requests and subscriptions get before they are cut off."""


def create_app(settings: Settings) -> ASGIApp:
    """The HTTP application of one process."""

    @strawberry.type
    class Query:
        @strawberry.field
        def name(self) -> str:
            return "政通"

    async def healthy(request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/healthz", healthy),
            Route("/readyz", healthy),
            Route("/graphql", GraphQL(strawberry.Schema(Query))),
        ]
    )


def answer(app: ASGIApp, host: str, port: int) -> None:
    """Answer requests until SIGTERM, or until the supervisor is gone. Raises `PortTaken`."""
    listener = listen(host, port)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    live_and_die_with_parent(stop)
    with listener:
        server.run(sockets=[listener])


def serve(settings: Settings) -> None:
    """Run this process's share of the API until SIGTERM."""
    answer(create_app(settings), settings.host, settings.port)


if __name__ == "__main__":
    run_child(lambda: serve(read_settings()))
