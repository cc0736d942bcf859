"""The dispatchers' verbs: classify, dispatch, adjudicate, decide what units ask for, let a successor take over."""

from foundation.errors import InvalidInput
from foundation.idempotency import Once
from foundation.texts import optional_paragraphs, paragraphs
from identity.actors import Actor
from workorders.deadlines.values import Kind, Urgency
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Office
from workorders.lifecycle.policy import hotline, requests, upstream
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.states import RequestKind

MOST_CO_UNITS = 10


async def reclassify(
    office: Office,
    actor: Actor,
    order: str,
    *,
    kind: Kind,
    urgency: Urgency,
    category: str,
    place: str,
    reason: str,
    once: Once | None = None,
) -> OrderDocument:
    """改类: the limits are computed anew from their first start."""
    why = paragraphs("reason", reason, longest=500)

    def decide(case: Case) -> Decision:
        category_path, place_path = case.terms.categories.get(category), case.terms.places.get(place)
        if category_path is None:
            raise InvalidInput.field("category", "没有这个诉求分类。")
        if place_path is None:
            raise InvalidInput.field("place", "没有这个地点。")
        return hotline.reclassify(
            case, kind=kind, urgency=urgency, category=category_path, place=place_path, reason=why
        )

    return await office.act(actor, order, decide, once=once)


async def dispatch(
    office: Office,
    actor: Actor,
    order: str,
    *,
    lead: str,
    co: tuple[str, ...] = (),
    note: str | None = None,
    once: Once | None = None,
) -> OrderDocument:
    """派单 to one lead unit 主办 and any co-units 协办."""
    said = optional_paragraphs("note", note, longest=1_000)
    _few(co)
    return await office.act(actor, order, lambda case: hotline.dispatch(case, lead, co, note=said), once=once)


async def adjudicate(
    office: Office,
    actor: Actor,
    order: str,
    *,
    lead: str,
    co: tuple[str, ...] = (),
    note: str | None = None,
    once: Once | None = None,
) -> OrderDocument:
    """裁定 by the chief dispatcher: the unit cannot return it."""
    said = optional_paragraphs("note", note, longest=1_000)
    _few(co)
    return await office.act(actor, order, lambda case: hotline.adjudicate(case, lead, co, note=said), once=once)


def _few(co: tuple[str, ...]) -> None:
    if len(co) > MOST_CO_UNITS:
        raise InvalidInput.field("co", f"协办单位最多 {MOST_CO_UNITS} 个。")


async def grant(
    office: Office,
    actor: Actor,
    order: str,
    *,
    kind: RequestKind,
    note: str | None = None,
    once: Once | None = None,
) -> OrderDocument:
    """同意 the open request of that kind."""
    said = optional_paragraphs("note", note, longest=1_000)
    return await office.act(actor, order, lambda case: requests.grant(case, kind, said), once=once)


async def refuse(
    office: Office, actor: Actor, order: str, *, kind: RequestKind, reason: str, once: Once | None = None
) -> OrderDocument:
    """驳回 the open request of that kind."""
    why = paragraphs("reason", reason, longest=1_000)
    return await office.act(actor, order, lambda case: requests.refuse(case, kind, why), once=once)


async def ask_consent(
    office: Office,
    actor: Actor,
    order: str,
    *,
    kind: RequestKind,
    note: str | None = None,
    once: Once | None = None,
) -> OrderDocument:
    """征求上级意见 on the open request of that kind: the platform that handed the order down decides it."""
    said = optional_paragraphs("note", note, longest=1_000)
    return await office.act(actor, order, lambda case: upstream.ask_consent(case, kind, said), once=once)


async def replace(
    office: Office, actor: Actor, order: str, *, assignment: str, successor: str, once: Once | None = None
) -> OrderDocument:
    """承办单位变更: the successor of an abolished unit takes over as things stand."""
    return await office.act(actor, order, lambda case: hotline.replace(case, assignment, successor), once=once)
