"""A report of made-up figures, with everything that a report can hold."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from workorders.statistics.definitions import Figure
from workorders.statistics.reading import Row
from workorders.statistics.reports.content import Content
from workorders.statistics.reports.facts import Beside, Corrected, Corrections, Facts, Late, Point, Watched
from workorders.statistics.reports.periods import read_period
from workorders.statistics.reports.writing import written

ZONE = ZoneInfo("Asia/Shanghai")
HOSTILE = ("=SUM(A1:A9)", "+1+1", "-2", "@cmd", '#strong[x] $x$ \\ "q" <a&b>', '=HYPERLINK("http://x")', "{}[]*?:/\\")
"""Names that are a formula, markup, or no name of a sheet."""


def counts(received: int, *, on_time: int, late: int, satisfied: int, discontent: int) -> dict[str, int]:
    return {
        "intake:completed": received,
        "reply:on_time": on_time,
        "reply:late": late,
        "rating:solved_1": satisfied,
        "rating:unsolved_5": discontent,
        "handling:h20": received,
    }


def beside(name: str, received: int, before: int = 0, earlier: int = 0) -> Beside:
    """Something of which so much was received; one in ten late, one in twenty not content."""
    rows = [
        Row(
            name,
            counts(number, on_time=number - number // 10, late=number // 10, satisfied=number, discontent=number // 20),
        )
        for number in (received, before, earlier)
    ]
    return Beside(name, name, *rows)


def facts(period: str = "2026-10", **changes: object) -> Facts:
    known = {
        "period": read_period(period),
        "running": False,
        "scope": "全市",
        "whole_city": True,
        "issued": True,
        "as_of": datetime(2026, 11, 3, 9, 30, tzinfo=ZONE),
        "rules": ["abc"],
        "all": beside("", 1_000, 900, 800),
        "trend": [Point(f"10月{day}日", 20 + day, 10 + day) for day in range(1, 32)],
        "units": [beside(f"{name}单位", 100 + n, 90, 80 + 7 * n) for n, name in enumerate(HOSTILE)],
        "sources": [beside("province", 111, 100, 57)],
        "kinds": [beside("投诉", 600, 500, 400), beside("咨询", 400, 400, 400)],
        "channels": [beside("电话", 1_000, 900, 800)],
        "categories": [beside(name, 100 + 10 * n, 90, 80) for n, name in enumerate(HOSTILE)],
        "places": [beside(name, 10 + n, 12, 0) for n, name in enumerate(HOSTILE)],
        "late": [
            Late(f"26100{n:07}", HOSTILE[n % len(HOSTILE)], "东街", "水务局", date(2026, 10, 9), n % 2 == 0)
            for n in range(60)
        ],
        "late_number": 100,
        "watched": [Watched("261001000001", "漏水", "水务局", date(2026, 10, 9), "重点督办", "领导批示", "已回复")],
        "watched_number": 1,
        "corrections": Corrections(
            datetime(2026, 10, 3, tzinfo=ZONE),
            3,
            [
                Corrected("2026-09", date(2026, 10, 9), "260911000001", {Figure.ON_TIME: (-1, -1)}),
                Corrected("2026-09", date(2026, 10, 9), None, {}),
            ],
            [("2026-09", beside("", 500).now, beside("", 499).now)],
        ),
    }
    return Facts(**{**known, **changes})


def example(period: str = "2026-10", **changes: object) -> Content:
    return written(facts(period, **changes))
