"""Texts that people write: kept as written where they can be, refused by name where they cannot."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import InvalidInput
from foundation.texts import LINE, PARAGRAPHS, line, optional_paragraphs, paragraphs


@given(st.text(max_size=300))
def test_what_is_kept_is_clean_and_stays_the_same_when_kept_again(text: str) -> None:
    try:
        kept = paragraphs("text", text)
    except InvalidInput:
        forbidden = [c for c in text.strip() if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
        assert forbidden or not text.strip() or not unicodedata.normalize("NFC", text).strip()
        return
    assert kept == paragraphs("text", kept)
    assert kept == kept.strip()
    assert kept
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in kept if c not in "\n\t")
    kept.encode()


@pytest.mark.parametrize("text", ["漏水\n很严重", "漏水\t很严重", "漏水\r\n很严重"])
def test_a_line_is_one_line(text: str) -> None:
    assert paragraphs("title", text)
    with pytest.raises(InvalidInput):
        line("title", text)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "坏\x00", "坏\x7f", "坏\x85坏", "坏\ud800", "坏\r坏", "坏\x1b[0m"])
def test_what_cannot_be_kept_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        paragraphs("detail", text)
    assert [fault.path for fault in refused.value.fields] == ["detail"]


def test_ten_megabytes_are_refused_without_being_read(text: str = "长" * 3_500_000) -> None:
    start = time.perf_counter()
    for read in (paragraphs, line, optional_paragraphs):
        with pytest.raises(InvalidInput):
            read("detail", text)
    assert time.perf_counter() - start < 0.5


def test_lengths_are_counted_in_characters_as_sent() -> None:
    assert paragraphs("detail", "字" * PARAGRAPHS)
    assert line("title", "字" * LINE)
    with pytest.raises(InvalidInput):
        paragraphs("detail", "字" * (PARAGRAPHS + 1))


def test_blank_counts_as_missing_where_a_text_may_be_missing() -> None:
    assert optional_paragraphs("note", None) is None
    assert optional_paragraphs("note", " \n ") is None
    assert optional_paragraphs("note", " 好 ") == "好"
