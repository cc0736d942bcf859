"""The verbs after the reply: the hotline's review, the callback, the citizen's rating, redo and final answer."""

from foundation.changes import Change
from foundation.idempotency import Once
from foundation.texts import optional_paragraphs, paragraphs
from identity.actors import Actor
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.intake import draft_again
from workorders.lifecycle.office import Office
from workorders.lifecycle.policy import callback, hotline, upstream
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.values import WORST_GOOD_GRADE, Closing, Order


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


async def answer_up(
    office: Office, actor: Actor, order: str, *, answer: str, once: Once | None = None
) -> OrderDocument:
    """上报答复 to the platform that handed the order down, once its reply was accepted."""
    text = paragraphs("answer", answer)
    return await office.act(actor, order, lambda case: upstream.answer_up(case, text), once=once)


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
    """评价: in the callback a good one closes and a bad one asks for a redo.

    A bad one of an answer at once 即答 opens a linked order in the same transaction: nothing is reopened.
    """
    words = optional_paragraphs("comment", comment, longest=1_000)

    def decide(case: Case) -> Decision:
        if _opens_another(case.order, grade):
            raise _OpensAnother
        return callback.rate(case, grade=grade, solved=solved, comment=words)

    try:
        return await office.act(actor, order, decide, once=once)
    except _OpensAnother:
        return await _rate_badly_answered(office, actor, order, grade, solved, words, once)


class _OpensAnother(Exception):
    """The rating opens a linked order, which has to be drafted first."""


def _opens_another(order: Order, grade: int) -> bool:
    return order.closing is Closing.ANSWERED and order.rating is None and grade > WORST_GOOD_GRADE


async def _rate_badly_answered(
    office: Office, actor: Actor, order: str, grade: int, solved: bool, words: str | None, once: Once | None
) -> OrderDocument:
    """A bad rating of an answer at once, with the order that it opens."""
    old, prepared = await office.orders.visible_to(actor, order), Change()
    opened = (await draft_again(office, actor, old, words, prepared)).id

    def open_linked(change: Change, _: OrderDocument) -> None:
        change.include(prepared)

    return await office.act(
        actor,
        order,
        lambda case: callback.rate(case, grade=grade, solved=solved, comment=words, opened=opened),
        once=once,
        beside=open_linked,
    )


async def callback_close(
    office: Office, actor: Actor, order: str, *, note: str | None = None, once: Once | None = None
) -> OrderDocument:
    """归档 after an answered call, or after enough unanswered ones."""
    said = optional_paragraphs("note", note, longest=1_000)
    return await office.act(actor, order, lambda case: callback.close(case, said), once=once)


async def callback_redo(
    office: Office, actor: Actor, order: str, *, reason: str, unit: str | None = None, once: Once | None = None
) -> OrderDocument:
    """重办, which the dispatcher decides on; `unit` is named where neither who led nor an heir can take it."""
    why = paragraphs("reason", reason, longest=1_000)
    return await office.act(actor, order, lambda case: callback.redo(case, why, unit), once=once)


async def final_answer(
    office: Office, actor: Actor, order: str, *, answer: str, once: Once | None = None
) -> OrderDocument:
    """最终答复 by the supervisor, naming the remedies."""
    text = paragraphs("answer", answer)
    return await office.act(actor, order, lambda case: callback.final_answer(case, text), once=once)
