"""The columns 导出列 of an order list, and what stands in them. Pure.

A row shows an order with one stay at a unit: in a unit's list the stay that was listed, else the lead's that answers
for the order. Whether something was in time is told in the very words of the figures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from foundation.crypto import DataKey
from identity.actors import Actor
from identity.directory import Snapshot
from workorders.deadlines.lights import LIGHT_NAMES, Light
from workorders.deadlines.values import KIND_NAMES, URGENCY_NAMES, Deadline
from workorders.lifecycle.documents import OrderDocument, task_light
from workorders.lifecycle.lines import stage_due, stage_light
from workorders.lifecycle.names import STATUS_NAMES
from workorders.lifecycle.redaction import Reported
from workorders.lifecycle.showing import reporter_for, title_for
from workorders.lifecycle.states import ROLE_NAMES
from workorders.lifecycle.values import CLOSING_NAMES, GRADE_NAMES, Assignment, Order, Reporter
from workorders.statistics.counting import entries_of
from workorders.statistics.definitions import OPEN, OUTCOME_NAMES, Family, Outcome

Cell = str | int | datetime | None
"""A moment is local, and bears no zone: what a spreadsheet has for it."""

REPORTING: Mapping[Reporter, str] = MappingProxyType(
    {Reporter.OPEN: "公开", Reporter.CONFIDENTIAL: "保密", Reporter.ANONYMOUS: "匿名"}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What all rows of an export have in common: for whom, and what the city is like."""

    actor: Actor
    city: Snapshot
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Line:
    """An order as it was read at a moment, with the stay at a unit that the row shows; `listed` if that is what the
    list is of."""

    document: OrderDocument
    key: DataKey | None
    held: Assignment | None
    at: datetime
    listed: bool = False


@dataclass(frozen=True, slots=True)
class _Shown:
    order: Order
    held: Assignment | None
    title: str | None
    reporter: Reported
    light: Light | None
    judged: Mapping[str, str]
    reading: Reading

    def local(self, moment: datetime | None) -> datetime | None:
        return moment.astimezone(self.reading.zone).replace(tzinfo=None) if moment else None

    def stay(self, told: Callable[[Assignment], Cell]) -> Cell:
        return told(self.held) if self.held else None

    def moment(self, told: Callable[[Assignment], datetime | None]) -> Cell:
        return self.local(told(self.held)) if self.held else None

    def due(self, told: Callable[[Assignment], Deadline | None]) -> Cell:
        deadline = told(self.held) if self.held else None
        return self.local(deadline.due) if deadline else None


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `width` is in characters of a Latin letter, as a spreadsheet counts."""

    title: str
    width: int
    told: Callable[[_Shown], Cell]


COLUMNS: Sequence[Column] = (
    Column("工单编号", 14, lambda s: s.order.number),
    Column("来源渠道", 12, lambda s: _channel(s.reading.city, s.order.channel)),
    Column("诉求类型", 10, lambda s: KIND_NAMES[s.order.kind]),
    Column("紧急程度", 10, lambda s: URGENCY_NAMES[s.order.urgency]),
    Column("分类", 24, lambda s: _path(s.reading.city.categories.names(s.order.category[-1]), s.order.category)),
    Column("地区", 24, lambda s: _path(s.reading.city.places.names(s.order.place[-1]), s.order.place)),
    Column("标题", 40, lambda s: s.title),
    Column("公开方式", 10, lambda s: REPORTING[s.order.reporter]),
    Column("反映人", 10, lambda s: s.reporter.name),
    Column("联系电话", 16, lambda s: s.reporter.phone),
    Column("联系地址", 24, lambda s: s.reporter.address),
    Column("受理时间", 20, lambda s: s.local(s.order.received_at)),
    Column("市民时限", 20, lambda s: s.local(s.order.citizen.due)),
    Column("状态", 10, lambda s: STATUS_NAMES[s.order.status]),
    Column("当前环节时限", 20, lambda s: s.local(stage_due(s.order))),
    Column("灯", 8, lambda s: LIGHT_NAMES[s.light] if s.light else None),
    Column("承办单位", 24, lambda s: s.stay(lambda held: _unit(s.reading.city, held.unit))),
    Column("承办角色", 10, lambda s: s.stay(lambda held: ROLE_NAMES[held.role])),
    Column("办理轮次", 10, lambda s: s.stay(lambda held: held.round + 1)),
    Column("派单时间", 20, lambda s: s.moment(lambda held: held.assigned_at)),
    Column("签收时限", 20, lambda s: s.due(lambda held: held.sign)),
    Column("签收时间", 20, lambda s: s.moment(lambda held: held.signed_at)),
    Column("签收是否按时", 14, lambda s: s.judged.get(Family.SIGN)),
    Column("首次联系时限", 20, lambda s: s.due(lambda held: held.contact)),
    Column("首次联系时间", 20, lambda s: s.moment(lambda held: held.contacted_at)),
    Column("首次联系是否按时", 18, lambda s: s.judged.get(Family.CONTACT)),
    Column("办结时限", 20, lambda s: s.due(lambda held: held.reply)),
    Column("办结时间", 20, lambda s: s.moment(lambda held: held.replied_at)),
    Column("办结是否按时", 14, lambda s: s.judged.get(Family.REPLY)),
    Column("退单次数", 10, lambda s: s.order.returns),
    Column("满意度", 12, lambda s: GRADE_NAMES[s.order.rating.grade] if s.order.rating else None),
    Column("是否解决", 10, lambda s: ("是" if s.order.rating.solved else "否") if s.order.rating else None),
    Column("评价时间", 20, lambda s: s.local(s.order.rating.at) if s.order.rating else None),
    Column("归档时间", 20, lambda s: s.local(s.order.closed_at)),
    Column("归档方式", 16, lambda s: CLOSING_NAMES[s.order.closing] if s.order.closing else None),
)


def row_of(line: Line, reading: Reading) -> tuple[Cell, ...]:
    """What stands in each column, as this reader may see it."""
    order, held = line.document.order, line.held
    at = max(line.at, order.changed_at)
    light = task_light(order, held, at) if line.listed and held else stage_light(order, at)
    shown = _Shown(
        order=order,
        held=held,
        title=title_for(reading.actor, line.document, line.key),
        reporter=reporter_for(reading.actor, line.document, line.key) or Reported(),
        light=light,
        judged=_judged(order, held, reading.zone, at) if held else {},
        reading=reading,
    )
    return tuple(column.told(shown) for column in COLUMNS)


def _judged(order: Order, held: Assignment, zone: ZoneInfo, at: datetime) -> Mapping[str, str]:
    """What the figures say of a stay, by family."""
    told: dict[str, str] = {}
    for entry in entries_of(order, zone):
        if entry.subject == held.id:
            late_and_not_due = OPEN.get(entry.counter)
            name = entry.counter if late_and_not_due is None else late_and_not_due[0 if entry.at < at else 1]
            family, _, outcome = name.partition(":")
            told[family] = OUTCOME_NAMES[Outcome(outcome)]
    return told


def _channel(city: Snapshot, id: str) -> str:
    channel = city.channels.get(id)
    return channel.name if channel else id


def _unit(city: Snapshot, id: str) -> str:
    unit = city.units.get(id)
    return unit.name if unit else id


def _path(names: Sequence[str], ids: Sequence[str]) -> str:
    """The names along a path, root first; the id of what is not known any more."""
    return "/".join(names) if names else ids[-1]
