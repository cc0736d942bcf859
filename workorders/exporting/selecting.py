"""What is exported, and for whom. Pure; what is not named here is denied."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from foundation.errors import InvalidInput, NotAllowed
from foundation.paging import instant
from identity.actors import HOTLINE_ROLES, Actor, Role
from workorders.lifecycle.documents import UnitTask
from workorders.lifecycle.repository import OrderFilter
from workorders.lifecycle.values import Order

READS_ALL = HOTLINE_ROLES | {Role.LEADERSHIP}


class Format(StrEnum):
    """The file that is written."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class Selection:
    """Orders by time received; or, where `desk` names a unit, what that unit and those below it were given, by time
    assigned: then `due` and `light` are those of the unit's task, and `tasks` the tabs of its desk."""

    where: OrderFilter
    desk: str | None = None
    tasks: tuple[UnitTask, ...] = ()

    def holds(self, order: Order) -> bool:
        """Whether an order of the desk fits what its rows do not tell."""
        where = self.where
        return (
            (not where.statuses or order.status in where.statuses)
            and (where.category is None or where.category in order.category)
            and (where.place is None or where.place in order.place)
            and (where.channel is None or where.channel == order.channel)
            and (where.received is None or where.received.start <= order.received_at < where.received.end)
        )

    def for_audit(self) -> dict[str, Any]:
        """What it is narrowed to: ids and codes. That a person was named is told, and not which."""
        where = self.where
        spans = {"received": where.received, "due": where.due}
        told: dict[str, Any] = {
            "statuses": list(where.statuses),
            "tasks": list(self.tasks),
            **{name: [instant(span.start), instant(span.end)] for name, span in spans.items() if span},
            **{name: getattr(where, name) for name in ("category", "place", "channel", "unit", "light")},
            "desk": self.desk,
            "by": "phone" if where.phone_hash else "name" if where.name_hash else None,
        }
        return {name: value for name, value in told.items() if value}


def require_exporter(actor: Actor) -> None:
    """Raises `NotAllowed` for whoever has no list of orders: citizens, devices, platforms, administrators."""
    if not actor.has(*READS_ALL) and not actor.is_unit:
        raise NotAllowed


def selected(actor: Actor, where: OrderFilter, tasks: Sequence[UnitTask] = ()) -> Selection:
    """The list that somebody may export: of all orders for those who read all of them, else of the own unit.

    Raises `NotAllowed`; `InvalidInput` for tasks of no unit.
    """
    require_exporter(actor)
    if (where.phone_hash or where.name_hash) and not actor.has(*HOTLINE_ROLES):
        raise NotAllowed
    if actor.has(*READS_ALL):
        if tasks and where.unit is None:
            raise InvalidInput.field("tasks", "按承办任务导出时须指明单位。")
        return Selection(where, where.unit if tasks else None, tuple(tasks))
    if where.unit not in (None, actor.unit_id):
        raise NotAllowed
    return Selection(where, actor.unit_id, tuple(tasks))
