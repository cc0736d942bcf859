"""One key, one effect; the same key with other input is an error."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from foundation.changes import AlreadyClaimed, Change
from foundation.clock import SystemClock
from foundation.database import Database
from foundation.errors import InvalidInput
from foundation.idempotency import KEPT, IdempotencyKey, KeyReused, Once

NOW = datetime(2026, 11, 16, 1, tzinfo=UTC)


@pytest.fixture
async def keys(database: Database) -> Database:
    await database.prepare([IdempotencyKey])
    return database


def test_the_input_is_the_operation_and_all_that_was_given_in_any_order() -> None:
    one = Once.of("a", "k", "sign", {"order": "1", "note": None})
    assert one == Once.of("a", "k", "sign", {"note": None, "order": "1"})
    assert one.id != Once.of("b", "k", "sign", {"order": "1", "note": None}).id
    others = [Once.of("a", "k", "co_sign", {"order": "1", "note": None}), Once.of("a", "k", "sign", {"order": "2"})]
    assert one.input not in {other.input for other in others}
    assert {other.id for other in others} == {one.id}


@pytest.mark.parametrize("key", ["", "x" * 101, "a\nb", "\x00", "\ud800", "\u200b\x7f"])
def test_a_key_is_short_and_visible(key: str) -> None:
    with pytest.raises(InvalidInput):
        Once.of("a", key, "sign", {})


async def test_of_fifty_at_once_one_claims_and_the_others_are_told_its_answer(keys: Database) -> None:
    once = Once.of("a", "k", "sign", {"order": "1"})

    async def run(n: int) -> str | None:
        change = Change()
        once.record(change, f"answer-{n}", NOW)
        try:
            await keys.save(change)
            return None
        except AlreadyClaimed as claimed:
            assert claimed.collection == IdempotencyKey.collection_name()
            return await once.answer(keys)

    answers = await asyncio.gather(*(run(n) for n in range(50)))
    assert answers.count(None) == 1
    assert set(answers) - {None} == {f"answer-{answers.index(None)}"}
    kept = await keys.get(IdempotencyKey, once.id)
    assert kept is not None
    assert kept.until >= NOW + KEPT


async def test_other_input_under_the_same_key_is_an_error(keys: Database) -> None:
    change = Change()
    Once.of("a", "k", "sign", {"order": "1"}).record(change, "answer", NOW)
    await keys.save(change)
    with pytest.raises(KeyReused):
        await Once.of("a", "k", "sign", {"order": "2"}).answer(keys)
    assert await Once.of("b", "k", "sign", {"order": "2"}).answer(keys) is None


@pytest.mark.parametrize("acted", [NOW - timedelta(days=3_000), NOW + timedelta(days=3_000)])
async def test_it_is_kept_for_a_week_by_the_later_of_the_two_clocks(keys: Database, acted: datetime) -> None:
    """A replay acts in the past; the server that expires the key lives now."""
    once = Once.of("a", "k", "sign", {})
    change = Change()
    once.record(change, "answer", acted)
    await keys.save(change)
    kept = await keys.get(IdempotencyKey, once.id)
    assert kept is not None
    assert kept.until >= acted + KEPT
    assert kept.until >= SystemClock().now() + KEPT - timedelta(minutes=5)
