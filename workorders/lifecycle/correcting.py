"""A corrected calendar on open orders 更正日历: each gets an event with its deadlines computed anew."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from foundation.paging import EARLIEST, LATEST, instant
from identity.actors import Actor, system_actor
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.errors import WrongState
from workorders.lifecycle.office import NothingToDo, Office
from workorders.lifecycle.policy import correcting
from workorders.lifecycle.policy.case import Case, Decision
from workorders.lifecycle.states import BEFORE_CALLBACK, Status
from workorders.lifecycle.terms import Terms

CALENDAR = system_actor("calendar")
OPEN = (*BEFORE_CALLBACK, Status.CALLBACK)
BATCH = 200


async def correct_open(office: Office, tell: Callable[[int], None] = lambda _: None) -> int:
    """Bring every open order under the calendars that intakes go by now; answers how many were not, telling meanwhile.

    Safe to break off and to repeat, beside everybody's work: one that stands by them already gets no event. Repeats
    until nothing is found, for orders move between states meanwhile.
    """
    corrected = 0
    while True:
        found = 0
        async for id in _open(office):
            found += await _corrected(office, id)
            tell(corrected + found)
        corrected += found
        if not found:
            return corrected


async def correct(office: Office, actor: Actor, id: str) -> OrderDocument:
    """Bring one order under the calendars that intakes go by now.

    Raises `NothingToDo` for one that stands by them, `WrongState` for one that rests, `NotAllowed` for people.
    """
    terms = await office.library.current()

    def decide(case: Case) -> Decision:
        decision = correcting.correct(replace(case, terms=_of(terms, case)))
        if decision is None:
            raise NothingToDo
        return decision

    return await office.act(actor, id, decide)


async def _corrected(office: Office, id: str) -> bool:
    try:
        await correct(office, CALENDAR, id)
    except (NothingToDo, WrongState):
        return False
    return True


def _of(terms: Terms, case: Case) -> Terms:
    """Today's calendars and units, with the rule pack that the order was taken in by."""
    return replace(terms, rules=case.terms.rules)


async def _open(office: Office) -> AsyncIterator[str]:
    orders = office.database.collection(OrderDocument)
    for status in OPEN:
        after = instant(EARLIEST)
        while True:
            where = {"status": status, "due_key": {"$gt": after, "$lt": instant(LATEST)}}
            found = await orders.find(where, {"due_key": 1}).sort("due_key", 1).limit(BATCH).to_list()
            for raw in found:
                yield raw["_id"]
            if len(found) < BATCH:
                break
            after = found[-1]["due_key"]
