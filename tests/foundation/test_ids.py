import string
import time
from collections import Counter
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.ids import TICK_SECONDS, new_id
from foundation.walking import ID_CHARACTERS

YEAR = 366 * 24 * 3600


def at(monkeypatch: pytest.MonkeyPatch, moment: float) -> str:
    monkeypatch.setattr(time, "time", lambda: moment)
    return new_id()


def test_they_are_safe_in_a_url_and_of_one_length():
    ids = [new_id() for _ in range(1_000)]
    assert {len(id) for id in ids} == {22}
    assert all(quote(id, safe="") == id for id in ids)


def test_none_comes_twice():
    assert len({new_id() for _ in range(20_000)}) == 20_000


def test_every_first_character_is_as_likely_as_any_other():
    """What walks a collection reads a sixty-fourth of it at a time."""
    found = Counter(new_id()[0] for _ in range(64_000))
    assert set(found) == set(ID_CHARACTERS) == set(string.ascii_letters + string.digits + "-_")
    assert all(800 < number < 1_200 for number in found.values())


@given(st.lists(st.integers(0, 2_000 * YEAR // TICK_SECONDS), min_size=2, max_size=20, unique=True))
def test_behind_the_first_character_they_sort_by_time(ticks):
    with pytest.MonkeyPatch.context() as patched:
        ids = [at(patched, tick * TICK_SECONDS)[1:] for tick in sorted(ticks)]
    assert all(one < other for one, other in pairwise(ids))


def test_those_of_one_minute_tell_nothing_of_their_order(monkeypatch):
    ids = [at(monkeypatch, 1_800_000_000)[6:] for _ in range(200)]
    assert len({id[0] for id in ids}) > 30 and ids != sorted(ids)
