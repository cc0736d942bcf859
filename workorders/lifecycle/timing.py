"""What time itself does to orders: one timer watches each, and does whatever time has done by then."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from foundation.changes import Change
from foundation.clock import SettableClock
from foundation.timers import Handler, Timer
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.lines import next_moment
from workorders.lifecycle.office import TIMERS, NothingToDo, Office
from workorders.lifecycle.recording import WATCH_TIMER


def timer_handlers(office: Office) -> Mapping[str, Handler]:
    """The handlers of the life cycle's timers, by kind."""

    async def watch(timer: Timer, now: datetime) -> None:
        at_now = replace(office, clock=SettableClock(now))

        def delete_timer(change: Change, _: OrderDocument) -> None:
            timer.done(change)

        try:
            await at_now.act(TIMERS, timer.subject, None, beside=delete_timer)
        except NothingToDo:
            await office.database.save(await _put_off(office, timer))

    return {WATCH_TIMER: watch}


async def _put_off(office: Office, timer: Timer) -> Change:
    """A timer that came too early waits for what comes next; one that another has replaced is dropped."""
    document = await office.orders.by_id(timer.subject)
    if document is None or document.watched_by not in (None, timer.id):
        return timer.done(Change())
    terms = await office.library.recorded(document.order.rules, document.order.calendar)
    moment = next_moment(document.order, terms.rules)
    if moment is None:
        return timer.done(Change())
    watched = {"watched_at": moment, "watched_by": timer.id}
    judged = {"order.version": document.version, "watched_by": document.watched_by}
    change = Change().update(OrderDocument, document.id, {"$set": watched}, expecting=judged)
    return timer.put_off(change, moment)
