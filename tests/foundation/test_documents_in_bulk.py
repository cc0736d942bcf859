"""What is written by the hundred is what is written one by one."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.changes import AlreadyClaimed
from foundation.database import Database
from foundation.events import Event, chained, event_document, event_id
from foundation.numbers import NumberCounter, Numbers
from foundation.paging import instant

MOMENTS = st.datetimes(
    datetime.fromisoformat("2001-01-01"), datetime.fromisoformat("2098-01-01"), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
TEXTS = st.text(max_size=10)
TODAY, TOMORROW = date(2026, 3, 2), date(2026, 3, 3)


@given(
    MOMENTS, TEXTS, st.none() | TEXTS, st.dictionaries(TEXTS, st.none() | TEXTS | st.integers(0, 9)), st.integers(1, 9)
)
def test_an_events_document_is_that_of_its_model(
    at: datetime, actor: str, unit: str | None, data: dict[str, object], sequence: int
) -> None:
    beside = {"commitments": {"title": "c"}, "sealed": {"title": b"s"}}
    values = {"subject": "s", "sequence": sequence, "type": "intake", "at": at, "actor": actor, "data": data}
    whose = {"actor_roles": ("a", "b"), "actor_unit": unit, "actor_label": "l"}
    model = Event(_id=event_id("s", sequence), hash="", **values, **whose, **beside)
    assert event_document(**values, **whose, **beside, previous="0") == chained(model, "0").stored()


@given(MOMENTS, st.integers(-14, 14))
def test_an_instant_has_twenty_four_characters_in_any_zone(moment: datetime, hours: int) -> None:
    shifted = moment.astimezone(tz=None) if not hours else moment + timedelta(hours=hours) - timedelta(hours=hours)
    assert instant(shifted) == f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


async def test_numbers_drawn_by_the_hundred_beside_others_are_never_drawn_twice(database: Database) -> None:
    await database.prepare([NumberCounter])
    days = [TODAY, TOMORROW] * 30 + [TODAY]

    async def one_by_one() -> list[str]:
        numbers = Numbers(database, "orders")
        return [await numbers.draw(TODAY) for _ in range(25)]

    drawn = await asyncio.gather(*(Numbers(database, "orders").draw_many(days) for _ in range(4)), one_by_one())
    assert [number[:6] for number in drawn[0]] == [f"{day:%y%m%d}" for day in days]
    everything = [number for numbers in drawn for number in numbers]
    assert len(set(everything)) == len(everything) == 4 * len(days) + 25


async def test_documents_of_which_one_exists_are_not_inserted(database: Database) -> None:
    await database.prepare([NumberCounter])
    rows = [NumberCounter(_id=f"{n}").stored() for n in range(3)]
    await database.transact(lambda session: database.insert_many({NumberCounter: rows[1:2]}, session))
    with pytest.raises(AlreadyClaimed, match="number_counters 1"):
        await database.transact(lambda session: database.insert_many({NumberCounter: rows}, session))
    assert await database.collection(NumberCounter).count_documents({}) == 1
