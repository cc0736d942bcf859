"""Exclusion 剔除 and appeal 申诉: a unit appeals, a supervisor decides, excludes and readmits; and who is told."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from foundation.changes import Change
from foundation.database import Database
from foundation.idempotency import Once
from foundation.outbox import Applied, Consumer, OutboxRow
from foundation.texts import paragraphs
from identity.actors import Actor, Role
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.events import FACTS
from workorders.lifecycle.facts import AppealDecided, Appealed, Excluded, Fact
from workorders.lifecycle.office import Office
from workorders.lifecycle.policy import exclusion as policy
from workorders.lifecycle.recording import EXCLUSIONS
from workorders.lifecycle.states import Action, ExclusionGround
from workorders.lifecycle.terms import Terms, TermsLibrary
from workorders.lifecycle.values import Order
from workorders.supervision.inbox import Inbox, Notice, People
from workorders.supervision.notices import EXCLUSION_TOPIC, appeal_told, excluded_told, readmitted_told, rejected_told

LONGEST_REASON = 2_000


async def file_appeal(
    office: Office, actor: Actor, order: str, *, ground: ExclusionGround, reason: str, once: Once | None = None
) -> OrderDocument:
    """申诉 by the head of a unit, for the order to be left out of the rates."""
    why = paragraphs("reason", reason, longest=LONGEST_REASON)
    return await office.act(actor, order, lambda case: policy.file(case, ground, why), once=once)


async def withdraw_appeal(
    office: Office, actor: Actor, order: str, *, appeal: str, once: Once | None = None
) -> OrderDocument:
    """撤回申诉 by the unit that filed it."""
    return await office.act(actor, order, lambda case: policy.withdraw(case, appeal), once=once)


async def decide_appeal(
    office: Office, actor: Actor, order: str, *, appeal: str, upheld: bool, reason: str, once: Once | None = None
) -> OrderDocument:
    """审核申诉: upheld 成立, the order is excluded with it; else 不成立."""
    why = paragraphs("reason", reason, longest=LONGEST_REASON)
    return await office.act(
        actor, order, lambda case: policy.decide(case, appeal, upheld=upheld, reason=why), once=once
    )


async def exclude(
    office: Office, actor: Actor, order: str, *, ground: ExclusionGround, reason: str, once: Once | None = None
) -> OrderDocument:
    """剔除: left out of every rate; whatever units appealed for is upheld with it."""
    why = paragraphs("reason", reason, longest=LONGEST_REASON)
    return await office.act(actor, order, lambda case: policy.exclude(case, ground, why), once=once)


async def readmit(office: Office, actor: Actor, order: str, *, reason: str, once: Once | None = None) -> OrderDocument:
    """恢复计入: it counts as if it had never been excluded."""
    why = paragraphs("reason", reason, longest=LONGEST_REASON)
    return await office.act(actor, order, lambda case: policy.readmit(case, why), once=once)


def exclusion_teller(database: Database, library: TermsLibrary, people: People, inbox: Inbox) -> Consumer:
    """The consumer that tells supervisors of each appeal that still is pending, and heads of units what was decided:
    of a rejected appeal the unit that filed it, of an exclusion and its end every unit that has or had the order."""

    async def apply(rows: Sequence[OutboxRow], now: datetime) -> Applied:
        orders = await database.get_many(OrderDocument, list({row.subject for row in rows}))
        terms, notices = await library.current(), list[Notice]()
        for row in rows:
            if row.subject not in orders:
                continue
            order, action = orders[row.subject].order, Action(row.data["action"])
            fact = FACTS[action].model_validate(row.data["fact"])
            for role, unit, (title, body) in _told(order, action, fact, terms):
                notices += [
                    Notice(who, row.id, EXCLUSION_TOPIC, title, body, order.id) for who in await people.of(role, unit)
                ]
        change = Change()
        await inbox.deliver(change, notices, now)
        return Applied(change)

    return Consumer(database, EXCLUSIONS, apply)


def _told(order: Order, action: Action, fact: Fact, terms: Terms) -> Iterator[tuple[Role, str | None, tuple[str, str]]]:
    """Who is told what: a role, at a unit or anywhere, the title and the body."""

    def name(unit: str) -> str:
        return terms.units[unit].name if unit in terms.units else unit

    match fact:
        case Appealed(appeal=filed):
            known = order.appeal(filed.id)
            if known is not None and known.pending:
                yield Role.SUPERVISOR, None, appeal_told(order.number, name(filed.unit), filed.ground)
            return
        case AppealDecided(exclusion=None, appeal=id):
            appeal = order.appeal(id)
            if appeal is not None:
                told = rejected_told(order.number, name(appeal.unit), appeal.ground)
                yield Role.UNIT_HEAD, terms.heir(appeal.unit), told
            return
        case AppealDecided(exclusion=exclusion) | Excluded(exclusion=exclusion) if exclusion is not None:
            told = excluded_told(order.number, exclusion.ground)
        case _:
            told = readmitted_told(order.number)
    for unit in dict.fromkeys(terms.heir(each.unit) for each in policy.concerned(order)):
        yield Role.UNIT_HEAD, unit, told
