"""The verbs of the platform above 上级平台 on what it handed down: consent, refusal, acknowledgement, callback."""

from datetime import datetime

from foundation.idempotency import Once
from foundation.texts import optional_paragraphs, paragraphs
from identity.actors import Actor
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Office
from workorders.lifecycle.policy import upstream


async def consent(
    office: Office, actor: Actor, order: str, *, request: str, note: str | None = None, once: Once | None = None
) -> OrderDocument:
    """上级同意 what it was asked: granted, with effect from when the unit asked."""
    said = optional_paragraphs("note", note, longest=1_000)
    return await office.act(actor, order, lambda case: upstream.consent(case, request, said), once=once)


async def refuse_consent(
    office: Office, actor: Actor, order: str, *, request: str, reason: str, once: Once | None = None
) -> OrderDocument:
    """上级不同意."""
    why = paragraphs("reason", reason, longest=1_000)
    return await office.act(actor, order, lambda case: upstream.refuse_consent(case, request, why), once=once)


async def acknowledge(
    office: Office, actor: Actor, order: str, *, round: int, once: Once | None = None
) -> OrderDocument:
    """上级签收 of the answer of a round."""
    return await office.act(actor, order, lambda case: upstream.acknowledge(case, round), once=once)


async def call_back(
    office: Office,
    actor: Actor,
    order: str,
    *,
    round: int,
    reached: bool,
    solved: bool | None = None,
    grade: int | None = None,
    said: str | None = None,
    due: datetime | None = None,
    once: Once | None = None,
) -> OrderDocument:
    """上级回访: a bad one forces the redo in the same transaction, any other closes the order."""
    words = optional_paragraphs("said", said, longest=2_000)
    return await office.act(
        actor,
        order,
        lambda case: upstream.call_back(case, round, reached=reached, solved=solved, grade=grade, said=words, due=due),
        once=once,
    )
