"""Which unit an order goes to: the most specific valid rule of the dispatch catalogue 派单目录 wins. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from workorders.lifecycle.terms import Unit

ANY = "*"
"""The root above every category and above every place: a rule for `ANY` × `ANY` is the city's fallback 兜底规则."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the catalogue: orders of this category (or below) at this place (or below) go to `lead`.

    Valid on the local days `valid_from` ≤ day ≤ `valid_to`; without `valid_to` until further notice. A rule whose
    last day lies before its first was taken back before it came into force, and is never valid.
    """

    id: str
    category: str
    place: str
    lead: str
    co: tuple[str, ...] = ()
    basis: str = ""
    valid_from: date = date.min
    valid_to: date | None = None
    auto_dispatch: bool = False

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, other: "Rule") -> bool:
        """Whether both speak of the same category and place on at least one common day."""
        if (self.category, self.place) != (other.category, other.place):
            return False
        first = max(self.valid_from, other.valid_from)
        last = min(self.valid_to or date.max, other.valid_to or date.max)
        return first <= last


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A rule that would have applied too, and in Chinese why it was not taken."""

    rule: str
    lead: str
    why: str


@dataclass(frozen=True, slots=True)
class Routing:
    """Where an order goes and why. Without `lead` a dispatcher decides; the reason then says what was missing.

    `runners_up` are all other valid rules that fit, most specific first, those passed over included.
    """

    lead: str | None
    reason: str
    co: tuple[str, ...] = ()
    rule: str | None = None
    basis: str = ""
    auto_dispatch: bool = False
    runners_up: tuple[RunnerUp, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """The Chinese names of categories and places, for the reasons; what is missing appears by its id."""

    categories: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The compiled catalogue: rules by category and place, the member units, names for the reasons."""

    index: Mapping[tuple[str, str], tuple[Rule, ...]]
    units: Mapping[str, Unit]
    names: Names = field(default_factory=Names)

    @classmethod
    def compile(cls, rules: Iterable[Rule], units: Mapping[str, Unit], names: Names | None = None) -> "Catalogue":
        """Index the rules; within one key the newest comes first, then by id."""
        index: dict[tuple[str, str], list[Rule]] = {}
        for rule in rules:
            index.setdefault((rule.category, rule.place), []).append(rule)
        ordered = {
            key: tuple(sorted(group, key=lambda rule: (-rule.valid_from.toordinal(), rule.id)))
            for key, group in index.items()
        }
        return cls(ordered, units, names or Names())

    def answering(self, unit: str) -> Unit | None:
        """The unit that answers for `unit` today: itself, or the last of its successors; None if nobody does."""
        seen: set[str] = set()
        known = self.units.get(unit)
        while known is not None and known.abolished:
            seen.add(known.id)
            if known.successor is None or known.successor in seen:
                return None
            known = self.units.get(known.successor)
        return known

    def unit_name(self, unit: str) -> str:
        return self.units[unit].name if unit in self.units else unit

    def title(self, rule: Rule) -> str:
        category = "任何事项" if rule.category == ANY else self.names.categories.get(rule.category, rule.category)
        place = "任何地点" if rule.place == ANY else self.names.places.get(rule.place, rule.place)
        return f"“{category} × {place}”"


@dataclass(frozen=True, slots=True)
class _Fit:
    rule: Rule
    category_level: int
    place_level: int


def match(
    catalogue: Catalogue,
    category_path: Sequence[str],
    place_path: Sequence[str],
    on_day: date,
    excluded_units: frozenset[str] = frozenset(),
) -> Routing:
    """Route an order of this category at this place (paths root first) on the local day `on_day`.

    Order of precedence, each deciding only what the one before left equal: the deeper category, the deeper place, the
    newest `valid_from`, the smaller rule id. `ANY` lies above both roots. A rule whose lead unit is excluded (the
    unit complained of), lies below an excluded one, or is abolished without successor is passed over, and the next
    takes its place; excluded co-units are left out. Nothing left: no lead, a person decides.

    The cost grows with the depth of the two paths, not with the number of rules.
    """
    chosen: _Fit | None = None
    lead: str | None = None
    passed: list[RunnerUp] = []
    beaten: list[_Fit] = []
    for fit in _fitting(catalogue, category_path, place_path, on_day):
        if chosen is not None:
            beaten.append(fit)
            continue
        unit, obstacle = _answering(catalogue, fit.rule.lead, excluded_units)
        if unit is None:
            passed.append(RunnerUp(fit.rule.id, fit.rule.lead, obstacle))
        else:
            chosen, lead = fit, unit
    if chosen is None or lead is None:
        return Routing(None, _why_nobody(passed), runners_up=tuple(passed))

    losers = tuple(RunnerUp(fit.rule.id, fit.rule.lead, _why_beaten(chosen, fit)) for fit in beaten)
    co, left_out = _co_units(catalogue, chosen.rule, lead, excluded_units)
    reason = _why_chosen(catalogue, chosen, lead, passed, beaten)
    if left_out:
        reason += f"协办单位{'、'.join(left_out)}须回避或已撤销，未列入。"
    return Routing(
        lead=lead,
        reason=reason,
        co=co,
        rule=chosen.rule.id,
        basis=chosen.rule.basis,
        auto_dispatch=chosen.rule.auto_dispatch,
        runners_up=(*passed, *losers),
    )


def _fitting(
    catalogue: Catalogue, category_path: Sequence[str], place_path: Sequence[str], day: date
) -> Iterator[_Fit]:
    """Every valid rule that covers the order, most specific first."""
    categories = (ANY, *category_path)
    places = (ANY, *place_path)
    for category_level in range(len(categories) - 1, -1, -1):
        for place_level in range(len(places) - 1, -1, -1):
            for rule in catalogue.index.get((categories[category_level], places[place_level]), ()):
                if rule.valid_on(day):
                    yield _Fit(rule, category_level, place_level)


def _answering(catalogue: Catalogue, unit: str, excluded: frozenset[str]) -> tuple[str | None, str]:
    """The unit that would answer for `unit`, or None and in Chinese what stands against it."""
    answering = catalogue.answering(unit)
    if answering is None:
        return None, f"主办单位“{catalogue.unit_name(unit)}”已撤销或不存在，且无承接单位"
    if not excluded.isdisjoint(answering.ancestors):
        return None, f"主办单位“{answering.name}”为被投诉单位或其下属单位，须回避"
    return answering.id, ""


def _co_units(
    catalogue: Catalogue, rule: Rule, lead: str, excluded: frozenset[str]
) -> tuple[tuple[str, ...], list[str]]:
    """The co-units that may take part, each once and never the lead, and the names of those left out."""
    kept: list[str] = []
    left_out: list[str] = []
    for unit in rule.co:
        answering, _ = _answering(catalogue, unit, excluded)
        if answering is None:
            left_out.append(f"“{catalogue.unit_name(unit)}”")
        elif answering != lead and answering not in kept:
            kept.append(answering)
    return tuple(kept), left_out


def _why_chosen(
    catalogue: Catalogue, chosen: _Fit, lead: str, passed: Sequence[RunnerUp], beaten: Sequence[_Fit]
) -> str:
    rule = chosen.rule
    target = f"派往“{catalogue.unit_name(lead)}”"
    if lead != rule.lead:
        target += f"（“{catalogue.unit_name(rule.lead)}”已撤销，由其承接）"
    levels = f"事项匹配到第{chosen.category_level}级，地点匹配到第{chosen.place_level}级"
    if beaten:
        ground = f"{_advantage(chosen, beaten[0])}，优先于{catalogue.title(beaten[0].rule)}"
    elif passed:
        ground = "为其余规则中唯一可用的"
    else:
        ground = "为唯一适用的规则"
    skipped = f"更具体的{len(passed)}条规则因主办单位回避或撤销而略过。" if passed else ""
    return f"按派单目录规则{catalogue.title(rule)}{target}：{levels}，{ground}。{skipped}"


def _why_beaten(chosen: _Fit, loser: _Fit) -> str:
    return f"入选规则{_advantage(chosen, loser)}"


def _advantage(winner: _Fit, loser: _Fit) -> str:
    """What decided between the two, in the order of precedence of `match`."""
    if winner.category_level != loser.category_level:
        return f"事项更具体（第{winner.category_level}级对第{loser.category_level}级）"
    if winner.place_level != loser.place_level:
        return f"事项同级而地点更具体（第{winner.place_level}级对第{loser.place_level}级）"
    if winner.rule.valid_from != loser.rule.valid_from:
        return f"事项、地点相同而生效日期更近（{winner.rule.valid_from.isoformat()}）"
    return "事项、地点、生效日期均相同而规则编号在前"


def _why_nobody(passed: Sequence[RunnerUp]) -> str:
    if passed:
        return f"适用的{len(passed)}条派单目录规则的主办单位均须回避或已撤销，转人工派单。"
    return "派单目录中没有适用于该事项和地点的有效规则，转人工派单。"
