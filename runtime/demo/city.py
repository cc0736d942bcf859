"""The demo city's trees, dispatch catalogue, staff and residents, made of the tables. Pure; the same for a seed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from random import Random

from stdnum.cn import ric

from identity.actors import Role
from runtime.demo import tables
from runtime.demo.tables import BureauTable, Group, Leaf
from workorders.routing.rules import Rule

RESIDENTS = 120
UNUSED_COUNTY = "379999"
"""A county code that was never given out: such ID numbers pass every check and belong to nobody."""
MOBILE_PREFIX = "1990000"
UNIT_PHONE_PREFIX = "1990001"
"""Numbers of a range in which nobody answers."""
STREETS_WITH_DUTIES = ("990102", "990103", "990104")
"""The districts whose streets took over duties 下沉街道."""
HEAT_BRANCHES = {"990102": "heat_east", "990104": "heat_east", "990103": "heat_west", "990105": "heat_west"}


@dataclass(frozen=True, slots=True)
class Node:
    """A place or category; `path` is root first, itself last."""

    id: str
    name: str
    parent: str | None
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoUnit(Node):
    phone: str
    round_the_clock: bool = False
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoStaff:
    login: str
    name: str
    roles: tuple[Role, ...]
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class DemoResident:
    name: str
    number: str
    mobile: str


@dataclass(frozen=True, slots=True)
class DemoCity:
    places: Mapping[str, Node]
    categories: Mapping[str, Node]
    leaves: Mapping[str, tuple[Group, Leaf]]
    units: Mapping[str, DemoUnit]
    rules: tuple[Rule, ...]
    staff: tuple[DemoStaff, ...]
    residents: tuple[DemoResident, ...]

    @property
    def communities(self) -> tuple[Node, ...]:
        return tuple(place for place in self.places.values() if len(place.path) == 4)

    def estates(self, community: str) -> tuple[str, ...]:
        """The three housing estates 小区 of a community: neighbours complain of the same one."""
        names, kinds = tables.places().estates, tables.places().estate_kinds
        n = [place.id for place in self.communities].index(community)
        return tuple(names[(3 * n + k) % len(names)] + kinds[(n // 5 + k) % len(kinds)] for k in range(3))

    def named(self, path: tuple[str, ...]) -> str:
        """The place as one writes it: 澄阳区文澜街道学宫社区."""
        return "".join(self.places[id].name for id in path[1:])


def make_city(seed: int, today: date) -> DemoCity:
    """The whole city; its catalogue came into force on 1 January of the year before `today`."""
    random = Random(f"city {seed}")  # noqa: S311 (plausible, not secret)
    places = {node.id: node for node in _places()}
    categories, leaves = _categories()
    units = {unit.id: unit for unit in _units()}
    return DemoCity(
        places=places,
        categories=categories,
        leaves=leaves,
        units=units,
        rules=tuple(_rules(date(today.year - 1, 1, 1), categories, leaves, units)),
        staff=tuple(_staff(random, units)),
        residents=tuple(_residents(random, today)),
    )


def _places() -> Iterator[Node]:
    table = tables.places()
    root = Node(table.city.code, table.city.name, None, (table.city.code,))
    yield root
    for area in table.area:
        area_path = (*root.path, area.code)
        yield Node(area.code, area.name, root.id, area_path)
        for s, (street, communities) in enumerate(area.streets.items(), 1):
            street_path = (*area_path, f"{area.code}{s:03}")
            yield Node(street_path[-1], street, area.code, street_path)
            for c, community in enumerate(communities, 1):
                path = (*street_path, f"{street_path[-1]}{c:03}")
                yield Node(path[-1], community, street_path[-1], path)


def _categories() -> tuple[dict[str, Node], dict[str, tuple[Group, Leaf]]]:
    nodes: dict[str, Node] = {}
    leaves: dict[str, tuple[Group, Leaf]] = {}
    for m, matter in enumerate(tables.matters(), 1):
        top = f"{m:02}"
        nodes[top] = Node(top, matter.name, None, (top,))
        for g, group in enumerate(matter.group, 1):
            second = f"{top}{g:02}"
            nodes[second] = Node(second, group.name, top, (top, second))
            for n, leaf in enumerate(group.leaf, 1):
                third = f"{second}{n:02}"
                nodes[third] = Node(third, leaf.name, second, (top, second, third))
                leaves[third] = (group, leaf)
    return nodes, leaves


def _units() -> Iterator[DemoUnit]:
    table, places = tables.units(), tables.places()
    root, whole_city = table.root.key, (places.city.code,)
    number = count(1)

    def unit(path: tuple[str, ...], name: str, of: tuple[str, ...], *, round_the_clock: bool = False) -> DemoUnit:
        parent = path[-2] if len(path) > 1 else None
        return DemoUnit(path[-1], name, parent, path, f"{UNIT_PHONE_PREFIX}{next(number):04}", round_the_clock, of)

    yield unit((root,), table.root.name, whole_city)
    paths: dict[str, tuple[str, ...]] = {}
    for bureau in table.bureau:
        paths[bureau.key] = (*paths.get(bureau.parent or "", (root,)), bureau.key)
        yield unit(paths[bureau.key], bureau.name, whole_city, round_the_clock=bureau.round_the_clock)
    for area in places.area:
        government = (root, area.code)
        yield unit(government, table.area_government.format(area=area.name), (area.code,))
        for bureau in _area_bureaux():
            name = (bureau.area or "").format(area=area.name)
            yield unit((*government, f"{area.code}-{bureau.key}"), name, (area.code,))
        for s, street in enumerate(area.streets, 1):
            code = f"{area.code}{s:03}"
            seat = "人民政府" if street[-1] in "镇乡" else "办事处"
            yield unit((*government, code), f"{area.name}{street}{seat}", (code,))


def _area_bureaux() -> tuple[BureauTable, ...]:
    return tuple(bureau for bureau in tables.units().bureau if bureau.area)


def _rules(
    since: date,
    categories: Mapping[str, Node],
    leaves: Mapping[str, tuple[Group, Leaf]],
    units: Mapping[str, DemoUnit],
) -> Iterator[Rule]:
    """Group × city and group × district, what streets took over, and single leaves of other units.

    Last year's rule for 农村垃圾 is kept, retired, as a catalogue of some age has them. 其他 has none on purpose.
    """
    city = tables.places().city.code
    for category, group in _groups(categories, leaves):
        if group.lead is None:
            continue
        auto_at_once = group.auto and group.level == "city"
        yield _rule(category, city, group.lead, group.co, group.basis, since=since, auto=auto_at_once)
        if group.lead == "heat":
            for area, branch in HEAT_BRANCHES.items():
                yield _rule(category, area, branch, (), group.basis, since=since, auto=True)
        if group.level == "area":
            for area_table in tables.places().area:
                lead, *co = (_bureau_of(area_table.code, key, units) for key in (group.lead, *group.co))
                yield _rule(category, area_table.code, lead, tuple(co), group.basis, since=since, auto=group.auto)
    for category, (group, leaf) in leaves.items():
        if leaf.lead is not None:
            yield _rule(category, city, leaf.lead, (), group.basis, since=since)
        if leaf.street:
            yield from _street_rules(category, group, since, units)
    rural = next(id for id, (_, leaf) in leaves.items() if leaf.name == "农村垃圾")
    yield Rule(
        id=f"{rural}-{city}-old",
        category=rural,
        place=city,
        lead="urban",
        basis="《关于调整农村生活垃圾治理职责的通知》（已废止）",
        valid_from=date(since.year - 1, 1, 1),
        valid_to=since - timedelta(days=1),
    )


def _groups(categories: Mapping[str, Node], leaves: Mapping[str, tuple[Group, Leaf]]) -> Iterator[tuple[str, Group]]:
    seen: set[str] = set()
    for leaf, (group, _) in leaves.items():
        category = categories[leaf].path[1]
        if category not in seen:
            seen.add(category)
            yield category, group


def _street_rules(category: str, group: Group, since: date, units: Mapping[str, DemoUnit]) -> Iterator[Rule]:
    for area in tables.places().area:
        if area.code not in STREETS_WITH_DUTIES:
            continue
        bureau = _bureau_of(area.code, group.lead or "urban", units)
        for s in range(1, len(area.streets) + 1):
            basis = "《关于赋予街道（乡镇）部分县级行政执法权的决定》"
            yield _rule(category, f"{area.code}{s:03}", f"{area.code}{s:03}", (bureau,), basis, since=since, auto=True)


def _rule(
    category: str, place: str, lead: str, co: tuple[str, ...], basis: str, *, since: date, auto: bool = False
) -> Rule:
    return Rule(
        id=f"{category}-{place}",
        category=category,
        place=place,
        lead=lead,
        co=co,
        basis=basis,
        valid_from=since,
        auto_dispatch=auto,
    )


def _bureau_of(area: str, key: str, units: Mapping[str, DemoUnit]) -> str:
    """The district's own bureau, or the city's where the district has none."""
    return f"{area}-{key}" if f"{area}-{key}" in units else key


HOTLINE: tuple[tuple[str, Role, int], ...] = (
    ("operator", Role.OPERATOR, 3),
    ("dispatcher", Role.DISPATCHER, 2),
    ("chief", Role.CHIEF_DISPATCHER, 1),
    ("reviewer", Role.REVIEWER, 2),
    ("callback", Role.CALLBACK_AGENT, 2),
    ("supervisor", Role.SUPERVISOR, 1),
    ("leader", Role.LEADERSHIP, 1),
    ("admin", Role.ADMINISTRATOR, 1),
    ("counter", Role.COUNTER, 1),
    ("guide", Role.GUIDE, 1),
    ("checkpoint", Role.CHECKPOINT, 1),
)


def _staff(random: Random, units: Mapping[str, DemoUnit]) -> Iterator[DemoStaff]:
    """The hotline's people, numbered from the second on (`operator`, `operator2`), and a clerk and a head per unit."""
    for login, role, number in HOTLINE:
        for n in range(1, number + 1):
            yield DemoStaff(login if n == 1 else f"{login}{n}", _name(random), (role,))
    for unit in units.values():
        yield DemoStaff(f"{unit.id}.clerk", _name(random), (Role.UNIT_CLERK,), unit.id)
        yield DemoStaff(f"{unit.id}.head", _name(random), (Role.UNIT_HEAD,), unit.id)


def _residents(random: Random, today: date) -> Iterator[DemoResident]:
    for n in range(RESIDENTS):
        birth = today - timedelta(days=random.randrange(19 * 365, 85 * 365))
        female = random.random() < 0.5
        name = _name(random, female=female)
        yield DemoResident(name, resident_number(birth, n * 2 + (0 if female else 1)), f"{MOBILE_PREFIX}{n + 1:04}")


def _name(random: Random, *, female: bool | None = None) -> str:
    people = tables.people()
    female = random.random() < 0.5 if female is None else female
    return random.choice(people.surnames) + random.choice(people.given_f if female else people.given_m)


def resident_number(birth: date, sequence: int) -> str:
    """A resident ID number by GB 11643-1999 that nobody has; an odd `sequence` (0 to 999) is a man's."""
    body = f"{UNUSED_COUNTY}{birth:%Y%m%d}{sequence:03}"
    return body + ric.calc_check_digit(body + "0")
