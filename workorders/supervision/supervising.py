"""Supervising 督办: a supervisor opens and closes it, a leader instructs 批示, the unit answers."""

from foundation.idempotency import Once
from foundation.texts import optional_paragraphs, paragraphs
from identity.actors import Actor
from workorders.deadlines.values import SupervisionLevel
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Office
from workorders.lifecycle.policy import supervision as policy


async def supervise(
    office: Office,
    actor: Actor,
    order: str,
    *,
    level: SupervisionLevel,
    reason: str,
    requires_answer: bool = True,
    shortens: bool = False,
    once: Once | None = None,
) -> OrderDocument:
    """督办; one that shortens brings the units' replies within the supervised limit, and never postpones any."""
    why = paragraphs("reason", reason, longest=1_000)
    return await office.act(
        actor,
        order,
        lambda case: policy.supervise(
            case, level=level, reason=why, requires_answer=requires_answer, shortens=shortens
        ),
        once=once,
    )


async def instruct(
    office: Office,
    actor: Actor,
    order: str,
    *,
    level: SupervisionLevel,
    instruction: str,
    requires_answer: bool = True,
    shortens: bool = False,
    once: Once | None = None,
) -> OrderDocument:
    """批示 by a leader, which opens a supervision."""
    said = paragraphs("instruction", instruction, longest=2_000)
    return await office.act(
        actor,
        order,
        lambda case: policy.instruct(
            case, level=level, instruction=said, requires_answer=requires_answer, shortens=shortens
        ),
        once=once,
    )


async def answer(
    office: Office, actor: Actor, order: str, *, supervision: str, answer: str, once: Once | None = None
) -> OrderDocument:
    """督办回复 by the lead unit, once."""
    text = paragraphs("answer", answer)
    return await office.act(actor, order, lambda case: policy.answer(case, supervision, text), once=once)


async def close(
    office: Office,
    actor: Actor,
    order: str,
    *,
    supervision: str,
    conclusion: str,
    not_waiting_because: str | None = None,
    once: Once | None = None,
) -> OrderDocument:
    """督办办结, with its conclusion. A deadline that it brought forward stays there."""
    text = paragraphs("conclusion", conclusion, longest=2_000)
    why = optional_paragraphs("notWaitingBecause", not_waiting_because, longest=500)
    return await office.act(
        actor,
        order,
        lambda case: policy.close(case, supervision, conclusion=text, not_waiting_because=why),
        once=once,
    )
