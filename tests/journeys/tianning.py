"""Two half years of the hotline of a district, made up to the figures that one published for the first half of 2019:
6,421 orders, of them 111 from the province; in total 94.4 % and from the province 94.7 % more than the year before; all
closed on time; 107 of the 111 satisfied, 96.4 %.

`written` makes the files that `zhengtong import` takes, the same each time. `figures_of` counts them without any of the
program's own code, and `project` lets the figures follow.
"""

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from math import ceil
from pathlib import Path

from runtime.composition import App

HALVES = {2018: (3_303, 57, 54), 2019: (6_421, 111, 107)}
"""For each year the orders of its first half, those of the province, and the satisfied among these."""
PROVINCE = "province"
MAPPING = """
source = "tianning"
zone = "Asia/Shanghai"
[columns]
id = "工单编号"
opened = "受理时间"
closed = "办结时间"
due = "办结期限"
status = "状态"
kind = "诉求类型"
channel = "受理渠道"
upstream = "工单来源"
upstream_number = "省平台编号"
unit = "承办单位"
category = "诉求分类"
place = "街道"
title = "标题"
answer = "答复"
callback = "回访时间"
satisfaction = "满意度"
solved = "是否解决"
[times]
formats = ["%Y-%m-%d %H:%M"]
[status]
closed = ["已归档"]
open = ["办理中"]
[kinds.values]
"咨询" = "consult"
"求助" = "help"
"投诉" = "complaint"
"建议" = "suggestion"
[satisfaction]
values = { "非常满意" = 1, "满意" = 2, "基本满意" = 3, "不满意" = 4, "非常不满意" = 5 }
unreached = ["未接通"]
[solved]
yes = ["是"]
no = ["否"]
[upstream]
values = { "省12345" = "province" }
ours = ["区热线"]
[units]
create = true
under = { id = "tianning", name = "天宁区" }
[categories]
create = true
under = { id = "matters", name = "全部诉求" }
[places]
create = true
under = { id = "tianning", name = "天宁区" }
[channels]
create = true
"""
UNITS = ("住房和城乡建设局", "城市管理局", "市场监督管理局", "人力资源和社会保障局", "生态环境局", "教育局")
MATTERS = ("物业管理", "市容环境", "消费纠纷", "劳动保障", "噪声扰民", "入学咨询")
STREETS = ("雕庄街道", "青龙街道", "茶山街道", "红梅街道", "兰陵街道", "天宁街道", "郑陆镇")
GRADES = ("非常满意", "满意", "基本满意", "不满意", "非常不满意")
GOOD = GRADES[:3]

Row = dict[str, str]
Part = Callable[[Row], bool]
Rates = dict[str, tuple[int, int]]
"""Of each figure what is above and below the line."""


