"""What the last walk through a list told: where it starts, and how much of time a page of it spans.

Only a guess at good borders for the next walk's windows; the windows cover the list whatever it says.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_REMEMBERED = 2_000
FIRST_WINDOW = timedelta(hours=6)
"""How wide the first window is where nothing is known."""
NARROWEST = timedelta(seconds=1)
MARGIN = 1.5
"""A window is wider than the last page by this, so that one range most often holds a page."""


@dataclass(frozen=True, slots=True)
class Density:
    """`start` is where the list began, or None if it is not known; `width` is how wide a window holds a page."""

    start: datetime | None = None
    width: timedelta = FIRST_WINDOW


NOTHING_KNOWN = Density()


class Densities:
    """Remembers the densities of the lists that this process walked last."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Density] = OrderedDict()

    def of(self, walk: str) -> Density:
        return self._known.get(walk, NOTHING_KNOWN)

    def learn(self, walk: str, moments: list[datetime], *, full: bool, from_start: bool) -> None:
        """Take note of a page: the moments of its items in their order; `full` if more follow."""
        start = (moments[0] if moments else None) if from_start else self.of(walk).start
        width = max(abs(moments[-1] - moments[0]) * MARGIN, NARROWEST) if full else FIRST_WINDOW
        self._known[walk] = Density(start, width)
        self._known.move_to_end(walk)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
