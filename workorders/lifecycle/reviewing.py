"""The verbs after the reply: the hotline's review, the callback, the citizen's rating, redo and final answer."""

from foundation.idempotency import Once
from foundation.texts import optional_paragraphs, paragraphs
from identity.actors import Actor
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Office
from workorders.lifecycle.policy import callback, hotline


async def accept(
    office: Office, actor: Actor, order: str, *, note: str | None = None, once: Once | None = None
) -> OrderDocument:
    """热线审核通过: the reply counts, the citizen is called back."""
    said = optional_paragraphs("note", note, longest=1_000)
    return await office.act(actor, order, lambda case: hotline.accept(case, said), once=once)


async def send_back(
    office: Office, actor: Actor, order: str, *, reason: str, once: Once | None = None
) -> OrderDocument:
    """热线审核退回 to the unit."""
    why = paragraphs("reason", reason, longest=1_000)
    return await office.act(actor, order, lambda case: hotline.send_back(case, why), once=once)


async def callback_attempt(
    office: Office,
    actor: Actor,
    order: str,
    *,
    reached: bool,
    solved: bool | None = None,
    grade: int | None = None,
    wants_redo: bool = False,
    said: str | None = None,
    once: Once | None = None,
) -> OrderDocument:
    """回访: one call, with what the citizen answered."""
    words = optional_paragraphs("said", said, longest=2_000)
    return await office.act(
        actor,
        order,
        lambda case: callback.attempt(
            case, reached=reached, solved=solved, grade=grade, wants_redo=wants_redo, said=words
        ),
        once=once,
    )


async def rate(
    office: Office,
    actor: Actor,
    order: str,
    *,
    grade: int,
    solved: bool,
    comment: str | None = None,
    once: Once | None = None,
) -> OrderDocument:
    """评价: a good one closes, a bad one asks for a redo."""
    words = optional_paragraphs("comment", comment, longest=1_000)
    return await office.act(
        actor,
        order,
        lambda case: callback.rate(case, grade=grade, solved=solved, comment=words),
        once=once,
    )


async def callback_close(
    office: Office, actor: Actor, order: str, *, note: str | None = None, once: Once | None = None
) -> OrderDocument:
    """归档 after an answered call, or after enough unanswered ones."""
    said = optional_paragraphs("note", note, longest=1_000)
    return await office.act(actor, order, lambda case: callback.close(case, said), once=once)


async def callback_redo(
    office: Office, actor: Actor, order: str, *, reason: str, once: Once | None = None
) -> OrderDocument:
    """重办, which the dispatcher decides on."""
    why = paragraphs("reason", reason, longest=1_000)
    return await office.act(actor, order, lambda case: callback.redo(case, why), once=once)


async def final_answer(
    office: Office, actor: Actor, order: str, *, answer: str, once: Once | None = None
) -> OrderDocument:
    """最终答复 by the supervisor, naming the remedies."""
    text = paragraphs("answer", answer)
    return await office.act(actor, order, lambda case: callback.final_answer(case, text), once=once)
