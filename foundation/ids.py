"""Identifiers: unguessable, safe in a URL, and those of about one time close together.

What a city works on is new. Where ids follow time, new documents and their index entries share pages of the database's
trees with each other; wholly random ones lie between a million old ones, and an action dirties a page of every tree for
itself, which costs the more the more is stored. The first character is random all the same: writes spread over 64
places, and a sixty-fourth of the ids begins with any one of them.
"""

import secrets
import string
import time
from typing import Final

TICK_SECONDS: Final = 64
_SORTED: Final = "-" + string.digits + string.ascii_uppercase + "_" + string.ascii_lowercase
"""The characters of Base64 for URLs, in the order of their codes, which is the database's."""
_TICK_CHARACTERS: Final = 5
"""Enough until the year 4147."""


def new_id() -> str:
    """22 characters: one random, five for the minute or so, 16 random, in all 102 random bits. Two are never equal in
    the life of a city."""
    noise = secrets.token_urlsafe(13)
    return f"{noise[0]}{_tick(int(time.time()) // TICK_SECONDS)}{noise[1:17]}"


def _tick(number: int) -> str:
    """Always as many characters, so that they sort as the numbers do."""
    return "".join(_SORTED[(number >> 6 * place) & 63] for place in reversed(range(_TICK_CHARACTERS)))
