"""After the reply: calling back, rating, redoing, the final answer, and the order that follows a bad rating."""

import pytest

from foundation.errors import NotAllowed, NotFound
from foundation.idempotency import KeyReused, Once
from tests.workorders.lifecycle.builders import a_work_order, order_of
from tests.workorders.lifecycle.invariants import check, log_of, picture
from tests.workorders.lifecycle.test_requests import local
from tests.workorders.lifecycle.town import CALLER, CITIZEN, DISPATCHER, STRANGER, SUPERVISOR, Town, abolish
from workorders.lifecycle import reviewing
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.errors import (
    AlreadyRated,
    AnswerMissing,
    AttemptsLeft,
    GradeUnknown,
    NotRatable,
    RedoAsked,
    RedoElsewhere,
    RedoLeft,
    RedoNeedsUnit,
    RedoUsedUp,
    UnitAbolished,
    UnknownUnit,
)
from workorders.lifecycle.facts import Rated
from workorders.lifecycle.states import Action, AssignmentState, Status
from workorders.lifecycle.values import Closing

ACCEPTED = a_work_order().dispatched_to("water").signed().handled()
REDONE = ACCEPTED.called_back(grade=5, solved=False).redone()

# Calling back 回访


async def test_it_takes_an_answer_or_three_unanswered_calls_to_close(town: Town) -> None:
    order = await ACCEPTED.unreached(2).made_in(town)
    with pytest.raises(AttemptsLeft):
        await reviewing.callback_close(town.office, CALLER, order.id)
    unreached = await ACCEPTED.unreached(3).closed().made_in(town)
    assert unreached.order.closing is Closing.UNREACHED
    assert unreached.order.attempts == 3
    assert unreached.order.closed_at == town.clock.now()
    answered = await ACCEPTED.unreached(1).called_back(grade=3).closed().made_in(town)
    assert answered.order.closing is Closing.CALLED_BACK
    assert answered.order.rating is not None
    assert answered.order.rating.through == "callback"


@pytest.mark.parametrize(
    ("reached", "solved", "grade"),
    [(True, None, None), (True, True, None), (True, None, 1), (False, True, 1), (False, True, None), (False, None, 1)],
)
async def test_an_answer_is_whole_or_there_is_none(
    town: Town, reached: bool, solved: bool | None, grade: int | None
) -> None:
    order = await ACCEPTED.made_in(town)
    with pytest.raises(AnswerMissing):
        await reviewing.callback_attempt(town.office, CALLER, order.id, reached=reached, solved=solved, grade=grade)


@pytest.mark.parametrize("grade", [-1, 0, 6, 10**9])
async def test_grades_run_from_one_to_five(town: Town, grade: int) -> None:
    order = await ACCEPTED.made_in(town)
    with pytest.raises(GradeUnknown):
        await reviewing.callback_attempt(town.office, CALLER, order.id, reached=True, solved=True, grade=grade)
    with pytest.raises(GradeUnknown):
        await reviewing.rate(town.office, CITIZEN, order.id, grade=grade, solved=True)


# Rating in the app 评价


@pytest.mark.parametrize("grade", [1, 2, 3])
async def test_a_good_rating_closes(town: Town, grade: int) -> None:
    order = (await ACCEPTED.rated(grade, solved=True).made_in(town)).order
    assert (order.status, order.closing) == (Status.CLOSED, Closing.RATED)
    events = await log_of(town, (await town.office.orders.by_id(order.id)) or pytest.fail())
    assert [action for action, _, _ in events[-2:]] == [Action.RATE, Action.CALLBACK_CLOSE]


@pytest.mark.parametrize("grade", [4, 5])
async def test_a_bad_one_asks_for_a_redo_that_only_a_dispatcher_decides(town: Town, grade: int) -> None:
    order = await ACCEPTED.rated(grade).made_in(town)
    assert order.order.status is Status.CALLBACK
    assert order.order.redo_asked
    with pytest.raises(AlreadyRated):
        await reviewing.rate(town.office, CITIZEN, order.id, grade=1, solved=True)
    with pytest.raises(RedoAsked):
        await reviewing.callback_close(town.office, CALLER, order.id)
    closed = await reviewing.callback_close(town.office, DISPATCHER, order.id, note="诉求已超出职责。")
    assert closed.order.closing is Closing.RATED
    assert not (await check(town, order.id)).redo_asked
    again = await ACCEPTED.rated(grade).redone().made_in(town)
    assert (again.order.status, again.order.redo_asked) == (Status.IN_PROGRESS, False)


