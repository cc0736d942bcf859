"""A connection that dies at the worst line: before the writes, before the commit, after it. One effect or none."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import AutoReconnect, OperationFailure, PyMongoError

from foundation.database import TRANSACTION_TRIES, Database
from foundation.errors import Busy
from foundation.idempotency import Once
from foundation.timers import Timers
from tests.workorders.lifecycle.builders import a_work_order, order_of
from tests.workorders.lifecycle.invariants import check, picture
from tests.workorders.lifecycle.town import CITIZEN, COMPLAINT, MODELS, Town, new_town
from workorders.lifecycle import intake
from workorders.lifecycle.documents import OrderDocument
from workorders.lifecycle.states import Status
from workorders.lifecycle.timing import timer_handlers

UNKNOWN, TRANSIENT = "UnknownTransactionCommitResult", "TransientTransactionError"


@pytest.fixture
async def town(database: Database, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setattr("foundation.database.COMMIT_PAUSE", 0.0)
    await database.prepare(MODELS)
    return new_town(database)


def failure(*labels: str) -> PyMongoError:
    error = AutoReconnect("connection closed") if labels else OperationFailure("no luck", 1)
    for label in labels:
        error._add_error_label(label)
    return error


@contextmanager
def commits(*what: str) -> Iterator[list[str]]:
    """The next commits go as told: `lost` is done and its answer lost, `cut` is not done and nobody knows, `conflict`
    is not done and may be tried again, `refused` is not done. Then they go well again."""
    real = AsyncClientSession.commit_transaction
    left, seen = list(what), []

    async def commit(session: AsyncClientSession) -> None:
        fate = left.pop(0) if left else "well"
        seen.append(fate)
        if fate in ("well", "lost"):
            await real(session)
        if fate == "conflict":
            await session.abort_transaction()
        if fate != "well":
            raise failure(*{"lost": [UNKNOWN], "cut": [UNKNOWN], "conflict": [TRANSIENT], "refused": []}[fate])

    AsyncClientSession.commit_transaction = commit  # type: ignore[method-assign, assignment]
    try:
        yield seen
    finally:
        AsyncClientSession.commit_transaction = real  # type: ignore[method-assign]


Act = Callable[[Town, str, Once | None], Awaitable[OrderDocument]]


async def supplement(town: Town, id: str, once: Once | None) -> OrderDocument:
    return await intake.supplement(town.office, CITIZEN, id, text="水更大了。", once=once)


async def take_in(town: Town, id: str, once: Once | None) -> OrderDocument:
    return await intake.take_in(town.office, CITIZEN, COMPLAINT, once=once)


def key() -> Once:
    return Once.of(CITIZEN.id, "k", "act", {})


@pytest.mark.parametrize("act", [supplement, take_in])
@pytest.mark.parametrize("fates", [("lost",), ("cut",), ("cut", "lost"), ("conflict",), ("conflict", "lost")])
async def test_whatever_becomes_of_the_commit_the_action_is_done_once(
    town: Town, act: Act, fates: tuple[str, ...]
) -> None:
    order = await a_work_order().made_in(town)
    with commits(*fates):
        done = await act(town, order.id, key())
    assert await act(town, order.id, key()) == done
    orders = await town.database.collection(OrderDocument).count_documents({})
    assert (orders, (await check(town, done.id)).version) == ((1, 2) if act is supplement else (2, 1))


@pytest.mark.parametrize("act", [supplement, take_in])
async def test_a_commit_that_fails_for_good_leaves_nothing(town: Town, act: Act) -> None:
    order = await a_work_order().made_in(town)
    seen = await picture(town)
    for fates, error in (
        (["refused"], OperationFailure),
        (["cut"] * TRANSACTION_TRIES, AutoReconnect),
        (["conflict"] * TRANSACTION_TRIES, Busy),
    ):
        with commits(*fates), pytest.raises(error):
            await act(town, order.id, key())
        assert await picture(town) == seen
    await act(town, order.id, key())


@pytest.mark.parametrize("act", [supplement, take_in])
async def test_an_answer_lost_for_good_is_found_again_by_its_key(town: Town, act: Act) -> None:
    """The client saw an error; its retry finds what was done."""
    order = await a_work_order().made_in(town)
    with commits("lost", *["cut"] * (TRANSACTION_TRIES - 1)), pytest.raises(AutoReconnect):
        await act(town, order.id, key())
    seen = await picture(town)
    done = await act(town, order.id, key())
    assert await picture(town) == seen
    assert (await check(town, done.id)).version == (2 if act is supplement else 1)


async def test_writes_that_never_arrive_leave_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await a_work_order().made_in(town)
    seen = await picture(town)
    client = town.database.client
    real = client.admin.__class__.command
    cut = 1

    async def command(self: Any, command: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal cut
        if isinstance(command, dict) and "bulkWrite" in command and cut:
            cut -= 1
            raise failure(TRANSIENT)
        return await real(self, command, *args, **kwargs)

    monkeypatch.setattr(client.admin.__class__, "command", command)
    assert (await supplement(town, order.id, key())).version == 2  # tried again
    cut = TRANSACTION_TRIES
    with pytest.raises(Busy):
        await take_in(town, order.id, None)
    after = await picture(town)
    assert len(after["orders"]) == len(seen["orders"])
    await check(town, order.id)


async def test_a_timer_whose_answer_was_lost_is_not_fired_again(town: Town) -> None:
    order = await a_work_order().dispatched_to("water").overdue().made_in(town)
    timers = Timers(town.database, timer_handlers(town.office))
    with commits("lost"):
        assert await timers.sweep(town.clock.now()) == 1
    assert await timers.sweep(town.clock.now()) == 0
    assert (await check(town, order.id)).status is Status.IN_PROGRESS
    assert (await order_of(town, order.id)).version == 4  # lit, then signed for
