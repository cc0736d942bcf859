"""The catalogue in the database: no two rules for the same on the same day, races included; the router follows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from foundation.clock import SettableClock
from foundation.database import Database
from foundation.errors import Conflict, DomainError, InvalidInput, NotAllowed
from foundation.idempotency import IdempotencyKey, KeyReused, Once
from foundation.working_time import shipped_calendar
from identity.actors import Actor, Role
from identity.documents import AuditEntry, Category, Place
from workorders.deadlines import shipped_pack
from workorders.lifecycle.terms import Router as LifecycleRouter
from workorders.lifecycle.terms import Terms, Unit
from workorders.routing.cataloguing import Cataloguing, RuleDraft
from workorders.routing.documents import MODELS
from workorders.routing.errors import NoSuchRule, RuleHasEnded, RuleOverlaps
from workorders.routing.repository import CatalogueRepository
from workorders.routing.router import Router
from workorders.routing.rules import ANY, Rule

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
"""The city's local date at `NOW`: it is past midnight there."""
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
HEAT = RuleDraft("heat", "east", "heat", "供热条例", TODAY, auto_dispatch=True)
ADMINISTRATOR = Actor("staff:1", frozenset({Role.ADMINISTRATOR}))
DISPATCHER = Actor("staff:2", frozenset({Role.DISPATCHER}))


class Library:
    """Today's units; versions of rules do not matter here."""

    def __init__(self) -> None:
        units = {id: Unit(id, f"单位{id}", ("city", id)) for id in ("heat", "water", "urban")}
        self.terms = Terms(
            rules=shipped_pack(),
            calendar=shipped_calendar("cn"),
            units={"city": Unit("city", "市政府", ("city",)), **units},
            categories={"heat": ("heat",), "cold": ("heat", "cold")},
            places={"city": ("city",), "east": ("city", "east")},
            channels=frozenset({"phone"}),
            calendars={},
        )

    async def current(self) -> Terms:
        return self.terms

    async def recorded(self, rules: str, calendar: str) -> Terms:
        return self.terms


