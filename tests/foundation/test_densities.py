"""A list is read in windows as wide as its last page was, whatever backlog lies before or behind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from foundation.changes import Change
from foundation.database import Database
from foundation.densities import FIRST_WINDOW, MOST_REMEMBERED, Densities
from foundation.ids import new_id
from foundation.paging import PageRequest, page_of, time_key
from tests.foundation.test_pages import Thing

NOW = datetime(2026, 11, 16, 1, tzinfo=UTC)


@pytest.mark.parametrize("descending", [False, True])
async def test_the_second_look_reads_hardly_more_than_its_page(database: Database, descending: bool) -> None:
    await database.prepare([Thing])
    shelf = new_id()
    onward = -1 if descending else 1
    # A backlog of three days, an item every ten minutes, all of it in the first window of whoever knows nothing.
    moments = [NOW - timedelta(days=3) + timedelta(minutes=10 * n) for n in range(433)]
    things = [Thing(_id=f"{shelf}{n}", shelf=shelf, key=time_key(m, f"{shelf}{n}")) for n, m in enumerate(moments)]
    await database.save(Change().insert(*things))

    async def look() -> tuple[list[str], int]:
        read = _Counting(database)
        page = await page_of(
            read,  # type: ignore[arg-type]
            Thing,
            {"shelf": shelf},
            "key",
            PageRequest(first=20),
            descending=descending,
            around=NOW,
        )
        return list(page.keys), await read.in_ranges()

    first, most = await look()
    second, least = await look()
    assert first == second == [thing.key for thing in things[::onward]][:20]
    assert least <= 21 * 2
    assert descending or most > 400  # the newest end of a list is where anybody begins


class _Counting:
    """Counts what lies in the ranges that are asked for: what an engine reads."""

    def __init__(self, database: Database) -> None:
        self._database, self.densities, self._asked = database, database.densities, list[dict[str, Any]]()

    def collection(self, model: type[Thing]) -> "_Counting":
        return self

    def find(self, query: dict[str, Any]) -> Any:
        self._asked.append(query)
        return self._database.collection(Thing).find(query)

    async def in_ranges(self) -> int:
        return sum([len(await self._database.collection(Thing).find(query).to_list()) for query in self._asked])


def test_it_forgets_the_lists_that_nobody_looks_at() -> None:
    densities = Densities()
    for n in range(MOST_REMEMBERED + 1):
        densities.learn(f"list {n}", [NOW, NOW + timedelta(minutes=n)], full=True, from_start=True)
    assert densities.of("list 0").start is None
    assert densities.of(f"list {MOST_REMEMBERED}").start == NOW


def test_a_short_page_tells_nothing_of_the_width() -> None:
    densities = Densities()
    densities.learn("list", [NOW, NOW], full=False, from_start=True)
    assert densities.of("list").width == FIRST_WINDOW
