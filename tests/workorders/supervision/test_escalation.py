"""Who is told of a crossed line: every line under every shipped pack, and what holds for any table and any unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.actors import UNIT_ROLES, Role
from workorders.deadlines.audiences import Audience, EscalationRules
from workorders.deadlines.lights import Light
from workorders.deadlines.packs import shipped_names, shipped_pack
from workorders.supervision.escalation import HANDLERS, Recipients, audiences_of, recipients_of

PATH = ("city", "water", "water-east")
AT_UNIT = {"sign", "contact", "reply", "supervision"}
Y, R = Light.YELLOW, Light.RED

CLERK = Recipients(Role.UNIT_CLERK, ("water-east", "water", "city"))
HEAD = Recipients(Role.UNIT_HEAD, ("water-east", "water", "city"))
SUPERIOR = Recipients(Role.UNIT_HEAD, ("water", "city"))
DISPATCHER, CHIEF, REVIEWER, CALLER, SUPERVISOR, LEADER = (
    Recipients(role)
    for role in (
        Role.DISPATCHER,
        Role.CHIEF_DISPATCHER,
        Role.REVIEWER,
        Role.CALLBACK_AGENT,
        Role.SUPERVISOR,
        Role.LEADERSHIP,
    )
)
HOTLINE_DESKS = {"dispatch": DISPATCHER, "hotline_review": REVIEWER, "callback": CALLER}

# light, days overdue: who is told beside the handler of a unit's term, and of one of the hotline's own
TABLE: dict[tuple[Light, int], tuple[set[Recipients], set[Recipients]]] = {
    (Y, 0): (set(), set()),
    (R, 0): ({HEAD, DISPATCHER}, {CHIEF, DISPATCHER}),
    (R, 1): ({HEAD, DISPATCHER, SUPERVISOR}, {CHIEF, DISPATCHER, SUPERVISOR}),
    (R, 3): ({HEAD, SUPERIOR, CHIEF, SUPERVISOR}, {CHIEF, SUPERVISOR}),
    (R, 7): ({HEAD, SUPERIOR, CHIEF, SUPERVISOR, LEADER}, {CHIEF, SUPERVISOR, LEADER}),
}


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("term", HANDLERS)
@pytest.mark.parametrize(("light", "level"), TABLE)
def test_each_line_tells_whom_each_pack_says(name: str, term: str, light: Light, level: int) -> None:
    pack = shipped_pack(name)
    assert pack.lights.overdue_days == (1, 3, 7)
    found = recipients_of(audiences_of(pack.escalation, light, level), term, PATH)
    beside = TABLE[light, level][term not in AT_UNIT]
    handler = {HOTLINE_DESKS.get(term, CLERK)} if level < 7 else set()
    assert set(found) == beside | handler


def test_a_term_without_lights_is_refused() -> None:
    with pytest.raises(KeyError):
        recipients_of((Audience.HANDLER,), "return_window", PATH)


audiences = st.lists(st.sampled_from(Audience), min_size=1, unique=True).map(tuple)
tables = st.builds(
    EscalationRules,
    yellow=audiences,
    red=audiences,
    overdue=st.dictionaries(st.integers(1, 60), audiences, max_size=6),
)
paths = st.lists(st.text("abc", min_size=1, max_size=2), unique=True, max_size=5).map(tuple)
ROLES = {
    Audience.HANDLER: set(HANDLERS.values()),
    Audience.HEAD: {Role.UNIT_HEAD, Role.CHIEF_DISPATCHER},
    Audience.SUPERIOR: {Role.UNIT_HEAD},
    Audience.DISPATCHER: {Role.DISPATCHER},
    Audience.CHIEF_DISPATCHER: {Role.CHIEF_DISPATCHER},
    Audience.SUPERVISOR: {Role.SUPERVISOR},
    Audience.LEADERSHIP: {Role.LEADERSHIP},
}


@given(
    tables,
    st.sampled_from(sorted(HANDLERS)),
    st.sampled_from([(Y, 0), *((R, n) for n in range(70))]),
    paths,
)
def test_nobody_outside_the_audience_and_the_path_is_told(
    rules: EscalationRules, term: str, line: tuple[Light, int], path: tuple[str, ...]
) -> None:
    light, level = line
    named = audiences_of(rules, light, level)
    allowed = set().union(*(ROLES[each] for each in named))
    for each in recipients_of(named, term, path):
        assert each.role in allowed
        if each.role in UNIT_ROLES:
            assert each.units is not None, "unit people are never told wherever they are"
            assert set(each.units) <= set(path)
            assert term in AT_UNIT
        else:
            assert each.units is None


@given(tables, st.integers(0, 400))
def test_a_day_that_is_not_named_counts_as_the_last_one_before_it(rules: EscalationRules, level: int) -> None:
    before = [day for day in rules.overdue if day <= level]
    assert audiences_of(rules, R, level) == (rules.overdue[max(before)] if before else rules.red)
    assert audiences_of(rules, Y, 0) == rules.yellow
