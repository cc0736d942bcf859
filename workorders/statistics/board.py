"""The wall screen 大屏: how the city, or a unit with everything below it, stands at this moment.

What it costs follows neither the stored orders nor those who watch:

| shown | read from |
|---|---|
| the desks by light, what is overdue, open emergencies | the projector's tallies, some thirty by id |
| today's figures, the month's satisfaction | the rollups of this month: one for the city; the units' for a unit |
| which of today's deadlines are past by now | the orders with an open deadline of this very day, by their marks |
| the first units and categories of today | one day of this month's rollups of that dimension |
| the latest orders | one page of the list by time received, of a unit's by time assigned |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pymongo.asynchronous.client_session import AsyncClientSession

from foundation.paging import PageRequest
from identity.actors import system_actor
from identity.directory import Snapshot as City
from workorders.lifecycle.documents import UnitTask
from workorders.lifecycle.projecting import EMERGENCIES, tallies, unit_emergencies
from workorders.lifecycle.repository import OrderFilter, OrderRepository
from workorders.lifecycle.states import Status
from workorders.lifecycle.totals import Total, hotline_desks, unit_desks
from workorders.lifecycle.values import Order
from workorders.statistics.definitions import Family, Figure, Measured, Outcome, counter, measured
from workorders.statistics.naming import side_by_side
from workorders.statistics.reading import Counts, Figures, Rows, Snapshot, snapshot_of
from workorders.statistics.tallying import Dimension
from workorders.statistics.windows import DAY, Window

FIRST = 5
LATEST_ORDERS = 10
SCREEN = system_actor("board")
REPLIED_FOR: frozenset[Status | UnitTask] = frozenset(
    {Status.IN_PROGRESS, Status.UNIT_REVIEW, UnitTask.HANDLE, UnitTask.SUSPENDED, UnitTask.APPROVE}
)
"""The desks that are due when the reply is: a red light there is an overdue order 逾期."""


LATE_OPEN = (Outcome.LATE_OPEN, Outcome.EXTENDED_LATE_OPEN)


@dataclass(frozen=True, slots=True)
class Latest:
    """An order without anything that is its citizen's."""

    id: str
    number: str
    category: str
    place: str
    status: Status
    received_at: datetime

    @classmethod
    def of(cls, order: Order) -> "Latest":
        return cls(order.id, order.number, order.category[-1], order.place[-1], order.status, order.received_at)


@dataclass(frozen=True, slots=True)
class Today:
    """Figures of the local day, and of the month up to it; `due_open` of the replies `due` today are not given yet."""

    received: int
    answered_at_once: int
    archived: int
    due: int
    due_open: int
    on_time: Measured
    satisfied_this_month: Measured


@dataclass(frozen=True, slots=True)
class Board:
    """What one wall screen shows. Everything that happened up to `as_of` is counted in `today` and the first values.

    `desks` are the hotline's by state, or a unit's by task. The first values are by orders received today, the most
    first; a unit is told of no categories.
    """

    as_of: datetime
    day: date
    today: Today
    desks: Mapping[Status, Total] | Mapping[UnitTask, Total]
    emergencies: int
    first_units: tuple[tuple[str, int], ...]
    first_categories: tuple[tuple[str, int], ...]
    latest: tuple[Latest, ...]

    @property
    def overdue(self) -> int:
        return sum(total.red for desk, total in self.desks.items() if desk in REPLIED_FOR)

    def shows(self) -> tuple[object, ...]:
        """What is seen of it: two boards that show the same are one."""
        desks = [(desk, total.total, total.yellow, total.red) for desk, total in self.desks.items()]
        return (
            *(self.day, self.today, desks, self.emergencies),
            *(self.first_units, self.first_categories, self.latest),
        )


async def read_board(figures: Figures, orders: OrderRepository, city: City, unit: str | None, now: datetime) -> Board:
    """The board of the city, or of a unit with everything below it. Who may see it says `access.board_of`."""
    by, scope = (Dimension.ALL, ()) if unit is None else (Dimension.UNIT, (unit,))
    own = "" if unit is None else unit

    async def body(session: AsyncClientSession) -> tuple[Snapshot, Today, Rows, Rows]:
        snapshot = await snapshot_of(figures.database, session, now, figures.zone)
        day = now.astimezone(figures.zone).date()
        month = (Window(day.replace(day=1), day - DAY),) if day.day > 1 else ()
        rows = await snapshot.rows(by, scope, (*month, Window(day, day)))
        units = await snapshot.on_day(Dimension.UNIT, scope, day)
        categories = await snapshot.on_day(Dimension.CATEGORY, (), day) if unit is None else {}
        return snapshot, _today([each.get(own, {}) for each in rows]), units, categories

    snapshot, today, units, categories = await figures.database.transact(body)
    desks: Mapping[Status, Total] | Mapping[UnitTask, Total]
    if unit is None:
        desks = await hotline_desks(figures.database)
    else:
        desks = await unit_desks(figures.database, unit)
    emergencies = EMERGENCIES if unit is None else unit_emergencies(unit)
    return Board(
        as_of=snapshot.as_of,
        day=now.astimezone(figures.zone).date(),
        today=today,
        desks=desks,
        emergencies=(await tallies(figures.database, [emergencies]))[emergencies],
        first_units=_first(units, _beside(city, Dimension.UNIT, unit)),
        first_categories=_first(categories, _beside(city, Dimension.CATEGORY, None)),
        latest=await _latest(orders, unit, now),
    )


def _today(counted: Sequence[Counts]) -> Today:
    """From the counts of the month's days before, if there are any, and of today."""
    today = measured(counted[-1])
    month: Counts = {}
    for counts in counted:
        for name, number in counts.items():
            month[name] = month.get(name, 0) + number
    replies = today[Figure.ON_TIME]
    left_out = replies.left_out
    not_yet = left_out.get(Outcome.NOT_DUE, 0) + left_out.get(Outcome.EXTENDED_NOT_DUE, 0)
    late = sum(counted[-1].get(counter(Family.REPLY, each), 0) for each in LATE_OPEN)
    return Today(
        received=today[Figure.RECEIVED].denominator,
        answered_at_once=today[Figure.ANSWERED_AT_ONCE].numerator,
        archived=today[Figure.ARCHIVED].denominator,
        due=replies.denominator + not_yet,
        due_open=not_yet + late,
        on_time=replies,
        satisfied_this_month=measured(month)[Figure.SATISFIED],
    )


def _beside(city: City, by: Dimension, below: str | None) -> tuple[str, ...]:
    """The values that are compared; none below a unit that is not in the tree any more."""
    if below is not None and below not in city.units:
        return ()
    return side_by_side(city, by, below) or ()


def _first(rows: Rows, values: Sequence[str]) -> tuple[tuple[str, int], ...]:
    received = [(value, measured(rows.get(value, {}))[Figure.RECEIVED].denominator) for value in values]
    return tuple(sorted((each for each in received if each[1]), key=lambda each: (-each[1], each[0]))[:FIRST])


async def _latest(orders: OrderRepository, unit: str | None, now: datetime) -> tuple[Latest, ...]:
    request = PageRequest(LATEST_ORDERS)
    if unit is None:
        page = await orders.search(SCREEN, OrderFilter(), request, now)
        return tuple(Latest.of(document.order) for document in page.items)
    rows = await orders.assigned(SCREEN, unit, request, now)
    ids = list(dict.fromkeys(row.order for row in rows.items))
    found = await orders.many(SCREEN, ids)
    return tuple(Latest.of(found[id].order) for id in ids if id in found)
