"""Who may do what, and who may see what: every role × every operation, as a table.

`Y` may; `-` sees the order and may not (NOT_ALLOWED); `.` does not learn that it exists (NOT_FOUND); `r` may, but
a rule refuses it here. The water office leads (`clk`, `hed`), the heating office helps (`coc`, `coh`), the city stands
above both (`cty`), the police have nothing to do with it (`oth`); `hal` is the hall's counter, guide and checkpoint at
once, `non` somebody without a role.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from foundation.errors import DomainError, NotAllowed, NotFound
from foundation.ids import new_id
from foundation.paging import PageRequest
from identity.actors import Actor, Role
from tests.workorders.lifecycle.acts import ACTS
from tests.workorders.lifecycle.builders import a_work_order
from tests.workorders.lifecycle.invariants import picture
from tests.workorders.lifecycle.test_states import CALLBACK, RETURNED, SIGNED, ready_for
from tests.workorders.lifecycle.town import (
    CALLER,
    CHIEF,
    CITIZEN,
    COMPLAINT,
    DEVICE,
    DISPATCHER,
    LEADER,
    OPERATOR,
    REVIEWER,
    STRANGER,
    SUPERVISOR,
    UPSTREAM,
    Town,
    clerk_of,
    head_of,
    staff,
)
from workorders.lifecycle import intake
from workorders.lifecycle.access import may_know_reporter
from workorders.lifecycle.documents import OrderDocument, UnitTask
from workorders.lifecycle.errors import NotBelow
from workorders.lifecycle.repository import OrderFilter
from workorders.lifecycle.states import ONLY_UPSTREAM, TRANSITIONS, Action, RequestKind, Status

EVERYBODY = {
    "own": CITIZEN,
    "str": STRANGER,
    "dev": DEVICE,
    "ope": OPERATOR,
    "dis": DISPATCHER,
    "chi": CHIEF,
    "rev": REVIEWER,
    "cal": CALLER,
    "sup": SUPERVISOR,
    "lea": LEADER,
    "clk": clerk_of("water"),
    "hed": head_of("water"),
    "coc": clerk_of("heating"),
    "coh": head_of("heating"),
    "cty": staff("city", Role.UNIT_CLERK, Role.UNIT_HEAD, unit="city"),
    "oth": staff("police", Role.UNIT_CLERK, Role.UNIT_HEAD, unit="police"),
    "ups": UPSTREAM,
    "adm": staff("administrator", Role.ADMINISTRATOR, unit="water"),
    "hal": staff("hall", Role.COUNTER, Role.GUIDE, Role.CHECKPOINT, unit="water"),
    "non": Actor(id="staff:new", roles=frozenset(), unit_id="water", unit_path=("city", "water")),
}

TABLE = """
                   own str dev ope dis chi rev cal sup lea clk hed coc coh cty oth ups adm hal non
