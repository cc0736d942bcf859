"""Attaching 附上: the three actions that take files, each claiming them in its own transaction.

A file goes to one action, once, whatever runs beside it. The same request sent again under its idempotency key finds
its files attached and is answered as before.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from foundation.changes import AlreadyClaimed, Change
from foundation.idempotency import Once
from identity.actors import Actor
from workorders.attachments.desk import AttachmentDesk
from workorders.attachments.documents import FileClaim, Upload
from workorders.attachments.errors import AttachmentTaken, TooManyAttachments, UnknownAttachment
from workorders.attachments.repository import AttachmentRepository
from workorders.attachments.values import Side
from workorders.lifecycle import handling, intake
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.intake import Report
from workorders.lifecycle.office import Beside
from workorders.lifecycle.values import Outcome


async def take_in(
    desk: AttachmentDesk,
    actor: Actor,
    report: Report,
    *,
    once: Once | None = None,
    beside: Beside | None = None,
) -> OrderDocument:
    """`intake.take_in`, with the files that the report names; `beside` adds what else stands or falls with it.

    Raises `AttachmentTaken`, `UnknownAttachment`, `TooManyAttachments` beside what an intake raises.
    """
    claims = await _claims(desk, actor, report.attachments, side=Side.REPORTER, once=once)
    with _one_taker():
        return await intake.take_in(desk.office, actor, report, once=once, beside=both(claims, beside))


async def supplement(
    desk: AttachmentDesk,
    actor: Actor,
    order: str,
    *,
    text: str,
    attachments: Sequence[str] = (),
    once: Once | None = None,
) -> OrderDocument:
    """`intake.supplement`, with files. Raises like `take_in`."""
    claims = await _claims(desk, actor, attachments, side=Side.REPORTER, once=once)
    with _one_taker():
        return await intake.supplement(
            desk.office, actor, order, text=text, attachments=tuple(attachments), once=once, beside=claims
        )


async def submit_reply(
    desk: AttachmentDesk,
    actor: Actor,
    order: str,
    *,
    outcome: Outcome,
    answer: str,
    internal_note: str | None = None,
    not_waiting_because: str | None = None,
    attachments: Sequence[str] = (),
    internal_attachments: Sequence[str] = (),
    once: Once | None = None,
) -> OrderDocument:
    """`handling.submit_reply`, with files for the citizen and files for the city alone. Raises like `take_in`."""
    files = (*attachments, *internal_attachments)
    claims = await _claims(desk, actor, files, side=Side.UNIT, internal=internal_attachments, once=once)
    with _one_taker():
        return await handling.submit_reply(
            desk.office,
            actor,
            order,
            outcome=outcome,
            answer=answer,
            internal_note=internal_note,
            not_waiting_because=not_waiting_because,
            attachments=files,
            once=once,
            beside=claims,
        )


async def _claims(
    desk: AttachmentDesk,
    actor: Actor,
    ids: Sequence[str],
    *,
    side: Side,
    internal: Collection[str] = (),
    once: Once | None,
) -> Beside | None:
    """What an action adds to its change so that it takes these uploads of the actor's own."""
    if not ids:
        return None
    if len(ids) > desk.limits.per_action or len(set(ids)) < len(ids):
        raise TooManyAttachments(desk.limits.per_action)
    repository = AttachmentRepository(desk.database)
    uploads = await repository.own_ready(actor.id, ids)
    if len(uploads) < len(ids) and (once is None or await once.answer(desk.database) is None):
        raise AttachmentTaken if await repository.taken(actor.id, ids) else UnknownAttachment

    def claim(change: Change, after: OrderDocument) -> None:
        change.discard(Upload, list(uploads))
        for upload in uploads.values():
            change.insert(
                upload.claim(after.order.changed_at),
                upload.attached(after.order, side=side, internal=upload.id in internal),
            )

    return claim


@contextmanager
def _one_taker() -> Iterator[None]:
    """Tells the slower of two actions why it failed."""
    try:
        yield
    except AlreadyClaimed as claimed:
        if claimed.collection == FileClaim.collection_name():
            raise AttachmentTaken from None
        raise


def both(first: Beside | None, second: Beside | None) -> Beside | None:
    """Two additions to a change as one."""
    if first is None or second is None:
        return first or second

    def add(change: Change, after: OrderDocument) -> None:
        first(change, after)
        second(change, after)

    return add