def written(folder: Path) -> tuple[Path, Path]:
    """The export of both half years, and the mapping of its columns."""
    file, mapping = folder / "tianning.csv", folder / "tianning.toml"
    rows = list(made_up())
    with file.open("w", encoding="gb18030", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    mapping.write_text(MAPPING, encoding="utf-8")
    return file, mapping


def read(file: Path) -> list[Row]:
    with file.open(encoding="gb18030", newline="") as opened:
        return list(csv.DictReader(opened))


def made_up() -> Iterator[Row]:
    chance = random.Random("tianning")
    for year, (orders, provincial, satisfied) in HALVES.items():
        grades = chance.choices(GOOD, (6, 3, 1), k=satisfied) + ["不满意"] * (provincial - satisfied)
        chance.shuffle(grades)
        for n in range(orders):
            yield _row(chance, year, n, grades[n] if n < provincial else None)


def _row(chance: random.Random, year: int, n: int, of_province: str | None) -> Row:
    """Received, due, closed and called back within the half year; `of_province` is how satisfied that was."""
    end = datetime(year, 6, 30, 18)  # noqa: DTZ001
    opened = datetime(year, 1, 1) + timedelta(minutes=chance.randrange(175 * 1_440))  # noqa: DTZ001
    due = min(opened + timedelta(days=chance.choice((3, 5, 7, 15))), end)
    closed = opened + (due - opened) * chance.choice((0.1, 0.4, 0.9, 1.0))
    called = min(closed + timedelta(hours=chance.choice((0, 5, 30, 72))), end + timedelta(hours=2))
    said = of_province or chance.choices((*GRADES, "未接通", ""), (40, 25, 10, 4, 1, 8, 12))[0]
    solved = {"未接通": "", "": ""}.get(said, "是" if chance.random() < (0.95 if said in GOOD else 0.4) else "否")
    matter = chance.randrange(len(UNITS))
    return {
        "工单编号": f"TN{year}{n:05d}",
        "受理时间": f"{opened:%Y-%m-%d %H:%M}",
        "办结时间": f"{closed:%Y-%m-%d %H:%M}",
        "办结期限": f"{due:%Y-%m-%d %H:%M}",
        "状态": "已归档",
        "诉求类型": chance.choice(("咨询", "求助", "投诉", "建议")),
        "受理渠道": "省平台" if of_province else chance.choice(("电话", "微信", "网站")),
        "工单来源": "省12345" if of_province else "区热线",
        "省平台编号": f"JS{year}{n:05d}" if of_province else "",
        "承办单位": UNITS[matter],
        "诉求分类": MATTERS[matter],
        "街道": chance.choice(STREETS),
        "标题": f"反映{MATTERS[matter]}问题",
        "答复": "您好，您反映的问题已办理完毕。",
        "回访时间": f"{called:%Y-%m-%d %H:%M}" if said else "",
        "满意度": said,
        "是否解决": solved,
    }


def from_province(row: Row) -> bool:
    return row["工单来源"] == "省12345"


def figures_of(rows: list[Row], first: date, last: date, part: Part = lambda row: True) -> Rates:
    """Every figure of a part of the rows in a window of days, as the file tells; what it does not tell is nothing."""
    above: Counter[str] = Counter()
    below: Counter[str] = Counter()

    def count(figure: str, moment: str, yes: bool) -> None:
        if first <= date.fromisoformat(moment[:10]) <= last:
            below[figure] += 1
            above[figure] += yes

    for row in filter(part, rows):
        opened, closed, due, called = row["受理时间"], row["办结时间"], row["办结期限"], row["回访时间"]
        count("received", opened, True)
        count("completed", opened, True)
        count("answered_at_once", opened, False)
        count("returned", opened, False)
        count("on_time", due, closed <= due)
        count("extended", due, False)
        count("turned_red", due, closed > due)
        count("archived", called or closed, True)
        if called:
            count("called_back", closed, True)
            count("redone", closed, False)
        if row["满意度"] in GRADES:
            count("satisfied", called, row["满意度"] in GOOD)
            count("solved", called, row["是否解决"] == "是")
    untold = (
        *("signed_on_time", "contacted_on_time", "turned_yellow", "return_refused"),
        *("supervised", "supervised_overdue", "supervision_answered"),
    )
    return {**dict.fromkeys(untold, (0, 0)), **{figure: (above[figure], below[figure]) for figure in below}}


def handling_of(rows: list[Row], first: date, last: date, part: Part = lambda row: True) -> tuple[int, int, int]:
    """How many orders were closed in the window, and the median and the 90th percentile of how long they took, in
    hours rounded up, in days beyond two."""
    taken = sorted(
        datetime.fromisoformat(row["办结时间"]) - datetime.fromisoformat(row["受理时间"])
        for row in filter(part, rows)
        if first <= date.fromisoformat(row["办结时间"][:10]) <= last
    )

    def rank(percent: int) -> int:
        hours = ceil(taken[ceil(len(taken) * percent / 100) - 1] / timedelta(hours=1))
        return hours if hours <= 48 else 24 * ceil(hours / 24)

    return len(taken), rank(50), rank(90)


async def project(app: App) -> None:
    """Let the figures follow what was brought."""
    for consumer in app.consumers:
        while await consumer.sweep(app.clock.now()):
            pass
