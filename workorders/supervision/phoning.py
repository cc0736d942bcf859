"""Phone tasks 电话通知任务 of emergencies: the hotline records its calls, the unit confirms, supervisors are told.

When whose turn it is, says `lifecycle/policy/phoning.py`.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog

from foundation.changes import Change
from foundation.database import Database
from foundation.idempotency import Once
from foundation.outbox import Applied, Consumer, OutboxRow
from foundation.texts import optional_paragraphs
from identity import duty
from identity.actors import Actor, Role
from identity.documents import Contact, Unit
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.office import Office
from workorders.lifecycle.policy import phoning as policy
from workorders.lifecycle.recording import PHONE_TASKS
from workorders.lifecycle.terms import TermsLibrary
from workorders.lifecycle.values import PhoneTask
from workorders.supervision.inbox import Inbox, Notice, People
from workorders.supervision.notices import PHONE_TOPIC, phone_body, phone_title

log = structlog.get_logger()


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


def to_call(task: PhoneTask, unit: Unit, local: datetime) -> tuple[Contact, ...]:
    """Whom to call now, in this order, by the unit's records of today: whose turn it is; where there is nobody, as for
    the supervisors, everybody on duty, else the unit's contacts. Nobody once the task is over."""
    if not task.open:
        return ()
    on_turn = None
    if task.due is not None:
        on_turn = duty.known_as(unit.duty, task.calls[-1].who)
    return (on_turn,) if on_turn is not None else duty.on_duty(unit.duty, local) or unit.contacts


def supervisors_caller(database: Database, library: TermsLibrary, people: People, inbox: Inbox) -> Consumer:
    """The consumer that tells supervisors of each phone task that is theirs now, once; of one that is over by then it
    tells nobody."""

    async def apply(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        orders = await database.get_many(OrderDocument, list({row.subject for row in rows}))
        supervisors = await people.of(Role.SUPERVISOR, None)
        units = (await library.current()).units
        notices = []
        for row in rows:
            order = orders[row.subject].order if row.subject in orders else None
            task = order.phone_task if order is not None else None
            if order is None or task is None or not task.open or task.escalated_at is None:
                continue
            if not supervisors:
                log.warning("phone_task_told_nobody", order=order.id)
            unit = units[task.unit].name if task.unit in units else task.unit
            title, body = phone_title(order.number), phone_body(order.number, unit)
            notices += [Notice(who, row.id, PHONE_TOPIC, title, body, order.id) for who in supervisors]
        change = Change()
        await inbox.deliver(change, notices, now)
        return Applied(change, frozenset())

    return Consumer(database, PHONE_TASKS, apply)