async def test_a_redo_wished_on_the_phone_is_the_dispatchers_to_decide(town: Town) -> None:
    with pytest.raises(RedoAsked):
        await ACCEPTED.called_back(grade=2, wants_redo=True).closed().made_in(town)


async def test_each_round_is_rated_once(town: Town) -> None:
    order = await REDONE.handled().rated(2, solved=True).made_in(town)
    assert order.order.rating is not None
    assert (order.order.rating.round, order.order.rating.grade) == (1, 2)
    assert order.order.closing is Closing.RATED


async def test_a_rating_of_the_round_before_closes_nothing(town: Town) -> None:
    order = await REDONE.handled().made_in(town)
    with pytest.raises(AttemptsLeft):
        await reviewing.callback_close(town.office, CALLER, order.id)


async def test_the_anonymous_are_not_called_back_and_do_not_rate(town: Town) -> None:
    order = (await a_work_order().anonymous().dispatched_to("water").signed().handled().made_in(town)).order
    assert (order.status, order.closing) == (Status.CLOSED, Closing.WITHOUT_CALLBACK)
    await check(town, order.id)


# Redo 重办 and final answer 最终答复


async def test_a_redo_is_a_new_round_at_the_same_unit_with_its_own_deadline(town: Town) -> None:
    order = (await REDONE.made_in(town)).order
    lead = order.lead
    assert lead is not None
    assert (lead.unit, lead.round, lead.state) == ("water", 1, AssignmentState.SIGNED)
    assert lead.reply.due == local(19)
    assert lead.reply.basis == "reply.redo"
    assert order.callback is None
    assert order.citizen.due == local(23)
    assert order.round == 1
    await check(town, order.id)


async def test_one_redo_then_the_final_answer(town: Town) -> None:
    first = await ACCEPTED.called_back(grade=5).made_in(town)
    with pytest.raises(RedoLeft):
        await reviewing.final_answer(town.office, SUPERVISOR, first.id, answer="已尽处理。")
    second = REDONE.handled().called_back(grade=5)
    with pytest.raises(RedoUsedUp):
        await second.redone().made_in(town)
    order = (await second.finally_answered().made_in(town)).order
    assert (order.status, order.closing) == (Status.CLOSED, Closing.FINAL_ANSWER)
    await check(town, order.id)


async def test_a_redo_goes_to_the_successor_of_an_abolished_unit(town: Town) -> None:
    order = await ACCEPTED.called_back(grade=5).with_its_unit_abolished("water", "heating").redone().made_in(town)
    assert order.order.lead is not None
    assert order.order.lead.unit == "heating"


@pytest.mark.parametrize("successor", [None, "water", "gone", "nowhere"])
async def test_a_redo_names_a_unit_when_the_one_that_led_cannot_take_it(town: Town, successor: str | None) -> None:
    """Abolished without an heir: none was named, or the register goes in a circle, or ends nowhere."""
    stuck = await ACCEPTED.called_back(grade=5).made_in(town)
    abolish(town, "water", successor)
    with pytest.raises(RedoNeedsUnit) as refused:
        await reviewing.callback_redo(town.office, DISPATCHER, stuck.id, reason="问题仍在。")
    assert [fault.path for fault in refused.value.fields] == ["unit"]
    for unit, error in (("water", UnitAbolished), ("nowhere", UnknownUnit)):
        with pytest.raises(error):
            await reviewing.callback_redo(town.office, DISPATCHER, stuck.id, reason="问题仍在。", unit=unit)
    again = await reviewing.callback_redo(town.office, DISPATCHER, stuck.id, reason="问题仍在。", unit="heating")
    lead = again.order.lead
    assert lead is not None
    assert (again.order.status, again.order.round) == (Status.IN_PROGRESS, 1)
    assert (lead.unit, lead.round, lead.state) == ("heating", 1, AssignmentState.SIGNED)
    await check(town, stuck.id)


