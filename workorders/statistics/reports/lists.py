"""Lists in a report: orders that were late or watched over, and what earlier months were corrected by. Pure.

They name an order's number, category, place, unit and days; never what is a citizen's.
"""

from collections.abc import Mapping

from workorders.statistics.definitions import DEFINITIONS, Figure, Measured
from workorders.statistics.reports.content import Cell, Section, Table, count, rate, text
from workorders.statistics.reports.facts import Corrections, Facts

WHOLE = "—"


def late_orders(facts: Facts) -> Section:
    heading = "逾期工单"
    if not facts.late_number:
        return Section(heading=heading, sentences=("本期无逾期工单。",))
    rows = tuple(
        (
            text(each.number),
            text(each.category),
            text(each.place),
            text(each.unit),
            text(each.due.isoformat()),
            text("逾期未办结" if each.open else "逾期办结"),
        )
        for each in facts.late
    )
    table = Table(
        name=heading,
        columns=("工单编号", "诉求分类", "地区", "承办单位", "到期日", "情况"),
        widths=(14, 14, 14, 16, 11, 11),
        rows=rows,
        note="未办结的列前，各按到期日排列；同一工单由几个单位承办的，分别列出。",
    )
    sentence = f"本期到期的承办任务中逾期{facts.late_number:,}件{_first(facts.late_number, len(rows))}。"
    return Section(heading=heading, sentences=(sentence,), tables=(table,))


def watched_orders(facts: Facts) -> Section:
    heading = "督办工单"
    if not facts.watched_number:
        return Section(heading=heading, sentences=("本期无督办工单。",))
    rows = tuple(
        (
            text(each.number),
            text(each.category),
            text(each.unit),
            text(each.opened.isoformat()),
            text(each.level),
            text(each.cause),
            text(each.standing),
        )
        for each in facts.watched
    )
    table = Table(
        name=heading,
        columns=("工单编号", "诉求分类", "承办单位", "督办日期", "级别", "缘由", "情况"),
        widths=(14, 13, 15, 11, 10, 13, 9),
        rows=rows,
    )
    sentence = f"本期发起督办{facts.watched_number:,}件{_first(facts.watched_number, len(rows))}。"
    return Section(heading=heading, sentences=(sentence,), tables=(table,))


def corrections(found: Corrections) -> Section:
    """What changed in months that were issued, since the issue before."""
    heading = "对以往月份的更正"
    if not found.number:
        return Section(heading=heading, sentences=("上次印发以来，已印发月份的指标没有更正。",))
    figures = tuple(
        (text(month), *_corrected(issued.figure(figure), now.figure(figure)))
        for month, issued, now in found.months
        for figure in Figure
        if _differ(issued.figure(figure), now.figure(figure))
    )
    summed = Table(
        name="更正后的指标",
        columns=("月份", "指标", "印发分子", "印发分母", "印发时", "现分子", "现分母", "更正后"),
        widths=(10, 16, 10, 10, 11, 10, 10, 11),
        rows=figures,
    )
    rows = tuple(
        (
            text(each.on.isoformat()),
            text(each.month),
            text(each.number or WHOLE),
            text(_changes(each.changes)),
        )
        for each in found.listed
    )
    listed = Table(
        name="更正明细",
        columns=("更正日期", "月份", "工单编号", "变化（分子、分母）"),
        widths=(11, 9, 14, 46),
        rows=rows,
        note="更正只涉及分类、地区或单位之间的调整时，变化栏记“全市不变”；没有工单编号的是重新统计。",
    )
    sentence = f"上次印发以来，已印发月份有更正{found.number:,}项{_first(found.number, len(rows))}。"
    return Section(heading=heading, sentences=(sentence,), tables=(summed, listed) if figures else (listed,))


def _differ(issued: Measured, now: Measured) -> bool:
    return (issued.numerator, issued.denominator) != (now.numerator, now.denominator)


def _corrected(issued: Measured, now: Measured) -> tuple[Cell, ...]:
    told = [text(DEFINITIONS[now.figure].name)]
    for each in (issued, now):
        told += [count(each.numerator), count(each.denominator)]
        told.append(count(each.denominator) if each.is_count else rate(each.numerator, each.denominator))
    return tuple(told)


def _first(number: int, listed: int) -> str:
    return f"，列前{listed}件" if listed < number else ""


def _changes(changes: Mapping[Figure, tuple[int, int]]) -> str:
    told = [f"{DEFINITIONS[figure].name}{above:+}/{below:+}" for figure, (above, below) in changes.items()]
    return "；".join(told) or "全市不变"
