"""Phone tasks 电话通知任务 of emergencies: the hotline records its calls, the unit confirms, supervisors are told.

When whose turn it is, says `lifecycle/policy/phoning.py`.
"""

from foundation.idempotency import Once
from foundation.texts import optional_paragraphs
from identity.actors import Actor
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Office
from workorders.lifecycle.policy import phoning as policy


async def phone(
    office: Office,
    actor: Actor,
    order: str,
    *,
    call: int,
    reached: bool,
    said: str | None = None,
    once: Once | None = None,
) -> OrderDocument:
    """登记通知电话: the n-th call. Reached, the unit knows; not reached, the next is on turn at once."""
    words = optional_paragraphs("said", said, longest=500)
    return await office.act(
        actor, order, lambda case: policy.phone(case, call=call, reached=reached, said=words), once=once
    )


async def confirm(office: Office, actor: Actor, order: str, *, once: Once | None = None) -> OrderDocument:
    """值班确认 by the lead unit itself."""
    return await office.act(actor, order, policy.confirm, once=once)
