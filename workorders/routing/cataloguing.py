"""Keeping the dispatch catalogue: propose, replace, retire a rule, load a whole catalogue.

Every change leaves the catalogue without two rules for the same category and place on the same day, whatever runs
beside it, and is on the audit trail.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.clock import Clock
from foundation.database import Database
from foundation.errors import Busy, DomainError, FieldFault, InvalidInput
from foundation.idempotency import Once
from foundation.ids import new_id
from foundation.texts import paragraphs
from identity.actors import Actor
from identity.audit import audited
from workorders.lifecycle.terms import Terms, TermsLibrary
from workorders.routing.access import require_editor, require_loader, require_reader
from workorders.routing.documents import DispatchRule
from workorders.routing.errors import CatalogueFull, NoSuchRule, RuleHasEnded, RuleOverlaps
from workorders.routing.repository import MOST_RULES, CatalogueRepository, StoredCatalogue, ending
from workorders.routing.rules import ANY, Rule

TRIES = 8
MOST_CO_UNITS = 10
LONGEST_BASIS = 1_000

Revise = Callable[[StoredCatalogue, Change, datetime], str]
"""Judges the catalogue as it is, adds to the change, and answers the id of the rule that it is about."""


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """What a new rule says; `category` and `place` are ids of any node, or `ANY`. Both days are local and included."""

    category: str
    place: str
    lead: str
    basis: str
    valid_from: date
    valid_to: date | None = None
    co: tuple[str, ...] = ()
    auto_dispatch: bool = False

    def rule(self, id: str) -> Rule:
        return Rule(
            id=id,
            category=self.category,
            place=self.place,
            lead=self.lead,
            co=self.co,
            basis=paragraphs("basis", self.basis, longest=LONGEST_BASIS),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            auto_dispatch=self.auto_dispatch,
        )


class Cataloguing:
    """The use cases of those who keep the catalogue."""

    def __init__(self, database: Database, clock: Clock, library: TermsLibrary, catalogue: CatalogueRepository) -> None:
        self._database = database
        self._clock = clock
        self._library = library
        self._catalogue = catalogue

    async def rules(self, actor: Actor) -> tuple[DispatchRule, ...]:
        """All rules, past and future ones too. Raises `NotAllowed`."""
        require_reader(actor)
        return (await self._catalogue.catalogue()).rules

    async def propose(self, actor: Actor, draft: RuleDraft, *, once: Once | None = None) -> DispatchRule:
        """Add a rule that comes into force today or later.

        Raises `NotAllowed`, `InvalidInput`, `RuleOverlaps`, `CatalogueFull`, `KeyReused`, `Busy`.
        """
        require_editor(actor)
        terms = await self._library.current()
        rule = draft.rule(new_id())
        _check([rule], terms, not_before=terms.local_date(self._clock.now()))

        def revise(stored: StoredCatalogue, change: Change, now: datetime) -> str:
            _check_fits(rule, stored.rules)
            change.insert(DispatchRule.of(rule, at=now, by=actor.id))
            change.insert(audited(actor, "dispatch_rule_proposed", f"rule:{rule.id}", now, details=_told(rule)))
            return rule.id

        return await self._revise(revise, once)

    async def replace(
        self, actor: Actor, id: str, draft: RuleDraft, *, reason: str, once: Once | None = None
    ) -> DispatchRule:
        """Let another rule take a rule's place: the old one's last day is the day before the new one's first.

        Raises `NotAllowed`, `NoSuchRule`, `RuleHasEnded`, `InvalidInput`, `RuleOverlaps`, `KeyReused`, `Busy`.
        """
        require_editor(actor)
        why = paragraphs("reason", reason, longest=500)
        terms = await self._library.current()
        rule = draft.rule(new_id())
        _check([rule], terms, not_before=terms.local_date(self._clock.now()))
        last_day = draft.valid_from - timedelta(days=1)

        def revise(stored: StoredCatalogue, change: Change, now: datetime) -> str:
            old = _running(stored, id, last_day)
            if (old.category, old.place) != (rule.category, rule.place):
                raise InvalidInput.field("category", "替换的规则须是同一事项和地点；不同的请新增规则。")
            _check_fits(rule, [other for other in stored.rules if other.id != id])
            ending(change, old, last_day.isoformat(), why)
            change.insert(DispatchRule.of(rule, at=now, by=actor.id, replaces=id))
            change.insert(audited(actor, "dispatch_rule_replaced", f"rule:{id}", now, reason=why, details=_told(rule)))
            return rule.id

        return await self._revise(revise, once)

    async def retire(
        self, actor: Actor, id: str, *, last_day: date, reason: str, once: Once | None = None
    ) -> DispatchRule:
        """End a rule after `last_day`: yesterday at the earliest, which ends it at once.

        Raises `NotAllowed`, `NoSuchRule`, `RuleHasEnded`, `InvalidInput`, `KeyReused`, `Busy`.
        """
        require_editor(actor)
        why = paragraphs("reason", reason, longest=500)
        today = (await self._library.current()).local_date(self._clock.now())
        if last_day < today - timedelta(days=1):
            raise InvalidInput.field("lastDay", "停用日期不能早于昨天：已经派出的工单不再改变。")

        def revise(stored: StoredCatalogue, change: Change, now: datetime) -> str:
            ending(change, _running(stored, id, last_day), last_day.isoformat(), why)
            change.insert(
                audited(
                    actor, "dispatch_rule_retired", f"rule:{id}", now, reason=why, details={"last_day": str(last_day)}
                )
            )
            return id

        return await self._revise(revise, once)

    async def load(self, actor: Actor, rules: Sequence[Rule]) -> int:
        """Add many rules at once, with their own ids and with days that have passed: all of them, or none.

        Rules that are there already under their id and say the same are left alone, so that it may be repeated.
        Answers how many are new. Raises `NotAllowed`, `InvalidInput`, `RuleOverlaps`, `CatalogueFull`, `Busy`.
        """
        require_loader(actor)
        _check(rules, await self._library.current(), not_before=date.min)
        for _ in range(TRIES):
            now = self._clock.now()
            stored = await self._catalogue.catalogue()
            known = {rule.id: rule.rule() for rule in stored.rules}
            new = [rule for rule in rules if known.get(rule.id) != rule]
            if not new:
                return 0
            _check_load(new, stored.rules)
            change = Change().insert(*(DispatchRule.of(rule, at=now, by=actor.id) for rule in new))
            change.insert(
                audited(actor, "dispatch_rules_loaded", "dispatch_catalogue", now, details={"rules": len(new)})
            )
            try:
                await self._catalogue.save(change, stored, now)
                return len(new)
            except AlreadyClaimed as claimed:
                if claimed.collection == DispatchRule.collection_name() and claimed.key in known:
                    raise InvalidInput.field("id", f"派单规则编号 {claimed.key} 已被另一条规则使用。") from None
            except StaleWrite:
                continue
        raise Busy

    async def _revise(self, revise: Revise, once: Once | None) -> DispatchRule:
        """Judge and save; again from a fresh read when a rival was faster. A repeat under one key changes nothing."""
        for _ in range(TRIES):
            now = self._clock.now()
            stored = await self._catalogue.catalogue()
            change = Change()
            try:
                id = revise(stored, change, now)
                if once is not None:
                    once.record(change, id, now)
                await self._catalogue.save(change, stored, now)
            except (StaleWrite, AlreadyClaimed, DomainError) as error:
                earlier = None if once is None else await once.answer(self._database)
                if earlier is not None:
                    return await self._one(earlier)
                if isinstance(error, DomainError):
                    raise
                continue
            return await self._one(id)
        raise Busy

    async def _one(self, id: str) -> DispatchRule:
        found = await self._database.get(DispatchRule, id)
        if found is None:
            raise NoSuchRule
        return found


def _running(stored: StoredCatalogue, id: str, last_day: date) -> DispatchRule:
    """A rule that may still be given this last day. Raises `NoSuchRule`, `RuleHasEnded`."""
    found = stored.rule(id)
    if found is None:
        raise NoSuchRule
    ends = found.rule().valid_to
    if ends is not None and ends <= last_day:
        raise RuleHasEnded
    return found


def _check_fits(rule: Rule, others: Sequence[DispatchRule]) -> None:
    """Raises `RuleOverlaps`, `CatalogueFull`."""
    if len(others) >= MOST_RULES:
        raise CatalogueFull
    for other in others:
        if rule.overlaps(other.rule()):
            raise RuleOverlaps(other.rule())


def _check_load(new: Sequence[Rule], stored: Sequence[DispatchRule]) -> None:
    """The same for many rules, among themselves too: per key, so that the cost grows with their number only."""
    if len(new) + len(stored) > MOST_RULES:
        raise CatalogueFull
    by_key: dict[tuple[str, str], list[Rule]] = {}
    for rule in (*(document.rule() for document in stored), *new):
        by_key.setdefault((rule.category, rule.place), []).append(rule)
    for rule in new:
        for other in by_key[rule.category, rule.place]:
            if other is not rule and rule.overlaps(other):
                raise RuleOverlaps(other)


def _check(rules: Sequence[Rule], terms: Terms, *, not_before: date) -> None:
    """Raises `InvalidInput` with every fault of every rule."""
    faults = [fault for rule in rules for fault in _faults(rule, terms, not_before)]
    if faults:
        raise InvalidInput(faults[0].message, fields=faults)


def _faults(rule: Rule, terms: Terms, not_before: date) -> list[FieldFault]:
    faults: list[FieldFault] = []
    if rule.category != ANY and rule.category not in terms.categories:
        faults.append(FieldFault("category", f"没有这个诉求分类：{rule.category}。"))
    if rule.place != ANY and rule.place not in terms.places:
        faults.append(FieldFault("place", f"没有这个地点：{rule.place}。"))
    for path, unit in (("lead", rule.lead), *(("co", co) for co in rule.co)):
        known = terms.units.get(unit)
        if known is None:
            faults.append(FieldFault(path, f"没有这个单位：{unit}。"))
        elif known.abolished and not_before > date.min:
            faults.append(FieldFault(path, f"单位“{known.name}”已撤销。"))
    if rule.lead in rule.co or len(set(rule.co)) != len(rule.co):
        faults.append(FieldFault("co", "协办单位不能重复，也不能是主办单位。"))
    if len(rule.co) > MOST_CO_UNITS:
        faults.append(FieldFault("co", f"协办单位最多 {MOST_CO_UNITS} 个。"))
    if rule.valid_from < not_before:
        faults.append(FieldFault("validFrom", "生效日期不能早于今天。"))
    if rule.valid_to is not None and rule.valid_to < rule.valid_from:
        faults.append(FieldFault("validTo", "失效日期不能早于生效日期。"))
    return faults


def _told(rule: Rule) -> dict[str, object]:
    """What the audit trail says of a rule: ids and days."""
    return {
        "rule": rule.id,
        "category": rule.category,
        "place": rule.place,
        "lead": rule.lead,
        "co": list(rule.co),
        "valid_from": rule.valid_from.isoformat(),
        "valid_to": rule.valid_to.isoformat() if rule.valid_to else None,
        "auto_dispatch": rule.auto_dispatch,
    }