class Desk:
    """Everything around one catalogue."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.library = Library()
        self.clock = SettableClock(NOW)
        self.repository = CatalogueRepository(database)
        self.cataloguing = Cataloguing(database, self.clock, self.library, self.repository)
        self.router = Router(self.repository, self.library)

    async def lead(self, on: date = TODAY, excluding: frozenset[str] = frozenset()) -> str | None:
        routing = await self.router.route(("heat", "cold"), ("city", "east"), on, excluding)
        return None if routing is None else routing.lead


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    await database.prepare([*MODELS, AuditEntry, Category, Place, IdempotencyKey])
    yield Desk(database)


def test_the_router_is_what_the_life_cycle_asks_for(desk: Desk) -> None:
    asked_for: LifecycleRouter = desk.router
    assert asked_for is desk.router


async def test_a_proposed_rule_routes_from_its_first_day_and_is_on_the_audit_trail(desk: Desk) -> None:
    rule = await desk.cataloguing.propose(ADMINISTRATOR, replace(HEAT, valid_from=TOMORROW))
    assert await desk.lead(TODAY) is None
    assert await desk.lead(TOMORROW) == "heat"
    trail = await desk.database.collection(AuditEntry).find({"subject": f"rule:{rule.id}"}).to_list()
    assert [(entry["action"], entry["actor"]) for entry in trail] == [("dispatch_rule_proposed", "staff:1")]


async def test_an_identical_key_on_a_common_day_is_refused_by_name(desk: Desk) -> None:
    first = await desk.cataloguing.propose(ADMINISTRATOR, replace(HEAT, valid_to=TOMORROW))
    with pytest.raises(RuleOverlaps, match=first.id):
        await desk.cataloguing.propose(ADMINISTRATOR, replace(HEAT, lead="water", valid_from=TOMORROW))
    later = replace(HEAT, lead="water", valid_from=TOMORROW + timedelta(days=1))
    await desk.cataloguing.propose(ADMINISTRATOR, later)
    await desk.cataloguing.propose(ADMINISTRATOR, replace(HEAT, place="city"))
    assert await desk.lead(TOMORROW) == "heat"
    assert await desk.lead(TOMORROW + timedelta(days=1)) == "water"


async def test_a_replacement_leaves_no_gap_and_the_past_as_it_was(desk: Desk) -> None:
    await desk.cataloguing.load(ADMINISTRATOR, [Rule("old", "heat", "east", "heat", (), "旧", date(2025, 1, 1))])
    new = await desk.cataloguing.replace(ADMINISTRATOR, "old", replace(HEAT, lead="urban"), reason="职责划转")
    assert new.replaces == "old"
    assert [await desk.lead(day) for day in (YESTERDAY, TODAY)] == ["heat", "urban"]
    with pytest.raises(RuleHasEnded):
        await desk.cataloguing.replace(ADMINISTRATOR, "old", replace(HEAT, lead="water"), reason="再换一次")
    with pytest.raises(InvalidInput, match="同一事项和地点"):
        await desk.cataloguing.replace(ADMINISTRATOR, new.id, replace(HEAT, place="city"), reason="换地点")


async def test_a_retired_rule_ends_with_its_last_day_yesterday_at_the_earliest(desk: Desk) -> None:
    rule = await desk.cataloguing.propose(ADMINISTRATOR, HEAT)
    with pytest.raises(InvalidInput, match="昨天"):
        await desk.cataloguing.retire(
            ADMINISTRATOR, rule.id, last_day=YESTERDAY - timedelta(days=1), reason="不再由其承办"
        )
    retired = await desk.cataloguing.retire(ADMINISTRATOR, rule.id, last_day=TOMORROW, reason="不再由其承办")
    assert (retired.valid_to, retired.ended_because) == (TOMORROW.isoformat(), "不再由其承办")
    assert [await desk.lead(TOMORROW), await desk.lead(TOMORROW + timedelta(days=1))] == ["heat", None]
    await desk.cataloguing.retire(ADMINISTRATOR, rule.id, last_day=YESTERDAY, reason="立即停用")
    assert await desk.lead(TODAY) is None
    await desk.cataloguing.propose(ADMINISTRATOR, replace(HEAT, lead="water"))
    assert await desk.lead(TODAY) == "water"
    with pytest.raises(NoSuchRule):
        await desk.cataloguing.retire(ADMINISTRATOR, "nothing", last_day=TODAY, reason="不存在")


async def test_of_many_rivals_for_one_key_exactly_one_wins(desk: Desk) -> None:
    async def propose(n: int) -> str:
        # A process of its own each: nothing is shared but the database.
        rival = Cataloguing(desk.database, desk.clock, desk.library, CatalogueRepository(desk.database))
        draft = replace(HEAT, valid_from=TODAY + timedelta(days=n % 3))
        try:
            return (await rival.propose(ADMINISTRATOR, draft)).id
        except DomainError as error:
            return error.code

    answers = await asyncio.gather(*(propose(n) for n in range(8)))
    rules = await desk.cataloguing.rules(DISPATCHER)
    assert len(rules) == 1
    assert [answer for answer in answers if answer not in ("DISPATCH_RULE_OVERLAPS", "BUSY")] == [rules[0].id]


async def test_one_key_makes_one_rule_and_other_input_under_it_is_an_error(desk: Desk) -> None:
    def once(lead: str) -> Once:
        return Once.of("staff:1", "k1", "propose", {"lead": lead})

    first = await desk.cataloguing.propose(ADMINISTRATOR, HEAT, once=once("heat"))
    again = await desk.cataloguing.propose(ADMINISTRATOR, HEAT, once=once("heat"))
    assert again.id == first.id
    with pytest.raises(KeyReused):
        await desk.cataloguing.propose(ADMINISTRATOR, replace(HEAT, lead="water"), once=once("water"))
    assert len(await desk.cataloguing.rules(DISPATCHER)) == 1


@pytest.mark.parametrize(
    ("draft", "path"),
    [
        (replace(HEAT, category="nothing"), "category"),
        (replace(HEAT, place="nowhere"), "place"),
        (replace(HEAT, lead="nobody"), "lead"),
        (replace(HEAT, co=("nobody",)), "co"),
        (replace(HEAT, co=("heat",)), "co"),
        (replace(HEAT, co=("water", "water")), "co"),
        (replace(HEAT, basis=" "), "basis"),
        (replace(HEAT, basis="a\x00"), "basis"),
        (replace(HEAT, valid_from=YESTERDAY), "validFrom"),
        (replace(HEAT, valid_to=YESTERDAY), "validTo"),
    ],
)
async def test_a_faulty_rule_is_refused_with_the_field_that_is_wrong(desk: Desk, draft: RuleDraft, path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await desk.cataloguing.propose(ADMINISTRATOR, draft)
    assert path in [fault.path for fault in refused.value.fields]
    assert await desk.cataloguing.rules(ADMINISTRATOR) == ()


@pytest.mark.parametrize("role", list(Role))
async def test_who_may_read_and_who_may_change_the_catalogue(desk: Desk, role: Role) -> None:
    actor = Actor("someone", frozenset({role}), unit_id="heat", unit_path=("city", "heat"))
    reads = {"operator", "dispatcher", "chief_dispatcher", "reviewer", "callback_agent", "supervisor"}
    allowed = {
        "rules": role in reads | {"administrator", "leadership", "system"},
        "explain": role in reads | {"administrator", "leadership", "system"},
        "propose": role in {"administrator", "chief_dispatcher"},
        "replace": role in {"administrator", "chief_dispatcher"},
        "retire": role in {"administrator", "chief_dispatcher"},
        "load": role in {"administrator", "system"},
    }
    await desk.cataloguing.load(ADMINISTRATOR, [Rule("a", "cold", "east", "heat", (), "a", TODAY)])
    before = await desk.cataloguing.rules(ADMINISTRATOR)
    keeping = desk.cataloguing
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "rules": lambda: keeping.rules(actor),
        "explain": lambda: desk.router.explain(actor, ("heat",), ("city",), TODAY),
        "propose": lambda: keeping.propose(actor, HEAT),
        "replace": lambda: keeping.replace(actor, "a", replace(HEAT, category="cold"), reason="替换"),
        "retire": lambda: keeping.retire(actor, "a", last_day=TODAY, reason="停用"),
        "load": lambda: keeping.load(actor, [Rule("b", ANY, ANY, "urban", (), "兜底", TODAY)]),
    }
    for name, call in calls.items():
        if not allowed[name]:
            with pytest.raises(NotAllowed):
                await call()
    assert await desk.cataloguing.rules(ADMINISTRATOR) == before
    for name in ("rules", "explain", "propose", "load"):
        if allowed[name]:
            await calls[name]()


async def test_loading_is_all_or_nothing_and_may_be_repeated(desk: Desk) -> None:
    rules = [
        Rule("1", "heat", "east", "heat", (), "旧", date(2024, 1, 1), date(2024, 12, 31)),
        Rule("2", "heat", "east", "water", ("heat",), "新", date(2025, 1, 1)),
        Rule("3", ANY, ANY, "urban", (), "兜底", date(2024, 1, 1)),
    ]
    overlapping = [*rules, Rule("4", ANY, ANY, "city", (), "又一个兜底", date(2026, 1, 1))]
    with pytest.raises(RuleOverlaps):
        await desk.cataloguing.load(ADMINISTRATOR, overlapping)
    assert await desk.cataloguing.rules(ADMINISTRATOR) == ()
    assert await desk.cataloguing.load(ADMINISTRATOR, rules) == 3
    assert await desk.cataloguing.load(ADMINISTRATOR, rules) == 0
    assert [await desk.lead(date(year, 6, 1)) for year in (2023, 2024, 2025)] == [None, "heat", "water"]
    with pytest.raises((InvalidInput, Conflict)):
        await desk.cataloguing.load(ADMINISTRATOR, [replace(rules[0], lead="urban")])


async def test_the_router_sees_a_change_by_another_process_and_todays_units_at_once(desk: Desk) -> None:
    await desk.cataloguing.load(ADMINISTRATOR, [Rule("3", ANY, ANY, "urban", (), "兜底", date(2024, 1, 1))])
    other = Router(CatalogueRepository(desk.database), desk.library)
    assert (await desk.lead(), await desk.lead(excluding=frozenset({"urban"}))) == ("urban", None)
    await desk.cataloguing.propose(ADMINISTRATOR, HEAT)
    routing = await other.explain(DISPATCHER, ("heat", "cold"), ("city", "east"), TODAY)
    assert (routing.lead, [one.rule for one in routing.runners_up]) == ("heat", ["3"])
    assert await desk.lead() == "heat"
    abolished = replace(desk.library.terms.units["heat"], abolished=True, successor="water")
    desk.library.terms = replace(desk.library.terms, units={**desk.library.terms.units, "heat": abolished})
    assert await desk.lead() == "water"
