"""`/exports/orders.csv` and `.xlsx`: lists of orders as files, with the same token as GraphQL or by a link.

A CSV begins at once and is sent as it is read. An Excel file is a ZIP archive whose directory stands at its end: it is
written first, and then sent with its length. What breaks off is never ended cleanly: a chunked CSV lacks its last
chunk, an Excel file some of its length.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import aclosing
from enum import Enum
from typing import Any, Final, TypeVar

import structlog
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from api.http.refusals import refused
from api.http.requests import MALFORMED, request_id_of, told
from api.http.view import bearer
from api.services import Services
from api.workorders.exports import PATH
from api.workorders.narrowing import OrderFilterInput, filter_of
from api.workorders.spans import SpanInput
from foundation.errors import DomainError, InvalidInput, Unauthenticated
from foundation.moments import read_moment
from identity.actors import Actor
from workorders.attachments.names import content_disposition
from workorders.deadlines.lights import Light
from workorders.exporting.exporting import Export
from workorders.exporting.selecting import Format, Selection, require_exporter, selected
from workorders.exporting.writing import Sheet, csv_head, csv_rows
from workorders.lifecycle.documents import UnitTask
from workorders.lifecycle.states import Status

log = structlog.get_logger()

PIECE: Final = 1 << 17
STALLED_SECONDS: Final = 60.0
"""How long a client may take for a piece; then it is taken for gone."""
TYPES: Final[Mapping[Format, str]] = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MANY: Final = frozenset({"status", "task"})
ONE: Final = frozenset(
    {"receivedStart", "receivedEnd", "dueStart", "dueEnd", "category", "place", "channel", "unit", "light"}
)
"""No person is named here: addresses are written down by whatever they pass."""

E = TypeVar("E", bound=Enum)


class _Unknown(DomainError):
    code = "MALFORMED"


class OrderExports:
    """The routes of the exports."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        return [Route(f"{PATH}.{each}", _Endpoint(self._services, each), methods=["GET"]) for each in Format]


class _Endpoint:
    """One file format, as an ASGI application."""

    def __init__(self, services: Services, format: Format) -> None:
        self._services, self._format = services, format

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, id, started = Request(scope, receive), request_id_of(scope), False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            try:
                async with asyncio.timeout(STALLED_SECONDS):
                    await send(message)
            except TimeoutError:
                raise ClientDisconnect from None

        if request.method != "GET":
            await told(405, "MALFORMED", f"{MALFORMED}：请使用 GET。", id)(scope, receive, send)
            return
        if self._format is Format.CSV and scope["http_version"] == "1.0":
            # Without chunks nobody could tell a file that broke off from a whole one.
            await told(505, "MALFORMED", f"{MALFORMED}：请使用 HTTP/1.1。", id)(scope, receive, send)
            return
        try:
            actor, selection = await self._asked(request)
            async with self._services.exports.begun(actor, selection, self._format) as export:
                sent = self._send_csv if self._format is Format.CSV else self._send_sheet
                await _while_there(receive, sent(export, sending))
        except DomainError as error:
            if not started:
                await refused(error, request, "export_refused")(scope, receive, send)
                return
            log.warning("export_broke_off", request=id, code=error.code)

    async def _asked(self, request: Request) -> tuple[Actor, Selection]:
        """By whom, and for what. Raises `Unauthenticated`, `NotAllowed`, `InvalidInput`, `LinkOver`."""
        secret = request.query_params.get("link")
        if secret is not None:
            return await self._services.links.take(secret, self._format)
        token = bearer(request.headers.get("authorization"))
        if token is None:
            raise Unauthenticated
        actor = await self._services.identity.sessions.authenticate(token)
        require_exporter(actor)
        where, light, tasks = _narrowed(request.query_params)
        return actor, selected(actor, filter_of(where, self._services.office.keyring, "", light), tasks)

    async def _send_csv(self, export: Export, send: Send) -> None:
        await send(self._start({}))
        await send(_piece(csv_head()))
        async with aclosing(export.pages()) as pages:
            async for rows in pages:
                if rows:
                    await send(_piece(csv_rows(rows)))
        await export.end(complete=True)
        await send(_piece(b"", more=False))

    async def _send_sheet(self, export: Export, send: Send) -> None:
        sheet = Sheet()
        try:
            async with aclosing(export.pages()) as pages:
                async for rows in pages:
                    await asyncio.to_thread(sheet.add, rows)
            size = await asyncio.to_thread(sheet.finish)
            await export.end(complete=True)
            await send(self._start({"Content-Length": str(size)}))
            with sheet.path.open("rb") as file:
                while piece := await asyncio.to_thread(file.read, PIECE):
                    await send(_piece(piece))
        finally:
            await asyncio.to_thread(sheet.close)
        await send(_piece(b"", more=False))

    def _start(self, more: Mapping[str, str]) -> Message:
        now = self._services.clock.now().astimezone(self._services.figures.zone)
        headers = {
            "Content-Type": TYPES[self._format],
            "Content-Disposition": content_disposition(f"工单_{now:%Y%m%d_%H%M%S}.{self._format}"),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
            **more,
        }
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        return {"type": "http.response.start", "status": 200, "headers": raw}


def _piece(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def _while_there(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, unless the client goes: then it is broken off, and `ClientDisconnect` raised."""

    async def left() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    working, leaving = asyncio.create_task(work), asyncio.create_task(left())
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            leaving.result()
            raise ClientDisconnect
        working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


def _narrowed(given: QueryParams) -> tuple[OrderFilterInput, Light | None, list[UnitTask]]:
    """What the address asks for; only `status` and `task` may be repeated. Raises `_Unknown`, `InvalidInput`."""
    for name in given:
        if name not in MANY | ONE:
            raise _Unknown(f"{MALFORMED}：没有参数 {name[:50]!r}。")
        if name in ONE and len(given.getlist(name)) > 1:
            raise _Unknown(f"{MALFORMED}：参数 {name} 只能出现一次。")
    where = OrderFilterInput(
        statuses=[_named(Status, each, "status") for each in given.getlist("status")],
        received=_span(given, "received"),
        due=_span(given, "due"),
        category=given.get("category"),  # type: ignore[arg-type]
        place=given.get("place"),  # type: ignore[arg-type]
        channel=given.get("channel"),  # type: ignore[arg-type]
        unit=given.get("unit"),  # type: ignore[arg-type]
    )
    light = given.get("light")
    return (
        where,
        None if light is None else _named(Light, light, "light"),
        [_named(UnitTask, each, "task") for each in given.getlist("task")],
    )


def _span(given: QueryParams, name: str) -> SpanInput | None:
    start, end = given.get(f"{name}Start"), given.get(f"{name}End")
    if start is None and end is None:
        return None
    moments = []
    for path, text in ((f"{name}Start", start), (f"{name}End", end)):
        try:
            moments.append(read_moment(text) if text is not None else None)
        except ValueError as error:
            raise InvalidInput.field(path, str(error)) from None
    return SpanInput(start=moments[0], end=moments[1])


def _named(enum: type[E], name: str, path: str) -> E:
    try:
        return enum[name]
    except KeyError:
        raise InvalidInput.field(path, f"没有 {name[:50]!r}。") from None
