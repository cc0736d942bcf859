"""Matching against a naive oracle: scan every rule, keep those that fit, take the best by the documented order."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from workorders.lifecycle.terms import Unit
from workorders.routing.rules import ANY, Catalogue, Names, Routing, Rule, match

CATEGORIES = {"1": ("1",), "11": ("1", "11"), "111": ("1", "11", "111"), "12": ("1", "12"), "2": ("2",)}
PLACES = {"c": ("c",), "ca": ("c", "ca"), "caa": ("c", "ca", "caa"), "cb": ("c", "cb")}
UNITS = {
    "city": Unit("city", "市政府", ("city",)),
    "water": Unit("water", "水务集团", ("city", "water")),
    "branch": Unit("branch", "水务分公司", ("city", "water", "branch")),
    "urban": Unit("urban", "城管局", ("city", "urban")),
    "old": Unit("old", "旧局", ("city", "old"), abolished=True, successor="older"),
    "older": Unit("older", "更旧局", ("city", "older"), abolished=True, successor="urban"),
    "gone": Unit("gone", "撤销局", ("city", "gone"), abolished=True),
    "loop": Unit("loop", "循环局", ("city", "loop"), abolished=True, successor="loop"),
}
START = date(2026, 1, 1)

days = st.integers(0, 30).map(lambda n: START + timedelta(days=n))
rules = st.lists(
    st.builds(
        Rule,
        id=st.integers(0, 10_000).map(str),
        category=st.sampled_from([ANY, *CATEGORIES]),
        place=st.sampled_from([ANY, *PLACES]),
        lead=st.sampled_from([*UNITS, "nowhere"]),
        co=st.lists(st.sampled_from([*UNITS]), max_size=3).map(tuple),
        valid_from=days,
        valid_to=st.none() | days,
        auto_dispatch=st.booleans(),
    ),
    max_size=25,
    unique_by=lambda rule: rule.id,
)


def answering(unit: str) -> str | None:
    """Follow successors by hand, at most as many steps as there are units."""
    for _ in range(len(UNITS) + 1):
        if unit not in UNITS:
            return None
        if not UNITS[unit].abolished:
            return unit
        unit = UNITS[unit].successor or "nowhere"
    return None


def allowed(unit: str, excluded: frozenset[str]) -> str | None:
    found = answering(unit)
    return None if found is None or any(one in excluded for one in UNITS[found].ancestors) else found


def oracle(all_rules: list[Rule], category: str, place: str, day: date, excluded: frozenset[str]) -> list[Rule]:
    """All rules that fit and may be taken, best first."""
    category_depth = {ANY: 0, **{node: i + 1 for i, node in enumerate(CATEGORIES[category])}}
    place_depth = {ANY: 0, **{node: i + 1 for i, node in enumerate(PLACES[place])}}
    fitting = [
        rule
        for rule in all_rules
        if rule.category in category_depth
        and rule.place in place_depth
        and rule.valid_from <= day <= (rule.valid_to or date.max)
        and allowed(rule.lead, excluded) is not None
    ]
    return sorted(
        fitting,
        key=lambda r: (-category_depth[r.category], -place_depth[r.place], -r.valid_from.toordinal(), r.id),
    )


@settings(max_examples=600)
@given(
    rules,
    st.sampled_from([*CATEGORIES]),
    st.sampled_from([*PLACES]),
    days,
    st.frozensets(st.sampled_from([*UNITS]), max_size=2),
)
def test_the_answer_is_the_oracles(
    all_rules: list[Rule], category: str, place: str, day: date, excluded: frozenset[str]
) -> None:
    routing = match(Catalogue.compile(all_rules, UNITS), CATEGORIES[category], PLACES[place], day, excluded)
    expected = oracle(all_rules, category, place, day, excluded)
    if not expected:
        assert (routing.lead, routing.rule, routing.co, routing.auto_dispatch) == (None, None, (), False)
    else:
        best = expected[0]
        assert (routing.rule, routing.lead) == (best.id, answering(best.lead))
        assert (routing.basis, routing.auto_dispatch) == (best.basis, best.auto_dispatch)
        assert set(routing.co) == {allowed(unit, excluded) for unit in best.co} - {None, routing.lead}
        assert len(set(routing.co)) == len(routing.co)
    assert routing.reason.endswith("。")
    for unit in (*routing.co, *([routing.lead] if routing.lead else [])):
        assert excluded.isdisjoint(UNITS[unit].ancestors)


@settings(max_examples=200)
@given(rules, st.sampled_from([*CATEGORIES]), st.sampled_from([*PLACES]), days, st.randoms(use_true_random=False))
def test_the_order_of_the_rules_does_not_matter_and_every_fitting_rule_is_accounted_for(
    all_rules: list[Rule], category: str, place: str, day: date, random: object
) -> None:
    excluded = frozenset({"water"})
    routing = match(Catalogue.compile(all_rules, UNITS), CATEGORIES[category], PLACES[place], day, excluded)
    again = match(Catalogue.compile(reversed(all_rules), UNITS), CATEGORIES[category], PLACES[place], day, excluded)
    assert routing == again
    on_path = {ANY, *CATEGORIES[category]}, {ANY, *PLACES[place]}
    fitting = {r.id for r in all_rules if r.category in on_path[0] and r.place in on_path[1] and r.valid_on(day)}
    assert sorted(filter(None, [routing.rule, *(one.rule for one in routing.runners_up)])) == sorted(fitting)


def route(
    *all_rules: Rule, category: str = "111", place: str = "caa", excluded: frozenset[str] = frozenset()
) -> Routing:
    names = Names(categories={"111": "室温不达标", "1": "供热"}, places={"ca": "柳津区"})
    catalogue = Catalogue.compile(all_rules, UNITS, names)
    return match(catalogue, CATEGORIES[category], PLACES[place], START, excluded)


def test_a_deeper_category_beats_a_deeper_place() -> None:
    routing = route(
        Rule("place", "11", "caa", "urban", valid_from=START), Rule("category", "111", "c", "water", valid_from=START)
    )
    assert routing.lead == "water"
    assert "事项更具体（第3级对第2级）" in routing.reason
    assert "“室温不达标 × c”" in routing.reason
    assert [(one.rule, one.lead) for one in routing.runners_up] == [("place", "urban")]


def test_a_validity_includes_its_first_and_last_day_and_nothing_else() -> None:
    first, last = START + timedelta(days=3), START + timedelta(days=5)
    catalogue = Catalogue.compile([Rule("1", ANY, ANY, "urban", valid_from=first, valid_to=last)], UNITS)
    found = [match(catalogue, ["1"], ["c"], START + timedelta(days=n)).lead for n in range(8)]
    assert found == [None, None, None, "urban", "urban", "urban", None, None]


def test_the_newer_of_two_equal_rules_wins_then_the_smaller_id() -> None:
    newer = START - timedelta(days=1)
    older = START - timedelta(days=2)
    assert (
        route(Rule("a", "1", "c", "water", valid_from=older), Rule("b", "1", "c", "urban", valid_from=newer)).rule
        == "b"
    )
    assert (
        route(Rule("b", "1", "c", "water", valid_from=newer), Rule("a", "1", "c", "urban", valid_from=newer)).rule
        == "a"
    )


def test_a_complaint_about_a_unit_goes_past_it_and_everything_below_it() -> None:
    below = Rule("below", "111", "caa", "branch", co=("water",), valid_from=START)
    itself = Rule("itself", "11", "c", "water", valid_from=START)
    other = Rule("other", "1", "c", "urban", co=("branch", "water"), basis="权责清单", valid_from=START)
    routing = route(below, itself, other, excluded=frozenset({"water"}))
    assert (routing.lead, routing.co, routing.basis) == ("urban", (), "权责清单")
    assert [one.rule for one in routing.runners_up] == ["below", "itself"]
    assert all("须回避" in one.why for one in routing.runners_up)
    assert "协办单位“水务分公司”、“水务集团”" in routing.reason
    nobody = route(below, itself, excluded=frozenset({"water"}))
    assert nobody.lead is None and "转人工派单" in nobody.reason and len(nobody.runners_up) == 2


def test_an_abolished_units_successor_answers_for_it_and_the_reason_says_so() -> None:
    routing = route(Rule("1", ANY, ANY, "old", valid_from=START))
    assert routing.lead == "urban"
    assert "“旧局”已撤销，由其承接" in routing.reason
    assert route(Rule("1", ANY, ANY, "gone", valid_from=START)).lead is None
    assert route(Rule("1", ANY, ANY, "loop", valid_from=START)).lead is None


def test_without_a_place_only_rules_for_any_place_apply() -> None:
    catalogue = Catalogue.compile(
        [Rule("place", "1", "c", "water", valid_from=START), Rule("any", ANY, ANY, "urban", valid_from=START)], UNITS
    )
    assert match(catalogue, ["1"], [], START).rule == "any"


def test_looking_up_touches_as_many_keys_however_many_rules_there_are() -> None:
    class Counting(dict[tuple[str, str], tuple[Rule, ...]]):
        asked = 0

        def get(self, key, default=None):
            self.asked += 1
            return super().get(key, default)

    def asked(extra: int) -> int:
        many = [Rule(f"x{n}", f"other{n}", "c", "water", valid_from=START) for n in range(extra)]
        compiled = Catalogue.compile([Rule("1", "1", "c", "urban", valid_from=START), *many], UNITS)
        index = Counting(compiled.index)
        assert match(Catalogue(index, compiled.units), CATEGORIES["111"], PLACES["caa"], START).lead == "urban"
        return index.asked

    assert asked(0) == asked(5_000) == 16


@given(days, st.none() | days, days, st.none() | days)
def test_two_rules_overlap_exactly_when_some_day_sees_both(
    from_a: date, to_a: date | None, from_b: date, to_b: date | None
) -> None:
    a = Rule("a", "1", "c", "water", valid_from=from_a, valid_to=to_a)
    b = Rule("b", "1", "c", "urban", valid_from=from_b, valid_to=to_b)
    window = [START + timedelta(days=n) for n in range(40)]
    assert a.overlaps(b) == b.overlaps(a) == any(a.valid_on(day) and b.valid_on(day) for day in window)