answer_now         -   .   .   Y   -   -   -   -   -   -   -   -   -   -   -   .   .   .   .   .
reject             -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
reclassify         -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
supplement         Y   .   .   Y   -   -   -   -   -   -   -   -   -   -   -   .   .   .   .   .
dispatch           -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
adjudicate         -   .   .   -   -   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
sign               -   .   .   -   -   -   -   -   -   -   Y   -   -   -   -   .   .   .   .   .
co_sign            -   .   .   -   -   -   -   -   -   -   -   -   Y   -   -   .   .   .   .   .
contact            -   .   .   -   -   -   -   -   -   -   Y   Y   Y   Y   -   .   .   .   .   .
delegate           -   .   .   -   -   -   -   -   -   -   Y   Y   r   r   -   .   .   .   .   .
co_reply           -   .   .   -   -   -   -   -   -   -   -   -   Y   -   -   .   .   .   .   .
request_return     -   .   .   -   -   -   -   -   -   -   Y   -   -   -   -   .   .   .   .   .
grant_return       -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
refuse_return      -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
request_extension  -   .   .   -   -   -   -   -   -   -   Y   -   -   -   -   .   .   .   .   .
grant_extension    -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
refuse_extension   -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
request_suspension -   .   .   -   -   -   -   -   -   -   Y   -   -   -   -   .   .   .   .   .
grant_suspension   -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
refuse_suspension  -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
request_complex    -   .   .   -   -   -   -   -   -   -   Y   -   -   -   -   .   .   .   .   .
grant_complex      -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
refuse_complex     -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
resume             -   .   .   -   Y   Y   -   -   -   -   Y   -   -   -   -   .   .   .   .   .
submit_reply       -   .   .   -   -   -   -   -   -   -   Y   -   -   -   -   .   .   .   .   .
unit_approve       -   .   .   -   -   -   -   -   -   -   -   Y   -   -   -   .   .   .   .   .
unit_send_back     -   .   .   -   -   -   -   -   -   -   -   Y   -   -   -   .   .   .   .   .
hotline_accept     -   .   .   -   -   -   Y   -   -   -   -   -   -   -   -   .   .   .   .   .
hotline_send_back  -   .   .   -   -   -   Y   -   -   -   -   -   -   -   -   .   .   .   .   .
callback_attempt   -   .   .   -   -   -   -   Y   -   -   -   -   -   -   -   .   .   .   .   .
rate               Y   .   .   -   -   -   -   -   -   -   -   -   -   -   -   .   .   .   .   .
callback_close     -   .   .   -   Y   Y   -   Y   -   -   -   -   -   -   -   .   .   .   .   .
callback_redo      -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
final_answer       -   .   .   -   -   -   -   -   Y   -   -   -   -   -   -   .   .   .   .   .
withdraw           Y   .   .   Y   -   -   -   -   -   -   -   -   -   -   -   .   .   .   .   .
urge               Y   .   .   Y   -   -   -   -   -   -   -   -   -   -   -   .   .   .   .   .
light              -   .   .   -   -   -   -   -   -   -   -   -   -   -   -   .   .   .   .   .
correct_calendar   -   .   .   -   -   -   -   -   -   -   -   -   -   -   -   .   .   .   .   .
replace            -   .   .   -   -   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
merge              -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
unmerge            -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
adopt              -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
release            -   .   .   -   Y   Y   -   -   -   -   -   -   -   -   -   .   .   .   .   .
follow_parent      -   .   .   -   -   -   -   -   -   -   -   -   -   -   -   .   .   .   .   .
supervise          -   .   .   -   -   -   -   -   Y   -   -   -   -   -   -   .   .   .   .   .
instruct           -   .   .   -   -   -   -   -   -   Y   -   -   -   -   -   .   .   .   .   .
answer_supervision -   .   .   -   -   -   -   -   -   -   Y   Y   -   -   -   .   .   .   .   .
close_supervision  -   .   .   -   -   -   -   -   Y   -   -   -   -   -   -   .   .   .   .   .
meet               -   .   .   -   -   -   -   -   Y   -   -   -   -   -   -   .   .   .   .   .
call_duty          -   .   .   -   -   -   -   -   -   -   -   -   -   -   -   .   .   .   .   .
phone_duty         -   .   .   Y   Y   Y   -   -   Y   -   -   -   -   -   -   .   .   .   .   .
confirm_call       -   .   .   -   -   -   -   -   -   -   Y   Y   -   -   -   .   .   .   .   .
file_appeal        -   .   .   -   -   -   -   -   -   -   -   Y   -   Y   -   .   .   .   .   .
withdraw_appeal    -   .   .   -   -   -   -   -   -   -   -   Y   -   -   -   .   .   .   .   .
decide_appeal      -   .   .   -   -   -   -   -   Y   -   -   -   -   -   -   .   .   .   .   .
exclude            -   .   .   -   -   -   -   -   Y   -   -   -   -   -   -   .   .   .   .   .
readmit            -   .   .   -   -   -   -   -   Y   -   -   -   -   -   -   .   .   .   .   .
order              Y   .   .   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   .   .   .   .   .
order_by_number    Y   .   .   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   .   .   .   .   .
"""

LISTS = """
                   own str dev ope dis chi rev cal sup lea clk hed coc coh cty oth ups adm hal non
