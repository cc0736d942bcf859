"""What an import counts, from the orders as they were folded. Pure."""

from datetime import datetime

from pydantic import BaseModel

from runtime.importing.rows import Matter
from workorders.deadlines.values import UNJUDGED
from workorders.lifecycle.values import Order


class Department(BaseModel):
    """The imported orders of one unit. `closed_late` and `open_late` are overdue; `unjudged` had no due."""

    unit: str
    name: str
    closed: int = 0
    open: int = 0
    closed_late: int = 0
    open_late: int = 0
    unjudged: int = 0


class Counts(BaseModel):
    """The figures of an import so far. `rows` is all that were read, blank ones left out."""

    rows: int = 0
    imported: int = 0
    already: int = 0
    """Imported before, by another file or under another mapping."""
    refused: int = 0
    skewed: int = 0
    agree: int = 0
    differ: int = 0
    departments: list[Department] = []

    def add(self, matter: Matter, order: Order, unit: str, as_of: datetime) -> bool | None:
        """Count an imported order; answers our own verdict where the file has one too."""
        self.imported += 1
        self.skewed += matter.skewed
        if not order.assignments:  # withdrawn
            return None
        held = order.assignments[0]
        own = self._department(held.unit, unit)
        closed = held.replied_at
        own.closed += closed is not None
        own.open += closed is None
        if matter.due is None:
            own.unjudged += 1
            return None
        own.closed_late += closed is not None and not held.reply.met_at(closed)
        own.open_late += closed is None and not held.reply.met_at(as_of)
        if matter.on_time is None or closed is None or held.reply.basis == UNJUDGED:
            return None
        ours = held.reply.met_at(closed)
        self.agree += ours is matter.on_time
        self.differ += ours is not matter.on_time
        return ours

    def _department(self, unit: str, name: str) -> Department:
        found = next((each for each in self.departments if each.unit == unit), None)
        if found is None:
            found = Department(unit=unit, name=name)
            self.departments.append(found)
        return found

    def overdue(self) -> dict[str, int]:
        """How many orders of each unit were, or are, overdue; by its name."""
        names = [each.name for each in self.departments]
        ordered = sorted(self.departments, key=lambda each: each.name)
        return {
            each.name if names.count(each.name) == 1 else f"{each.name} ({each.unit})": each.closed_late
            + each.open_late
            for each in ordered
        }
