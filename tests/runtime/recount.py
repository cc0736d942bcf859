"""The figures of a file of messages and replies, counted without any of the program's own code.

A reply is on time if it came by 17:00 on the fifth working day after the message's day; working days are those of the
`holidays` library.
"""

import csv
import math
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import holidays

ONE_DAY = timedelta(days=1)


SHIFTS = ((time(8, 30), time(12)), (time(13), time(17)))
"""The working hours of a working day."""


@cache
def works(day: date) -> bool:
    china = holidays.country_holidays("CN", years=range(2011, 2027))
    return day in china.weekend_workdays or (day.weekday() < 5 and day not in china)


@cache
def working_day_after(day: date, number: int) -> date:
    while number:
        day += ONE_DAY
        number -= works(day)
    return day


def after_working_time(start: datetime, left: timedelta) -> datetime:
    """When so much working time has passed."""
    day = start.date()
    while True:
        for opens, closes in SHIFTS if works(day) else ():
            begin, end = max(start, datetime.combine(day, opens)), datetime.combine(day, closes)
            if begin < end:
                if left <= end - begin:
                    return begin + left
                left -= end - begin
        day += ONE_DAY


def _figures(rows: list[tuple[datetime, datetime]]) -> dict[str, Any]:
    seconds = sorted(int((replied - sent).total_seconds()) for sent, replied in rows)
    on_time = sum(replied <= datetime.combine(working_day_after(sent.date(), 5), time(17)) for sent, replied in rows)
    return {
        "received": len(rows),
        "replied": len(rows),
        "replied_on_time": on_time,
        "on_time_rate": round(on_time / len(rows), 4),
        "median_handling_seconds": seconds[math.ceil(len(rows) / 2) - 1],
        "p90_handling_seconds": seconds[math.ceil(len(rows) * 0.9) - 1],
    }


def recount(file: Path) -> dict[str, Any]:
    """`total` and `months` as in the replay's answer."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        rows = [
            (datetime.fromisoformat(row["留言时间"]), datetime.fromisoformat(row["答复时间"]))
            for row in csv.DictReader(opened)
        ]
    months = defaultdict(list)
    for row in rows:
        months[f"{row[0]:%Y-%m}"].append(row)
    return {"total": _figures(rows), "months": {month: _figures(months[month]) for month in sorted(months)}}
