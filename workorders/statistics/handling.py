"""Handling times 办理时长: how long orders took, counted in hours within two days, in days beyond. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from workorders.statistics.definitions import Family

FINEST_HOURS = 48


def time_bucket(taken: timedelta) -> str:
    """How long something took, rounded up: to the hour within two days, beyond that to the day."""
    hours = -(-taken // timedelta(hours=1))
    return f"h{hours}" if hours <= FINEST_HOURS else f"d{-(-taken // timedelta(days=1))}"


@dataclass(frozen=True, slots=True)
class HandlingTimes:
    """How long orders took from intake to 办结, nights and holidays included, in hours as `time_bucket` rounds.

    Nearest ranks of real orders: rounding up keeps their order, so these are the real ones rounded, and no guess.
    """

    orders: int
    median_hours: int | None
    p90_hours: int | None


def handling_times(counts: Mapping[str, int]) -> HandlingTimes:
    """Those of everything counted here."""
    prefix = f"{Family.HANDLING}:"
    taken = sorted(
        (_hours(name.removeprefix(prefix)), number) for name, number in counts.items() if name.startswith(prefix)
    )
    orders = sum(number for _, number in taken)
    return HandlingTimes(orders, _nearest_rank(taken, orders, 50), _nearest_rank(taken, orders, 90))


def _hours(bucket: str) -> int:
    return int(bucket[1:]) * (1 if bucket[0] == "h" else 24)


def _nearest_rank(taken: Sequence[tuple[int, int]], orders: int, percent: int) -> int | None:
    """The shortest that at least so many percent do not exceed."""
    wanted = -(-orders * percent // 100)
    for hours, number in taken:
        wanted -= number
        if wanted <= 0 < orders:
            return hours
    return None
