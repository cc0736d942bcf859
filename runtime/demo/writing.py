"""What people write: citizens' complaints, units' replies, reasons and notes. Pure: chance is a given `Random`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from runtime.demo import tables
from runtime.demo.city import DemoCity, Node
from runtime.demo.tables import Group, Leaf, Spot, Texts
from workorders.deadlines import Kind
from workorders.lifecycle.values import Outcome

TITLE_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an order says: its title, its detail of several sentences, and where it happens, as one writes it."""

    title: str
    detail: str
    address: str
    issue: str


class Slots(dict[str, str]):
    """The values of a text's `{slots}`, drawn when first asked for and the same throughout one order."""

    def __init__(self, draw: Callable[[str], str]) -> None:
        super().__init__()
        self._draw = draw

    def __missing__(self, slot: str) -> str:
        # A value may hold slots itself: "打过{times}电话".
        value = self[slot] = self._draw(slot).format_map(self)
        return value


_LISTS = {
    "since": "since",
    "hour": "hours",
    "days": "days",
    "months": "months",
    "years": "years",
    "times": "times",
    "amount": "amounts",
    "price": "prices",
    "family": "families",
    "floor": "floors",
    "degrees": "degrees",
}


class Writer:
    """Writes the texts of one order, at one place, about one matter."""

    def __init__(self, random: Random, city: DemoCity, place: Node, leaf_id: str) -> None:
        self.random = random
        self.city = city
        self.place = place
        self.group: Group
        self.leaf: Leaf
        self.group, self.leaf = city.leaves[leaf_id]
        self.slots = Slots(self._draw)
        self.issue = random.choice(self.leaf.issues)

    def at(self, spot: str) -> "Writer":
        """Let it happen at this very spot, as when neighbours complain of the same."""
        self.slots["spot"] = spot
        return self

    def complaint(self, kind: Kind) -> Complaint:
        """The citizen's own words; each kind has its own shape."""
        spot = self.slots["spot"]
        if kind is Kind.CONSULT and self.group.asks:
            question = self._fill(self.random.choice(self.group.asks))
            parts = [self.phrase("openings"), question, self.phrase("closings")]
            title = f"咨询{self.leaf.name}有关问题"
        else:
            says = self._fill(self.random.choice(self.leaf.says))
            parts = [
                self.phrase("openings"),
                says,
                self.phrase("effects"),
                self.phrase("efforts"),
                self.phrase("demands"),
                self.phrase("closings"),
            ]
            title = f"{_TITLES[kind]}{spot}{self.issue}"
        address = f"{self.city.named(self.place.path)}{spot if self.group.spot in _OUTDOORS else ''}"
        return Complaint(title[:TITLE_LENGTH], "".join(parts), address, self.issue)

    def reply(self, unit: Node, phone: str, outcome: Outcome, day: date) -> str:
        """A unit's public answer, given on that local date."""
        known = {"unit": unit.name, "phone": phone, "citizen": "市民", "issue": self.issue}
        known["day"] = f"{day.month}月{day.day}日"
        known["basis"] = self.group.basis.split("；")[0] or "有关规定"
        opening = self._phrase_of("reply_openings", known)
        body = f"{self._fill(self._fitting_reply())}。"
        if outcome is not Outcome.SOLVED:
            body = self._phrase_of(outcome, known)
        return f"{opening}{body}{self._phrase_of('reply_closings', known)}"

    def _fitting_reply(self) -> str:
        """That reply of the group which has most in common with the leaf, by pairs of characters, and some luck."""
        about = self.leaf.name + "".join((*self.leaf.issues, *self.leaf.says))
        pairs = {about[n : n + 2] for n in range(len(about) - 1)}

        def common(reply: str) -> float:
            return sum(reply[n : n + 2] in pairs for n in range(len(reply) - 1)) + 3 * self.random.random()

        return max(self.group.replies, key=common)

    def _phrase_of(self, name: str, known: Mapping[str, str]) -> str:
        return self.random.choice(tables.phrases()[name]).format_map(known)

    def phrase(self, name: str) -> str:
        """One of the phrases of this name, filled."""
        return self._fill(self.random.choice(tables.phrases()[name]))

    def _fill(self, text: str) -> str:
        return text.format_map(self.slots)

    def _draw(self, slot: str) -> str:
        if slot == "spot":
            return self._spot(self.group.spot)
        if slot in _LISTS:
            return self.random.choice(tables.phrases()[_LISTS[slot]])
        if slot == "bus":
            return str(self.random.randrange(1, 68))
        return self._spot(slot)

    def _spot(self, spot: Spot | str) -> str:
        places = tables.places()
        choose = self.random.choice
        match spot:
            case "road":
                first, second = self.random.sample(places.roads, 2)
                return choose((f"{first}与{second}交叉口", f"{first}{self.random.randrange(1, 260)}号附近"))
            case "compound":
                return choose(self.city.estates(self.place.id))
            case "company":
                return f"{choose(places.company_names)}{choose(places.company_kinds)}"
            case "village":
                return self.place.name if self.place.name.endswith("村") else f"{choose(places.villages)}村"
            case "community":
                return self.place.name
            case _:
                listed: Texts = getattr(places, f"{spot}s")
                return choose(listed)


_TITLES = {
    Kind.CONSULT: "咨询",
    Kind.HELP: "反映",
    Kind.COMPLAINT: "投诉",
    Kind.REPORT: "举报",
    Kind.SUGGESTION: "建议解决",
}
_OUTDOORS: frozenset[Spot] = frozenset({"road", "compound", "village", "market", "company"})
