"""`/exchange/v1`: what platforms above 上级平台 say to us, signed, in JSON.

Whatever is wrong with a request is a client error with a stable code and a Chinese sentence. Who is not known learns
nothing more than that the signature does not fit.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http.refusals import json_answer, problem, refused
from api.http.requests import MALFORMED
from api.services import Services
from foundation.errors import DomainError, FieldFault, InvalidInput
from foundation.idempotency import Once
from foundation.moments import read_moment
from workorders.deadlines.values import Kind, Urgency
from workorders.exchange import receiving
from workorders.exchange.documents import Platform
from workorders.exchange.receiving import Exchange, HandDown
from workorders.exchange.signing import SignedRequest, read_signed
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.values import Reporter

PREFIX: Final = "/exchange/v1"
Text = Annotated[str, Field(max_length=20_000)]
Name = Annotated[str, Field(max_length=200)]
Small = Annotated[int, Field(ge=0, le=1_000)]
Moment = Annotated[datetime, BeforeValidator(read_moment)]


class Body(BaseModel):
    """A request's body: names in camel case, nothing beside what is named, every part of its own type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel)


class HandDownBody(Body):
    number: Name
    kind: Kind
    urgency: Urgency = Urgency.NORMAL
    category: Name
    place: Name
    title: Text
    detail: Text
    due: Moment | None = None
    reporting: Reporter = Reporter.OPEN
    name: Name | None = None
    phone: Name | None = None
    address: Name | None = None
    complained_of: Name | None = None


class ConsentBody(Body):
    request: Name
    consents: bool
    reason: Text | None = None


class AcknowledgementBody(Body):
    round: Small


class CallbackBody(Body):
    round: Small
    reached: bool
    solved: bool | None = None
    grade: Small | None = None
    said: Text | None = None
    due: Moment | None = None


B = TypeVar("B", bound=Body)
Verb = Callable[[Platform, str, B, Once], Awaitable[OrderDocument]]


class ExchangeApi:
    """The routes of the exchange."""

    def __init__(self, services: Services) -> None:
        self._exchange: Exchange = services.exchange

    def routes(self) -> list[Route]:
        order = f"{PREFIX}/orders/{{number}}"
        return [
            Route(f"{PREFIX}/orders", self._posted(HandDownBody, self._hand_down), methods=["POST"]),
            Route(order, self._look, methods=["GET"]),
            Route(f"{order}/consent", self._posted(ConsentBody, self._consent), methods=["POST"]),
            Route(f"{order}/acknowledgement", self._posted(AcknowledgementBody, self._acknowledge), methods=["POST"]),
            Route(f"{order}/callback", self._posted(CallbackBody, self._call_back), methods=["POST"]),
        ]

    # The verbs

    async def _hand_down(self, platform: Platform, _: str, body: HandDownBody, once: Once) -> OrderDocument:
        given = body.model_dump(exclude={"reporting", "phone"})
        handed = HandDown(**given, reporter=body.reporting, phone=body.phone)
        return await receiving.hand_down(self._exchange, platform, handed, once)

    async def _consent(self, platform: Platform, number: str, body: ConsentBody, once: Once) -> OrderDocument:
        given = body.model_dump()
        return await receiving.consent(self._exchange, platform, number, **given, once=once)

    async def _acknowledge(
        self, platform: Platform, number: str, body: AcknowledgementBody, once: Once
    ) -> OrderDocument:
        return await receiving.acknowledge(self._exchange, platform, number, round=body.round, once=once)

    async def _call_back(self, platform: Platform, number: str, body: CallbackBody, once: Once) -> OrderDocument:
        return await receiving.call_back(self._exchange, platform, number, body.model_dump(), once)

    async def _look(self, request: Request) -> Response:
        try:
            _, platform = await self._admitted(request, b"", repeatable=False)
            seen = await receiving.look(self._exchange, platform, request.path_params["number"])
        except DomainError as error:
            return refused(error, request, "exchange_refused")
        return json_answer(200, seen)

    # What all of them have in common

    def _posted(self, form: type[B], verb: Verb[B]) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint that admits, reads the body as `form` and takes the verb, once under its request id.

        It answers what stays the same: the same request again is answered with the same bytes.
        """

        async def answered(request: Request) -> Response:
            content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if content_type != "application/json":
                return problem(415, "MALFORMED", f"{MALFORMED}：须为 application/json。", request)
            try:
                signed, platform = await self._admitted(request, await request.body(), repeatable=True)
                number = request.path_params.get("number", "")
                body = _read(form, signed.body)
                operation = f"{request.method} {request.url.path}"
                once = Once.of(platform.actor.id, signed.request_id, operation, body.model_dump(mode="json"))
                document = await verb(platform, number, body, once)
            except DomainError as error:
                return refused(error, request, "exchange_refused")
            order = document.order
            number = order.upstream.number if order.upstream else number
            return json_answer(200, {"number": number, "orderNumber": order.number})

        return answered

    async def _admitted(self, request: Request, body: bytes, *, repeatable: bool) -> tuple[SignedRequest, Platform]:
        """Raises what is wrong with the signature."""
        raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        query: bytes = request.scope["query_string"]
        target = (raw + b"?" + query if query else raw).decode("latin-1")
        signed, signature = read_signed(request.method, target, body, request.headers)
        return signed, await self._exchange.gate.admit(signed, signature, repeatable=repeatable)


class _NotJson(DomainError):
    code = "MALFORMED"
    text = f"{MALFORMED}：不是有效的 JSON 对象。"


def _read(form: type[B], body: bytes) -> B:
    """Raises `InvalidInput`, naming each faulty field, and `_NotJson`."""
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
    if any(fault["type"] == "json_invalid" or not fault["loc"] for fault in faults):
        raise _NotJson
    fields = [FieldFault(".".join(map(str, fault["loc"]))[:200], _sentence(fault)) for fault in faults[:20]]
    raise InvalidInput(fields=fields)


def _sentence(fault: Mapping[str, Any]) -> str:
    match fault["type"]:
        case "missing":
            return "缺少此项。"
        case "extra_forbidden":
            return "没有此项。"
        case "string_too_long":
            return "内容过长。"
        case "value_error":
            return str(fault["ctx"]["error"])
        case _:
            return "格式不正确。"
