"""Texts that people write: what may be stored."""

import re
import unicodedata
from typing import Final

from foundation.errors import InvalidInput

LINE = 200
PARAGRAPHS = 10_000

_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters (Unicode's Cc) and lone surrogates (Cs); a line feed and a tab are text."""


def paragraphs(path: str, text: str, *, longest: int = PARAGRAPHS) -> str:
    """A text of several lines, normalised (NFC), without surrounding blanks and control characters.

    Raises `InvalidInput`, naming `path`, when it is empty, too long, or holds control characters.
    """
    if len(text) > longest:
        raise InvalidInput.field(path, f"内容过长，最多 {longest} 个字。")
    cleaned = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if not cleaned:
        raise InvalidInput.field(path, "内容不能为空。")
    if _FORBIDDEN.search(cleaned):
        raise InvalidInput.field(path, "内容含有不可见的控制字符，请删除后重试。")
    return cleaned


def line(path: str, text: str, *, longest: int = LINE) -> str:
    """A text of one line. Raises `InvalidInput` like `paragraphs`."""
    cleaned = paragraphs(path, text, longest=longest)
    if "\n" in cleaned or "\t" in cleaned:
        raise InvalidInput.field(path, "内容只能有一行。")
    return cleaned


def optional_paragraphs(path: str, text: str | None, *, longest: int = PARAGRAPHS) -> str | None:
    """The same for a text that may be missing; blank counts as missing."""
    return None if text is None or not text.strip() else paragraphs(path, text, longest=longest)
