"""Scores of real orders: traced to each of them, frozen once issued, told to those they concern."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from foundation.clock import SystemClock
from foundation.database import Database
from foundation.errors import InvalidInput, NotAllowed, NotFound
from foundation.idempotency import KeyReused, Once
from foundation.paging import PageRequest, cursor_of
from foundation.trees import Tree
from identity.actors import Actor, system_actor
from identity.directory import Snapshot
from identity.documents import AuditEntry, Unit
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.town import (
    CALLER,
    CHIEF,
    CITIZEN,
    DISPATCHER,
    LEADER,
    OPERATOR,
    REVIEWER,
    SUPERVISOR,
    UNITS,
    WATER,
    WATER_HEAD,
)  # fmt: skip
from tests.workorders.statistics.bureau import Bureau
from workorders.lifecycle import intake
from workorders.lifecycle.states import RequestKind
from workorders.statistics.assessment.documents import MODELS, SchemeVersion, UpkeepRecord, record_key
from workorders.statistics.assessment.errors import (
    BadMonth,
    ItemWithoutOrders,
    MonthIssued,
    NoScheme,
    NoSuchItem,
    SchemeVersionTaken,
)
from workorders.statistics.assessment.explaining import Cost, Explained, explained
from workorders.statistics.assessment.library import SchemeLibrary
from workorders.statistics.assessment.reading import Assessment, Assessments, Sheet
from workorders.statistics.assessment.schemes import Item, Scheme, shipped_scheme
from workorders.statistics.assessment.upkeep import UpkeepBook
from workorders.statistics.definitions import Figure, Outcome
from workorders.statistics.documents import MODELS as STATISTICS
from workorders.statistics.tallying import Dimension

NOVEMBER = "2026-11"
FIRST = PageRequest()
SIGNED = a_work_order().dispatched_to("water").signed()
LATE = SIGNED.overdue().later(days=1)
IN_TIME = SIGNED.contacted().replied().approved()
TERMINAL = system_actor("terminal")


def a_city() -> Snapshot:
    """The small town's units as a directory."""
    units = []
    for unit in UNITS.values():
        path = unit.ancestors
        units.append(Unit(_id=unit.id, name=unit.name, parent=path[-2] if len(path) > 1 else None, path=path))
    return Snapshot(Tree(units), Tree(()), Tree(()), Tree(()))


@dataclass
class Office:
    """Who assesses the small town."""

    bureau: Bureau
    assessments: Assessments
    city: Snapshot

    @property
    def now(self) -> datetime:
        return self.bureau.town.clock.now()

    async def publish(self, **changed: object) -> Scheme:
        scheme = Scheme.model_validate({**shipped_scheme().model_dump(mode="json"), **changed})
        await self.assessments.library.publish(TERMINAL, scheme)
        return scheme

    async def one(self, unit: str, actor: Actor = SUPERVISOR, month: str = NOVEMBER) -> Assessment:
        return (await self.assessments.one(actor, self.city, month, unit, self.now))[1]

    async def total(self, unit: str, month: str = NOVEMBER) -> Decimal | None:
        return (await self.one(unit, month=month)).score.total

    async def sheet(self, actor: Actor = SUPERVISOR, below: str | None = None, month: str = NOVEMBER) -> Sheet:
        return await self.assessments.sheet(actor, self.city, month, below, self.now)

    async def page(self, unit: str, item: str, actor: Actor = SUPERVISOR, request: PageRequest = FIRST) -> Explained:
        return await explained(self.assessments, actor, self.city, NOVEMBER, unit, item, request, self.now)

    async def costs(self, unit: str, item: str, actor: Actor = SUPERVISOR) -> list[Cost]:
        """A list to its end, two at a time."""
        found: list[Cost] = []
        after = None
        while True:
            page = (await self.page(unit, item, actor, PageRequest(2, after))).page
            found += page.items
            if not page.has_next:
                return found
            after = cursor_of(page.keys[-1])

    async def record(
        self,
        unit: str = "water",
        due: int = 10,
        kept: int = 9,
        *,
        actor: Actor = SUPERVISOR,
        month: str = NOVEMBER,
        reason: str = "巡检台账",
        once: Once | None = None,
    ) -> None:
        await self.assessments.upkeep.record(
            actor, self.city, month=month, unit=unit, due=due, kept=kept, reason=reason, once=once
        )


@pytest.fixture
async def office(bureau: Bureau) -> Office:
    database = bureau.town.database
    await database.prepare((*MODELS, AuditEntry))
    return office_of(bureau, a_city())


