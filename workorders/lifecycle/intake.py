"""Taking in 受理: a citizen, an operator or a platform above makes an order; what the citizen may do with it later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.crypto import DataKey, Keyring
from foundation.errors import Busy, InvalidInput, NotAllowed, NotFound
from foundation.events import text_place
from foundation.idempotency import Once
from foundation.ids import new_id
from foundation.outbox import OutboxRow
from foundation.phones import e164
from foundation.texts import line, optional_paragraphs, paragraphs
from identity.actors import Actor, Role
from workorders.deadlines import clocks
from workorders.deadlines.values import Kind, Urgency
from workorders.lifecycle.access import require_intake
from workorders.lifecycle.documents import NumberClaim, OrderDocument, UpstreamClaim, order_keys
from workorders.lifecycle.errors import AlreadyHandedDown, NotRatable
from workorders.lifecycle.facts import Received
from workorders.lifecycle.folding import receive
from workorders.lifecycle.office import TRIES, Beside, Office, followers
from workorders.lifecycle.policy import citizen, hotline, supervision
from workorders.lifecycle.policy.case import Decision
from workorders.lifecycle.recording import REPEATED, Step, record_intake
from workorders.lifecycle.states import Action
from workorders.lifecycle.terms import Terms
from workorders.lifecycle.values import Order, Reporter, Upstream

ON_ORDER = ("title", "name", "phone", "address")
"""The texts that lists show: kept sealed on the order too."""


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports, as taken down; `category` and `place` are ids of leaves or of any node above them.

    `phone` is written in any way: it is stored, and found, in its one form.
    """

    channel: str
    kind: Kind
    category: str
    place: str
    title: str
    detail: str
    urgency: Urgency = Urgency.NORMAL
    reporter: Reporter = Reporter.OPEN
    reporter_id: str | None = None
    name: str | None = None
    phone: str | None = None
    address: str | None = None
    complained_of: str | None = None
    upstream: Upstream | None = None
    linked_to: str | None = None
    contact_record: str | None = None
    attachments: tuple[str, ...] = field(default=())


async def take_in(
    office: Office, actor: Actor, report: Report, *, once: Once | None = None, beside: Beside | None = None
) -> OrderDocument:
    """受理: number the order, promise a date, and dispatch it at once where the catalogue says so.

    The same hand-down, or the same request under one key, twice is one order. Raises `NotAllowed`, `InvalidInput`,
    `BadPhone`, `UnknownUnit`, `AlreadyHandedDown` (for other than the first platform), `Busy`.
    """
    require_intake(actor)
    for _ in range(TRIES):
        change = Change()
        document = await draft(office, actor, report, change)
        if once is not None:
            once.record(change, document.id, document.order.received_at)
        if beside is not None:
            beside(change, document)
        try:
            await office.database.save(change)
            return document
        except StaleWrite:
            raise NotFound from None  # an intake contests nothing of its own: what it was to hang on is gone
        except AlreadyClaimed as claimed:
            earlier = await _earlier(office, actor, report, claimed, once)
            if earlier is not None:
                return earlier
    raise Busy


async def _earlier(
    office: Office, actor: Actor, report: Report, claimed: AlreadyClaimed, once: Once | None
) -> OrderDocument | None:
    """The order that the same request, or the same hand-down, made before. Raises `KeyReused`, `AlreadyHandedDown`."""
    if once is not None and (id := await once.answer(office.database)) is not None:
        return await office.orders.visible_to(actor, id)
    if claimed.collection == UpstreamClaim.collection_name() and report.upstream is not None:
        claim = await office.database.get(UpstreamClaim, upstream_key(report.upstream))
        document = None if claim is None else await office.orders.by_id(claim.order)
        if document is not None and document.reporter_id == actor.id:
            return document
        raise AlreadyHandedDown
    if claimed.collection != NumberClaim.collection_name():
        raise claimed  # what stands or falls beside the intake fell: another try heals nothing
    return None


def upstream_key(upstream: Upstream) -> str:
    return f"{upstream.source}|{upstream.number}"


