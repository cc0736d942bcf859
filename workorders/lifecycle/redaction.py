"""Texts that must not tell who reported. Pure.

A confidential reporter's unit has to know what is wrong and where, not who said so: what the order knows of the person
(name, phone, address) is taken out of every text, however it is spaced, with every number that identifies anybody.
"""

import re
import unicodedata
from dataclasses import dataclass

from foundation.masking import COMPOUND_SURNAMES, folded, scrub

MASK = "***"
SHORTEST_ADDRESS_PART = 4
"""So many characters in a row of the reporter's address give it away."""

_GAP = r"[\s·•.,，、\-—_*]*"
_TITLES = "先生|女士|小姐|同志|师傅|老师|医生|大爷|大妈|大叔|阿姨|奶奶|爷爷|某某|某"


@dataclass(frozen=True, slots=True)
class Reported:
    """What an order knows of who reported; what is not known is None."""

    name: str | None = None
    phone: str | None = None
    address: str | None = None


def redacted(text: str, known: Reported) -> str:
    """The text without what is known of the reporter, and without numbers that identify people."""
    # The reporter's own number first: masked like any other it would still show its ends.
    if known.phone:
        text = _without_phone(text, known.phone)
    text = scrub(text)
    if known.address:
        text = _without_address(text, known.address)
    if known.name:
        text = _without_name(text, known.name)
    return text


def _without_phone(text: str, phone: str) -> str:
    digits = re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", phone))
    national = digits.removeprefix("86") if len(digits) > 11 else digits
    if len(national) < 5:
        return text
    parts, end = [], 0
    for found in re.finditer(_GAP.join(national), folded(text)):
        parts += [text[end : found.start()], MASK]
        end = found.end()
    return "".join([*parts, text[end:]])


def _without_name(text: str, name: str) -> str:
    name = "".join(name.split())
    surname = name[:2] if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else name[:1]
    given = name[len(surname) :]
    spaced = [_GAP.join(map(re.escape, part)) for part in (name, given) if len(part) >= 2]
    addressed = rf"{re.escape(surname)}(?:{_TITLES})"
    return re.sub("|".join([*spaced, addressed]), MASK, text, flags=re.IGNORECASE)


def _without_address(text: str, address: str) -> str:
    """The text without any run of characters that it has in common with the address."""
    address = "".join(address.split())
    parts: list[str] = []
    start = 0
    while start < len(text):
        length = 0
        while start + length < len(text) and text[start : start + length + 1] in address:
            length += 1
        if length >= SHORTEST_ADDRESS_PART:
            parts.append(MASK)
            start += length
        else:
            parts.append(text[start])
            start += 1
    return "".join(parts)
