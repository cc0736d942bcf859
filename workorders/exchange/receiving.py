"""What a platform above may say, as verbs: hand down 下派, consent, acknowledge, call back, look.

Each comes under a request id of the platform's own: the same again answers the same, and does nothing more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from foundation.errors import InvalidInput, NotFound
from foundation.idempotency import Once
from workorders.deadlines.values import Kind, Urgency
from workorders.exchange.admitting import Gate
from workorders.exchange.documents import Platform
from workorders.exchange.messages import messages
from workorders.exchange.platforms import Platforms
from workorders.lifecycle import intake, upstream
from workorders.lifecycle.documents import OrderDocument, UpstreamClaim
from workorders.lifecycle.intake import Report, upstream_key
from workorders.lifecycle.office import Office
from workorders.lifecycle.values import Reporter, Upstream

NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a platform's own number may be: it stands in addresses as it is."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the exchange works with; one per process, made by the composition root."""

    office: Office
    gate: Gate
    platforms: Platforms


@dataclass(frozen=True, slots=True)
class HandDown:
    """What a platform hands down."""

    number: str
    kind: Kind
    category: str
    place: str
    title: str
    detail: str
    due: datetime | None = None
    urgency: Urgency = Urgency.NORMAL
    reporter: Reporter = Reporter.OPEN
    name: str | None = None
    phone: str | None = None
    address: str | None = None
    complained_of: str | None = None


async def hand_down(exchange: Exchange, platform: Platform, handed: HandDown, once: Once) -> OrderDocument:
    """下派 an order; the same number twice is one order, whatever else the second one says.

    Raises like `intake.take_in`.
    """
    if not NUMBER.fullmatch(handed.number):
        raise InvalidInput.field("number", "上级编号须为 1 至 64 个字母、数字、点、下划线或短横线，以字母或数字开头。")
    report = Report(
        channel=platform.channel,
        kind=handed.kind,
        category=handed.category,
        place=handed.place,
        title=handed.title,
        detail=handed.detail,
        urgency=handed.urgency,
        reporter=handed.reporter,
        name=handed.name,
        phone=handed.phone,
        address=handed.address,
        complained_of=handed.complained_of,
        upstream=Upstream(source=platform.id, number=handed.number, due=handed.due),
    )
    return await intake.take_in(exchange.office, platform.actor, report, once=once)


async def consent(
    exchange: Exchange,
    platform: Platform,
    number: str,
    *,
    request: str,
    consents: bool,
    reason: str | None,
    once: Once,
) -> OrderDocument:
    """Answer what it was asked 上级意见; a refusal says why. Raises `NotFound` and the rules' errors."""
    order, office = await _id_of(exchange, platform, number), exchange.office
    if consents:
        return await upstream.consent(office, platform.actor, order, request=request, note=reason, once=once)
    return await upstream.refuse_consent(office, platform.actor, order, request=request, reason=reason or "", once=once)


async def acknowledge(exchange: Exchange, platform: Platform, number: str, *, round: int, once: Once) -> OrderDocument:
    """签收 a round's answer. Raises `NotFound` and the rules' errors."""
    order = await _id_of(exchange, platform, number)
    return await upstream.acknowledge(exchange.office, platform.actor, order, round=round, once=once)


async def call_back(
    exchange: Exchange, platform: Platform, number: str, answered: Mapping[str, Any], once: Once
) -> OrderDocument:
    """回访 of a round's answer, as `lifecycle.upstream.call_back` takes it. Raises `NotFound` and the rules' errors."""
    order = await _id_of(exchange, platform, number)
    return await upstream.call_back(exchange.office, platform.actor, order, once=once, **answered)


async def look(exchange: Exchange, platform: Platform, number: str) -> Mapping[str, Any]:
    """How an order stands, with all that the platform was told of it. Raises `NotFound`."""
    orders = exchange.office.orders
    document = await orders.visible_to(platform.actor, await _id_of(exchange, platform, number))
    order, key = document.order, exchange.office.data_key(document)
    told = [message for _, message in messages(order, await orders.events(document), key)]
    return {
        "number": number,
        "orderNumber": order.number,
        "status": order.status,
        "round": order.round,
        "receivedAt": order.received_at.isoformat(),
        "promised": order.citizen.due.isoformat(),
        "answeredUpAt": _told(order.answered_up_at),
        "acknowledgedAt": _told(order.acknowledged_at),
        "closedAt": _told(order.closed_at),
        "messages": told,
    }


async def _id_of(exchange: Exchange, platform: Platform, number: str) -> str:
    """The order that the platform handed down under this number. Raises `NotFound`."""
    if not NUMBER.fullmatch(number):
        raise NotFound
    key = upstream_key(Upstream(source=platform.id, number=number))
    claim = await exchange.office.database.get(UpstreamClaim, key)
    if claim is None:
        raise NotFound
    return claim.order


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