orders_of_a_page   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y   Y
search             -   -   -   Y   Y   Y   Y   Y   Y   Y   -   -   -   -   -   -   -   -   -   -
desk               -   -   -   Y   Y   Y   Y   Y   Y   Y   -   -   -   -   -   -   -   -   -   -
unit_desk          -   -   -   Y   Y   Y   Y   Y   Y   Y   Y   Y   -   -   -   -   -   -   -   -
requests_desk      -   -   -   -   Y   Y   -   -   Y   -   -   -   -   -   -   -   -   -   -   -
own_orders         Y   Y   Y   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -   -
"""


def _rows(table: str) -> dict[str, dict[str, str]]:
    header, *lines = table.strip("\n").splitlines()
    who = header.split()
    assert who == list(EVERYBODY)
    return {line.split()[0]: dict(zip(who, line.split()[1:], strict=True)) for line in lines}


MATRIX = _rows(TABLE)
LIST_MATRIX = _rows(LISTS)
READS = ("order", "order_by_number")
ON_ANY_ORDER = {action: act for action, act in ACTS.items() if action not in ONLY_UPSTREAM}
"""The others are in `test_upstream`."""

Try = Callable[[Town, Actor, str], Awaitable[Any]]


def test_the_table_is_whole() -> None:
    assert set(MATRIX) == {action.value for action in ON_ANY_ORDER} | set(READS)
    tried = {role for actor in EVERYBODY.values() for role in actor.roles}
    assert tried == set(Role) - {Role.SYSTEM}


def _state_for(action: Action) -> Status:
    """A state in which the action is legal, and the order known to both units."""
    if action is Action.RATE:
        return Status.CALLBACK
    return next(status for status, legal in TRANSITIONS if legal is action)


async def _outcome(town: Town, attempt: Try, actor: Actor, id: str) -> str:
    try:
        await attempt(town, actor, id)
    except NotFound:
        return "."
    except NotAllowed:
        return "-"
    except NotBelow:
        return "r"
    return "Y"


@pytest.mark.parametrize("action", ON_ANY_ORDER)
async def test_who_may_do_what(town: Town, action: Action) -> None:
    row = MATRIX[action]
    ready = ready_for(_state_for(action), action)
    order = await ready.made_in(town)
    seen = await picture(town)
    denied = [who for who in EVERYBODY if row[who] != "Y"]
    got = {who: await _outcome(town, ACTS[action], EVERYBODY[who], order.id) for who in denied}
    assert got == {who: row[who] for who in denied}
    assert await picture(town) == seen  # whatever was denied changed nothing
    for who in set(EVERYBODY) - set(denied):
        town.units = None
        fresh = await ready.made_in(town)
        assert await _outcome(town, ACTS[action], EVERYBODY[who], fresh.id) == "Y", who


async def test_what_is_hidden_looks_like_what_does_not_exist(town: Town) -> None:
    order = await RETURNED.made_in(town)
    seen = await picture(town)
    for action, act in ON_ANY_ORDER.items():
        for who, actor in EVERYBODY.items():
            if MATRIX[action][who] != ".":
                continue
            answers = set()
            for id in (order.id, new_id(), "\x00$ne" + "x" * 5_000):
                with pytest.raises(DomainError) as refused:
                    await act(town, actor, id)
                answers.add((type(refused.value), refused.value.message, refused.value.fields))
            assert answers == {(NotFound, NotFound.text, ())}, (action, who)
    assert await picture(town) == seen


async def _by_number(town: Town, actor: Actor, id: str) -> OrderDocument:
    document = await town.office.orders.by_id(id)
    assert document is not None
    return await town.office.orders.by_number(actor, document.order.number)


@pytest.mark.parametrize(
    ("name", "read"),
    [("order", lambda town, actor, id: town.office.orders.visible_to(actor, id)), ("order_by_number", _by_number)],
)
async def test_who_may_see_an_order(town: Town, name: str, read: Try) -> None:
    order = await SIGNED.made_in(town)
    got = {who: await _outcome(town, read, actor, order.id) for who, actor in EVERYBODY.items()}
    assert got == MATRIX[name]
    for missing in ("000000000000", "", "\x00"):
        with pytest.raises(NotFound):
            await town.office.orders.by_number(OPERATOR, missing)


async def test_a_unit_sees_what_it_once_had_and_not_what_it_never_had(town: Town) -> None:
    returned = await RETURNED.dispatched_to("police").made_in(town)
    fresh = await a_work_order().made_in(town)
    for unit in ("water", "heating", "police", "city"):
        assert await town.office.orders.visible_to(clerk_of(unit), returned.id)
    for unit in ("water", "city"):
        with pytest.raises(NotFound):
            await town.office.orders.visible_to(clerk_of(unit), fresh.id)
    below = clerk_of("water-east")
    with pytest.raises(NotFound):
        await town.office.orders.visible_to(below, returned.id)
    delegated = await SIGNED.delegated_to("water-east").made_in(town)
    assert await town.office.orders.visible_to(below, delegated.id)


FIRST = PageRequest()
LIST_READS: dict[str, Callable[[Town, Actor, str], Awaitable[Any]]] = {
    "orders_of_a_page": lambda town, actor, id: town.office.orders.many(actor, [id, new_id()]),
    "search": lambda town, actor, _: town.office.orders.search(actor, OrderFilter(), FIRST, town.clock.now()),
    "desk": lambda town, actor, _: town.office.orders.desk(actor, Status.IN_PROGRESS, FIRST, town.clock.now()),
    "unit_desk": lambda town, actor, _: town.office.orders.unit_desk(
        actor, "water", UnitTask.HANDLE, FIRST, town.clock.now()
    ),
    "requests_desk": lambda town, actor, _: town.office.orders.requests(
        actor, RequestKind.EXTENSION, FIRST, town.clock.now()
    ),
    "own_orders": lambda town, actor, _: town.office.orders.own(actor, FIRST, town.clock.now()),
}


@pytest.mark.parametrize("name", LIST_READS)
async def test_who_may_read_which_list_and_what_is_in_it(town: Town, name: str) -> None:
    order = await SIGNED.asking_for(RequestKind.EXTENSION).made_in(town)
    for who, actor in EVERYBODY.items():
        assert await _outcome(town, LIST_READS[name], actor, order.id) == LIST_MATRIX[name][who], who
        if LIST_MATRIX[name][who] != "Y":
            continue
        found = await LIST_READS[name](town, actor, order.id)
        listed = list(found) if isinstance(found, dict) else [getattr(item, "order", None) for item in found.items]
        ids = [each if isinstance(each, str) else each.id for each in listed if each is not None]
        sees = MATRIX["order"][who] == "Y" and (name != "own_orders" or who == "own")
        assert ids == ([order.id] if sees else []), who


async def test_the_anonymous_device_owns_its_order_and_nothing_else(town: Town) -> None:
    order = await a_work_order().anonymous().made_in(town)
    other = await a_work_order().made_in(town)
    assert (await intake.supplement(town.office, DEVICE, order.id, text="补充。")).order.version == 2
    assert [each.id for each in (await town.office.orders.own(DEVICE, FIRST, town.clock.now())).items] == [order.id]
    for rival in (Actor(id="device:d2", roles=frozenset({Role.ANONYMOUS_DEVICE})), CITIZEN):
        with pytest.raises(NotFound):
            await intake.supplement(town.office, rival, order.id, text="补充。")
    with pytest.raises(NotFound):
        await intake.withdraw(town.office, DEVICE, other.id, reason="撤回。")
    assert (await intake.withdraw(town.office, DEVICE, order.id, reason="撤回。")).order.status is Status.WITHDRAWN


@pytest.mark.parametrize(
    "who",
    [STRANGER, clerk_of("water"), head_of("water"), REVIEWER, DISPATCHER, SUPERVISOR, LEADER, EVERYBODY["adm"]],
)
async def test_only_citizens_devices_operators_and_platforms_take_in(town: Town, who: Actor) -> None:
    if who is STRANGER:
        assert await intake.take_in(town.office, who, COMPLAINT)
        return
    seen = await picture(town)
    with pytest.raises(NotAllowed):
        await intake.take_in(town.office, who, COMPLAINT)
    assert await picture(town) == seen


async def test_who_may_know_who_reported(town: Town) -> None:
    """A unit learns it of open reporters only, and of nobody once the reporter is confidential or anonymous."""
    open_order = (await CALLBACK.made_in(town)).order
    confidential = (await a_work_order().confidential().dispatched_to("water", "heating").made_in(town)).order
    anonymous = (await a_work_order().anonymous().dispatched_to("water", "heating").made_in(town)).order
    hotline = {"ope", "dis", "chi", "rev", "cal", "sup"}
    units = {"clk", "hed", "coc", "coh", "cty"}

    def knows(order: Any) -> set[str]:
        return {who for who, actor in EVERYBODY.items() if may_know_reporter(actor, order)}

    assert knows(open_order) == hotline | units | {"own"}
    assert knows(confidential) == hotline | {"own"}
    assert knows(anonymous) == set()