def office_of(bureau: Bureau, city: Snapshot) -> Office:
    database, clock = bureau.town.database, bureau.town.clock
    library, upkeep = SchemeLibrary(database, clock), UpkeepBook(database, clock)
    return Office(bureau, Assessments(bureau.figures, library, upkeep), city)


async def test_points_lost_are_those_of_the_orders_listed(office: Office) -> None:
    await office.publish()
    for _ in range(3):
        await LATE.made_in(office.bureau.town)
    for _ in range(4):
        await IN_TIME.made_in(office.bureau.town)
    office.bureau.town.clock.advance(timedelta(days=9))
    await office.bureau.project()
    found = (await office.one("water")).score.named("按时办结")
    assert found is not None
    assert (found.number, found.earned) == (3, Decimal("0.00"))  # four of seven: below the zero line
    costs = await office.costs("water", "按时办结")
    assert len(costs) == 3
    assert {cost.listed.outcome for cost in costs} == {Outcome.LATE_OPEN}
    assert sum(cost.points for cost in costs) == found.lost
    assert max(cost.points for cost in costs) - min(cost.points for cost in costs) <= Decimal("0.000003")
    city = (await office.one("city")).score.named("按时办结")
    assert city is not None
    assert city.number == 3
    with pytest.raises(NoSuchItem):
        await office.costs("water", "无此项")
    with pytest.raises(ItemWithoutOrders):
        await office.costs("water", "知识库维护")


async def test_whatever_an_item_loses_its_orders_sum_to_it(office: Office) -> None:
    await office.publish(items=[item(Figure.SIGNED_ON_TIME, 33.33, zero=0), item(Figure.ON_TIME, 66.67, zero=0)])
    signed_late = a_work_order().dispatched_to("water").overdue().signed()
    for life in [LATE, IN_TIME, signed_late, SIGNED.withdrawn(), SIGNED.returned()] * 2:
        await life.made_in(office.bureau.town)
    office.bureau.town.clock.advance(timedelta(days=9))
    await office.bureau.project()
    found = (await office.one("water")).score
    for each in found.items:
        costs = await office.costs("water", each.item.name)
        assert (len(costs), sum(cost.points for cost in costs)) == (each.number, each.lost)
        assert each.number > 1
        left_out = {Outcome.WITHDRAWN, Outcome.RETURNED}
        assert not left_out & {cost.listed.outcome for cost in costs}


def item(figure: Figure, weight: float, *, zero: float = 50, full: float = 100) -> dict[str, object]:
    given = {"name": figure.value, "figure": figure, "weight": weight, "zero": zero, "full": full}
    return Item.model_validate(given).model_dump(mode="json")


async def test_refused_returns_are_return_abuse(office: Office) -> None:
    await office.publish()
    abused = SIGNED.asking_for(RequestKind.RETURN).refused()
    for life in (abused, abused.asking_for(RequestKind.RETURN).refused(), SIGNED.returned()):
        await life.made_in(office.bureau.town)
    await office.bureau.project()
    found = (await office.one("water")).score.named("滥用退单")
    assert found is not None
    assert (found.numerator, found.denominator, found.number) == (3, 4, 3)  # type: ignore[union-attr]
    assert found.earned == Decimal("0.00")
    costs = await office.costs("water", "滥用退单")
    assert len({cost.listed.order for cost in costs}) == 2
    assert all(cost.listed.assignment for cost in costs)
    assert (await office.bureau.check()).differences == []
    await office.bureau.lists_sum()


async def test_a_head_is_told_the_same_score_and_shown_only_what_is_its_own(office: Office) -> None:
    """The east office was the heating office's until this morning: its score is one, its past is not water's to see."""
    await office.publish(items=[item(Figure.ON_TIME, 100, zero=0)])
    town, east = office.bureau.town, a_work_order().dispatched_to("water-east").signed().overdue().later(days=1)
    await east.made_in(town)
    east_office = UNITS["water-east"]
    town.units = {**UNITS, "water-east": replace(east_office, ancestors=("city", "heating", "water-east"))}
    await east.made_in(town)
    town.units = None
    await office.bureau.project()
    full, own = await office.one("water-east"), await office.one("water-east", WATER_HEAD)
    assert full == own
    assert full.score.items[0].number == 2
    everything = await office.page("water-east", "on_time")
    visible = await office.page("water-east", "on_time", WATER_HEAD)
    assert (everything.scored, everything.shown, len(everything.page.items)) == (2, 2, 2)
    assert (visible.scored, visible.shown, len(visible.page.items)) == (2, 1, 1)
    assert visible.page.items[0].points == Decimal("50.000000")
    assert await office.total("water") == await office.total("heating") == Decimal("0.00")
    assert (await office.one("heating")).score.items[0].denominator == 1


