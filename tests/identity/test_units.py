import asyncio
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import Busy, Conflict, InvalidInput, NotAllowed, NotFound
from foundation.trees import Tree, TreeFault, path_below, paths_of
from identity.actors import Actor, Role
from identity.directory import Directory
from identity.documents import AuditEntry, Category, Channel, Contact, DutyShift, Place, Unit
from identity.duty import on_duty
from identity.errors import NotATree, UnitAbolished, UnitInUse
from identity.repository import Repository
from identity.units import UnitDetails
from tests.identity.conftest import ADMIN, City


async def a_city(city: City) -> None:
    units = city.identity.units
    for id, name, parent in (
        ("city", "某市", None),
        ("works", "住建局", "city"),
        ("water", "供水处", "works"),
        ("pipes", "管网所", "water"),
        ("parks", "园林局", "city"),
    ):
        await units.create(ADMIN, id, name, parent)


async def paths(city: City) -> dict[str, tuple[str, ...]]:
    city.identity.directory.forget()
    return {unit.id: unit.path for unit in (await city.identity.directory.snapshot()).units}


async def test_units_are_a_tree_with_stored_paths(city: City):
    await a_city(city)
    assert (await paths(city))["pipes"] == ("city", "works", "water", "pipes")
    tree = (await city.identity.directory.snapshot()).units
    assert tree.names("water") == ("某市", "住建局", "供水处")
    assert [u.id for u in tree.subtree("works")] == ["works", "water", "pipes"]
    assert [u.id for u in tree.children(None)] == ["city"]
    assert tree.is_within("pipes", "works")
    assert not tree.is_within("parks", "works")
    assert tree.path("nowhere") == ()


async def test_moving_a_unit_takes_all_below_it_along(city: City):
    await a_city(city)
    await city.identity.units.move(ADMIN, Unit, "water", "parks")
    assert await paths(city) == paths_of(
        {"city": None, "works": "city", "parks": "city", "water": "parks", "pipes": "water"}
    )


async def test_two_moves_at_once_never_close_a_circle(city: City):
    for round in range(5):
        await city.database.collection(Unit).delete_many({})
        await city.identity.units.create(ADMIN, "root", "根", None)
        for id in ("a", "b"):
            await city.identity.units.create(ADMIN, id, id, "root")
        answers = await asyncio.gather(
            city.another_process().units.move(ADMIN, Unit, "a", "b"),
            city.another_process().units.move(ADMIN, Unit, "b", "a"),
            return_exceptions=True,
        )
        assert sum(not isinstance(a, BaseException) for a in answers) == 1, (round, answers)
        stored = {u.id: u for u in (await city.another_process().directory.snapshot()).units}
        assert {id: u.path for id, u in stored.items()} == paths_of({id: u.parent for id, u in stored.items()})


async def test_no_unit_is_made_below_one_that_moves_away_meanwhile(city: City):
    await a_city(city)
    await asyncio.gather(
        city.another_process().units.move(ADMIN, Unit, "water", "parks"),
        *(city.another_process().units.create(ADMIN, f"new{n}", "新", "pipes") for n in range(4)),
        return_exceptions=True,
    )
    stored = {u.id: u for u in (await city.another_process().directory.snapshot()).units}
    assert {id: u.path for id, u in stored.items()} == paths_of({id: u.parent for id, u in stored.items()})


