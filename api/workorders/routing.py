"""Where the dispatch catalogue would send an order, and why."""

from typing import Self

import strawberry

from api.identity.trees import Unit, units_of
from api.ids import Kind, global_id
from identity.directory import Snapshot
from workorders.routing import rules


@strawberry.type(description="A rule that would have applied too.")
class RunnerUp:
    rule: strawberry.ID
    lead: Unit
    why: str = strawberry.field(description="Why it was not taken, in Chinese.")


@strawberry.type(description="What the dispatch catalogue 派单目录 says.")
class RoutingSuggestion:
    lead: Unit | None = strawberry.field(description="Null where a person decides; the reason says what was missing.")
    co: list[Unit]
    reason: str
    basis: str = strawberry.field(description="Why that unit answers for it 依据.")
    rule: strawberry.ID | None
    auto_dispatch: bool
    runners_up: list[RunnerUp] = strawberry.field(description="All other rules that fit, most specific first.")

    @classmethod
    def of(cls, routing: rules.Routing, city: Snapshot) -> Self:
        return cls(
            lead=Unit.of(city, routing.lead) if routing.lead else None,
            co=units_of(city, routing.co),
            reason=routing.reason,
            basis=routing.basis,
            rule=global_id(Kind.RULE, routing.rule) if routing.rule else None,
            auto_dispatch=routing.auto_dispatch,
            runners_up=[
                RunnerUp(rule=global_id(Kind.RULE, other.rule), lead=Unit.of(city, other.lead), why=other.why)
                for other in routing.runners_up
            ],
        )
