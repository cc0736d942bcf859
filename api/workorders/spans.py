"""Spans of time as clients give them."""

from datetime import datetime

import strawberry

from foundation.errors import InvalidInput
from foundation.paging import EARLIEST, LATEST, Span


@strawberry.input(description="A span of time: from its start up to, not including, its end.")
class SpanInput:
    start: datetime | None = None
    end: datetime | None = None


def span_of(given: SpanInput, path: str) -> Span:
    """Raises `InvalidInput` for one that ends before it starts."""
    span = Span(given.start or EARLIEST, given.end or LATEST)
    if span.start >= span.end:
        raise InvalidInput.field(path, "时间范围的结束须晚于开始。")
    return span
