"""Moments that programs write: what may come in as one."""

from datetime import UTC, datetime

from foundation.clock import to_millisecond
from foundation.paging import EARLIEST, LATEST


def read_moment(given: object) -> datetime:
    """A moment in ISO 8601 with its offset, to the millisecond, in UTC. Raises `ValueError`, with a sentence."""
    if not isinstance(given, str) or len(given) > 40:
        raise ValueError("时间须为 ISO 8601 格式的文本。")
    try:
        moment = datetime.fromisoformat(given)
        offset = moment.utcoffset()
    except ValueError:
        raise ValueError("时间须为 ISO 8601 格式，例如 2026-11-22T08:30:00+08:00。") from None
    if offset is None:
        raise ValueError("时间须带时区，例如 2026-11-22T08:30:00+08:00。")
    if not EARLIEST.year < moment.year < LATEST.year:
        raise ValueError(f"时间须在 {EARLIEST.year + 1} 年至 {LATEST.year - 1} 年之间。")
    return to_millisecond(moment.astimezone(UTC))
