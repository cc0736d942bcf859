"""The dispatchers' verbs of merging 合并 and unmerging 取消合并."""

from foundation.idempotency import Once
from foundation.texts import optional_paragraphs, paragraphs
from identity.actors import Actor
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.errors_beside import IntoMerged
from workorders.lifecycle.office import Office
from workorders.lifecycle.policy import merging


async def merge(
    office: Office, actor: Actor, order: str, *, into: str, note: str | None = None, once: Once | None = None
) -> OrderDocument:
    """合并: the order waits for the answer of the main order `into`, with whatever was merged into itself.

    Both orders change or none does. Raises like `policy.merging.merge`, and `NotFound` where there is no main order.
    """
    said = optional_paragraphs("note", note, longest=1_000)
    main = await office.orders.by_id(into)
    number = main.order.number if main is not None else ""
    try:
        return await office.act(actor, order, lambda case: merging.merge(case, into, number, said), once=once)
    except IntoMerged as refused:
        # The one who merges sees every order: the main one may be named.
        main = await office.orders.by_id(refused.main)
        raise IntoMerged(refused.main, main.order.number if main is not None else "") from None


async def unmerge(office: Office, actor: Actor, order: str, *, reason: str, once: Once | None = None) -> OrderDocument:
    """取消合并: the order goes its own way again, its clocks as time stands. Raises `NotMerged`."""
    why = paragraphs("reason", reason, longest=1_000)
    return await office.act(actor, order, lambda case: merging.unmerge(case, why), once=once)
