"""Search in encrypted Chinese text: what a text is found by is stored as keyed hashes of its tokens.

A run of Chinese characters gives its bigrams 二元组, a run of Latin letters or digits gives itself. A query is cut
in the same way, and a text matches when it has every token of the query. Order is lost: a match is a candidate
(almost always a hit), to be checked against the opened text by those who may open it.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from foundation.crypto import Keyring

MOST_TOKENS: Final = 512
"""Distinct tokens kept of one text: some 500 characters of Chinese, the first ones."""

MOST_QUERY_TOKENS: Final = 16
LONGEST_WORD: Final = 32
HASH_CHARACTERS: Final = 14
"""Characters kept of a token's hash, 84 bits: short in the index, and no accidental hits."""

_RUN: Final = re.compile(r"([㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff]+)|([a-z]+|[0-9]+)")


def tokens(text: str, most: int = MOST_TOKENS) -> list[str]:
    """The distinct tokens of a text in order of appearance, at most `most`; width and case are folded.

    Single Chinese characters between other signs are kept; they match only when asked for alone too.
    """
    found: dict[str, None] = {}
    for token in _tokens(unicodedata.normalize("NFKC", text).casefold()):
        found.setdefault(token)
        if len(found) >= most:
            break
    return list(found)


def _tokens(text: str) -> Iterator[str]:
    for run in _RUN.finditer(text):
        chinese, word = run.groups()
        if word:
            yield word[:LONGEST_WORD]
        elif len(chinese) == 1:
            yield chinese
        else:
            yield from (chinese[i : i + 2] for i in range(len(chinese) - 1))


class SearchTokens:
    """Hashes tokens under the keyring's current hash key; frequent ones are remembered."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._hash = lru_cache(65_536)(self._hash_uncached)

    def _hash_uncached(self, token: str) -> str:
        name, _, digest = self._keyring.keyed_hash("search-token", token).partition(".")
        return f"{name}.{digest[:HASH_CHARACTERS]}"

    def of_text(self, text: str) -> list[str]:
        """What is stored beside a text: at most MOST_TOKENS hashes, sorted, so that the order of the words does
        not show."""
        return sorted(self._hash(token) for token in tokens(text))

    def of_query(self, query: str) -> list[str]:
        """What a text must have, all of it; empty when the query holds nothing to search by."""
        return [self._hash(token) for token in tokens(query, MOST_QUERY_TOKENS)]
