"""All of a change or nothing of it."""

import asyncio

import pytest
from pymongo.errors import PyMongoError

from foundation.changes import AlreadyClaimed, Change, StaleWrite
from foundation.database import Database
from foundation.documents import Stored


class Box(Stored):
    held: int = 0

    class Settings:
        name = "boxes"


class Lid(Stored):
    class Settings:
        name = "lids"


@pytest.fixture
async def boxes(database: Database) -> Database:
    await database.prepare([Box, Lid])
    await database.save(Change().insert(Box(_id="a", held=1), Box(_id="b", held=1)))
    return database


async def counts(database: Database) -> dict[str, int]:
    return {raw["_id"]: raw["held"] for raw in await database.collection(Box).find({}).to_list()}


@pytest.mark.parametrize(
    ("spoiler", "error", "collection"),
    [
        (lambda change: change.update(Box, "b", {"$inc": {"held": 1}}, expecting={"held": 9}), StaleWrite, "boxes"),
        (lambda change: change.update(Box, "z", {"$inc": {"held": 1}}), StaleWrite, "boxes"),
        (lambda change: change.replace(Box(_id="b"), expecting={"held": 9}), StaleWrite, "boxes"),
        (lambda change: change.delete(Box, "b", expecting={"held": 9}), StaleWrite, "boxes"),
        (lambda change: change.insert(Box(_id="b")), AlreadyClaimed, "boxes"),
        (lambda change: change.insert(Lid(_id="1"), Lid(_id="2"), Lid(_id="1")), AlreadyClaimed, "lids"),
    ],
    ids=["stale update", "missing", "stale replace", "stale delete", "claimed", "claimed among many"],
)
async def test_one_write_that_fails_takes_all_with_it(
    boxes: Database, spoiler: object, error: type[StaleWrite] | type[AlreadyClaimed], collection: str
) -> None:
    change = Change().insert(Box(_id="c"), Lid(_id="x")).update(Box, "a", {"$inc": {"held": 1}})
    change.discard(Box, ["nothing"])
    spoiler(change)  # type: ignore[operator]
    with pytest.raises(error) as failed:
        await boxes.save(change)
    assert isinstance(failed.value, StaleWrite | AlreadyClaimed)
    assert failed.value.collection == collection
    assert await counts(boxes) == {"a": 1, "b": 1}
    assert await boxes.get(Lid, "x") is None


async def test_a_claim_names_its_key(boxes: Database) -> None:
    with pytest.raises(AlreadyClaimed) as taken:
        await boxes.save(Change().insert(Lid(_id="new"), Box(_id="b")))
    assert (taken.value.collection, taken.value.key) == ("boxes", "b")
    with pytest.raises(AlreadyClaimed):
        await boxes.save(Change().insert(Box(_id="b")))


async def test_included_writes_stand_or_fall_together(boxes: Database) -> None:
    inner = Change().insert(Lid(_id="x")).delete(Box, "a", expecting={"held": 1})
    await boxes.save(Change().insert(Box(_id="c")).include(inner).put(Box(_id="b", held=7)))
    assert await counts(boxes) == {"b": 7, "c": 0}
    assert await boxes.get(Lid, "x") is not None


async def test_rivals_for_one_document_all_win_or_lose_cleanly(boxes: Database) -> None:
    async def count_up(n: int) -> bool:
        box = await boxes.get(Box, "a")
        assert box is not None
        try:
            await boxes.save(
                Change().update(Box, "a", {"$inc": {"held": 1}}, expecting={"held": box.held}).insert(Lid(_id=str(n)))
            )
        except StaleWrite:
            return False
        return True

    won = await asyncio.gather(*(count_up(n) for n in range(30)))
    assert (await counts(boxes))["a"] == 1 + sum(won)
    assert await boxes.collection(Lid).count_documents({}) == sum(won) >= 1


async def test_an_empty_change_writes_nothing(boxes: Database) -> None:
    await boxes.save(Change())
    assert await counts(boxes) == {"a": 1, "b": 1}


async def test_an_unknown_operator_is_an_error_and_nothing_is_written(boxes: Database) -> None:
    with pytest.raises(PyMongoError):
        await boxes.save(Change().insert(Lid(_id="x")).update(Box, "a", {"$nonsense": {"held": 1}}))
    assert await boxes.get(Lid, "x") is None


async def test_counts_are_added_to_in_documents_that_are_there_or_not(boxes: Database) -> None:
    change = (
        Change().add(Box, "a", {"held": 4}, first={"v": 9}).add(Box, "n", {"held": -2, "by.day": 1}, first={"v": 1})
    )
    await boxes.save(change.add(Box, "n", {"held": 3}, first={"v": 2}))
    assert await counts(boxes) == {"a": 5, "b": 1, "n": 1}
    assert await boxes.collection(Box).find_one({"_id": "n"}) == {"_id": "n", "held": 1, "by": {"day": 1}, "v": 1}
    spoiled = Change().add(Box, "a", {"held": 1}, first={}).update(Box, "z", {"$inc": {"held": 1}})
    with pytest.raises(StaleWrite):
        await boxes.save(spoiled)
    assert (await counts(boxes))["a"] == 5