async def test_each_role_reads_what_it_may(office: Office) -> None:
    await office.publish()
    for actor in (SUPERVISOR, LEADER):
        assert {each.unit for each in (await office.sheet(actor)).assessments} == {"gone", "heating", "police", "water"}
    assert [each.unit for each in (await office.sheet(WATER_HEAD)).assessments] == ["water-east"]
    assert (await office.one("water", WATER_HEAD)).unit == "water"
    assert (await office.one("water-east-2", WATER_HEAD)).unit == "water-east-2"
    for unit in ("heating", "city"):
        with pytest.raises(NotAllowed):
            await office.one(unit, WATER_HEAD)
        with pytest.raises(NotAllowed):
            await office.sheet(WATER_HEAD, unit)
        with pytest.raises(NotAllowed):
            await office.page(unit, "签收", WATER_HEAD)
    for actor in (OPERATOR, DISPATCHER, CHIEF, REVIEWER, CALLER, WATER, CITIZEN):
        with pytest.raises(NotAllowed):
            await office.sheet(actor)
        with pytest.raises(NotAllowed):
            await office.one("nowhere", actor)
        with pytest.raises(NotAllowed):
            await office.page("water", "签收", actor)
    for actor in (LEADER, WATER_HEAD, OPERATOR, CITIZEN):
        with pytest.raises(NotAllowed):
            await office.record(actor=actor)
    with pytest.raises(NotAllowed):
        await office.assessments.library.publish(SUPERVISOR, shipped_scheme())
    with pytest.raises(NotFound):
        await office.one("nowhere")
    with pytest.raises(BadMonth):
        await office.sheet(month="2026-1")


async def test_an_empty_month_and_a_unit_without_orders_have_no_score_and_no_rank(office: Office) -> None:
    await office.publish(minimum=1)
    assert [(each.rank, each.score.total) for each in (await office.sheet()).assessments] == [(None, None)] * 4
    await IN_TIME.made_in(office.bureau.town)
    await office.bureau.project()
    found = (await office.sheet()).assessments
    assert [(each.unit, each.rank, each.ranked) for each in found[:2]] == [("water", 1, 1), ("gone", None, 1)]
    assert found[0].score.total == Decimal("100.00")
    assert (await office.one("heating")).score.total is None


async def test_a_month_is_compared_with_the_one_before_by_its_own_scheme(office: Office) -> None:
    await office.publish()
    await LATE.made_in(office.bureau.town)
    office.bureau.town.clock.advance(timedelta(days=20))
    await office.bureau.project()
    await office.record(due=10, kept=9)
    await office.record(due=10, kept=10, month="2026-12")
    november = await office.total("water")
    december = await office.one("water", month="2026-12")
    assert (december.previous, december.change) == (november, Decimal("100.00") - (november or 0))
    assert (await office.one("water")).previous is None


async def test_an_order_that_is_excluded_costs_nothing_any_more(office: Office) -> None:
    await office.publish(items=[item(Figure.SIGNED_ON_TIME, 100, zero=0)])
    life = a_work_order().dispatched_to("water").overdue().signed()
    _, one = await SIGNED.made_in(office.bureau.town), await life.made_in(office.bureau.town)
    await office.bureau.project()
    assert await office.total("water") == Decimal("50.00")
    await intake.withdraw(office.bureau.town.office, OPERATOR, one.id, reason="已自行解决。")
    await office.bureau.project()
    assert await office.total("water") == Decimal("100.00")
    assert await office.costs("water", "signed_on_time") == []


async def test_an_issued_score_never_changes(office: Office) -> None:
    await office.publish(items=[item(Figure.SIGNED_ON_TIME, 90, zero=0), {**UPKEEP, "weight": 10}])
    town = office.bureau.town
    await town.database.prepare(STATISTICS)
    late = await a_work_order().dispatched_to("water").overdue().signed().made_in(town)
    await SIGNED.made_in(town)
    await office.bureau.project()
    await office.record(due=10, kept=8)
    town.clock.advance(timedelta(days=20))
    before = await office.one("water")
    await office.bureau.lock(NOVEMBER)
    issued = await office.one("water")
    assert issued.score == before.score
    await intake.withdraw(town.office, OPERATOR, late.id, reason="已自行解决。")
    await office.bureau.project()
    assert await office.one("water") == issued
    with pytest.raises(MonthIssued):
        await office.record(due=10, kept=10)
    with pytest.raises(MonthIssued):
        await office.publish(version="2", valid_from=NOVEMBER)
    await office.publish(version="2", valid_from="2026-12", minimum=9)
    assert await office.one("water") == issued
    page = await office.page("water", "signed_on_time")
    assert (page.lost, page.scored, page.shown, page.page.items) == (Decimal("45.00"), 1, 0, ())