async def test_what_is_no_tree_is_refused(city: City):
    await a_city(city)
    units = city.identity.units
    before = await city.everything_stored()
    for id, parent in (("works", "pipes"), ("works", "works"), ("city", "pipes")):
        with pytest.raises(NotATree):
            await units.move(ADMIN, Unit, id, parent)
    for attempt in (
        units.move(ADMIN, Unit, "nowhere", "city"),
        units.move(ADMIN, Unit, "works", "nowhere"),
        units.create(ADMIN, "x", "某", "nowhere"),
        units.change(ADMIN, "nowhere", name="某"),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(UnitInUse):
        await units.create(ADMIN, "works", "某", None)
    for bad in ("", "X", "有", "a b", "../x", "x" * 41, "a\n"):
        with pytest.raises(InvalidInput):
            await units.create(ADMIN, bad, "某", None)
    with pytest.raises(InvalidInput):
        await units.create(ADMIN, "x", " ", None)
    with pytest.raises(InvalidInput, match="不存在"):
        await units.create(ADMIN, "x", "某", None, UnitDetails(categories=["unknown"]))
    assert await city.everything_stored() == before


async def test_no_unit_is_made_below_one_that_is_abolished_meanwhile(city: City):
    await a_city(city)
    for n in range(8):
        await city.identity.units.create(ADMIN, f"u{n}", "某", "city")
        await asyncio.gather(
            city.another_process().units.abolish(ADMIN, f"u{n}", "parks"),
            city.another_process().units.create(ADMIN, f"below{n}", "某", f"u{n}"),
            return_exceptions=True,
        )
        units = (await city.another_process().directory.snapshot()).units
        above = units.get(f"u{n}")
        assert above is not None
        assert above.abolished_on is None or units.get(f"below{n}") is None


async def test_what_a_process_changed_itself_it_sees_at_once_also_while_it_reads(city: City):
    await a_city(city)
    directory = city.identity.directory
    for n in range(8):
        directory.forget()
        reading = asyncio.create_task(directory.snapshot())
        await asyncio.sleep(0)
        await city.identity.units.change(ADMIN, "works", name=f"住建局{n}")
        works = (await directory.snapshot()).units.get("works")
        assert works is not None and works.name == f"住建局{n}"
        await reading


async def test_an_abolished_unit_names_who_took_over(city: City):
    await a_city(city)
    units = city.identity.units
    with pytest.raises(Conflict, match="下级"):
        await units.abolish(ADMIN, "water", "parks")
    await units.abolish(ADMIN, "pipes", "water")
    await units.abolish(ADMIN, "water", "parks")
    snapshot = await city.identity.directory.snapshot()
    pipes = snapshot.units.get("pipes")
    assert pipes is not None
    assert pipes.abolished_on == "2027-03-01"
    heir = snapshot.successor("pipes")
    assert heir is not None
    assert heir.id == "parks"
    assert snapshot.successor("parks") is snapshot.units.get("parks")
    assert snapshot.successor("nowhere") is None
    for attempt in (
        units.abolish(ADMIN, "water", "parks"),
        units.abolish(ADMIN, "parks", "water"),
        units.create(ADMIN, "x", "某", "water"),
        units.change(ADMIN, "water", name="某"),
    ):
        with pytest.raises(UnitAbolished):
            await attempt
    for successor in ("works", "works"):
        with pytest.raises(NotATree):
            await units.abolish(ADMIN, "works", successor)


async def test_a_unit_has_calendar_contacts_duty_and_what_it_answers_for(city: City):
    await a_city(city)
    units = city.identity.units
    await units.create_node(ADMIN, Category, "water", "供水", None)
    await units.create_node(ADMIN, Category, "leak", "漏水", "water")
    await units.create_node(ADMIN, Place, "west", "西湖区", None)
    await units.create_node(ADMIN, Place, "wensan", "文三路", "west")
    await units.create_node(ADMIN, Channel, "phone", "电话", None)
    night = DutyShift(start="17:00", end="08:30", members=(Contact(name="李明", phone="13812345678"),))
    await units.change(
        ADMIN,
        "works",
        details=UnitDetails(
            calendar="always", contacts=night.members, duty=[night], categories=["water"], places=["west"]
        ),
    )
    snapshot = await city.identity.directory.snapshot()
    works = snapshot.units.get("works")
    assert works is not None
    assert works.duty == (night,)
    assert snapshot.calendar("pipes") == "always"
    assert snapshot.calendar("parks") is None
    assert snapshot.answers_for("works", "leak", "wensan")
    assert not snapshot.answers_for("works", "leak", "elsewhere")
    assert not snapshot.answers_for("parks", "leak", "wensan")
    with pytest.raises(InvalidInput, match="电话"):
        await units.change(ADMIN, "works", details=UnitDetails(contacts=[Contact(name="李明", phone="12")]))
    for shift in (
        {"start": "25:00"},
        {"start": "24:00"},
        {"end": "8:00"},
        {"days": ()},
        {"days": (0,)},
        {"members": ()},
    ):
        with pytest.raises(InvalidInput):
            await units.change(ADMIN, "works", details=UnitDetails(duty=[night.model_copy(update=shift)]))


async def test_a_unit_is_read_with_its_people_by_those_who_may_know_them(city: City):
    await a_city(city)
    works = await city.identity.units.read(Actor("x", frozenset({Role.DISPATCHER})), "works")
    assert works.id == "works"
    inside = Actor("x", frozenset({Role.UNIT_CLERK}), "works", ("city", "works"))
    assert (await city.identity.units.read(inside, "pipes")).id == "pipes"
    for stranger, id in ((inside, "parks"), (inside, "city"), (inside, "nowhere"), (ADMIN, "nowhere")):
        with pytest.raises(NotFound):
            await city.identity.units.read(stranger, id)


async def test_a_unit_names_no_calendar_that_was_never_published(city: City):
    await a_city(city)
    with pytest.raises(InvalidInput, match="日历"):
        await city.identity.units.change(ADMIN, "works", details=UnitDetails(calendar="moon"))
    for calendar in ("always", ""):
        changed = await city.identity.units.change(ADMIN, "works", details=UnitDetails(calendar=calendar))
        assert changed.calendar == (calendar or None)


async def test_reference_data_is_renamed_and_retired(city: City):
    units = city.identity.units
    await units.create_node(ADMIN, Category, "water", "供水", None)
    await units.create_node(ADMIN, Category, "leak", "漏水", None)
    await units.move(ADMIN, Category, "leak", "water")
    await units.change_node(ADMIN, Category, "leak", name="管道漏水", retired=True)
    leak = (await city.identity.directory.snapshot()).categories.get("leak")
    assert leak is not None
    assert (leak.name, leak.retired, leak.path) == ("管道漏水", True, ("water", "leak"))


async def test_changes_are_seen_by_other_processes_within_seconds(city: City):
    await a_city(city)
    other = Directory(Repository(city.database), city.clock)
    await other.snapshot()
    await city.identity.units.change(ADMIN, "works", name="建设局")
    city.clock.advance(timedelta(seconds=5))
    works = (await other.snapshot()).units.get("works")
    assert works is not None
    assert works.name == "建设局"


async def test_only_administrators_change_units_and_all_of_it_is_audited(city: City):
    await a_city(city)
    units = city.identity.units
    audited = await city.database.collection(AuditEntry).count_documents({"actor": ADMIN.id})
    assert audited == 5
    before = await city.everything_stored()
    for role in set(Role) - {Role.ADMINISTRATOR}:
        stranger = Actor("x", frozenset({role}), "works", ("city", "works"))
        for attempt in (
            units.create(stranger, "x", "某", None),
            units.change(stranger, "works", name="某"),
            units.move(stranger, Unit, "water", "parks"),
            units.abolish(stranger, "pipes", "parks"),
            units.create_node(stranger, Place, "x", "某", None),
            units.change_node(stranger, Place, "x", retired=True),
        ):
            with pytest.raises(NotAllowed):
                await attempt
    assert await city.everything_stored() == before
    assert issubclass(Busy, Exception)


# trees and duty, pure


@given(st.dictionaries(st.integers(0, 30).map(str), st.none() | st.integers(0, 30).map(str), max_size=31))
def test_paths_exist_exactly_where_every_walk_upwards_ends(parents):
    def walk(id: str | None) -> list[str] | None:
        seen: list[str] = []
        while id is not None:
            if id in seen or id not in parents or len(seen) >= 12:
                return None
            seen.append(id)
            id = parents[id]
        return seen[::-1]

    expected = {id: walk(id) for id in parents}
    if None in expected.values():
        with pytest.raises(TreeFault):
            paths_of(parents)
    else:
        assert paths_of(parents) == {id: tuple(path or ()) for id, path in expected.items()}


def test_a_path_never_holds_a_node_twice_nor_grows_without_end():
    with pytest.raises(TreeFault):
        path_below(("a", "b"), "a")
    with pytest.raises(TreeFault):
        path_below(tuple(map(str, range(12))), "x")
    assert len(Tree([])) == 0


DAY = Contact(name="白班", phone="13800000001")
NIGHT = Contact(name="夜班", phone="13800000002")
CHIEF = Contact(name="组长", phone="13800000003")
ROSTER = (
    DutyShift(days=(1, 2, 3, 4, 5), start="08:30", end="17:00", members=(DAY, CHIEF)),
    DutyShift(days=(1, 2, 3, 4, 5), start="17:00", end="08:30", members=(NIGHT, CHIEF)),
    DutyShift(days=(6, 7), members=(CHIEF,)),
)


@pytest.mark.parametrize(
    ("local", "called"),
    [
        ("2027-03-01T08:29", ()),  # Monday morning: the weekend's shift is over, Sunday has no night shift
        ("2027-03-01T08:30", (DAY, CHIEF)),
        ("2027-03-01T16:59", (DAY, CHIEF)),
        ("2027-03-01T17:00", (NIGHT, CHIEF)),
        ("2027-03-02T08:29", (NIGHT, CHIEF)),
        ("2027-03-06T08:29", (NIGHT, CHIEF)),  # Saturday morning still belongs to Friday's night
        ("2027-03-06T08:30", (CHIEF,)),
        ("2027-03-07T23:59", (CHIEF,)),
    ],
)
def test_the_roster_tells_who_is_called(local: str, called: tuple[Contact, ...]):
    assert on_duty(ROSTER, datetime.fromisoformat(local)) == called  # local times, as a roster has them


@given(st.integers(0, 7 * 24 * 60 - 1))
def test_a_shift_round_the_clock_leaves_no_minute_uncovered(minute):
    local = datetime(2027, 3, 1) + timedelta(minutes=minute)  # noqa: DTZ001
    for roster in (
        [DutyShift(members=(DAY,))],
        [DutyShift(start="17:00", end="17:00", members=(DAY,))],
        [DutyShift(start="08:00", end="20:00", members=(DAY,)), DutyShift(start="20:00", end="08:00", members=(DAY,))],
    ):
        assert on_duty(roster, local) == (DAY,)
