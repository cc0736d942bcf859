"""How much two texts say the same: the share of runs of three characters that they have in common. Pure."""

import re
import unicodedata

_LEFT_OUT = re.compile(r"[\W_]+")
RUN = 3


def runs(text: str) -> frozenset[str]:
    """The runs of three characters of a text, without signs and spaces, width and case folded."""
    plain = _LEFT_OUT.sub("", unicodedata.normalize("NFKC", text).casefold())
    return frozenset(plain[at : at + RUN] for at in range(max(len(plain) - RUN + 1, 1 if plain else 0)))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """From 0, nothing in common, to 1, the same: Jaccard's index of their runs."""
    if not one or not other:
        return 0.0
    common = len(one & other)
    return common / (len(one) + len(other) - common)