UPKEEP = next(each for each in shipped_scheme().model_dump(mode="json")["items"] if each["mark"])


async def test_upkeep_is_recorded_kept_and_counted_for_those_above(office: Office) -> None:
    await office.publish(items=[{**UPKEEP, "weight": 100}])
    await office.record("water", 10, 10)
    await office.record("water-east", 10, 8)
    office.bureau.town.clock.advance(timedelta(hours=1))
    await office.record("water-east", 10, 6, reason="复核更正")
    told = {unit: (await office.one(unit)).score.items[0] for unit in ("water", "water-east", "city", "heating")}
    assert {unit: (each.numerator, each.denominator) for unit, each in told.items()} == {
        "water": (16, 20), "water-east": (6, 10), "city": (16, 20), "heating": (0, 0),
    }  # fmt: skip
    record = await office.assessments.upkeep.of_unit(NOVEMBER, "water-east")
    assert record is not None
    assert [(each.kept, each.reason) for each in record.recorded] == [(8, "巡检台账"), (6, "复核更正")]
    audit = await office.bureau.town.database.collection(AuditEntry).find({"action": "upkeep_recorded"}).to_list()
    assert len(audit) == 3
    for wrong in ({"due": -1, "kept": 0}, {"due": 3, "kept": 4}, {"reason": " "}):
        with pytest.raises(InvalidInput):
            await office.record(**wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await office.record("nowhere")


async def test_supervisors_who_record_at_once_lose_nothing_and_a_repeat_records_once(office: Office) -> None:
    await asyncio.gather(*(office.record(kept=kept) for kept in range(6)))
    record = await office.bureau.town.database.get(UpkeepRecord, record_key(NOVEMBER, "water"))
    assert record is not None
    assert sorted(each.kept for each in record.recorded) == list(range(6))
    once = Once.of(SUPERVISOR.id, "k", "recordUpkeep", {"kept": 9})
    await asyncio.gather(*(office.record(kept=9, once=once) for _ in range(3)))
    await office.record(kept=9, once=once)
    again = await office.bureau.town.database.get(UpkeepRecord, record_key(NOVEMBER, "water"))
    assert again is not None
    assert len(again.recorded) == 7
    with pytest.raises(KeyReused):
        await office.record(kept=8, once=Once.of(SUPERVISOR.id, "k", "recordUpkeep", {"kept": 8}))


async def test_a_published_version_never_changes_and_the_last_that_holds_counts(office: Office) -> None:
    with pytest.raises(NoScheme):
        await office.sheet()
    first = await office.publish(valid_from="2026-10")
    with pytest.raises(NoScheme):
        await office.sheet(month="2026-09")
    office.bureau.town.clock.advance(timedelta(minutes=1))
    assert await office.publish(valid_from="2026-10") == first
    with pytest.raises(SchemeVersionTaken):
        await office.publish(valid_from="2026-10", minimum=7)
    second = await office.publish(valid_from="2026-12", version="2")
    third = await office.publish(valid_from="2026-10", version="1 更正", minimum=8)
    found = {month: (await office.sheet(month=month)).month.scheme for month in ("2026-10", "2026-11", "2026-12")}
    assert found == {"2026-10": third, "2026-11": third, "2026-12": second}
    listed = await office.assessments.library.published(WATER_HEAD)
    assert [each.scheme.version for each in listed] == ["2", "1 更正", first.version]


async def test_processes_that_start_at_once_publish_what_is_shipped_once(database: Database, office: Office) -> None:
    libraries = [SchemeLibrary(database, SystemClock()) for _ in range(4)]
    await asyncio.gather(*(each.publish_shipped() for each in libraries))
    assert await database.collection(SchemeVersion).count_documents({}) == 1
    assert (await libraries[0].all())[0].scheme == shipped_scheme()


async def test_the_score_of_a_unit_is_of_its_whole_subtree(office: Office) -> None:
    await office.publish(items=[item(Figure.SIGNED_ON_TIME, 100, zero=0)])
    await a_work_order().dispatched_to("water-east").overdue().signed().made_in(office.bureau.town)
    await SIGNED.made_in(office.bureau.town)
    await office.bureau.project()
    totals = [await office.total(unit) for unit in ("city", "water", "water-east")]
    assert totals == [Decimal("50.00"), Decimal("50.00"), Decimal("0.00")]
    table = await office.bureau.table(by=Dimension.UNIT, within="water")
    assert table.periods[0].total.figure(Figure.SIGNED_ON_TIME).missed == 1
