"""A month that is assessed, as it is spelled: `2026-10`. Pure."""

import re
from datetime import date
from typing import Final

from foundation.paging import EARLIEST, LATEST
from workorders.statistics.assessment.errors import BadMonth
from workorders.statistics.windows import Window, last_of_month

_SPELLED: Final = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


def month_of(spelled: str) -> Window:
    """The month's days. Raises `BadMonth`."""
    found = _SPELLED.fullmatch(spelled)
    if found is None:
        raise BadMonth
    first = date(int(found[1]), int(found[2]), 1)
    if not EARLIEST.date() <= first < LATEST.date():
        raise BadMonth
    return Window(first, last_of_month(first))


def spelled(window: Window) -> str:
    return f"{window.first:%Y-%m}"
