"""Links 导出链接 to exports, for browsers."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from api.context import Info
from api.fields import resolved
from api.problems import Problem
from api.workorders.narrowing import OrderFilterInput, filter_of
from foundation.errors import InvalidInput
from workorders.deadlines.lights import Light
from workorders.exporting.selecting import Format, require_exporter, selected
from workorders.lifecycle.documents import UnitTask

PATH: Final = "/exports/orders"
"""With the format behind a dot."""

strawberry.enum(Format, name="ExportFormat", description="The file of an export 导出格式.")


@strawberry.input
class ExportOrdersInput:
    format: Format
    filter: OrderFilterInput | None = strawberry.field(
        default=None, description="As for `orders`, but for the number. Units export what they were given themselves."
    )
    light: Light | None = None
    tasks: list[UnitTask] = strawberry.field(
        default_factory=list, description="Of a unit's desk: one row for each assignment with one of these tasks."
    )


@strawberry.type(description="导出链接: good once, for two minutes, for as long as the session lives.")
class OrderExport:
    url: str
    ends: datetime


OrderExportResult = Annotated[
    OrderExport | Problem,
    strawberry.union("OrderExportResult", description="A link to an export, or why there is none."),
]


@strawberry.type
class ExportMutations:
    @resolved("导出: a link to a file of the orders on the reader's list, masked as there. Each export is audited.")
    async def export_orders(self, info: Info, input: ExportOrdersInput) -> OrderExportResult:
        context = info.context
        services, where = context.services, input.filter or OrderFilterInput()
        require_exporter(context.actor)
        if where.number is not None:
            raise InvalidInput.field("filter.number", "导出不能按工单编号筛选。")
        narrowed = filter_of(where, services.office.keyring, light=input.light)
        selection = selected(context.actor, narrowed, input.tasks)
        secret, ends = await services.links.give(context.actor, selection, input.format)
        return OrderExport(url=f"{PATH}.{input.format}?link={secret}", ends=ends)
