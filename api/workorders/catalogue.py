"""The dispatch catalogue 派单目录 over GraphQL: its rules, and keeping them."""

from datetime import date
from typing import Annotated, Self

import strawberry

from api.context import Info
from api.fields import resolved
from api.identity.trees import Category, Node, Place, Unit, units_of
from api.ids import Kind as IdKind
from api.ids import global_id, local_id, local_ids, optional_id
from api.problems import Problem
from api.workorders.acting import KEY
from identity.directory import Snapshot
from workorders.routing.cataloguing import RuleDraft
from workorders.routing.documents import DispatchRule as RuleDocument
from workorders.routing.rules import ANY

MOST_LISTED = 500


@strawberry.type(description="One line of the catalogue: category × place → lead unit, co-units.")
class DispatchRule(Node):
    category: Category | None = strawberry.field(description="Null for any.")
    place: Place | None = strawberry.field(description="Null for any.")
    lead: Unit
    co: list[Unit]
    basis: str = strawberry.field(description="Why that unit answers for it 依据.")
    valid_from: date
    valid_to: date | None = strawberry.field(description="Its last day; null until further notice.")
    auto_dispatch: bool

    @classmethod
    def of(cls, document: RuleDocument, city: Snapshot) -> Self:
        rule = document.rule()
        return cls(
            id=global_id(IdKind.RULE, rule.id),
            category=None if rule.category == ANY else Category.of(city, rule.category),
            place=None if rule.place == ANY else Place.of(city, rule.place),
            lead=Unit.of(city, rule.lead),
            co=units_of(city, rule.co),
            basis=rule.basis,
            valid_from=rule.valid_from,
            valid_to=rule.valid_to,
            auto_dispatch=rule.auto_dispatch,
        )


@strawberry.type
class DispatchRules:
    rules: list[DispatchRule]


DispatchRuleResult = Annotated[
    DispatchRule | Problem, strawberry.union("DispatchRuleResult", description="A rule, or why there is none.")
]
DispatchRulesResult = Annotated[
    DispatchRules | Problem, strawberry.union("DispatchRulesResult", description="Rules, or why there are none.")
]


@strawberry.input(description="What a new rule says; both days are local, and included.")
class DispatchRuleInput:
    idempotency_key: str = KEY
    category: strawberry.ID | None = strawberry.field(default=None, description="Any without it.")
    place: strawberry.ID | None = strawberry.field(default=None, description="Any without it.")
    lead: strawberry.ID
    co: list[strawberry.ID] = strawberry.field(default_factory=list)
    basis: str
    valid_from: date
    valid_to: date | None = None
    auto_dispatch: bool = False
    replaces: strawberry.ID | None = strawberry.field(
        default=None, description="The rule whose place it takes: its last day is the day before."
    )
    reason: str | None = strawberry.field(default=None, description="Why it is replaced.")


@strawberry.input
class RetireDispatchRuleInput:
    idempotency_key: str = KEY
    rule: strawberry.ID
    last_day: date = strawberry.field(description="Yesterday ends it at once.")
    reason: str


@strawberry.type
class CatalogueQueries:
    @resolved("Rules of the catalogue, past and future ones too, newest first, at most 500; of a unit, for a category.")
    async def dispatch_rules(
        self, info: Info, lead: strawberry.ID | None = None, category: strawberry.ID | None = None
    ) -> DispatchRulesResult:
        context = info.context
        unit, wanted = optional_id(IdKind.UNIT, lead, "lead"), optional_id(IdKind.CATEGORY, category, "category")
        rules = [
            rule
            for rule in await context.services.cataloguing.rules(context.actor)
            if (unit is None or rule.lead == unit) and (wanted is None or rule.category == wanted)
        ]
        rules.sort(key=lambda rule: (rule.valid_from, rule.id), reverse=True)
        city = await context.city()
        return DispatchRules(rules=[DispatchRule.of(rule, city) for rule in rules[:MOST_LISTED]])


@strawberry.type
class CatalogueMutations:
    @resolved("Add a rule that comes into force today or later, or let it take another's place.")
    async def propose_dispatch_rule(self, info: Info, input: DispatchRuleInput) -> DispatchRuleResult:
        context = info.context
        actor, once = context.actor, context.once(info.field_name, input.idempotency_key, input)
        draft = RuleDraft(
            category=optional_id(IdKind.CATEGORY, input.category, "category") or ANY,
            place=optional_id(IdKind.PLACE, input.place, "place") or ANY,
            lead=local_id(IdKind.UNIT, input.lead, "lead"),
            basis=input.basis,
            valid_from=input.valid_from,
            valid_to=input.valid_to,
            co=local_ids(IdKind.UNIT, input.co, "co"),
            auto_dispatch=input.auto_dispatch,
        )
        cataloguing, replaced = context.services.cataloguing, optional_id(IdKind.RULE, input.replaces, "replaces")
        if replaced is None:
            rule = await cataloguing.propose(actor, draft, once=once)
        else:
            rule = await cataloguing.replace(actor, replaced, draft, reason=input.reason or "", once=once)
        return DispatchRule.of(rule, await context.city())

    @resolved("End a rule after a day; orders that were dispatched by it stay where they are.")
    async def retire_dispatch_rule(self, info: Info, input: RetireDispatchRuleInput) -> DispatchRuleResult:
        context = info.context
        rule = await context.services.cataloguing.retire(
            context.actor,
            local_id(IdKind.RULE, input.rule, "rule"),
            last_day=input.last_day,
            reason=input.reason,
            once=context.once(info.field_name, input.idempotency_key, input),
        )
        return DispatchRule.of(rule, await context.city())