async def draft(office: Office, actor: Actor, report: Report, change: Change) -> OrderDocument:
    """Add a new order to `change`, with what follows by rule. Raises like `take_in`."""
    terms = await office.library.current()
    texts = _texts(report)
    category, place = _classified(terms, report)
    if report.linked_to is not None:
        earlier = await office.orders.visible_to(actor, report.linked_to)
        if not earlier.order.ended:
            raise InvalidInput.field("linkedTo", "只能关联已办结的工单；正在办理的工单请补充情况。")
    return await _draft(office, actor, terms, report, (category, place), texts, change)


async def draft_again(
    office: Office, actor: Actor, old: OrderDocument, comment: str | None, change: Change
) -> OrderDocument:
    """Add to `change` an order for the same matter as one that rests, linked to it, with its texts and the comment.

    It stays under the category and place of the old one, as they were. Raises `NotRatable` once the texts were erased.
    """
    key, order = office.data_key(old), old.order
    if key is None:
        raise NotRatable
    first = (await office.orders.events(old))[0]
    texts = {name: key.open(sealed, text_place(first.id, name)) for name, sealed in first.sealed.items()}
    report = Report(
        channel=order.channel,
        kind=order.kind,
        urgency=order.urgency,
        category=order.category[-1],
        place=order.place[-1],
        title=texts["title"],
        detail=texts["detail"],
        reporter=order.reporter,
        name=texts.get("name"),
        phone=texts.get("phone"),
        complained_of=order.complained_of,
        linked_to=order.id,
    )
    if comment is not None:
        texts["comment"] = comment
    terms = await office.library.current()
    return await _draft(office, actor, terms, report, (order.category, order.place), texts, change)


async def _draft(
    office: Office,
    actor: Actor,
    terms: Terms,
    report: Report,
    classified: tuple[tuple[str, ...], tuple[str, ...]],
    texts: Mapping[str, str],
    change: Change,
) -> OrderDocument:
    category, place = classified
    now = office.clock.now()
    number = await office.numbers.draw(terms.local_date(now))
    received = _received(actor, report, terms, category, place, number, now)
    order = receive(new_id(), received, now)
    key = office.keyring.new_data_key()
    blank = blank_document(office.keyring, order, key, texts)
    excluded = frozenset({report.complained_of} if report.complained_of else ())
    routing = await office.router.route(category, place, terms.local_date(now), excluded)
    first = Step(actor, Decision(Action.INTAKE, received, texts), order)
    document = record_intake(change, blank, first, followers(order, terms, now, routing), key, terms.rules, now)
    change.insert(NumberClaim(_id=number, order=order.id))
    if terms.rules.supervision.repeated and supervision.may_repeat(order):
        change.insert(OutboxRow.of(REPEATED, order.id, order.version, now, {}))
    if report.upstream is not None:
        change.insert(UpstreamClaim(_id=upstream_key(report.upstream), order=order.id))
    return document


def blank_document(keyring: Keyring, order: Order, key: DataKey, texts: Mapping[str, str]) -> OrderDocument:
    """The document of a new order with its texts, before any event is chained."""
    return OrderDocument(
        _id=order.id,
        order=order,
        head="",
        data_key=keyring.wrap(key),
        sealed={name: key.seal(texts[name], f"{order.id}:{name}") for name in ON_ORDER if name in texts},
        phone_hash=keyring.keyed_hash("phone", texts["phone"]) if "phone" in texts else None,
        name_hash=keyring.keyed_hash("name", texts["name"]) if "name" in texts else None,
        **order_keys(order),
    )


def _texts(report: Report) -> Mapping[str, str]:
    texts = {
        "title": line("title", report.title, longest=100),
        "detail": paragraphs("detail", report.detail),
    }
    for name in ("name", "phone", "address"):
        given = optional_paragraphs(name, getattr(report, name), longest=200)
        if given is not None:
            if report.reporter is Reporter.ANONYMOUS and name != "address":
                raise InvalidInput.field(name, "匿名诉求不登记姓名和电话。")
            texts[name] = e164(given, name) if name == "phone" else given
    return texts


