"""Scores of a month: one read of the counts of all units, whatever their number, and pure scoring.

A unit's counts are those of everything on whose path it lay on the day, wherever it stood in the tree: its score is one
number, whoever reads it. A month whose report is issued is scored from the counts that were issued, the scheme and the
records that stood then: that score never changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from foundation.errors import InvalidInput, NotFound
from identity.actors import Actor, system_actor
from identity.directory import Snapshot
from workorders.statistics.assessment.access import own_unit, require_reader
from workorders.statistics.assessment.errors import NoScheme
from workorders.statistics.assessment.library import SchemeLibrary, scheme_of
from workorders.statistics.assessment.months import month_of, spelled
from workorders.statistics.assessment.schemes import Mark, Scheme
from workorders.statistics.assessment.scoring import Marked, Score, score
from workorders.statistics.assessment.standing import standing
from workorders.statistics.assessment.upkeep import UpkeepBook
from workorders.statistics.locking import locks_of
from workorders.statistics.naming import side_by_side
from workorders.statistics.reading import Figures, Question
from workorders.statistics.tallying import Dimension
from workorders.statistics.windows import Window, previous

COUNTING = system_actor("assessment")


@dataclass(frozen=True, slots=True)
class Month:
    """What the scores of one month are made from; `issued_at` is when its report was issued, None before."""

    window: Window
    scheme: Scheme
    counts: Mapping[str, Mapping[str, int]]
    marks: Mapping[str, Marked]
    as_of: datetime
    issued_at: datetime | None

    def score(self, unit: str, counts: Mapping[str, int] | None = None) -> Score:
        """A unit's, by other counts than those read before if they are given."""
        marks = {Mark.UPKEEP: self.marks[unit]} if unit in self.marks else {}
        return score(self.scheme, self.counts.get(unit, {}) if counts is None else counts, marks)


@dataclass(frozen=True, slots=True)
class Assessment:
    """A unit's month: its score, its rank among the units beside it (None where it has none), of how many that have
    one, and its total in the month before."""

    unit: str
    score: Score
    rank: int | None
    ranked: int
    previous: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """环比: by how many points the total differs from that of the month before."""
        total = self.score.total
        return None if total is None or self.previous is None else total - self.previous


@dataclass(frozen=True, slots=True)
class Sheet:
    """Units side by side, the best first, then those without a rank."""

    month: Month
    assessments: tuple[Assessment, ...]


class Assessments:
    """Every read of scores, each naming its reader."""

    def __init__(self, figures: Figures, library: SchemeLibrary, upkeep: UpkeepBook) -> None:
        self.figures, self.library, self.upkeep = figures, library, upkeep

    async def sheet(self, actor: Actor, city: Snapshot, month: str, below: str | None, now: datetime) -> Sheet:
        """The units directly below one; below the reader's own if none is named, or below the root.

        Raises `NotAllowed`, `BadMonth`, `NoScheme`, `InvalidInput` for a unit that is not there.
        """
        own = own_unit(actor)
        if below is not None and below not in city.units:
            raise InvalidInput.field("below", "未找到所限定的上级。")
        parent = below or own
        require_reader(actor, city.units.path(parent) if parent else ())
        units = side_by_side(city, Dimension.UNIT, parent) or ()
        this = await self.month(month, now)
        return Sheet(this, await self._among(this, units, now))

    async def one(self, actor: Actor, city: Snapshot, month: str, unit: str, now: datetime) -> tuple[Month, Assessment]:
        """One unit's. Raises `NotAllowed`, `NotFound`, `BadMonth`, `NoScheme`."""
        own_unit(actor)
        node = city.units.get(unit)
        if node is None:
            raise NotFound
        require_reader(actor, node.path)
        this = await self.month(month, now)
        beside = tuple(each.id for each in city.units.children(node.parent))
        found = await self._among(this, beside, now)
        return this, next(each for each in found if each.unit == unit)

    async def month(self, month: str, now: datetime) -> Month:
        """What the scores of a month are made from, for whoever decided already who reads them.

        Raises `BadMonth`, `NoScheme`.
        """
        window = month_of(month)
        lock = (await locks_of(self.figures.database, [month])).get(month)
        issued_at = None if lock is None else lock.at
        scheme = scheme_of(await self.library.all(), month, issued_at)
        question = Question(window, Dimension.UNIT, issued=lock is not None)
        table = await self.figures.table(COUNTING, question, now)
        counts = {row.value: row.counts for row in table.periods[0].rows}
        marks = await self.upkeep.of_month(month, issued_at)
        return Month(window, scheme, counts, marks, issued_at or table.as_of, issued_at)

    async def _among(self, this: Month, units: tuple[str, ...], now: datetime) -> tuple[Assessment, ...]:
        scores = {unit: this.score(unit) for unit in units}
        before = await self._before(this, now)
        places = standing(scores)
        ranked = sum(place is not None for place in places.values())
        return tuple(
            Assessment(unit, scores[unit], place, ranked, before.score(unit).total if before else None)
            for unit, place in places.items()
        )

    async def _before(self, this: Month, now: datetime) -> Month | None:
        """The month before, if a scheme held then."""
        try:
            return await self.month(spelled(previous(this.window)), now)
        except NoScheme:
            return None