async def test_a_redo_does_not_go_to_the_unit_complained_of_by_way_of_an_heir(town: Town) -> None:
    stuck = (
        await a_work_order()
        .reported(complained_of="heating")
        .dispatched_to("water")
        .signed()
        .handled()
        .called_back(grade=5)
        .made_in(town)
    )
    abolish(town, "water", "heating")
    with pytest.raises(RedoNeedsUnit):
        await reviewing.callback_redo(town.office, DISPATCHER, stuck.id, reason="问题仍在。")
    again = await reviewing.callback_redo(town.office, DISPATCHER, stuck.id, reason="问题仍在。", unit="police")
    assert again.order.lead is not None and again.order.lead.unit == "police"


async def test_a_redo_stays_at_the_unit_that_led_while_it_can_take_it(town: Town) -> None:
    order = await ACCEPTED.called_back(grade=5).made_in(town)
    with pytest.raises(RedoElsewhere):
        await reviewing.callback_redo(town.office, DISPATCHER, order.id, reason="问题仍在。", unit="heating")
    again = await reviewing.callback_redo(town.office, DISPATCHER, order.id, reason="问题仍在。", unit="water")
    assert again.order.lead is not None and again.order.lead.unit == "water"


# Rating an answer at once 即答

ANSWERED = a_work_order().answered_at_once()


async def linked_to(town: Town, id: str) -> list[OrderDocument]:
    raws = await town.database.collection(OrderDocument).find({"order.linked_to": id}).to_list()
    return [OrderDocument.load(raw) for raw in raws]


async def test_a_good_rating_of_an_answer_at_once_is_kept_and_opens_nothing(town: Town) -> None:
    order = (await ANSWERED.rated(1, solved=True).made_in(town)).order
    assert order.rating is not None
    assert order.closing is Closing.ANSWERED
    assert await linked_to(town, order.id) == []
    with pytest.raises(AlreadyRated):
        await reviewing.rate(town.office, CITIZEN, order.id, grade=5, solved=False)


async def test_a_bad_one_opens_a_linked_order_in_the_same_transaction(town: Town) -> None:
    old = await ANSWERED.later(days=1).rated(5, comment="没有解决问题。").made_in(town)
    (new,) = await linked_to(town, old.id)
    order = new.order
    assert old.order.status is Status.CLOSED
    assert old.order.followed_by == new.id
    assert (order.status, order.reporter_id, order.category) == (Status.RECEIVED, CITIZEN.id, old.order.category)
    assert order.number != old.order.number
    assert order.received_at == town.clock.now()
    facts = [fact for _, fact, _ in await log_of(town, old) if isinstance(fact, Rated)]
    assert [fact.opened for fact in facts] == [new.id]
    intake = (await town.office.orders.events(new))[0]
    key = town.office.data_key(new)
    texts = {name: intake.text(name, key) for name in intake.sealed}
    assert texts["comment"] == "没有解决问题。"
    assert texts["title"] == "小区门口水管漏水"
    assert texts["phone"] is not None
    for each in (old, new):
        await check(town, each.id)


async def test_the_same_bad_rating_twice_opens_one_order(town: Town) -> None:
    old = await ANSWERED.made_in(town)

    async def rate(grade: int) -> OrderDocument:
        once = Once.of(CITIZEN.id, "key", "rate", {"grade": grade})
        return await reviewing.rate(town.office, CITIZEN, old.id, grade=grade, solved=False, once=once)

    first = await rate(5)
    seen = await picture(town)
    assert await rate(5) == first
    with pytest.raises(KeyReused):
        await rate(4)
    assert await picture(town) == seen
    assert len(await linked_to(town, old.id)) == 1


async def test_nothing_else_that_is_closed_can_be_rated(town: Town) -> None:
    for closed in (ACCEPTED.unreached(3).closed(), REDONE.handled().called_back(grade=5).finally_answered()):
        order = await closed.made_in(town)
        seen = await picture(town)
        with pytest.raises(NotRatable):
            await reviewing.rate(town.office, CITIZEN, order.id, grade=5, solved=False)
        assert await picture(town) == seen


async def test_a_bad_rating_by_somebody_else_opens_nothing(town: Town) -> None:
    order = await ANSWERED.made_in(town)
    seen = await picture(town)
    with pytest.raises(NotFound):
        await reviewing.rate(town.office, STRANGER, order.id, grade=5, solved=False)
    with pytest.raises(NotAllowed):
        await reviewing.rate(town.office, DISPATCHER, order.id, grade=5, solved=False)
    assert await picture(town) == seen
    assert (await order_of(town, order.id)).followed_by is None
