"""One message's and one reply's actions, through the use cases of the API.

What is to be done next, the order itself says. So an action that was broken off, or whose answer was lost, is simply
taken up again: done it is not done twice, and not done it is done.
"""

from dataclasses import dataclass
from typing import ClassVar

from foundation.changes import Change
from foundation.documents import Stored
from runtime.replay.reading import Row
from runtime.replay.town import CALLER, CATEGORY, CHANNEL, CLERK, DISPATCHER, HEAD, OPERATOR, PLACE, REVIEWER, UNIT
from workorders.deadlines.values import Kind
from workorders.lifecycle import dispatching, handling, intake, reviewing
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.intake import Report
from workorders.lifecycle.office import Office
from workorders.lifecycle.states import Status
from workorders.lifecycle.values import Outcome

CONTACTED = "已联系留言人，告知已受理。"


class ReplayedRow(Stored):
    """The order that a row (`_id` is the message's own id) became; written with it."""

    order: str
    line: int

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "replayed_rows"


@dataclass(frozen=True, slots=True)
class Stage:
    """One moment: the office with a clock that stands there."""

    office: Office

    async def message(self, row: Row) -> None:
        """受理, 派单 by the catalogue, 签收, 首次联系, all at the message's time."""
        document = await self._order(row) or await self._taken_in(row)
        while (after := await _next_after_message(self.office, document)) is not None:
            document = after

    async def reply(self, row: Row) -> None:
        """回复, 单位审核, 热线审核, 回访, 归档, all at the reply's time; nothing for a message that was refused."""
        document = await self._order(row)
        if document is None:
            return
        while (after := await _next_after_reply(self.office, document, row)) is not None:
            document = after

    async def _order(self, row: Row) -> OrderDocument | None:
        replayed = await self.office.database.get(ReplayedRow, row.id)
        return None if replayed is None else await self.office.orders.by_id(replayed.order)

    async def _taken_in(self, row: Row) -> OrderDocument:
        def claim(change: Change, order: OrderDocument) -> None:
            change.insert(ReplayedRow(_id=row.id, order=order.id, line=row.line))

        report = Report(
            channel=CHANNEL,
            kind=Kind.HELP,
            category=CATEGORY,
            place=PLACE,
            title=row.title,
            detail=row.detail,
            name=row.name,
        )
        return await intake.take_in(self.office, OPERATOR, report, beside=claim)


async def _next_after_message(office: Office, document: OrderDocument) -> OrderDocument | None:
    order = document.order
    match order.status:
        case Status.RECEIVED:
            return await dispatching.dispatch(office, DISPATCHER, order.id, lead=UNIT)
        case Status.DISPATCHED:
            return await handling.sign(office, CLERK, order.id)
        case Status.IN_PROGRESS if order.lead is not None and order.lead.contacted_at is None:
            return await handling.contact(office, CLERK, order.id, reached=True, said=CONTACTED)
        case _:
            return None


async def _next_after_reply(office: Office, document: OrderDocument, row: Row) -> OrderDocument | None:
    order = document.order
    match order.status:
        case Status.IN_PROGRESS:
            return await handling.submit_reply(office, CLERK, order.id, outcome=Outcome.EXPLAINED, answer=row.reply)
        case Status.UNIT_REVIEW:
            return await handling.approve(office, HEAD, order.id)
        case Status.HOTLINE_REVIEW:
            return await reviewing.accept(office, REVIEWER, order.id)
        case Status.CALLBACK if order.rating is None:
            return await reviewing.callback_attempt(office, CALLER, order.id, reached=True, solved=True, grade=2)
        case Status.CALLBACK:
            return await reviewing.callback_close(office, CALLER, order.id)
        case _:
            return None
