"""File names: what a client sent, made harmless. Pure."""

import unicodedata
from typing import Final
from urllib.parse import quote

LONGEST: Final = 80
UNNAMED: Final = "附件"
_FORBIDDEN: Final = frozenset('<>:"|?*%;')


def clean_name(name: str, extension: str) -> str:
    """The last part of a path as a name that any file system takes, with the ending of what the file really is.

    Control and format characters (also those that turn the direction of writing) and reserved ones are left out.
    """
    last = unicodedata.normalize("NFC", name[-1000:]).replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = last.rpartition(".")
    if not dot or not 1 <= len(ending) <= 5:
        stem = last
    kept = "".join(c for c in stem if c not in _FORBIDDEN and (c == " " or unicodedata.category(c)[0] not in "CZ"))
    return f"{kept.strip(' .')[:LONGEST].rstrip(' .') or UNNAMED}.{extension}"


def content_disposition(name: str) -> str:
    """The header that makes a browser save the file under its name and never show it (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