def _classified(terms: Terms, report: Report) -> tuple[tuple[str, ...], tuple[str, ...]]:
    category, place = terms.categories.get(report.category), terms.places.get(report.place)
    if category is None:
        raise InvalidInput.field("category", "没有这个诉求分类。")
    if place is None:
        raise InvalidInput.field("place", "没有这个地点。")
    if report.channel not in terms.channels:
        raise InvalidInput.field("channel", "没有这个受理渠道。")
    if report.complained_of is not None and report.complained_of not in terms.units:
        raise InvalidInput.field("complainedOf", "没有这个单位。")
    return category, place


def _received(
    actor: Actor,
    report: Report,
    terms: Terms,
    category: tuple[str, ...],
    place: tuple[str, ...],
    number: str,
    now: datetime,
) -> Received:
    rules, calendar = terms.rules, terms.calendar
    promised = clocks.citizen_due(rules, calendar, kind=report.kind, urgency=report.urgency, start=now)
    if report.upstream is not None and report.upstream.due is not None:
        promised = clocks.within_upstream(rules, calendar, promised, report.upstream.due)
    return Received(
        number=number,
        channel=report.channel,
        kind=report.kind,
        urgency=report.urgency,
        category=category,
        place=place,
        reporter=report.reporter,
        reporter_id=_reporter_id(actor, report),
        complained_of=report.complained_of,
        upstream=report.upstream,
        linked_to=report.linked_to,
        contact_record=report.contact_record,
        rules=rules.id,
        calendar=calendar.id,
        citizen=promised,
        dispatch=clocks.dispatch_due(rules, calendar, urgency=report.urgency, start=now),
        attachments=report.attachments,
    )


def _reporter_id(actor: Actor, report: Report) -> str | None:
    """Whose order it is: the citizen's, the device's or the platform's own; an operator names the caller, if known.

    Raises `NotAllowed` for a device that does not report anonymously, and for a hand-down by anybody but a platform.
    """
    if (report.upstream is not None) is not actor.has(Role.UPSTREAM):
        raise NotAllowed("上级工单由上级平台下派，须注明上级编号。")
    if actor.has(Role.ANONYMOUS_DEVICE) and report.reporter is not Reporter.ANONYMOUS:
        raise NotAllowed("未登录只能匿名反映，请登录后实名反映。")
    if actor.has(Role.CITIZEN, Role.ANONYMOUS_DEVICE, Role.UPSTREAM):
        return actor.id
    if report.reporter is Reporter.ANONYMOUS and report.reporter_id is not None:
        raise InvalidInput.field("reporter", "匿名诉求不登记来电人。")
    return report.reporter_id


async def answer_now(
    office: Office, actor: Actor, order: str, *, answer: str, once: Once | None = None
) -> OrderDocument:
    """即答: closed at first contact; the citizen may rate it while it is closed."""
    text = paragraphs("answer", answer)
    return await office.act(actor, order, lambda case: hotline.answer_now(case, text), once=once)


async def reject(
    office: Office, actor: Actor, order: str, *, channel: str, reason: str, once: Once | None = None
) -> OrderDocument:
    """不予受理, naming the right channel (110, 119, 120, courts, arbitration …)."""
    right, why = line("channel", channel, longest=50), paragraphs("reason", reason)
    return await office.act(actor, order, lambda case: hotline.reject(case, right, why), once=once)


async def supplement(
    office: Office,
    actor: Actor,
    order: str,
    *,
    text: str,
    attachments: tuple[str, ...] = (),
    once: Once | None = None,
    beside: Beside | None = None,
) -> OrderDocument:
    """补充 until the order is archived, by its citizen or an operator."""
    said = paragraphs("text", text)
    return await office.act(
        actor, order, lambda case: citizen.supplement(case, said, attachments), once=once, beside=beside
    )


async def urge(
    office: Office, actor: Actor, order: str, *, text: str | None = None, once: Once | None = None
) -> OrderDocument:
    """催办: counted, limited per day."""
    said = optional_paragraphs("text", text, longest=500)
    return await office.act(actor, order, lambda case: citizen.urge(case, said), once=once)


async def withdraw(office: Office, actor: Actor, order: str, *, reason: str, once: Once | None = None) -> OrderDocument:
    """撤单 by the citizen, or by an operator on the citizen's recorded request."""
    why = paragraphs("reason", reason, longest=500)
    return await office.act(actor, order, lambda case: citizen.withdraw(case, why), once=once)
