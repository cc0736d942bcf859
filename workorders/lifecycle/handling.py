"""The member units' verbs: sign for, contact, delegate, ask, reply, approve."""

from foundation.idempotency import Once
from foundation.ids import new_id
from foundation.texts import optional_paragraphs, paragraphs
from identity.actors import Actor
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Beside, Office
from workorders.lifecycle.policy import requests, unit
from workorders.lifecycle.values import Outcome


async def sign(office: Office, actor: Actor, order: str, *, once: Once | None = None) -> OrderDocument:
    """签收 as the lead unit."""
    return await office.act(actor, order, unit.sign, once=once)


async def co_sign(office: Office, actor: Actor, order: str, *, once: Once | None = None) -> OrderDocument:
    """签收 as a co or delegated unit."""
    return await office.act(actor, order, unit.co_sign, once=once)


async def contact(
    office: Office, actor: Actor, order: str, *, reached: bool, said: str, once: Once | None = None
) -> OrderDocument:
    """联系 the citizen: reached or not, and what was said."""
    words = paragraphs("said", said, longest=2_000)
    return await office.act(actor, order, lambda case: unit.contact(case, reached=reached, said=words), once=once)


async def delegate(
    office: Office, actor: Actor, order: str, *, to: str, note: str | None = None, once: Once | None = None
) -> OrderDocument:
    """转派 to a unit below."""
    said = optional_paragraphs("note", note, longest=1_000)
    return await office.act(actor, order, lambda case: unit.delegate(case, to, said), once=once)


async def co_reply(office: Office, actor: Actor, order: str, *, answer: str, once: Once | None = None) -> OrderDocument:
    """协办回复 to the unit above."""
    text = paragraphs("answer", answer)
    return await office.act(actor, order, lambda case: unit.co_reply(case, text), once=once)


async def submit_reply(
    office: Office,
    actor: Actor,
    order: str,
    *,
    outcome: Outcome,
    answer: str,
    internal_note: str | None = None,
    not_waiting_because: str | None = None,
    attachments: tuple[str, ...] = (),
    once: Once | None = None,
    beside: Beside | None = None,
) -> OrderDocument:
    """回复: what was done, what the citizen is told, what only the city reads."""
    text = paragraphs("answer", answer)
    note = optional_paragraphs("internalNote", internal_note)
    why = optional_paragraphs("notWaitingBecause", not_waiting_because, longest=500)
    return await office.act(
        actor,
        order,
        lambda case: unit.submit_reply(
            case,
            outcome=outcome,
            answer=text,
            internal_note=note,
            not_waiting_because=why,
            attachments=attachments,
        ),
        once=once,
        beside=beside,
    )


async def approve(
    office: Office, actor: Actor, order: str, *, note: str | None = None, once: Once | None = None
) -> OrderDocument:
    """单位审核通过 by the unit's head."""
    said = optional_paragraphs("note", note, longest=1_000)
    return await office.act(actor, order, lambda case: unit.approve(case, said), once=once)


async def send_back(
    office: Office, actor: Actor, order: str, *, reason: str, once: Once | None = None
) -> OrderDocument:
    """单位审核退回 by the unit's head."""
    why = paragraphs("reason", reason, longest=1_000)
    return await office.act(actor, order, lambda case: unit.send_back(case, why), once=once)


async def request_return(
    office: Office, actor: Actor, order: str, *, reason: str, suggested_unit: str, once: Once | None = None
) -> OrderDocument:
    """申请退单, with the unit that is believed right."""
    why, id = paragraphs("reason", reason, longest=1_000), new_id()
    return await office.act(
        actor,
        order,
        lambda case: requests.ask_return(case, id, reason=why, suggested_unit=suggested_unit),
        once=once,
    )


async def request_extension(
    office: Office, actor: Actor, order: str, *, reason: str, working_days: int, once: Once | None = None
) -> OrderDocument:
    """申请延期."""
    why, id = paragraphs("reason", reason, longest=1_000), new_id()
    return await office.act(
        actor,
        order,
        lambda case: requests.ask_extension(case, id, reason=why, working_days=working_days),
        once=once,
    )


async def request_suspension(
    office: Office, actor: Actor, order: str, *, reason: str, working_days: int, once: Once | None = None
) -> OrderDocument:
    """申请挂起."""
    why, id = paragraphs("reason", reason, longest=1_000), new_id()
    return await office.act(
        actor,
        order,
        lambda case: requests.ask_suspension(case, id, reason=why, working_days=working_days),
        once=once,
    )


async def request_complex(
    office: Office, actor: Actor, order: str, *, reason: str, once: Once | None = None
) -> OrderDocument:
    """申请疑难."""
    why, id = paragraphs("reason", reason, longest=1_000), new_id()
    return await office.act(actor, order, lambda case: requests.ask_complex(case, id, reason=why), once=once)


async def resume(
    office: Office, actor: Actor, order: str, *, note: str | None = None, once: Once | None = None
) -> OrderDocument:
    """恢复办理."""
    said = optional_paragraphs("note", note, longest=1_000)
    return await office.act(actor, order, lambda case: requests.resume(case, said), once=once)
