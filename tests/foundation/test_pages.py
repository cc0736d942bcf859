"""Walking the pages of a list gives the list, whatever stands in it and wherever the walk begins."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import IndexModel

from foundation.changes import Change
from foundation.database import Database
from foundation.densities import Densities
from foundation.documents import Stored
from foundation.errors import InvalidInput
from foundation.ids import new_id
from foundation.paging import PageRequest, Span, cursor_of, key_of, page_of, time_key

NOW = datetime(2026, 11, 16, 1, tzinfo=UTC)


class Thing(Stored):
    shelf: str
    key: str
    odd: bool = False

    shard_key: ClassVar[str] = "_id"

    class Settings:
        name = "things"
        indexes = [IndexModel([("shelf", 1), ("key", 1)], name="shelf_key")]


distances = st.one_of(
    st.integers(-3, 3),
    st.integers(-86_400_000, 86_400_000),
    st.integers(-40 * 366 * 86_400_000 // 2, 40 * 366 * 86_400_000 // 2),
).map(lambda ms: timedelta(milliseconds=ms))
moments = distances.map(lambda distance: NOW + distance)


@settings(max_examples=35, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_the_pages_of_a_list_are_the_list(database: Database, data: st.DataObject) -> None:
    await database.prepare([Thing])
    name = new_id()
    # Many of one moment, so that pages are cut between things that differ by their ids only.
    held = data.draw(st.lists(st.tuples(moments, st.integers(1, 4)), max_size=12))
    things = [
        Thing(_id=f"{name}{n}-{m}", shelf=name, key=time_key(moment, f"{name}{n}-{m}"), odd=bool((n + m) % 2))
        for n, (moment, count) in enumerate(held)
        for m in range(count)
    ]
    if things:
        await database.save(Change().insert(*things, Thing(_id=f"{name}x", shelf="other", key=time_key(NOW, "x"))))
    ends = sorted((data.draw(moments), data.draw(moments)))
    span = data.draw(st.sampled_from([Span(), Span(start=ends[0], end=ends[1])]))
    first, descending = data.draw(st.integers(1, 6)), data.draw(st.booleans())
    narrow = data.draw(st.sampled_from([None, {"odd": True}]))

    expected = sorted(
        (
            thing.key
            for thing in things
            if time_key(span.start, "") <= thing.key < time_key(span.end, "") and (narrow is None or thing.odd)
        ),
        reverse=descending,
    )
    walked: list[str] = []
    after: str | None = None
    while True:
        page = await page_of(
            database,
            Thing,
            {"shelf": name},
            "key",
            PageRequest(first=first, after=after),
            descending=descending,
            around=data.draw(moments),
            span=span,
            narrow=narrow,
        )
        walked += page.keys
        assert len(page.items) == len(page.keys) <= first
        assert page.has_next == (len(walked) < len(expected))
        if not page.has_next:
            break
        after = cursor_of(page.keys[-1])
    assert walked == expected


async def test_every_query_is_bounded_on_both_sides(database: Database) -> None:
    await database.prepare([Thing])
    sent: list[dict[str, Any]] = []

    class Collection:
        def find(self, query: dict[str, Any]) -> Any:
            sent.append(query)
            return database.collection(Thing).find(query)

    class Spy:
        densities = Densities()

        def collection(self, _: type[Stored]) -> Collection:
            return Collection()

    for after in (None, cursor_of(time_key(NOW, "x"))):
        for descending in (True, False):
            await page_of(
                Spy(),  # type: ignore[arg-type]
                Thing,
                {"shelf": "a"},
                "key",
                PageRequest(after=after),
                descending=descending,
                around=NOW,
            )
    assert len(sent) > 4
    for query in sent:
        lower, upper = set(query["key"]) & {"$gt", "$gte"}, set(query["key"]) & {"$lt", "$lte"}
        assert (len(lower), len(upper)) == (1, 1)
        assert query["key"][lower.pop()] <= query["key"][upper.pop()]


def _as_cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "abc",
        "A" * 10_000,
        "中文",
        "\x00",
        "\ud800",
        _as_cursor("2026-11-16T01:00:00.000Z"),
        _as_cursor("2026-11-16T01:00:00.000Z~" + "x" * 300),
        _as_cursor("2026-13-16T01:00:00.000Z~x"),
        _as_cursor("0001-01-01T00:00:00.000Z~x"),
        _as_cursor("1999-12-31T23:59:59.999Z~x"),
        _as_cursor("9999-12-31T23:59:59.999Z~x"),
        base64.urlsafe_b64encode(b"\xff\xfe" * 20).decode(),
        '{"$gt": ""}',
    ],
)
def test_a_cursor_that_is_not_ours_is_the_clients_error(cursor: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        key_of(cursor)
    assert [fault.path for fault in refused.value.fields] == ["after"]


@given(st.text())
def test_no_text_breaks_a_cursor(text: str) -> None:
    try:
        key_of(text)
    except InvalidInput:
        return


@settings(max_examples=35, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moment=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), down=st.booleans())  # noqa: DTZ001
async def test_a_cursor_that_somebody_made_up_reads_on_from_there(
    database: Database, moment: datetime, down: bool
) -> None:
    await database.prepare([Thing])
    request = PageRequest(after=_as_cursor(time_key(moment, "～\x00$where")))
    page = await page_of(database, Thing, {"shelf": "empty"}, "key", request, descending=down, around=NOW)
    assert page.items == ()


@pytest.mark.parametrize("first", [-1, 0, 51, 10**9])
def test_a_page_holds_one_to_fifty(first: int) -> None:
    with pytest.raises(InvalidInput):
        PageRequest(first=first)
