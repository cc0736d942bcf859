"""GraphiQL 接口浏览器, in development: its page and all that it needs, from here, for an intranet has no outside."""

from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse

HERE: Final = Path(__file__).parent
FOREVER: Final = "public, max-age=31536000, immutable"
"""For files that carry their version in their name."""
ASK_AGAIN: Final = "no-cache"
SCRIPT, STYLE = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
ASSETS: Final = {
    "react-18.3.1.min.js": (SCRIPT, FOREVER),
    "react-dom-18.3.1.min.js": (SCRIPT, FOREVER),
    "graphiql-3.9.0.min.js": (SCRIPT, FOREVER),
    "graphiql-3.9.0.min.css": (STYLE, FOREVER),
    "explorer.js": (SCRIPT, ASK_AGAIN),
}
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # dialogs and editors write styles of their own
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
NOT_GUESSED: Final = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}


def page() -> FileResponse:
    """`/graphql` in a browser."""
    headers = {"content-security-policy": POLICY, "cache-control": ASK_AGAIN, **NOT_GUESSED}
    return FileResponse(HERE / "index.html", media_type="text/html; charset=utf-8", headers=headers)


async def asset(request: Request) -> FileResponse:
    """`/graphql/explorer/NAME`: only the files that the page names. Raises `HTTPException`."""
    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404)
    media_type, cache = ASSETS[name]
    return FileResponse(HERE / name, media_type=media_type, headers={"cache-control": cache, **NOT_GUESSED})
